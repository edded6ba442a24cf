import type {VerdictState} from '../api/types.ts';
import {linearScale} from '../charts/path.ts';
import {formatNumber} from '../elements/format.ts';
import {useWidth} from '../state/size.ts';

interface RuleLineProps {
  readonly best: number;
  readonly recent: number;
  readonly threshold: number;
  readonly state: VerdictState;
}

/** Best value, threshold and recent mean on one line: beyond the threshold is tinted. */
export function RuleLine({best, recent, threshold, state}: RuleLineProps) {
  const [box, width] = useWidth<HTMLDivElement>(340);
  const step = threshold - best; // its sign is the direction of "worse"
  const reach = Math.max((recent - best) / step, 1) * 1.18;
  const toX = linearScale(0, reach, 6, width - 6);
  const x = (value: number) => toX((value - best) / step);
  const [limit, mean] = [x(threshold), Math.max(2, x(recent))];
  const left = limit < width / 2;
  return (
    <div ref={box} class="rule-line">
      <svg width={width} height="42" aria-hidden="true">
        <rect class="beyond" x={limit} y="3" width={Math.max(0, width - limit)} height="18" />
        <path class="base" d={`M0 12H${width}`} />
        <path class="zero" d={`M${x(best)} 7v10`} />
        <path class="limit" d={`M${limit} 1v22`} />
        <path class={`span ${state}`} d={`M${x(best)} 12H${mean}`} />
        <circle class={`mean ${state}`} cx={mean} cy="12" r="5" />
        <text x={x(best)} y="36">
          {limit > 110 ? `best ${formatNumber(best)}` : ''}
        </text>
        <text x={left ? limit : width} y="36" text-anchor={left ? 'start' : 'end'}>
          {`${formatNumber(threshold)}, the 5 % line`}
        </text>
      </svg>
    </div>
  );
}
