/**
 * Local linear smoothing with tricube weights: for the eye only, nothing is judged on it.
 *
 * Unlike an exponential average it has no lag and no bias on a steep part, so that a valley
 * stays where it is.
 */

const WIDEST_SHARE = 0.1; // of the curve, on either side, at strength 1
const WIDEST_SHORT = 6; // evaluations on either side, at strength 1, of a curve of 48 or 60
const SHORTEST_SHARE = 0.125; // of a shorter curve: more would draw a line through all of it

/**
 * Smooths a curve.
 *
 * Args:
 *   x: Ascending, of the same length as y.
 *   y: Values; NaN is a gap: it stays one, and counts for no neighbour.
 *   strength: In [0, 1]; at 0 the values come back as they are.
 */
export function smooth(x: ArrayLike<number>, y: ArrayLike<number>, strength: number): Float64Array {
  const values = Float64Array.from(y);
  if (!(strength > 0)) return values;
  const widest = Math.max(
    Math.min(WIDEST_SHORT, SHORTEST_SHARE * y.length),
    WIDEST_SHARE * y.length,
  );
  const reach = 1 + strength * widest;
  // A loss falls by factors: on its logarithm the steep start is nearly straight.
  const positive = values.every((value) => !(value <= 0));
  const level = positive ? values.map(Math.log) : values;
  const smoothed = level.map((value, i) =>
    Number.isFinite(value) ? localFit(x, level, i, reach) : (y[i] ?? Number.NaN),
  );
  return positive
    ? smoothed.map((value, i) => (Number.isFinite(level[i]) ? Math.exp(value) : value))
    : smoothed;
}

/** The value at point i of the line fitted to its neighbours. */
function localFit(x: ArrayLike<number>, y: ArrayLike<number>, i: number, reach: number): number {
  const center = x[i] ?? 0;
  let [w, wx, wxx, wy, wxy] = [0, 0, 0, 0, 0];
  const last = Math.min(y.length - 1, Math.floor(i + reach));
  for (let j = Math.max(0, Math.ceil(i - reach)); j <= last; j++) {
    const value = y[j] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    const weight = (1 - (Math.abs(j - i) / reach) ** 3) ** 3;
    const offset = (x[j] ?? 0) - center;
    w += weight;
    wx += weight * offset;
    wxx += weight * offset * offset;
    wy += weight * value;
    wxy += weight * offset * value;
  }
  const determinant = w * wxx - wx * wx;
  // All weight on one x, as at a lone point: there is no slope to fit.
  return determinant <= 1e-12 * w * wxx ? wy / w : (wxx * wy - wx * wxy) / determinant;
}
