/** The words at the cursor: raw values of one run, or those of the nearest of many. */

import {nearestIndex} from '../charts/path.ts';
import {
  formatDuration,
  formatLike,
  formatNumber,
  formatSigned,
  formatWallTime,
  visibleName,
} from '../elements/format.ts';
import {RunDot} from '../elements/run_dot.tsx';
import type {XAxis} from '../state/view.ts';
import {type Fit, isNotNumber, placeOf, quantityOf, valueAt} from './curves.ts';
import type {Eye} from './drawing.ts';
import {shortName} from './run_labels.tsx';

const READOUT_ROWS = 8;

/** The raw values of the chosen run at one of its evaluations. */
export function readOne({info, train, validation}: Fit, x: number) {
  const main = validation ?? train;
  const at = main ? nearestIndex(main.x, x) : -1;
  const step = main?.step[at] ?? 0;
  const time = main?.wallTime[at] ?? 0;
  const values = [
    ['validation', validation ? valueAt(validation, x) : null, validation],
    ['train', train ? valueAt(train, x) : null, train],
  ] as const;
  const [v, t] = [values[0][1], values[1][1]];
  const difference = v !== null && t !== null && Number.isFinite(v - t) ? v - t : null;
  const words = values.flatMap(([name, value]) =>
    value === null ? [] : [`${name} ${quantityOf(info)} ${formatNumber(value)}`],
  );
  return {
    text: `${placeOf(info, step)}: ${words.join(', ')}`,
    content: (
      <>
        <div class="readout-head">
          <b>{placeOf(info, step)}</b>
          <span class="muted">{formatWallTime(time)}</span>
        </div>
        <table class="readout">
          <tbody>
            {values.map(([name, value, side]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {value === null
                    ? 'not logged'
                    : Number.isNaN(value) && !(side && isNotNumber(side, x))
                      ? 'none at this step'
                      : formatNumber(value, 4)}
                </td>
              </tr>
            ))}
            {difference === null ? null : (
              <tr>
                <th scope="row">difference here</th>
                <td>{formatSigned(difference, (gap) => formatLike(gap, v))}</td>
              </tr>
            )}
          </tbody>
        </table>
      </>
    ),
  };
}

/** The runs nearest to the pointer, the nearest first. */
export function readAll(
  fits: readonly Fit[],
  chosen: Fit,
  eye: Eye,
  axis: XAxis,
  x: number,
  y: number | null,
) {
  const rows = fits.flatMap((fit) => {
    const sides = eye.get(fit.key);
    const validation = sides?.validation ? valueAt(sides.validation, x) : Number.NaN;
    const train = sides?.train ? valueAt(sides.train, x) : Number.NaN;
    const near = Number.isFinite(validation) ? validation : train;
    return Number.isFinite(near)
      ? [{fit, validation, train, away: Math.abs(near - (y ?? near))}]
      : [];
  });
  const nearest = [...rows]
    .sort((a, b) => a.away - b.away || Number(b.fit === chosen) - Number(a.fit === chosen))
    .slice(0, READOUT_ROWS);
  const place = axis === 'step' ? placeOf(chosen.info, x) : placeText(axis, x);
  const words = nearest.map(
    ({fit, validation}) => `${visibleName(fit.info.run)} ${formatNumber(validation)}`,
  );
  return {
    text: `${place}: ${words.join(', ')}`,
    content: (
      <>
        <div class="readout-head">
          <b>{place}</b>
          <span class="muted">
            smoothed
            {rows.length > nearest.length ? `, nearest ${nearest.length} of ${rows.length}` : ''}
          </span>
        </div>
        <table class="readout">
          <thead>
            <tr>
              <td />
              <th scope="col">validation</th>
              <th scope="col">train</th>
            </tr>
          </thead>
          <tbody>
            {nearest.map(({fit, validation, train}, at) => (
              <tr key={fit.key} class={at === 0 && y !== null ? 'nearest' : ''}>
                <th scope="row">
                  <RunDot run={fit.info.run} size={8} /> {shortName(fit.info.run)}
                </th>
                <td>{Number.isNaN(validation) ? '' : formatNumber(validation)}</td>
                <td>{Number.isNaN(train) ? '' : formatNumber(train)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </>
    ),
  };
}

function placeText(axis: XAxis, x: number): string {
  return axis === 'wall' ? formatWallTime(x) : `after ${formatDuration(x)}`;
}
