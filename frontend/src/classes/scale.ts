/**
 * How a cell's value becomes a tone in [0, 1]. Hits and misses have a scale each: hits are
 * near 1 and misses near 0, and one scale for both shows neither.
 */
import type {Extent, Normalise} from './cells.ts';

export type MissScale = 'linear' | 'log';

export interface Scale {
  readonly kind: MissScale;
  readonly low: number;
  readonly high: number;
}

/** Largest ratio that a log scale spans: below, everything has the faintest tone. */
const LOG_SPAN = 1_000;

/** Tone of a value > 0, in [0, 1]; clipped at both ends. */
export function tone(scale: Scale, value: number): number {
  const {low, high} = scale;
  if (value >= high) return 1;
  if (value <= low) return 0;
  return scale.kind === 'log'
    ? Math.log(value / low) / Math.log(high / low)
    : (value - low) / (high - low);
}

/** The misses' scale: up to the largest, rounded outwards so that it seldom moves with the step. */
export function missScale(extent: Extent, kind: MissScale, by: Normalise): Scale | null {
  if (!extent.misses) return null;
  const [smallest, largest] = extent.misses;
  const cap = by === 'count' ? Number.POSITIVE_INFINITY : 1;
  const high = Math.min(cap, niceAbove(largest));
  if (kind === 'linear') return {kind, low: 0, high};
  const low = niceBelow(Math.max(smallest, high / LOG_SPAN));
  return {kind, low: low < high ? low : high / 10, high};
}

/** The hits' scale: linear. Shares of a row or column end at 100 %, the rest at the largest. */
export function hitScale(extent: Extent, by: Normalise): Scale | null {
  if (!extent.hits) return null;
  const [smallest, largest] = extent.hits;
  if (by === 'row' || by === 'column') {
    return {kind: 'linear', low: Math.min(0.75, Math.floor(smallest * 4) / 4), high: 1};
  }
  return {kind: 'linear', low: 0, high: niceAbove(largest)};
}

/** Two or three values to print under a legend. */
export function legendTicks(scale: Scale): number[] {
  const {low, high, kind} = scale;
  if (kind === 'linear') return [low, high];
  const middle = niceBelow(Math.sqrt(low * high) * 1.0001);
  return middle > low * 1.9 && middle < high / 1.9 ? [low, middle, high] : [low, high];
}

const STEPS = [1, 2, 3, 4, 5, 6, 8, 10] as const;

/** The next round number at or above: 1, 2, 3, 4, 5, 6 or 8 times a power of ten. */
export function niceAbove(value: number): number {
  const power = powerOf(value);
  const step = STEPS.find((s) => s * power >= value * (1 - 1e-12)) ?? 10;
  return clean(step * power);
}

/** The next round number at or below: 1, 2 or 5 times a power of ten. */
export function niceBelow(value: number): number {
  const power = powerOf(value);
  const step = [5, 2, 1].find((s) => s * power <= value * (1 + 1e-12)) ?? 1;
  return clean(step * power);
}

function powerOf(value: number): number {
  return 10 ** Math.floor(Math.log10(value) + 1e-12);
}

/** Removes the dust of binary fractions: 0.30000000000000004 is 0.3. */
function clean(value: number): number {
  return Number(value.toPrecision(12));
}
