"""The averages of one step, with the error that finitely many examples leave."""

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.counts import Counts
from tb_monitor_writer.metrics.precision_recall import (
    accuracy,
    divide,
    precision_recall_fscore,
)

Ratios: TypeAlias = npt.NDArray[np.float64]
Cells: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Counts]


def averages(matrix: ConfusionMatrix) -> dict[str, float]:
    """Summarises a confusion matrix in one row: the columns of an `averages` record.

    Averages are scikit-learn's with zero_division=0; macro is over the classes that occur.
    Standard errors (`*_se`) are by the delta method on the multinomial cells, for
    total^2 / sum_squared_weights examples; they are NaN where that is unknown.

    Args:
      matrix: Any; an empty one gives NaN for everything but `n`, `sum_squared_weights` and
        `classes_present`.

    Returns:
      Unitless ratios in [0, 1] but for `n`, `sum_squared_weights`, `classes_present` and the
      class indices `worst_class` (lowest F1 among the classes present, then most examples)
      and `worst_class_read_as` (the prediction that most of its misses were; NaN without
      misses; `worst_class_read_as_share` is its share of the class's true examples).

    Source: Goutte, Gaussier, ECIR 2005; Takahashi et al., Applied Intelligence 52 (2022)
    4961-4972 (delta-method errors of macro and micro F1).
    """
    row = {
        "n": float(matrix.total),
        "sum_squared_weights": float(matrix.sum_squared_weights),
        "accuracy": accuracy(matrix),
    }
    for average in ("macro", "micro", "weighted"):
        scores = precision_recall_fscore(matrix, 1.0, average, 0 if matrix.total else math.nan)
        for name, value in zip(("precision", "recall", "f1"), scores[:3], strict=True):
            row[f"{name}_{average}"] = float(value)
    hits, support, predicted = (column.astype(np.float64) for column in matrix.margins)
    present = (support > 0) | (predicted > 0)
    row["classes_present"] = float(present.sum())
    cells = _wrong_cells(matrix)
    row |= _standard_errors(hits, support, predicted, cells, float(matrix.sum_squared_weights))
    row |= _worst_class(hits, support, predicted, cells)
    return row


def _wrong_cells(matrix: ConfusionMatrix) -> Cells:
    """Row, column and count of the non-zero cells off the diagonal, in order."""
    keys, counts = matrix.cells()
    truth, prediction = np.divmod(keys.astype(np.int64), matrix.num_classes)
    wrong = truth != prediction
    return truth[wrong], prediction[wrong], counts[wrong]


def _standard_errors(
    hits: Ratios, support: Ratios, predicted: Ratios, cells: Cells, sum_squared_weights: float
) -> dict[str, float]:
    """Delta method: Var g = (sum w^2 / n) sum over cells of n_ij (dg/dn_ij)^2.

    The usual minus (sum n_ij dg/dn_ij)^2 / n vanishes: scaling all counts changes no ratio.
    Each derivative is a term of its row plus one of its column off the diagonal, and a third
    on it.
    """
    total = float(support.sum())
    names = ("accuracy", *(f"{q}_{a}" for q in ("precision", "recall", "f1") for a in _AVERAGES))
    if not total:
        return {f"{name}_se": math.nan for name in names}
    present = (support > 0) | (predicted > 0)
    classes = float(present.sum())
    right = hits.sum() / total
    precision = divide(hits, predicted, 0)
    recall = divide(hits, support, 0)
    both = support + predicted
    f1 = divide(2 * hits, both, 0)
    one = np.ones_like(hits)
    per_support, per_predicted, per_both = (divide(one, n, 0) for n in (support, predicted, both))
    share = support / total
    weighted_precision, weighted_f1 = float(share @ precision), float(share @ f1)
    zero = np.zeros_like(hits)

    # row term, column term, term on the diagonal
    derivatives = {
        "accuracy": (zero - right / total, zero, zero + (1 - right) / total),
        "precision_macro": (
            zero,
            -precision * per_predicted / classes,
            (1 - precision) * per_predicted / classes,
        ),
        "recall_macro": (
            -recall * per_support / classes,
            zero,
            (1 - recall) * per_support / classes,
        ),
        "f1_macro": (
            -f1 * per_both / classes,
            -f1 * per_both / classes,
            2 * (1 - f1) * per_both / classes,
        ),
        "precision_weighted": (
            (precision - weighted_precision) / total,
            -share * precision * per_predicted,
            (precision - weighted_precision) / total + share * (1 - precision) * per_predicted,
        ),
        "f1_weighted": (
            (f1 - weighted_f1) / total - share * f1 * per_both,
            -share * f1 * per_both,
            (f1 - weighted_f1) / total + 2 * share * (1 - f1) * per_both,
        ),
    }
    truth, prediction, counts = cells
    errors = {}
    for name, (row, column, diagonal) in derivatives.items():
        slope = row[truth] + column[prediction]
        variance = float(hits @ diagonal**2) + float(counts @ slope**2)
        errors[f"{name}_se"] = math.sqrt(variance * sum_squared_weights / total)
    errors["recall_weighted_se"] = errors["accuracy_se"]  # the same number by another name
    return errors


_AVERAGES = ("macro", "weighted")


def _worst_class(
    hits: Ratios, support: Ratios, predicted: Ratios, cells: Cells
) -> dict[str, float]:
    worst = dict.fromkeys(
        ("worst_class", "worst_class_f1", "worst_class_read_as", "worst_class_read_as_share"),
        math.nan,
    )
    f1 = divide(2 * hits, support + predicted, math.nan)
    if np.isnan(f1).all():
        return worst
    candidates = np.flatnonzero(f1 == np.nanmin(f1))
    index = int(candidates[np.argmax(support[candidates])])
    worst["worst_class"], worst["worst_class_f1"] = float(index), float(f1[index])
    truth, prediction, counts = cells
    start, end = np.searchsorted(truth, [index, index + 1])
    if end > start:
        most = start + int(np.argmax(counts[start:end]))
        worst["worst_class_read_as"] = float(prediction[most])
        worst["worst_class_read_as_share"] = float(counts[most] / support[index])
    return worst
