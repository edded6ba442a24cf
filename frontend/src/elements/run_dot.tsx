import {runColor} from '../state/colors.ts';
import {CutName} from './cut_name.tsx';
import {visibleName} from './format.ts';

/** A dot in the run's colour, the same as in TensorBoard's own dashboards. */
export function RunDot({run, size = 10}: {readonly run: string; readonly size?: number}) {
  return (
    <svg class="dot" width={size} height={size} viewBox="0 0 10 10" aria-hidden="true">
      <circle cx="5" cy="5" r="5" fill={runColor(run)} />
    </svg>
  );
}

/** The dot and the name. The whole name is shown on hover where it is cut. */
export function RunName({run}: {readonly run: string}) {
  return (
    <span class="run-name" title={visibleName(run)}>
      <RunDot run={run} />
      <CutName name={run} />
    </span>
  );
}
