import {useEffect, useState} from 'preact/hooks';
import {pending} from '../api/client.ts';
import {formatAge, formatInteger, formatWallTime} from '../elements/format.ts';
import {Spinner} from '../elements/notes.tsx';
import {isShown} from '../host.ts';
import {shownRuns} from '../state/runs.ts';

const LIVE_S = 120;
const SPINNER_AFTER_MS = 150; // what is answered faster needs no spinner

/** "last step 1,200 · 8 s ago": where the shown runs stand. A spinner only while loading. */
export function Freshness() {
  const now = useSeconds();
  const slow = useSlow(pending.value > 0);
  const newest = shownRuns.value.reduce<{step: number; time: number} | null>((best, run) => {
    const {last_step: step, last_wall_time: time} = run;
    return step !== null && time !== null && time > (best?.time ?? 0) ? {step, time} : best;
  }, null);
  const age = newest ? Math.max(0, now - newest.time) : 0;
  return (
    <span class="freshness">
      {slow ? <Spinner /> : <i class={newest && age < LIVE_S ? 'live' : 'still'} />}
      {newest ? (
        <span title={`Newest value of the shown runs, written ${formatWallTime(newest.time)}`}>
          last step <b>{formatInteger(newest.step)}</b> · {formatAge(age)}
        </span>
      ) : (
        <span>nothing logged yet</span>
      )}
    </span>
  );
}

/** The time in whole seconds, while the tab is on screen. */
function useSeconds(): number {
  const [now, setNow] = useState(Date.now() / 1000);
  useEffect(() => {
    const timer = setInterval(() => {
      if (isShown()) setNow(Date.now() / 1000);
    }, 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
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
