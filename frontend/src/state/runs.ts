/** Which runs there are, which of them are shown, and which one is looked at. */

import {computed} from '@preact/signals';
import {listing} from '../api/client.ts';
import type {FitInfo, RunInfo} from '../api/types.ts';
import {hostRunFilter} from '../host.ts';
import {text, texts, urlState} from './url.ts';

/** The regular expression that the user typed; "" matches all. */
export const runFilter = urlState('filter', text, hostRunFilter());

/** Runs that were switched off by their chip. */
export const hiddenRuns = urlState('hidden', texts, []);

/** The run that a page shows in detail; "" until one is chosen. */
export const chosenRun = urlState('run', text, '');

/** Why the filter is not a regular expression; null if it is. */
export const filterError = computed(() => compile(runFilter.value).error);

/** All runs, in the plugin's order. */
export const allRuns = computed<readonly RunInfo[]>(() => listing.value?.runs ?? []);

/** Runs that the filter matches. */
export const matchedRuns = computed(() => {
  const {pattern} = compile(runFilter.value);
  return pattern ? allRuns.value.filter(({run}) => pattern.test(run)) : allRuns.value;
});

/** Runs that are shown: matched and not switched off. */
export const shownRuns = computed(() => {
  const hidden = new Set(hiddenRuns.value);
  return matchedRuns.value.filter(({run}) => !hidden.has(run));
});

/** Their names. */
export const shownNames = computed(() => shownRuns.value.map(({run}) => run));

/** The fit series of a run that one looks for; the latest generation of it. */
export function fitOf(run: string, is: (info: FitInfo) => boolean): FitInfo | undefined {
  const fits = allRuns.value.find((info) => info.run === run)?.fit ?? [];
  return fits.filter(is).sort((a, b) => b.generation - a.generation)[0];
}

/** The first curve of a run: the loss, if it has one. */
export function firstFit({fit}: Pick<RunInfo, 'fit'>): FitInfo | undefined {
  return fit.find(({quantity}) => quantity === 'loss') ?? fit[0];
}

/** Text that changes when the shown runs, or what they have logged, change: a key for useAnswer. */
export const shownKey = computed(() => JSON.stringify([listing.value?.token, shownNames.value]));

/** Switches a run on or off. */
export function toggleRun(run: string): void {
  const hidden = hiddenRuns.value;
  hiddenRuns.value = hidden.includes(run)
    ? hidden.filter((name) => name !== run)
    : [...hidden, run];
}

function compile(filter: string): {pattern: RegExp | null; error: string | null} {
  if (filter === '') return {pattern: null, error: null};
  try {
    return {pattern: new RegExp(filter, 'i'), error: null};
  } catch (error) {
    // Half a pattern is normal while typing: all runs stay, and the box says so.
    return {pattern: null, error: reasonOf(error)};
  }
}

/** "Not a regular expression (Unterminated group)": browsers put the pattern before the reason. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const reason = message.slice(message.lastIndexOf(': ') + 1).trim();
  return `Not a regular expression (${reason})`;
}
