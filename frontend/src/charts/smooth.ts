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
  const fitted = localFits(Float64Array.from(x), level, reach);
  return fitted.map((value, i) => {
    if (!Number.isFinite(level[i])) return values[i] ?? Number.NaN;
    return positive ? Math.exp(value) : value;
  });
}

/** The value, at each point, of the line fitted to its neighbours. */
function localFits(x: Float64Array, y: Float64Array, reach: number): Float64Array {
  const side = Math.ceil(reach) - 1;
  // Weights depend on the distance alone: computed once, not once per point.
  const weights = Float64Array.from(
    {length: 2 * side + 1},
    (_, at) => (1 - (Math.abs(at - side) / reach) ** 3) ** 3,
  );
  const fitted = new Float64Array(y.length);
  for (let i = 0; i < y.length; i++) fitted[i] = localFit(x, y, i, side, weights);
  return fitted;
}

function localFit(
  x: Float64Array,
  y: Float64Array,
  i: number,
  side: number,
  weights: Float64Array,
): number {
  const center = x[i] as number;
  const last = Math.min(y.length - 1, i + side);
  // Scalars, not an array: this runs some ten million times for a hundred long curves.
  let w = 0;
  let wx = 0;
  let wxx = 0;
  let wy = 0;
  let wxy = 0;
  for (let j = Math.max(0, i - side); j <= last; j++) {
    const value = y[j] as number;
    if (!Number.isFinite(value)) continue;
    const weight = weights[j - i + side] as number;
    const offset = (x[j] as number) - center;
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
