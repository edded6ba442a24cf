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
      misses; `worst_class_read_as_share` is its share of the class's true examples).

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
        "nan": float(getattr(matrix, "nan", 0)),
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
    # With 10 classes the number of numpy calls counts, so that what is linear is one product.
    hits, support, predicted = margins
    num_classes = len(hits)
    table = np.array((hits, support, predicted, _ones(num_classes)), np.float64)
    right, total, _, _ = np.add.reduce(table, 1).tolist()
    terms = np.dot(_TERMS, table)
    sizes, weights = terms[_SIZES], terms[_WEIGHTS]
    num_present = int(np.count_nonzero(sizes[0]))
    if np.count_nonzero(sizes) < sizes.size:
        sizes += sizes == 0
    ratios = terms[_RATIOS]
    ratios /= sizes
    macro, weighted = np.dot(weights[:2], ratios.T).tolist()
    accuracy = right / total
    f1_weighted, precision_weighted = weighted[0] / total, weighted[1] / total

    # Delta method: Var g = (sum w^2 / n) sum over cells of n_ij (dg/dn_ij)^2. The usual minus
    # (sum n_ij dg/dn_ij)^2 / n vanishes, because scaling all counts changes no ratio. Of
    # accuracy, macro precision and macro recall it is the sum of binomial variances,
    # p (1 - p) / size, of the classes. Of macro F1, weighted precision and weighted F1 the slope
    # is a term of the row plus one of the column, r + c, and on the diagonal another one, d; so
    # it is sum H d^2 + sum (S - H) r^2 + sum (P - H) c^2 + 2 sum over wrong cells of n r c.
    binomial = np.dot(ratios / sizes, (1 - ratios).T).diagonal().tolist()
    weights /= sizes[:3]
    np.multiply(ratios[:3], weights, out=terms[_COLUMNS])
    slopes_of = _SLOPES.copy()
    slopes_of[1, _ONE] = slopes_of[7, _ONE] = -precision_weighted
    slopes_of[2, _ONE] = slopes_of[8, _ONE] = -f1_weighted
    slopes = np.dot(slopes_of, terms[:_SLOPES_ARE_OF])
    products = wrong.products(slopes[:3], slopes[3:6])
    slopes *= slopes
    of_hits, of_rows, of_columns = np.dot(terms[_COUNTS], slopes.T).tolist()
    sums = [
        of_hits[6] + of_rows[0] + of_columns[3] + 2 * products[0],
        of_hits[7] + of_rows[1] + of_columns[4] + 2 * products[1],
        of_hits[8] + of_rows[2] + of_columns[5] + 2 * products[2],
    ]
    factor = sum_squared_weights / total

    def error(sum_of_squares: float, scale: float) -> float:
        # Rounding may leave a sum a little below 0.
        return math.sqrt(max(sum_of_squares, 0.0) * factor) / scale

    accuracy_se = error(accuracy * (1 - accuracy) / total, 1.0)
    row = {
        "classes_present": float(num_present),
        "accuracy": accuracy,
        "precision_macro": macro[1] / num_present,
        "recall_macro": macro[3] / num_present,
        "f1_macro": macro[0] / num_present,
        # Each example has one class and one prediction, so that all three are the accuracy.
        "precision_micro": accuracy,
        "recall_micro": accuracy,
        "f1_micro": accuracy,
        "precision_weighted": precision_weighted,
        "recall_weighted": weighted[3] / total,
        "f1_weighted": f1_weighted,
        "accuracy_se": accuracy_se,
        "precision_macro_se": error(binomial[1], num_present),
        "recall_macro_se": error(binomial[3], num_present),
        "f1_macro_se": error(sums[0], num_present),
        "precision_weighted_se": error(sums[1], total),
        "recall_weighted_se": accuracy_se,  # the same number by another name
        "f1_weighted_se": error(sums[2], total),
    }
    row |= _worst_class(ratios[0], table, num_present, wrong)
    return row


# Rows of `terms`: first what the table of hits (H), support (S), predicted (P) and 1 gives.
_RATIOS = slice(0, 4)  # numerators, later ratios: F1, precision, F1 again, recall
_WEIGHTS = slice(4, 7)  # of the classes, later by size: in macro, by support, by support
_ONE = 7
_COLUMNS = slice(8, 11)  # later: weight by size times ratio
_SLOPES_ARE_OF = 11
_SIZES = slice(11, 15)  # denominators
_COUNTS = slice(15, 18)  # H, S - H, P - H
_TERMS = np.array(
    (
        *((2, 0, 0, 0), (1, 0, 0, 0), (2, 0, 0, 0), (1, 0, 0, 0)),
        *((0, 0, 0, 1), (0, 1, 0, 0), (0, 1, 0, 0)),
        (0, 0, 0, 1),
        *((0, 0, 0, 0),) * 3,
        *((0, 1, 1, 0), (0, 0, 1, 0), (0, 1, 1, 0), (0, 1, 0, 0)),
        *((1, 0, 0, 0), (-1, 1, 0, 0), (-1, 0, 1, 0)),
    ),
    np.float64,
)
_SLOPES = np.array(
    (
        # f1 p f1 r  weights  1  columns
        (0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0),  # row terms; minus the weighted means is filled in
        (0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        (0, 0, 1, 0, 0, 0, 0, 0, 0, 0, -1),
        (0, 0, 0, 0, 0, 0, 0, 0, -1, 0, 0),  # column terms
        (0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0),
        (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1),
        (0, 0, 0, 0, 2, 0, 0, 0, -2, 0, 0),  # on the diagonal a hit is in the numerator too
        (0, 1, 0, 0, 0, 1, 0, 0, 0, -1, 0),
        (0, 0, 1, 0, 0, 0, 2, 0, 0, 0, -2),
    ),
    np.float64,
)


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
