"""The averages of one step, with the error that finitely many examples leave."""

import functools
import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.cell_sums import Cells, WrongCells, wrong_cells
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.counts import Margins
from tb_monitor_writer.metrics.multilabel_counts import MultilabelCounts, multilabel_averages

Ratios: TypeAlias = npt.NDArray[np.float64]


def averages(
    matrix: ConfusionMatrix | MultilabelCounts, cells: Cells | None = None
) -> dict[str, float]:
    """Summarises a confusion matrix in one row: the columns of an `averages` record.

    Averages are scikit-learn's with zero_division=0; macro is over the classes that occur.
    Standard errors (`*_se`) are by the delta method on the multinomial cells, for
    total^2 / sum_squared_weights examples; they are NaN where that is unknown.

    Args:
      matrix: Any; an empty one gives NaN for everything but counts. Of `MultilabelCounts`:
        `multilabel_averages`.
      cells: What `matrix.cells()` returns, if it is at hand.

    Returns:
      Unitless ratios in [0, 1] but for `n`, `sum_squared_weights`, `classes_present` and the
      class indices `worst_class` (lowest F1 among the classes present, then most examples)
      and `worst_class_read_as` (the prediction that most of its misses were; NaN without
      misses; `worst_class_read_as_share` is its share of the class's true examples), `top_k`,
      `ignored` and `nan`, which are the matrix' own.

    Source: Goutte, Gaussier, ECIR 2005; Takahashi et al., Applied Intelligence 52 (2022)
    4961-4972 (delta-method errors of macro and micro F1).
    """
    if isinstance(matrix, MultilabelCounts):
        return multilabel_averages(matrix)
    sum_squared_weights = float(matrix.sum_squared_weights)
    size = {
        "n": float(matrix.total),
        "sum_squared_weights": sum_squared_weights,
        "ignored": float(matrix.ignored),
        "nan": float(matrix.nan),
        "top_k": float(matrix.top_k or math.nan),
        "top_k_accuracy": matrix.top_k_accuracy,
    }
    if not matrix.total:
        return size | _OF_NOTHING
    wrong = wrong_cells(matrix, cells)
    try:
        return size | _averages(matrix.margins, wrong, sum_squared_weights)
    except (FloatingPointError, RuntimeWarning):  # of tiny weights, if the caller made it one
        with np.errstate(all="ignore"):  # always would cost 15 %
            return size | _averages(matrix.margins, wrong, sum_squared_weights)


def _averages(margins: Margins, wrong: WrongCells, sum_squared_weights: float) -> dict[str, float]:
    # With 10 classes the number of numpy calls is what it costs; what is linear is one product.
    hits, support, predicted = margins
    num_classes = num_present = len(hits)
    table = np.array((hits, support, predicted, _ones(num_classes)), np.float64)
    terms, sizes = np.dot(_QUOTIENTS, table).reshape(2, -1, num_classes)
    if np.count_nonzero(sizes) < sizes.size:
        num_present = int(np.count_nonzero(sizes[_F1]))
        sizes += sizes == 0
    terms /= sizes
    np.multiply(terms[_RATIOS], terms[_PER_SIZE], out=terms[_PRODUCTS])
    by_support, sums = np.dot(terms[_WEIGHTS], terms.T).tolist()
    total = sums[_SUPPORT]
    accuracy = sums[_HITS] / total
    precision_weighted, f1_weighted = by_support[_PRECISION] / total, by_support[_F1] / total

    # Delta method: Var g = (sum w^2 / n) sum over cells of n_ij (dg/dn_ij)^2. The usual minus
    # (sum n_ij dg/dn_ij)^2 / n vanishes, because scaling all counts changes no ratio. Of
    # accuracy, macro precision and macro recall it is the sum of binomial variances,
    # p (1 - p) / size, of the classes. Of macro F1, weighted precision and weighted F1 the slope
    # is a term of the row plus one of the column, r + c, and d on the diagonal; so the sum is
    # sum H d^2 + sum (S - H) r^2 + sum (P - H) c^2 + 2 sum over wrong cells of n r c.
    binomial = np.dot(terms[_BINOMIAL], terms[_MISSES].T).tolist()
    linear = _SLOPES.copy()
    linear[1, _ONE] = linear[7, _ONE] = -precision_weighted
    linear[2, _ONE] = linear[8, _ONE] = -f1_weighted
    slopes = np.dot(linear, terms)
    products = wrong.products(slopes[:3], slopes[3:6])
    slopes *= slopes
    of_hits, of_rows, of_columns = np.dot(terms[_COUNTS], slopes.T).tolist()
    factor = sum_squared_weights / total

    def error(sum_of_squares: float, scale: float) -> float:
        # Rounding may leave a sum a little below 0.
        return math.sqrt(max(sum_of_squares, 0.0) * factor) / scale

    accuracy_se = error(accuracy * (1 - accuracy) / total, 1.0)
    of_f1_macro = of_hits[6] + of_rows[0] + of_columns[3] + 2 * products[0]
    of_precision_weighted = of_hits[7] + of_rows[1] + of_columns[4] + 2 * products[1]
    of_f1_weighted = of_hits[8] + of_rows[2] + of_columns[5] + 2 * products[2]
    return {
        "classes_present": float(num_present),
        "accuracy": accuracy,
        "precision_macro": sums[_PRECISION] / num_present,
        "recall_macro": sums[_RECALL] / num_present,
        "f1_macro": sums[_F1] / num_present,
        # Each example has one class and one prediction, so that all three are the accuracy.
        "precision_micro": accuracy,
        "recall_micro": accuracy,
        "f1_micro": accuracy,
        "precision_weighted": precision_weighted,
        "recall_weighted": by_support[_RECALL] / total,
        "f1_weighted": f1_weighted,
        "accuracy_se": accuracy_se,
        "precision_macro_se": error(binomial[0][0], num_present),
        "recall_macro_se": error(binomial[1][1], num_present),
        "f1_macro_se": error(of_f1_macro, num_present),
        "precision_weighted_se": error(of_precision_weighted, total),
        "recall_weighted_se": accuracy_se,  # the same number by another name
        "f1_weighted_se": error(of_f1_weighted, total),
        **_worst_class(terms[_F1], table, num_present, wrong),
    }


# The terms of all sums: quotients of what is linear in hits, support, predicted and 1.
_H, _S, _P, _1 = np.eye(4)
_QUOTIENTS = np.array(
    (
        (2 * _H, _S + _P),  # 0: F1, precision, F1, each of which one of the slopes is of
        (_H, _P),
        (2 * _H, _S + _P),
        (_H, _P),  # 3: precision, recall
        (_H, _S),
        (_1, _S + _P),  # 5: weight in macro F1, weighted precision and weighted F1, by size
        (_S, _P),
        (_S, _S + _P),
        (_1, _P),  # 8: weight in macro precision and macro recall, by size
        (_1, _S),
        *((0 * _1, _1),) * 5,  # 10: later the products of 0 to 4 and 5 to 9
        (_P - _H, _P),  # 15: 1 - precision, 1 - recall
        (_S - _H, _S),
        (_H, _1),  # 17
        (_S - _H, _1),
        (_P - _H, _1),
        (_S, _1),  # 20
        (_1, _1),
    )
)
_QUOTIENTS = np.ascontiguousarray(_QUOTIENTS.swapaxes(0, 1)).reshape(-1, 4)
_F1, _PRECISION, _RECALL = 0, 3, 4
_HITS, _SUPPORT, _ONE = 17, 20, 21
_RATIOS, _PER_SIZE, _PRODUCTS = slice(0, 5), slice(5, 10), slice(10, 15)
_BINOMIAL, _MISSES, _COUNTS, _WEIGHTS = slice(13, 15), slice(15, 17), slice(17, 20), slice(20, 22)

# The slopes are linear in the terms: r (3 rows), c (3 rows), d (3 rows). To r and d of the weighted
# averages comes minus the average itself, because each example changes the weights.
_SLOPES = np.zeros((9, 22))
_SLOPES[0, 10] = -1
_SLOPES[1, 1] = 1
_SLOPES[2, (2, 12)] = 1, -1
_SLOPES[3, 10] = -1
_SLOPES[4, 11] = -1
_SLOPES[5, 12] = -1
_SLOPES[6, (5, 10)] = 2, -2  # a hit adds 2 to the numerator of F1
_SLOPES[7, (1, 6, 11)] = 1, 1, -1
_SLOPES[8, (2, 7, 12)] = 1, 2, -2


@functools.lru_cache(8)
def _ones(num_classes: int) -> Ratios:
    return np.ones(num_classes)


def _worst_class(
    f1: Ratios, table: Ratios, num_present: int, wrong: WrongCells
) -> dict[str, float]:
    support = table[1]
    if num_present < len(f1):
        f1 = np.where(support + table[2] > 0, f1, math.inf)
    index = int(f1.argmin())
    lowest = f1[index]
    equals = f1 == lowest
    if np.count_nonzero(equals) > 1:
        index = int(np.where(equals, support, -1.0).argmax())
    prediction, count = wrong.most_frequent(index)
    return {
        "worst_class": float(index),
        "worst_class_f1": float(lowest),
        "worst_class_read_as": float(prediction) if count else math.nan,
        "worst_class_read_as_share": count / float(support[index]) if count else math.nan,
    }


_OF_NOTHING = {"classes_present": 0.0} | dict.fromkeys(
    (
        "accuracy",
        "accuracy_se",
        *(
            f"{ratio}_{of}"
            for ratio in ("precision", "recall", "f1")
            for of in ("macro", "micro", "weighted", "macro_se", "weighted_se")
        ),
        "worst_class",
        "worst_class_f1",
        "worst_class_read_as",
        "worst_class_read_as_share",
    ),
    math.nan,
)
