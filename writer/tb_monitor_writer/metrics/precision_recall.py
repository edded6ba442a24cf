"""Precision, recall, F-score and accuracy from counts, with scikit-learn's meaning."""

import math
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.counts import Margins, checked_matrix

Ratios: TypeAlias = npt.NDArray[np.float64]
Average: TypeAlias = Literal["macro", "micro", "weighted", "binary"] | None
Classes: TypeAlias = Literal["present", "all"]


class HasMargins(Protocol):
    """A confusion matrix, in whatever form it is kept."""

    @property
    def margins(self) -> Margins:
        """Its diagonal, row sums and column sums."""


class PrecisionRecallFScore(NamedTuple):
    """Ratios in [0, 1], per class `[C]` or averaged; in scikit-learn's order.

    Attributes:
      precision: Of the predictions of a class, those that are right.
      recall: Of the true examples of a class, those that are found.
      fscore: Their harmonic mean (beta weighs recall).
      support: True examples of each class; None if averaged, as in scikit-learn.
    """

    precision: Ratios | float
    recall: Ratios | float
    fscore: Ratios | float
    support: npt.NDArray[np.int64 | np.float64] | None


def precision_recall_fscore(
    matrix: HasMargins | Margins | object,
    beta: float = 1.0,
    average: Average = None,
    zero_division: float = math.nan,
    *,
    classes: Classes = "present",
    pos_label: int = 1,
) -> PrecisionRecallFScore:
    """Scores a confusion matrix as `sklearn.metrics.precision_recall_fscore_support` does.

    Per class, with tp true positives, fp predicted wrongly and fn missed:
    precision = tp / (tp + fp), recall = tp / (tp + fn),
    fscore = (1 + beta^2) tp / ((1 + beta^2) tp + beta^2 fn + fp).

    Args:
      matrix: A `ConfusionMatrix`, its `Margins`, or an array `[C, C]` with row = true class
        and column = predicted class.
      beta: Weight of recall against precision, >= 0; 0 gives precision, inf gives recall.
      average: None: per class. "macro": mean over classes. "weighted": mean weighted by
        support. "micro": from the sums over all classes. "binary": class `pos_label` of two.
      zero_division: What 0/0 counts as: 0, 1 or NaN. NaN values are left out of macro and
        weighted means. The F-score is 0/0 only if tp = fp = fn = 0, else 0 where tp = 0.
      classes: Of "macro": "present" averages classes with tp + fp + fn > 0 (scikit-learn with
        labels=None), "all" averages all C (with labels=range(C)).
      pos_label: Index of the positive class for "binary".

    Returns:
      Arrays `[C]` if `average` is None, else floats, with `support` None.

    Raises:
      InvalidInput: an argument out of its range, or "binary" for other than two classes.

    Source: van Rijsbergen, Information Retrieval (1979), ch. 7.
    """
    _check_options(beta, average, zero_division, classes)
    margins = margins_of(matrix)
    if average == "binary":
        margins = _only(margins, pos_label)
    elif average == "micro":
        margins = Margins(*(column.sum(keepdims=True) for column in margins))
    precision, recall, fscore = _per_class(margins, beta, zero_division)
    if average is None:
        return PrecisionRecallFScore(precision, recall, fscore, margins.support)
    weights = np.ones(len(precision))
    if average == "weighted":
        weights = margins.support.astype(np.float64)
    counted = (margins.support > 0) | (margins.predicted > 0) | (classes == "all")
    return PrecisionRecallFScore(
        _mean(precision, counted, weights, zero_division),
        _mean(recall, counted, weights, zero_division),
        _mean(fscore, counted, weights, zero_division),
        None,
    )


def accuracy(matrix: HasMargins | Margins | object) -> float:
    """Share of examples that are right, in [0, 1]; NaN without examples."""
    margins = margins_of(matrix)
    total = float(margins.support.sum())
    return float(margins.true_positives.sum()) / total if total else math.nan


def balanced_accuracy(matrix: HasMargins | Margins | object) -> float:
    """Mean recall over the classes with true examples, in [0, 1]; NaN without examples."""
    margins = margins_of(matrix)
    present = margins.support > 0
    if not present.any():
        return math.nan
    return float(np.mean(margins.true_positives[present] / margins.support[present]))


def margins_of(matrix: HasMargins | Margins | object) -> Margins:
    """Returns the margins of a confusion matrix in any form that is accepted."""
    if isinstance(matrix, Margins):
        return matrix
    margins = getattr(matrix, "margins", None)
    if isinstance(margins, Margins):
        return margins
    counts, _ = checked_matrix("confusion", matrix)
    return Margins(counts.diagonal().copy(), counts.sum(axis=1), counts.sum(axis=0))


def divide(numerator: Ratios, denominator: Ratios, undefined: float) -> Ratios:
    """Divides, with `undefined` where the denominator is 0."""
    result = np.full(numerator.shape, undefined, np.float64)
    np.divide(numerator, denominator, out=result, where=denominator != 0)
    return result


def _check_options(beta: float, average: object, zero_division: float, classes: object) -> None:
    if not beta >= 0:
        raise InvalidInput(f"beta must be >= 0, got {beta}")
    if zero_division not in (0, 1) and zero_division == zero_division:  # NaN alone differs
        raise InvalidInput(f"zero_division must be 0, 1 or nan, got {zero_division!r}")
    if classes not in ("present", "all"):
        raise InvalidInput(f"classes must be 'present' or 'all', got {classes!r}")
    if average not in (None, "macro", "micro", "weighted", "binary"):
        raise InvalidInput(
            f"average must be None, 'macro', 'micro', 'weighted' or 'binary', got {average!r}"
        )


def _per_class(margins: Margins, beta: float, undefined: float) -> tuple[Ratios, Ratios, Ratios]:
    # Counts below 2^53 are exact as float64, so each ratio is within one ulp.
    hits, support, predicted = (column.astype(np.float64) for column in margins)
    precision = divide(hits, predicted, undefined)
    recall = divide(hits, support, undefined)
    if math.isinf(beta):
        return precision, recall, recall.copy()
    if beta == 0:
        return precision, recall, precision.copy()
    square = beta * beta
    fscore = divide((1 + square) * hits, square * support + predicted, undefined)
    return precision, recall, fscore


def _only(margins: Margins, pos_label: int) -> Margins:
    num_classes = len(margins.support)
    if num_classes != 2:
        raise InvalidInput(
            f"average='binary' needs 2 classes, got {num_classes}; use 'macro', 'micro', "
            f"'weighted' or None"
        )
    if pos_label not in (0, 1):
        raise InvalidInput(f"pos_label must be 0 or 1, got {pos_label!r}")
    return Margins(*(column[pos_label : pos_label + 1] for column in margins))


def _mean(
    scores: Ratios, counted: npt.NDArray[np.bool_], weights: Ratios, undefined: float
) -> float:
    counted = counted & ~np.isnan(scores)
    scores, weights = scores[counted], weights[counted]
    if not len(scores):
        return undefined
    total = float(weights.sum())
    if total == 0:  # no class with a score has examples: scikit-learn takes the plain mean
        return float(scores.mean())
    return float((scores * weights).sum()) / total
