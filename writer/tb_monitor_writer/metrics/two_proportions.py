"""Whether two shares differ by more than chance: an exact test, for a million pairs at once.

Most cells of a confusion matrix hold few examples or none, and a matrix is a great many tests at
once, so what counts are probabilities of 1e-5 and less. There the usual z test, right in the
middle of the distribution, is off by factors. The test here is Fisher's, with the mid-p
correction: given the two sizes and how many successes there are together, the first number of
successes is hypergeometric.
"""

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_ENOUGH = 40
"""Successes and failures in both groups from which the third-order approximation is off by less
than 1 part in 1,000; below, the tail is summed, which takes about as many terms."""

_NEGLIGIBLE = 1e-9  # of the sum


def two_proportions_p_value(
    successes: npt.ArrayLike,
    trials: npt.ArrayLike,
    other_successes: npt.ArrayLike,
    other_trials: npt.ArrayLike,
) -> Floats:
    """Two-sided mid-p values of "both shares are the same".

    p = min(1, 2 (P(X beyond x) + P(X = x) / 2)) in the tail where x lies, X hypergeometric; 1 where
    both shares are the same.
    It equals 1/2 on average when both shares are the same, while Fisher's own p does not fall
    that low; its false alarms stay close to the nominal rate where Fisher's are far below.

    Args:
      successes: Whole numbers in [0, trials], `[n]`.
      trials: Whole numbers >= 0, `[n]`.
      other_successes: Those of the other group, `[n]`.
      other_trials: The same.

    Returns:
      p in (0, 1], `[n]`; 1 where a group has no trials.

    Source: Lancaster, J. Amer. Statist. Assoc. 56 (1961) 223-234; Lydersen, Fagerland, Laake,
    Statistics in Medicine 28 (2009) 1159-1175 (mid-p recommended). Large counts: Pierce,
    Peters, J. R. Statist. Soc. B 54 (1992) 701-737.
    """
    x, n, y, m = (
        np.atleast_1d(np.asarray(values, np.float64)).copy()
        for values in (successes, trials, other_successes, other_trials)
    )
    # Brought to the side where the first share is the higher one.
    below = x * m < y * n
    x[below], y[below], n[below], m[below] = y[below], x[below], m[below], n[below]
    p = np.empty(len(x))
    large = np.minimum(np.minimum(x, y), np.minimum(n - x, m - y)) >= _ENOUGH
    p[large] = _approximated(x[large], n[large], y[large], m[large])
    p[~large] = _summed(x[~large], n[~large], y[~large], m[~large])
    p[x * m == y * n] = 0.5  # equal shares lie in both tails, which are not quite alike
    return np.minimum(2 * p, 1)


def smallest_p_value(
    together: npt.ArrayLike, trials: npt.ArrayLike, other_trials: npt.ArrayLike
) -> Floats:
    """A lower bound of the p value that this many successes together can have at all.

    With the most extreme split, all in one group, Fisher's p is C(n, k) / C(n + m, k)
    > ((n - k + 1) / (n + m - k + 1))^k; two-sided mid-p has the same value (half, doubled).

    Args:
      together: Successes of both groups, `[n]`.
      trials: Of one group, `[n]`.
      other_trials: Of the other group, `[n]`.
    """
    k, n, m = (np.asarray(values, np.float64) for values in (together, trials, other_trials))
    bound: Floats = np.zeros(np.broadcast_shapes(k.shape, n.shape, m.shape))
    few = k < np.minimum(n, m)
    share = np.minimum(n, m) - k + 1
    np.power(share / (n + m - k + 1), k, out=bound, where=few)
    return bound


def log_factorial(n: Floats) -> Floats:
    """Logarithm of n!, n >= 0, to 1e-11 or 1e-13 of its value: Stirling's series at n + 8."""
    x = n + 8
    product = (n + 1) * (n + 2) * (n + 3) * (n + 4) * (n + 5) * (n + 6) * (n + 7) * x
    square = 1 / (x * x)
    series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / x
    result: Floats = (x + 0.5) * np.log(x) - x + 0.5 * math.log(2 * math.pi) + series
    result -= np.log(product)
    return result


def _summed(x: Floats, n: Floats, y: Floats, m: Floats) -> Floats:
    """P(X > x) + P(X = x) / 2, term by term: each is the last one times a falling ratio."""
    first = np.exp(
        log_factorial(n) - log_factorial(x) - log_factorial(n - x)
        + log_factorial(m) - log_factorial(y) - log_factorial(m - y)
        - log_factorial(n + m) + log_factorial(x + y) + log_factorial(n + m - x - y)
    )  # fmt: skip
    total = np.full(len(x), 0.5)
    active = np.flatnonzero((y > 0) & (n > x))
    x, y, failures, other_failures = x[active], y[active], (n - x)[active], (m - y)[active]
    term = np.ones(len(active))
    while len(active):
        term *= (y * failures) / ((x + 1) * (other_failures + 1))
        total[active] += term
        x, y, failures, other_failures = x + 1, y - 1, failures - 1, other_failures + 1
        going = term > _NEGLIGIBLE * total[active]
        if going.all():
            continue
        active, term = active[going], term[going]
        x, y = x[going], y[going]
        failures, other_failures = failures[going], other_failures[going]
    result: Floats = first * total
    return result


def _approximated(x: Floats, n: Floats, y: Floats, m: Floats) -> Floats:
    """The same tail by the modified signed root of the likelihood ratio, r* = r + log(u / r) / r.

    r: signed root of twice the log likelihood ratio; u: 2 tanh(log odds ratio / 2) over the
    standard error of the log odds ratio, given x + y. The tanh is what summing over whole numbers
    makes of the log odds ratio, with half of the first term.
    """
    share = (x + y) / (n + m)
    log_odds = np.log(x) - np.log(n - x) - np.log(y) + np.log(m - y)
    deviance = 2 * (
        x * np.log(x / (n * share)) + (n - x) * np.log((n - x) / (n * (1 - share)))
        + y * np.log(y / (m * share)) + (m - y) * np.log((m - y) / (m * (1 - share)))
    )  # fmt: skip
    r = np.sqrt(np.maximum(deviance, 0))
    information = x * (n - x) / n * (y * (m - y) / m) / ((n + m) * share * (1 - share))
    u = 2 * np.tanh(log_odds / 2) * np.sqrt(information)
    near = r < 1e-3  # log(u / r) / r is lost in rounding, and nothing is less significant
    r = np.where(near, 1e-3, r)
    modified = r + np.log(np.where(near, r, u) / r) / r
    tails = [math.erfc(value) for value in (modified / math.sqrt(2)).tolist()]
    result: Floats = np.asarray(tails) / 2
    return result
