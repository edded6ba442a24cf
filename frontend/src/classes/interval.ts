/** The one interval that the server does not send: that of a cell's share. */

/** The normal quantile of a two-sided 95 % interval. */
const Z = 1.959963984540054;

/**
 * The Wilson 95 % interval of a share.
 *
 * Args:
 *   successes: Count in [0, trials].
 *   trials: Count >= 0.
 *
 * Returns:
 *   Low and high, each in [0, 1], or null where there were no trials.
 *
 * Source: Wilson (1927), Probable inference, the law of succession, and statistical inference.
 */
export function wilson(successes: number, trials: number): readonly [number, number] | null {
  if (!(trials > 0)) return null;
  const share = successes / trials;
  const scale = 1 + (Z * Z) / trials;
  const centre = (share + (Z * Z) / (2 * trials)) / scale;
  const half =
    (Z * Math.sqrt((share * (1 - share)) / trials + (Z * Z) / (4 * trials * trials))) / scale;
  // At both ends the formula is exact; only its rounding is not.
  return [
    successes === 0 ? 0 : Math.max(0, centre - half),
    successes === trials ? 1 : Math.min(1, centre + half),
  ];
}
