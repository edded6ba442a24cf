/** Gets the page going: asks which runs there are, and again whenever there may be news. */

import {effect, signal} from '@preact/signals';
import {AnswerError, listing, refreshListing} from './api/client.ts';
import {hostRuns, isShown, onHostRuns, onReload, onShown} from './host.ts';
import {placeRuns} from './state/colors.ts';

/** Why the list of runs could not be had; null if it could. */
export const listingError = signal<string | null>(null);

/** TensorBoard reads its logs in the background: until the list stands still, ask again. */
const SETTLE_MS = 2_500;
/** Between two looks for news later; the server itself reads its files anew every 5 s. */
const WATCH_MS = 10_000;

let missedNews = false;

export function start(): void {
  onReload(newsArrived);
  onHostRuns((runs) => {
    placeRuns(runs);
    newsArrived();
  });
  onShown((shown) => {
    if (shown && missedNews) {
      missedNews = false;
      startAgain();
    }
  });
  effect(() => {
    // Runs that TensorBoard did not name come last.
    if (listing.value) placeRuns(listing.value.runs.map(({run}) => run));
  });
  void open();
}

/** Asks again after a failure, or after the tab was hidden. */
export function startAgain(): void {
  void ask().then(() => settle());
}

async function open(): Promise<void> {
  // The host's list comes first, so that no colour changes after the first picture.
  const names = await hostRuns();
  if (names) placeRuns(names);
  await ask();
  settle();
}

let timer: ReturnType<typeof setTimeout> | undefined;

/** Asks on for as long as the tab is in sight: soon until two answers are the same and there
 * is something to show, then now and then, so that a run that trains is seen to. */
function settle(pause = SETTLE_MS): void {
  const before = listing.value;
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (!isShown()) {
      missedNews = true;
      return;
    }
    await ask();
    const now = listing.value;
    const settled = now === before && now !== null && now.runs.length > 0;
    settle(settled ? WATCH_MS : SETTLE_MS);
  }, pause);
}

function newsArrived(): void {
  missedNews = !isShown();
  if (!missedNews) void ask();
}

let asking: Promise<void> | null = null;

/** Asks once at a time. */
function ask(): Promise<void> {
  asking ??= refreshListing()
    .then(() => {
      listingError.value = null;
    })
    .catch((error: unknown) => {
      listingError.value =
        error instanceof AnswerError
          ? error.message
          : `The list of runs could not be read: ${error}`;
    })
    .finally(() => {
      asking = null;
    });
  return asking;
}
