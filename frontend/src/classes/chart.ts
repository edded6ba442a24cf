/** Scales, ticks and paths of the curves over steps. Pure: numbers in, numbers and SVG paths out. */

export interface Axis {
  readonly low: number;
  readonly high: number;
  /** Pixels of `low` and `high`. */
  readonly from: number;
  readonly to: number;
}

export function place(axis: Axis, value: number): number {
  const span = axis.high - axis.low;
  const share = span === 0 ? 0.5 : (value - axis.low) / span;
  return axis.from + share * (axis.to - axis.from);
}

export function valueAt(axis: Axis, pixel: number): number {
  return axis.low + ((pixel - axis.from) / (axis.to - axis.from)) * (axis.high - axis.low);
}

/** A tick interval of 1, 2 or 5 times a power of ten that gives at most `most` ticks. */
export function tickInterval(span: number, most: number): number {
  const rough = span / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((s) => s * power >= rough * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(12));
}

/** Multiples of the tick interval inside [low, high]. */
export function ticks(low: number, high: number, most: number): number[] {
  if (!(high > low)) return [low];
  const interval = tickInterval(high - low, most);
  const first = Math.ceil(low / interval - 1e-9);
  const last = Math.floor(high / interval + 1e-9);
  return Array.from({length: last - first + 1}, (_, k) =>
    Number(((first + k) * interval).toPrecision(12)),
  );
}

/**
 * The range on which scores in [0, 1] are drawn: what holds the finite values, rounded
 * outwards to twentieths (fiftieths when they lie close), never outside [0, 1].
 */
export function scoreRange(values: Iterable<number | null>): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  const grid = high - low > 0.2 ? 20 : 50;
  const bottom = Math.max(0, Math.floor(low * grid + 1e-9) / grid);
  const top = Math.min(1, Math.ceil(high * grid - 1e-9) / grid);
  return bottom < top ? [bottom, top] : [Math.max(0, top - 1 / grid), Math.max(top, 1 / grid)];
}

/**
 * An SVG path through the finite points; a gap where a value is undefined. A point alone
 * between gaps becomes a line of no length, which round caps make a dot.
 *
 * More than about two points a pixel are thinned to each pixel's first, lowest, highest and
 * last, so that no peak is lost.
 */
export function linePath(xs: ArrayLike<number>, ys: ArrayLike<number>): string {
  const kept = thinned(xs, ys);
  let path = '';
  let open = false;
  let alone = false;
  for (const index of kept) {
    const x = xs[index] as number;
    const y = ys[index] as number;
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      if (alone) path += 'h0';
      open = false;
      alone = false;
      continue;
    }
    path += `${open ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    alone = !open;
    open = true;
  }
  return alone ? `${path}h0` : path;
}

/** The band between two curves as closed paths; left out where either is undefined. */
export function bandPath(
  xs: ArrayLike<number>,
  lows: ArrayLike<number>,
  highs: ArrayLike<number>,
): string {
  let path = '';
  let part: number[] = [];
  const close = () => {
    if (part.length > 1) {
      const there = part.map(
        (i) => `${(xs[i] as number).toFixed(1)} ${(highs[i] as number).toFixed(1)}`,
      );
      const back = part.map(
        (i) => `${(xs[i] as number).toFixed(1)} ${(lows[i] as number).toFixed(1)}`,
      );
      path += `M${there.join('L')}L${back.reverse().join('L')}Z`;
    }
    part = [];
  };
  const stride = Math.max(1, Math.floor(xs.length / MOST_BAND_POINTS));
  for (let index = 0; index < xs.length; index++) {
    const finite =
      Number.isFinite(xs[index]) && Number.isFinite(lows[index]) && Number.isFinite(highs[index]);
    if (!finite) close();
    else if (index % stride === 0 || index === xs.length - 1) part.push(index);
  }
  close();
  return path;
}

/** A band is smooth by nature: a point a pixel is plenty. */
const MOST_BAND_POINTS = 1_000;

function thinned(xs: ArrayLike<number>, ys: ArrayLike<number>): number[] {
  const all = Array.from({length: xs.length}, (_, index) => index);
  const width = Math.abs((xs[xs.length - 1] ?? 0) - (xs[0] ?? 0));
  if (xs.length <= 2 * Math.max(width, 1)) return all;
  const kept: number[] = [];
  let bucket: number[] = [];
  let pixel = Number.NaN;
  const flush = () => {
    if (bucket.length === 0) return;
    const finite = bucket.filter((index) => Number.isFinite(ys[index]));
    const pick = new Set<number>();
    if (finite.length < bucket.length)
      pick.add(bucket.find((i) => !Number.isFinite(ys[i])) as number);
    const first = finite[0];
    if (first !== undefined) {
      let low = first;
      let high = first;
      for (const index of finite) {
        if ((ys[index] as number) < (ys[low] as number)) low = index;
        if ((ys[index] as number) > (ys[high] as number)) high = index;
      }
      pick
        .add(first)
        .add(low)
        .add(high)
        .add(finite[finite.length - 1] as number);
    }
    kept.push(...[...pick].sort((a, b) => a - b));
    bucket = [];
  };
  for (const index of all) {
    const at = Math.round(xs[index] as number);
    if (at !== pixel) {
      flush();
      pixel = at;
    }
    bucket.push(index);
  }
  flush();
  return kept;
}
