/** The geometry of curves: SVG paths, nearest points, robust ranges. Pure numbers. */

/** A curve; a value that is null or NaN is a gap. */
export interface Points {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number | null>;
}

export type Scale = (value: number) => number;

/** A linear scale from [low, high] to [from, to]; where low = high, all lies in the middle. */
export function linearScale(low: number, high: number, from: number, to: number): Scale {
  const span = high - low;
  if (!(span > 0)) return () => (from + to) / 2;
  return (value) => from + ((value - low) / span) * (to - from);
}

/** The closed area between two curves that may have different x; gaps are bridged. */
export function areaPath(upper: Points, lower: Points, toX: Scale, toY: Scale): string {
  const there = corners(upper, toX, toY);
  const back = corners(lower, toX, toY).reverse();
  return there.length && back.length ? `M${[...there, ...back].join('L')}Z` : '';
}

function corners({x, y}: Points, toX: Scale, toY: Scale): string[] {
  const found: string[] = [];
  for (let i = 0; i < x.length; i++) {
    const value = y[i];
    if (isNumber(value)) found.push(`${round(toX(x[i] ?? 0))} ${round(toY(value))}`);
  }
  return found;
}

/** Smallest and largest finite value of several lists; null if there is none. */
export function extent(...lists: readonly ArrayLike<number | null>[]): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const list of lists) {
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      if (!isNumber(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

export interface ClippedRange {
  readonly low: number;
  readonly high: number;
  /** Whether some values lie outside. */
  readonly clipped: boolean;
}

const EARLY_SHARE = 0.15; // of the steps: where a loss usually falls steeply
const WORTH_CLIPPING = 2.5; // times the later range
const HEADROOM = 0.35; // of the later range, left above it

/**
 * The range to draw curves in, so that a steep start does not flatten the rest.
 *
 * The start is cut off only where it takes more than 2.5 times the height of what follows.
 * `falling`: good is low (a loss); otherwise it is the low start that is cut.
 */
export function clippedRange(curves: readonly Points[], falling = true): ClippedRange | null {
  const all = extent(...curves.map(({y}) => y));
  const steps = extent(...curves.map(({x}) => x));
  if (!all || !steps) return null;
  const from = steps[0] + EARLY_SHARE * (steps[1] - steps[0]);
  const late = extent(...curves.map((curve) => valuesFrom(curve, from)));
  const [low, high] = all;
  if (!late || !(late[1] > late[0])) return {low, high, clipped: false};
  const span = late[1] - late[0];
  if (falling && high - late[0] > WORTH_CLIPPING * span) {
    return {low, high: late[1] + HEADROOM * span, clipped: true};
  }
  if (!falling && late[1] - low > WORTH_CLIPPING * span) {
    return {low: late[0] - HEADROOM * span, high, clipped: true};
  }
  return {low, high, clipped: false};
}

/** Where curves begin, and the highest value of their second half; null without values. */
export function heights(curves: readonly Points[]): {start: number; late: number} | null {
  const steps = extent(...curves.map(({x}) => x));
  if (!steps) return null;
  const half = (steps[0] + steps[1]) / 2;
  const late = extent(...curves.map((curve) => valuesFrom(curve, half)));
  const starts = curves.flatMap(({y}) => Array.from(y).find(isNumber) ?? []);
  return late && {start: Math.max(...starts), late: late[1]};
}

function valuesFrom({x, y}: Points, from: number): (number | null)[] {
  const values: (number | null)[] = [];
  for (let i = 0; i < x.length; i++) {
    if ((x[i] ?? 0) >= from) values.push(y[i] ?? null);
  }
  return values;
}

/** Index of the value in an ascending list that is nearest; -1 in an empty list. */
export function nearestIndex(ascending: ArrayLike<number>, value: number): number {
  const above = lowerBound(ascending, value);
  if (above === 0) return ascending.length ? 0 : -1;
  if (above === ascending.length) return ascending.length - 1;
  const before = value - (ascending[above - 1] ?? 0);
  return before <= (ascending[above] ?? 0) - value ? above - 1 : above;
}

/** Index of the first value that is not below the given one. */
export function lowerBound(ascending: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function isNumber(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

function round(pixel: number): number {
  return Math.round(pixel * 10) / 10;
}
