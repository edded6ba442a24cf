"""Precision, recall and F-score from counts, with scikit-learn's meaning."""

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
    if not beta >= 0:
        raise InvalidInput(f"beta must be >= 0, got {beta}")
    check_options(average, zero_division, classes)
    margins = margins_of(matrix)
    if average == "binary":
        check_binary(matrix, len(margins.support), pos_label)
        margins = Margins(*(column[pos_label : pos_label + 1] for column in margins))
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
        mean_over_classes(precision, counted, weights, zero_division),
        mean_over_classes(recall, counted, weights, zero_division),
        mean_over_classes(fscore, counted, weights, zero_division),
        None,
    )


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


def check_options(average: object, zero_division: float, classes: object) -> None:
    """Checks what a score of classes can be asked for."""
    check_zero_division(zero_division)
    if classes not in ("present", "all"):
        raise InvalidInput(f"classes must be 'present' or 'all', got {classes!r}")
    if average not in (None, "macro", "micro", "weighted", "binary"):
        raise InvalidInput(
            f"average must be None, 'macro', 'micro', 'weighted' or 'binary', got {average!r}"
        )


def check_zero_division(zero_division: object) -> None:
    """Checks what 0/0 shall count as."""
    if zero_division not in (0, 1) and zero_division == zero_division:  # NaN alone differs
        raise InvalidInput(f"zero_division must be 0, 1 or nan, got {zero_division!r}")


def check_binary(matrix: object, num_classes: int, pos_label: object) -> None:
    """Checks that there is a positive class among two, which two labels are not."""
    if hasattr(matrix, "num_labels"):
        raise InvalidInput(
            f"average='binary' needs one label per example, got {type(matrix).__name__}; use "
            f"'macro', 'micro', 'weighted' or None"
        )
    if num_classes != 2:
        raise InvalidInput(
            f"average='binary' needs 2 classes, got {num_classes}; use 'macro', 'micro', "
            f"'weighted' or None"
        )
    if pos_label not in (0, 1):
        raise InvalidInput(f"pos_label must be 0 or 1, got {pos_label!r}")


def mean_over_classes(
    scores: Ratios, counted: npt.NDArray[np.bool_], weights: Ratios, undefined: float
) -> float:
    """Weighted mean of the counted scores `[C]` that are not NaN; `undefined` if there is none."""
    counted = counted & ~np.isnan(scores)
    scores, weights = scores[counted], weights[counted]
    if not len(scores):
        return undefined
    total = float(weights.sum())
    if total == 0:  # no class with a score has examples: scikit-learn takes the plain mean
        return float(scores.mean())
    return float((scores * weights).sum()) / total


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
