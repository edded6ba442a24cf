/** The axes of the big chart and of the small multiples. */

import {type ClippedRange, clippedRange, extent, heights, type Points} from '../charts/path.ts';
import type {Range} from '../charts/plot.ts';
import {fromZero, sharedSteps, sharedTop, widened} from '../charts/shared.ts';
import type {Fit, Side} from './curves.ts';

const PADDING = 0.06; // of the range, above
const PADDING_BELOW = 0.22; // where the best step's words stand
const FROM_ZERO_SHARE = 0.6; // a loss whose lowest value is below this share of the top starts at 0

export interface Axes {
  readonly x: Range;
  readonly y: Range;
  /** Whether a steep start is cut off. */
  readonly clipped: boolean;
}

/** The axes that show the given curves; null if none has a finite value. */
export function axesOf(fits: readonly Fit[], log: boolean): Axes | null {
  const sides = fits.flatMap(sidesOf);
  const x = extent(...sides.map((side) => side.x));
  const y = log ? logRange(sides) : linearRange(fits);
  if (!x || !y) return null;
  return {x: fromZero(x), y: y.range, clipped: y.clipped};
}

function linearRange(fits: readonly Fit[]): {range: Range; clipped: boolean} | null {
  const wanted = fits.flatMap((fit) => clippedOf(fit) ?? []);
  if (wanted.length === 0) return null;
  const lowest = Math.min(...wanted.map(({low}) => low));
  const highest = topOf(fits, wanted);
  const span = highest - lowest || Math.abs(highest) || 1;
  const zero = lowest >= 0 && lowest < FROM_ZERO_SHARE * highest;
  const low = zero ? 0 : lowest - PADDING_BELOW * span;
  return {range: [low, highest + PADDING * span], clipped: wanted.some(({clipped}) => clipped)};
}

/** The top of one curve's own axis, or of the axis that several share. */
function topOf(fits: readonly Fit[], ranges: readonly ClippedRange[]): number {
  const tops = ranges.map(({high}) => high);
  const late = fits.flatMap((fit) => heights(sidesOf(fit).map(pointsOf)) ?? []);
  return fits.length === 1 || late.length === 0 ? Math.max(...tops) : sharedTop(tops, late);
}

function clippedOf(fit: Fit): ClippedRange | null {
  return clippedRange(sidesOf(fit).map(pointsOf), !fit.info.higher_is_better);
}

function logRange(sides: readonly Side[]): {range: Range; clipped: boolean} | null {
  const all = extent(...sides.map(({value}) => value.filter((one) => one > 0)));
  if (!all) return null;
  const factor = (all[1] / all[0]) ** PADDING || 1;
  const pad = Math.max(factor, 1.02);
  return {range: [all[0] / pad, all[1] * pad], clipped: false};
}

export interface TileAxes {
  /** null where the runs differ too much in length: each tile has its own. */
  readonly x: Range | null;
  /** Values, or their decimal logarithms. */
  readonly y: Range;
}

/** One pair of axes for all small multiples: not stretched by a run that blew up. */
export function sharedAxes(fits: readonly Fit[], steps: boolean, log = false): TileAxes | null {
  const ranges = fits.flatMap((fit) => clippedOf(fit) ?? []);
  if (ranges.length === 0) return null;
  const low = Math.min(...ranges.map((range) => range.low));
  const top = topOf(fits, ranges);
  const bottom = low >= 0 && low < FROM_ZERO_SHARE * top ? 0 : low;
  const lengths = fits.flatMap((fit) => ownX(fit) ?? []);
  const all = extent(lengths.flat());
  const levels = log ? logRange(fits.flatMap(sidesOf)) : null;
  const y: Range = levels
    ? [Math.log10(levels.range[0]), Math.log10(levels.range[1])]
    : [bottom, top];
  return {x: steps ? sharedSteps(lengths) : all && widened(all), y: widened(y)};
}

/** The horizontal axis of one curve alone. */
export function xRangeOf(fit: Fit): Range {
  return fromZero(ownX(fit)?.[0] ?? [0, 1]);
}

function ownX(fit: Fit): [Range] | null {
  const range = extent(...sidesOf(fit).map((side) => side.x));
  return range && [range];
}

/** One to three round values inside a range, for grid lines. */
export function gridValues([low, high]: Range): number[] {
  const rough = (high - low) / 2.5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((digit) => digit * power >= rough) ?? 10) * power;
  const values: number[] = [];
  for (let k = Math.ceil(low / step + 1e-9); k * step < high - 0.02 * (high - low); k++) {
    values.push(Number((k * step).toPrecision(12)));
  }
  return values;
}

/** One to three powers of ten inside a range of logarithms, for grid lines. */
export function gridPowers([low, high]: Range): number[] {
  const step = Math.max(1, Math.ceil((high - low) / 3.5));
  const first = Math.ceil(low / step) * step;
  return Array.from(
    {length: Math.max(0, Math.floor((high - first) / step) + 1)},
    (_, k) => first + k * step,
  );
}

export function sidesOf({train, validation}: Fit): Side[] {
  return [train, validation].filter((side) => side !== null);
}

/** Points whose heights are decimal logarithms; what is not above 0 is a gap. */
export function logPointsOf({x, value}: Side): Points {
  return {x, y: value.map((one) => (one > 0 ? Math.log10(one) : Number.NaN))};
}

export function pointsOf({x, value}: Side): Points {
  return {x, y: value};
}
