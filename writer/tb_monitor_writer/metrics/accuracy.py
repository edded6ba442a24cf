"""Shares of the examples that are right, by scikit-learn's names."""

import math

import numpy as np

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.counts import Margins
from tb_monitor_writer.metrics.multilabel_counts import MultilabelCounts
from tb_monitor_writer.metrics.precision_recall import HasMargins, margins_of


def accuracy_score(matrix: HasMargins | Margins | object) -> float:
    """Share of examples that are right.

    Args:
      matrix: A `ConfusionMatrix`, its `Margins`, an array `[C, C]` with row = true class, or
        `MultilabelCounts`, of which an example is right if all its labels are (subset accuracy,
        exact match ratio).

    Returns:
      In [0, 1]; NaN without examples.

    Raises:
      InvalidInput: an array that is no confusion matrix.
    """
    if isinstance(matrix, MultilabelCounts):
        return float(matrix.exact_matches) / matrix.total if matrix.total else math.nan
    margins = margins_of(matrix)
    total = float(margins.support.sum())
    return float(margins.true_positives.sum()) / total if total else math.nan


def balanced_accuracy_score(
    matrix: HasMargins | Margins | object, *, adjusted: bool = False
) -> float:
    """Mean recall over the classes with true examples.

    Args:
      matrix: A `ConfusionMatrix`, its `Margins`, or an array `[C, C]` with row = true class.
      adjusted: Whether chance, 1 / classes with true examples, becomes 0.

    Returns:
      In [0, 1], or adjusted in [-1, 1]; NaN without examples, or adjusted with one class.

    Raises:
      InvalidInput: an array that is no confusion matrix, or counts of a multi-label task.

    Source: Brodersen et al., ICPR 2010; Kelleher, Mac Namee, D'Arcy, Fundamentals of Machine
    Learning for Predictive Data Analytics (2015) for the adjusted one.
    """
    margins = one_label_margins("balanced_accuracy_score", matrix)
    present = margins.support > 0
    classes = int(present.sum())
    if classes == 0 or (adjusted and classes == 1):
        return math.nan
    recall = float(np.mean(margins.true_positives[present] / margins.support[present]))
    return (recall - 1 / classes) / (1 - 1 / classes) if adjusted else recall


def top_k_accuracy_score(matrix: ConfusionMatrix) -> float:
    """Share of examples whose true class is among the k best-scored ones.

    Args:
      matrix: One made with `ConfusionMatrix(num_classes, top_k=k)` that counted scores
        (`update_from_scores`).

    Returns:
      In [0, 1]; NaN without examples.

    Raises:
      InvalidInput: no k was given to the matrix.
    """
    top_k = getattr(matrix, "top_k", None)
    if top_k is None:
        raise InvalidInput(
            "confusion must be made with ConfusionMatrix(num_classes, top_k=k) and count scores "
            "with update_from_scores, got one without top_k"
        )
    return float(matrix.top_k_accuracy)


def one_label_margins(metric: str, matrix: HasMargins | Margins | object) -> Margins:
    """Returns the margins of a task with one label per example; refuses another one."""
    if isinstance(matrix, MultilabelCounts):
        raise InvalidInput(
            f"{metric} needs one label per example, got MultilabelCounts; score a label by itself "
            f"with to_array()[label]"
        )
    return margins_of(matrix)
