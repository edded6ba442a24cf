import {useEffect, useState} from 'preact/hooks';
import {listing, pending} from '../api/client.ts';
import {Age} from '../elements/age.tsx';
import {CutName} from '../elements/cut_name.tsx';
import {formatInteger, visibleName} from '../elements/format.ts';
import {Spinner} from '../elements/notes.tsx';
import {now} from '../state/clock.ts';
import {allRuns, shownRuns} from '../state/runs.ts';

const LIVE_S = 120;
const SPINNER_AFTER_MS = 150; // what is answered faster needs no spinner

/**
 * "cnn: step 1,200 · 8 s ago": where the run that was written last stands; of one run alone
 * "last step 1,200". A spinner only while loading.
 */
export function Freshness() {
  const slow = useSlow(pending.value > 0);
  const runs = shownRuns.value;
  const newest = runs.reduce<Newest | null>(
    (best, {run, last_step: step, last_wall_time: time}) => {
      return step !== null && time !== null && time > (best?.time ?? 0) ? {run, step, time} : best;
    },
    null,
  );
  const live = newest !== null && now.value - newest.time < LIVE_S;
  return (
    <span class="freshness" title={newest ? `Written last: ${visibleName(newest.run)}` : undefined}>
      {slow ? <Spinner /> : <i class={live ? 'live' : 'still'} />}
      {newest ? (
        <>
          {runs.length > 1 ? (
            <span class="freshness-run">
              <CutName name={newest.run} />
            </span>
          ) : null}
          <span>
            {runs.length > 1 ? 'step' : 'last step'} <b>{formatInteger(newest.step)}</b> ·{' '}
            <Age wallTime={newest.time} />
          </span>
        </>
      ) : (
        <span>{nothing()}</span>
      )}
    </span>
  );
}

interface Newest {
  readonly run: string;
  readonly step: number;
  readonly time: number;
}

/** Why there is no last step to tell. */
function nothing(): string {
  if (!listing.value) return '';
  return allRuns.value.length > 0 ? 'no run shown' : 'nothing logged yet';
}

/** True once `busy` has lasted a moment. */
function useSlow(busy: boolean): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!busy) {
      setSlow(false);
      return;
    }
    const timer = setTimeout(() => setSlow(true), SPINNER_AFTER_MS);
    return () => clearTimeout(timer);
  }, [busy]);
  return slow;
}
