/** Names at the right ends of overlaid curves. */

import {spread} from '../charts/labels.ts';
import type {Frame, Scales} from '../charts/plot.ts';
import {cutInMiddle, visibleName} from '../elements/format.ts';
import {curveColor} from '../state/colors.ts';
import {lastFinite} from './annotations.tsx';
import type {Fit, Side} from './curves.ts';
import type {Eye} from './drawing.ts';

const LABEL_ROW = 16;
const LABELS_MOST = 12;

/** Names at the ends of the validation curves; of many, the chosen and the highest ones. */
export function RunLabels({
  fits,
  chosen,
  eye,
  scales,
  frame,
}: {
  readonly fits: readonly Fit[];
  readonly chosen: Fit;
  readonly eye: Eye;
  readonly scales: Scales;
  readonly frame: Frame;
}) {
  const ends = fits.flatMap((fit) => {
    const sides = eye.get(fit.key);
    const end =
      (sides?.validation ?? sides?.train) && lastFinite((sides.validation ?? sides.train) as Side);
    const y = end ? scales.y(end.value) : Number.NaN;
    return y >= frame.top && y <= frame.top + frame.height
      ? [{fit, y, end: scales.x(end?.x ?? 0)}]
      : [];
  });
  const named = [...ends]
    .sort((a, b) => Number(b.fit === chosen) - Number(a.fit === chosen) || a.y - b.y)
    .slice(0, LABELS_MOST);
  const tops = spread(
    named.map(({y}) => ({wanted: y - 8, height: LABEL_ROW})),
    frame.top - 8,
    frame.top + frame.height + 4,
  );
  const right = frame.left + frame.width;
  const x = right + 14;
  return (
    <>
      {named.map(({fit, y, end}, i) => (
        <g key={fit.key}>
          <path
            class="fit-leader"
            d={`M${right + 2} ${y}L${x - 3} ${(tops[i] ?? 0) + 8}`}
            stroke={curveColor(fit.info.run)}
          />
          {end < right - 4 ? (
            <path
              class="fit-leader short"
              d={`M${end + 3} ${y}H${right}`}
              stroke={curveColor(fit.info.run)}
            />
          ) : null}
          <text class={fit === chosen ? 'strong' : ''} x={x} y={(tops[i] ?? 0) + 12}>
            {shortName(fit.info.run)}
          </text>
        </g>
      ))}
    </>
  );
}

const NAME_MOST = 17; // code points beside a curve

/** The beginning and the end of a long name: "experime…oo-large". */
export function shortName(run: string): string {
  return cutInMiddle(visibleName(run), NAME_MOST);
}
