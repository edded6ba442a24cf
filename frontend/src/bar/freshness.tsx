import {useEffect, useState} from 'preact/hooks';
import {listing, pending} from '../api/client.ts';
import {Age} from '../elements/age.tsx';
import {formatInteger} from '../elements/format.ts';
import {Spinner} from '../elements/notes.tsx';
import {now} from '../state/clock.ts';
import {allRuns, shownRuns} from '../state/runs.ts';

const LIVE_S = 120;
const SPINNER_AFTER_MS = 150; // what is answered faster needs no spinner

/** "last step 1,200 · 8 s ago": where the shown runs stand. A spinner only while loading. */
export function Freshness() {
  const slow = useSlow(pending.value > 0);
  const newest = shownRuns.value.reduce<{step: number; time: number} | null>((best, run) => {
    const {last_step: step, last_wall_time: time} = run;
    return step !== null && time !== null && time > (best?.time ?? 0) ? {step, time} : best;
  }, null);
  const live = newest !== null && now.value - newest.time < LIVE_S;
  return (
    <span class="freshness">
      {slow ? <Spinner /> : <i class={live ? 'live' : 'still'} />}
      {newest ? (
        <span>
          last step <b>{formatInteger(newest.step)}</b> · <Age wallTime={newest.time} />
        </span>
      ) : (
        <span>{nothing()}</span>
      )}
    </span>
  );
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
