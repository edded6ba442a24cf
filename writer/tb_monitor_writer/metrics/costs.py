"""What the errors cost: of a matrix, and of every threshold of a score.

Not all errors are alike: a missed tumour and a false alarm are both one error in every metric.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.arrays import as_numpy
from tb_monitor_writer.metrics.cell_counts import Floats, cell_counts
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.precision_recall import divide
from tb_monitor_writer.metrics.prior_shift import check_prevalence
from tb_monitor_writer.metrics.score_histogram import ScoreHistogram


class ExpectedCost(NamedTuple):
    """Mean cost of an example, in the unit of the costs.

    Attributes:
      mean: NaN without examples.
      standard_error: Of the mean, from the number of examples; NaN if their number is unknown.
      by_class: Mean cost of an example of each true class, `[C]`; NaN without examples.
    """

    mean: float
    standard_error: float
    by_class: Floats


class CostCurve(NamedTuple):
    """Expected cost of each threshold of a score: positive is score >= threshold.

    Attributes:
      thresholds: b / B of each bin's lower edge, and infinity (nothing is positive), `[B + 1]`.
      cost: Mean cost of an example, `[B + 1]`.
      standard_error: Of the mean, `[B + 1]`.
      best: Index of the lowest cost; of equals, which lie between two scores, the middle one.
    """

    thresholds: Floats
    cost: Floats
    standard_error: Floats
    best: int

    @property
    def best_threshold(self) -> float:
        """The threshold of the lowest cost."""
        return float(self.thresholds[self.best])


def expected_cost(
    matrix: ConfusionMatrix | object,
    cost: npt.ArrayLike,
    prevalence: npt.ArrayLike | None = None,
) -> ExpectedCost:
    """Expected cost of an example: sum of M * cost over the total.

    Args:
      matrix: A `ConfusionMatrix` or an array `[C, C]` of counts; row = true class, column =
        predicted class.
      cost: What predicting column j for true class i costs, `[C, C]`, finite, in any unit;
        negative is a gain.
      prevalence: Share of each true class, `[C]`, if it is other than in the matrix; see
        `with_prevalence`. The mean is then sum of prevalence_i by_class_i, and its variance the
        sum of prevalence_i^2 s_i^2 / n_i.

    Raises:
      InvalidInput: arguments that are no such arrays, or a matrix that gave up cells.

    Source: Elkan, The Foundations of Cost-Sensitive Learning, IJCAI 2001; Cochran, Sampling
    Techniques (1977), section 5 (stratified means).
    """
    counts = cell_counts("matrix", matrix, needs_every_cell=True)
    size, support = counts.num_classes, counts.support
    each = _check_cost(cost, size)[counts.truth, counts.prediction]
    of_rows = np.zeros((2, size))
    of_rows[0] += np.bincount(counts.truth, counts.counts * each, size)
    by_class = divide(of_rows[0], support, np.nan)
    # Around the mean of the row: a difference of large squares would be rounded away.
    around = np.square(each - by_class[counts.truth])
    of_rows[1] += np.bincount(counts.truth, counts.counts * around, size)
    variance = divide(of_rows[1], support, 0)
    if not counts.total:
        return ExpectedCost(np.nan, np.nan, by_class)
    if prevalence is None:
        share = support / counts.total
        mean = float(of_rows[0].sum()) / counts.total
        filled = support > 0
        between = float(share[filled] @ np.square(by_class[filled] - mean))
        square = (float(share @ variance) + between) / (counts.total * counts.scale)
    else:
        share = check_prevalence(prevalence, support)
        filled = share > 0
        mean = float(share[filled] @ by_class[filled])
        effective = support[filled] * counts.scale
        square = float(np.square(share[filled]) @ (variance[filled] / effective))
    return ExpectedCost(mean, float(np.sqrt(square)), by_class)


def cost_curve(
    histogram: ScoreHistogram,
    cost: npt.ArrayLike,
    prevalence: float | None = None,
    *,
    label: int = 0,
) -> CostCurve:
    """Expected cost of an example at every threshold, and the threshold where it is lowest.

    With the share of positives p, the true positive rate T and the false positive rate F at a
    threshold: p (T cost[1, 1] + (1 - T) cost[1, 0]) + (1 - p) (F cost[0, 1] + (1 - F) cost[0, 0]).
    The best threshold is chosen on these very scores, so that its cost is a little too good;
    for calibrated scores theory says (cost[0, 1] - cost[0, 0]) / (cost[0, 1] - cost[0, 0] +
    cost[1, 0] - cost[1, 1]).

    Args:
      histogram: Scores of positives and negatives.
      cost: `[2, 2]`, finite; row = truth, column = decision, 0 = negative, 1 = positive.
      prevalence: Share of positives in (0, 1), if it is other than in the histogram.
      label: Which label of the histogram.

    Raises:
      InvalidInput: an argument out of its range, or no positives or no negatives counted.

    Source: Elkan, IJCAI 2001; Provost, Fawcett, Machine Learning 42 (2001) 203-231.
    """
    if not isinstance(histogram, ScoreHistogram):
        raise InvalidInput(f"histogram must be a ScoreHistogram, got {type(histogram).__name__}")
    if not 0 <= label < histogram.num_labels:
        raise InvalidInput(f"label must be in [0, {histogram.num_labels}), got {label}")
    (right_negative, false_alarm), (miss, hit) = _check_cost(cost, 2).tolist()
    negatives, positives = histogram.counts[label].astype(np.float64)
    n, p = float(negatives.sum()), float(positives.sum())
    if not (n and p):
        raise InvalidInput(
            f"histogram must hold positives and negatives of label {label}, got {p:.0f} and {n:.0f}"
        )
    share = p / (n + p) if prevalence is None else prevalence
    if not 0 < share < 1:
        raise InvalidInput(f"prevalence must be in (0, 1), got {prevalence}")
    true_rate = np.append(np.cumsum(positives[::-1])[::-1], 0) / p
    false_rate = np.append(np.cumsum(negatives[::-1])[::-1], 0) / n
    of_positive = miss + true_rate * (hit - miss)
    of_negative = right_negative + false_rate * (false_alarm - right_negative)
    mean = share * of_positive + (1 - share) * of_negative
    square = (
        share**2 * (hit - miss) ** 2 * true_rate * (1 - true_rate) / p
        + (1 - share) ** 2 * (false_alarm - right_negative) ** 2 * false_rate * (1 - false_rate) / n
    )
    if prevalence is None:  # how many are positive is up to chance, too
        square += share * (1 - share) * np.square(of_positive - of_negative) / (n + p)
    thresholds = np.append(np.arange(histogram.bins) / histogram.bins, np.inf)
    rounded = 4 * np.finfo(np.float64).eps * np.abs(mean).max()
    lowest = np.flatnonzero(mean <= mean.min() + rounded)
    first = lowest[: np.append(np.diff(lowest) != 1, True).argmax() + 1]  # those side by side
    return CostCurve(thresholds, mean, np.sqrt(square), int(first[len(first) // 2]))


def _check_cost(cost: npt.ArrayLike, size: int) -> Floats:
    found = as_numpy("cost", cost).astype(np.float64)
    if found.shape != (size, size):
        raise InvalidInput(f"cost must have shape [{size}, {size}], got {found.shape}")
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        i, j = (int(place) for place in bad[0])
        raise InvalidInput(f"cost[{i}, {j}] is {found[i, j]}: every cost must be finite")
    return found
