"""Agreement of prediction and truth beyond chance: MCC and Cohen's kappa.

Counts are added up as Python integers wherever int64 would not hold them: the products are of
the order of n^2, and float32 gets MCC wrong from some thousand examples on.
"""

import math
import operator
from typing import Literal, TypeAlias

import numpy as np

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.accuracy import one_label_margins
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.counts import Counts, Margins
from tb_monitor_writer.metrics.multilabel_counts import MultilabelCounts
from tb_monitor_writer.metrics.precision_recall import HasMargins, check_zero_division

Weighting: TypeAlias = Literal["linear", "quadratic"] | None

_SAFE = 2.0**62
"""Sums of products estimated below this, in float64, are below 2^63."""


def matthews_corrcoef(
    matrix: HasMargins | Margins | object, *, zero_division: float = math.nan
) -> float:
    """Matthews' correlation coefficient, for two and for more classes (Gorodkin's R_K).

    With n examples, s right ones, t[k] true and p[k] predicted of class k:
    (n s - sum t p) / sqrt((n^2 - sum p^2) (n^2 - sum t^2)).

    Args:
      matrix: A `ConfusionMatrix`, its `Margins`, or an array `[C, C]` with row = true class.
      zero_division: The result if truth or prediction is one class alone: 0 (as scikit-learn
        says), 1 or NaN.

    Returns:
      In [-1, 1]; 1 is perfect, 0 is chance. The result is that of exact integers, rounded a few
      times; of weighted counts it is that of float64.

    Raises:
      InvalidInput: an array that is no confusion matrix, or counts of a multi-label task.

    Source: Matthews, BBA Protein Structure 405 (1975) 442-451; Gorodkin, Computational Biology
    and Chemistry 28 (2004) 367-374.
    """
    check_zero_division(zero_division)
    hits, support, predicted = one_label_margins("matthews_corrcoef", matrix)
    if _classes(support) < 2 or _classes(predicted) < 2:
        return zero_division
    total = _sum(support)
    together = total * _sum(hits) - _dot(support, predicted)
    truth = total * total - _dot(support, support)
    prediction = total * total - _dot(predicted, predicted)
    if truth == prediction:  # so that a perfect one is 1 to the last bit
        return together / truth
    return max(-1.0, min(1.0, together / math.sqrt(truth) / math.sqrt(prediction)))


def cohen_kappa_score(
    matrix: HasMargins | Margins | object,
    weights: Weighting = None,
    *,
    zero_division: float = math.nan,
) -> float:
    """Cohen's kappa, 1 - observed disagreement / disagreement by chance.

    Args:
      matrix: A `ConfusionMatrix`, an array `[C, C]`, or without `weights` `Margins` too.
      weights: How far apart classes i and j are: None: 1 if they differ; "linear": |i - j|;
        "quadratic": (i - j)^2. The last two are for classes in an order.
      zero_division: The result if truth and prediction are one and the same class throughout,
        or without examples: 0, 1 or NaN.

    Returns:
      At most 1; 0 is chance, less is possible. Exact as `matthews_corrcoef` is.

    Raises:
      InvalidInput: an argument out of its range, margins where cells are needed, cells that are
        only known within an error bound, or counts of a multi-label task.

    Source: Cohen, Educational and Psychological Measurement 20 (1960) 37-46; the weighted one:
    Cohen, Psychological Bulletin 70 (1968) 213-220.
    """
    check_zero_division(zero_division)
    if weights not in (None, "linear", "quadratic"):
        raise InvalidInput(f"weights must be None, 'linear' or 'quadratic', got {weights!r}")
    if weights is not None and not isinstance(matrix, (Margins, ConfusionMatrix, MultilabelCounts)):
        matrix = ConfusionMatrix.from_array(matrix)
    hits, support, predicted = one_label_margins("cohen_kappa_score", matrix)
    total = _sum(support)
    if weights is None:
        observed = total - _sum(hits)
        by_chance = total * total - _dot(support, predicted)
    else:
        observed = _observed(matrix, weights)
        by_chance = _by_chance(support, predicted, weights)
    if np.count_nonzero((support > 0) | (predicted > 0)) < 2:
        return zero_division
    return (by_chance - total * observed) / by_chance


def _observed(matrix: object, weights: Weighting) -> int | float:
    """Sum of count times distance over the cells off the diagonal."""
    if not isinstance(matrix, ConfusionMatrix):
        raise InvalidInput(
            f"weights={weights!r} needs the cells of the matrix, got Margins; pass the matrix"
        )
    if getattr(matrix, "error_bound", 0):
        raise InvalidInput(
            f"weights={weights!r} needs exact cells, got a matrix with an error bound of "
            f"{matrix.error_bound:g}; raise its max_cells, or use weights=None"
        )
    keys, counts = matrix.cells()
    truth, prediction = np.divmod(keys.astype(np.int64), matrix.num_classes)
    distance = np.abs(truth - prediction)
    return _dot(counts, distance if weights == "linear" else distance * distance)


def _by_chance(support: Counts, predicted: Counts, weights: Weighting) -> int | float:
    """Sum of support[i] predicted[j] distance(i, j) over all pairs, in O(C)."""
    if weights == "linear":
        # |i - j| counts the places k that separate i from j.
        true_below, predicted_below = np.cumsum(support)[:-1], np.cumsum(predicted)[:-1]
        true_above, predicted_above = support.sum() - true_below, predicted.sum() - predicted_below
        return _dot(true_below, predicted_above) + _dot(true_above, predicted_below)
    # Counted from the mean, so that of weights nothing large cancels.
    index = np.arange(len(support))
    index -= round(_dot(support, index) / max(_sum(support), 1))
    squares = _dot(support, index * index) * _sum(predicted)
    squares += _dot(predicted, index * index) * _sum(support)
    return squares - 2 * _dot(support, index) * _dot(predicted, index)


def _dot(first: Counts, second: Counts) -> int | float:
    """Sum of products: an exact integer of counts, a float of weights."""
    estimate = float(first.astype(np.float64) @ second.astype(np.float64))
    if first.dtype.kind == "f" or second.dtype.kind == "f":
        return estimate
    if estimate < _SAFE:
        return int(first @ second)
    products: int = sum(map(operator.mul, first.tolist(), second.tolist()))
    return products


def _sum(counts: Counts) -> int | float:
    return float(counts.sum()) if counts.dtype.kind == "f" else int(counts.sum())


def _classes(counts: Counts) -> int:
    return int(np.count_nonzero(counts))
