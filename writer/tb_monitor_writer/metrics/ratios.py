"""One ratio at a time: scikit-learn's single scores, and those that need true negatives.

f1_score(matrix, "macro")
specificity(matrix, average=None)      # of every class
"""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.counts import Margins
from tb_monitor_writer.metrics.multilabel_counts import MultilabelCounts
from tb_monitor_writer.metrics.precision_recall import (
    Average,
    Classes,
    HasMargins,
    Ratios,
    check_binary,
    check_options,
    divide,
    margins_of,
    mean_over_classes,
    precision_recall_fscore,
)

Matrix: TypeAlias = HasMargins | Margins | object


def precision_score(
    matrix: Matrix,
    average: Average = "binary",
    zero_division: float = math.nan,
    *,
    classes: Classes = "present",
    pos_label: int = 1,
) -> Ratios | float:
    """Precision, tp / (tp + fp); arguments, result and errors as of `precision_recall_fscore`."""
    return precision_recall_fscore(
        matrix, 1.0, average, zero_division, classes=classes, pos_label=pos_label
    ).precision


def recall_score(
    matrix: Matrix,
    average: Average = "binary",
    zero_division: float = math.nan,
    *,
    classes: Classes = "present",
    pos_label: int = 1,
) -> Ratios | float:
    """Recall, tp / (tp + fn); arguments, result and errors as of `precision_recall_fscore`."""
    return precision_recall_fscore(
        matrix, 1.0, average, zero_division, classes=classes, pos_label=pos_label
    ).recall


def f1_score(
    matrix: Matrix,
    average: Average = "binary",
    zero_division: float = math.nan,
    *,
    classes: Classes = "present",
    pos_label: int = 1,
) -> Ratios | float:
    """F1, 2 tp / (2 tp + fp + fn); arguments, result and errors as of `precision_recall_fscore`."""
    return fbeta_score(matrix, 1.0, average, zero_division, classes=classes, pos_label=pos_label)


def fbeta_score(
    matrix: Matrix,
    beta: float,
    average: Average = "binary",
    zero_division: float = math.nan,
    *,
    classes: Classes = "present",
    pos_label: int = 1,
) -> Ratios | float:
    """The F-score that weighs recall with beta; see `precision_recall_fscore`."""
    return precision_recall_fscore(
        matrix, beta, average, zero_division, classes=classes, pos_label=pos_label
    ).fscore


def jaccard_score(
    matrix: Matrix,
    average: Average = "binary",
    zero_division: float = math.nan,
    *,
    classes: Classes = "present",
    pos_label: int = 1,
) -> Ratios | float:
    """Intersection over union, tp / (tp + fp + fn).

    Args:
      matrix: A `ConfusionMatrix`, its `Margins`, an array `[C, C]` with row = true class and
        column = predicted class, or `MultilabelCounts`.
      average: None: per class. "macro": mean over classes. "weighted": mean weighted by
        support. "micro": from the sums over all classes. "binary": class `pos_label` of two.
      zero_division: What 0/0 counts as: 0, 1 or NaN; NaN is left out of means.
      classes: Of "macro": "present", those with tp + fp + fn > 0, or "all".
      pos_label: Index of the positive class for "binary".

    Returns:
      In [0, 1]; an array `[C]` if `average` is None, else a float. 0/0 only for a class that is
      neither true nor predicted anywhere.

    Raises:
      InvalidInput: an argument out of its range, or "binary" for other than two classes.

    Source: Jaccard, Bulletin de la Société vaudoise des sciences naturelles 37 (1901) 547-579.
    """
    return _score(matrix, _jaccard, average, zero_division, classes, pos_label)


def specificity(
    matrix: Matrix,
    average: Average = "binary",
    zero_division: float = math.nan,
    *,
    classes: Classes = "present",
    pos_label: int = 1,
) -> Ratios | float:
    """True negative rate, tn / (tn + fp): of the examples of other classes, those not taken for it.

    Arguments, result and errors are those of `jaccard_score`, but margins alone must be of a
    task with one label per example: tn = n - tp - fp - fn. 0/0 where every example is of the
    class. With many classes it is near 1 whatever the model does.

    Source: Yerushalmy, Public Health Reports 62 (1947) 1432-1449.
    """
    return _score(matrix, _specificity, average, zero_division, classes, pos_label)


def negative_predictive_value(
    matrix: Matrix,
    average: Average = "binary",
    zero_division: float = math.nan,
    *,
    classes: Classes = "present",
    pos_label: int = 1,
) -> Ratios | float:
    """NPV, tn / (tn + fn): of the examples not taken for the class, those that are not of it.

    Arguments, result and errors are those of `specificity`. 0/0 where the class was always
    predicted.

    Source: Altman, Bland, BMJ 309 (1994) 102.
    """
    return _score(matrix, _negative_predictive_value, average, zero_division, classes, pos_label)


class _Outcomes(NamedTuple):
    """Of each class taken by itself, `[C]` float64: exact below 2^53."""

    hits: Ratios
    support: Ratios
    predicted: Ratios
    negatives: Ratios  # tn + fp
    rejected: Ratios  # tn + fn

    @property
    def true_negatives(self) -> Ratios:
        """Sums of weights may miss 0 by a rounding."""
        correct: Ratios = np.maximum(self.negatives - (self.predicted - self.hits), 0)
        return correct


def _score(
    matrix: Matrix,
    formula: Callable[[_Outcomes], tuple[Ratios, Ratios]],
    average: Average,
    zero_division: float,
    classes: Classes,
    pos_label: int,
) -> Ratios | float:
    check_options(average, zero_division, classes)
    outcomes = _outcomes(matrix)
    if average == "binary":
        check_binary(matrix, len(outcomes.hits), pos_label)
        outcomes = _Outcomes(*(column[pos_label : pos_label + 1] for column in outcomes))
    elif average == "micro":
        outcomes = _Outcomes(*(column.sum(keepdims=True) for column in outcomes))
    ratios = divide(*formula(outcomes), zero_division)
    if average is None:
        return ratios
    if average in ("binary", "micro"):
        return float(ratios[0])
    counted: npt.NDArray[np.bool_] = np.ones(len(ratios), np.bool_)
    if classes == "present":
        counted = (outcomes.support > 0) | (outcomes.predicted > 0)
    weights = outcomes.support if average == "weighted" else np.ones(len(ratios))
    return mean_over_classes(ratios, counted, weights, zero_division)


def _outcomes(matrix: Matrix) -> _Outcomes:
    hits, support, predicted = (column.astype(np.float64) for column in margins_of(matrix))
    if isinstance(matrix, MultilabelCounts):
        examples = matrix.examples.astype(np.float64)
        return _Outcomes(hits, support, predicted, examples - support, examples - predicted)
    # Each total from its own column: of weights too, a class that is alone leaves exactly 0.
    negatives, rejected = support.sum() - support, predicted.sum() - predicted
    return _Outcomes(hits, support, predicted, negatives, rejected)


def _jaccard(outcomes: _Outcomes) -> tuple[Ratios, Ratios]:
    return outcomes.hits, outcomes.support + outcomes.predicted - outcomes.hits


def _specificity(outcomes: _Outcomes) -> tuple[Ratios, Ratios]:
    return outcomes.true_negatives, outcomes.negatives


def _negative_predictive_value(outcomes: _Outcomes) -> tuple[Ratios, Ratios]:
    return np.minimum(outcomes.true_negatives, outcomes.rejected), outcomes.rejected
