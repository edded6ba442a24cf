"""What really changed between two confusion matrices: two steps, two runs, two data sets.

Of 10,000 cells the largest differences are mostly noise: those of the rarest classes. Each cell
is tested for itself, and the list is cut so that of what it holds at most 5 % is expected to be
noise (false discovery rate).

The two matrices are taken as independent samples. Two steps, or two models, on the same
evaluation set are not: their predictions go together, so that their difference varies less than
the test believes. What is returned is then still right, but small changes are missed; to find
them McNemar's test on the predictions of each example is needed, which counts cannot give.
"""

import statistics
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.cell_counts import (
    CellCounts,
    Floats,
    Indices,
    cell_counts,
    merge_keys,
)
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.two_proportions import smallest_p_value, two_proportions_p_value

Given: TypeAlias = Literal["truth", "prediction"]
ClassMetric: TypeAlias = Literal["precision", "recall", "f1"]

_DENSE_CLASSES = 2_048  # C^2 float64 = 32 MiB: two such arrays are faster than sorting cells


class ChangedCells(NamedTuple):
    """The cells that changed, the surest first.

    Attributes:
      truth: True class, `[n_changed]`.
      prediction: Predicted class, `[n_changed]`.
      before: Share of the row (or column, see `given`) in the first matrix, in [0, 1].
      after: The same in the second one.
      difference: after - before, in [-1, 1].
      p_value: Of the test of this cell alone.
      q_value: The lowest false discovery rate at which the cell is still in the list.
      tested: How many cells had enough examples to show a change at all.
    """

    truth: Indices
    prediction: Indices
    before: Floats
    after: Floats
    difference: Floats
    p_value: Floats
    q_value: Floats
    tested: int


class ChangedClasses(NamedTuple):
    """The classes that changed, the surest first.

    Attributes:
      class_index: `[n_changed]`.
      before: Precision, recall or F1 of the class in the first matrix, in [0, 1].
      after: The same in the second one.
      difference: after - before, in [-1, 1].
      p_value: Of the test of this class alone.
      q_value: The lowest false discovery rate at which the class is still in the list.
      tested: How many classes had enough examples to show a change at all.
    """

    class_index: Indices
    before: Floats
    after: Floats
    difference: Floats
    p_value: Floats
    q_value: Floats
    tested: int


def changed_cells(
    before: ConfusionMatrix | object,
    after: ConfusionMatrix | object,
    *,
    given: Given = "truth",
    false_discovery_rate: float = 0.05,
) -> ChangedCells:
    """Finds the cells whose share of their row changed by more than noise.

    For each cell the share of true class i that is read as j, M[i, j] / sum over k of M[i, k],
    is compared between the two by Fisher's exact test with mid-p, for most cells hold a handful
    of examples; then Benjamini and Hochberg's rule picks the cells. Cells in which even the most
    extreme split would not reach the rate are no hypotheses and are not counted against the
    others (Tarone); this depends on the totals only, which the test is conditional on. Where a
    matrix had more cells than it keeps (`error_bound`), a change must be more than what may be
    lacking.

    Args:
      before: A `ConfusionMatrix` or an array `[C, C]` of counts; row = true class, column =
        predicted class. Weighted counts are scaled to effective examples (total / sum of
        squared weights, Kish) and rounded.
      after: Another of the same classes; the number of examples may differ.
      given: "truth": shares of the rows, so that another class mix is no change.
        "prediction": shares of the columns.
      false_discovery_rate: Expected share of noise in what is returned, in (0, 1).

    Raises:
      InvalidInput: an argument out of its range, other classes, ratios instead of counts, or
        weighted counts without `sum_squared_weights`.

    Source: Benjamini, Hochberg, J. R. Statist. Soc. B 57 (1995) 289-300; Tarone, Biometrics 46
    (1990) 515-522; Gilbert, Applied Statistics 54 (2005) 143-158 (discrete tests).
    """
    if given not in ("truth", "prediction"):
        raise InvalidInput(f"given must be 'truth' or 'prediction', got {given!r}")
    first, second = _checked(before, after, false_discovery_rate)
    keys, hits, other_hits = _side_by_side(first, second)
    truth, prediction = np.divmod(keys, first.num_classes)
    if given == "truth":
        totals, other_totals = first.support[truth], second.support[truth]
    else:
        totals, other_totals = first.predicted[prediction], second.predicted[prediction]
    errors = truth != prediction
    found = _changed(
        (hits, totals, first.scale),
        (other_hits, other_totals, second.scale),
        false_discovery_rate,
        (first.error_bound * errors, second.error_bound * errors),
    )
    place = found.place
    return ChangedCells(truth[place], prediction[place], *found[1:])


def changed_classes(
    before: ConfusionMatrix | object,
    after: ConfusionMatrix | object,
    metric: ClassMetric = "recall",
    *,
    false_discovery_rate: float = 0.05,
) -> ChangedClasses:
    """Finds the classes whose precision, recall or F1 changed by more than noise.

    Tested as in `changed_cells`. F1 rises with the share of true positives in tp + fp + fn,
    so that share is what is tested.

    Args:
      before: A `ConfusionMatrix` or an array `[C, C]` of counts.
      after: Another of the same classes.
      metric: "precision" tp / (tp + fp), "recall" tp / (tp + fn) or "f1".
      false_discovery_rate: Expected share of noise in what is returned, in (0, 1).

    Raises:
      InvalidInput: as `changed_cells`.
    """
    if metric not in ("precision", "recall", "f1"):
        raise InvalidInput(f"metric must be 'precision', 'recall' or 'f1', got {metric!r}")
    first, second = _checked(before, after, false_discovery_rate)
    one, other = _of_classes(first, metric), _of_classes(second, metric)
    found = _changed((*one, first.scale), (*other, second.scale), false_discovery_rate)
    old, new = found.before, found.after
    if metric == "f1":
        old, new = 2 * old / (1 + old), 2 * new / (1 + new)
    return ChangedClasses(
        found.place, old, new, new - old, found.p_value, found.q_value, found.tested
    )


def benjamini_hochberg(p_values: Floats, tested: int) -> Floats:
    """Adjusts ascending p values: the lowest false discovery rate that keeps each.

    Args:
      p_values: The smallest ones, ascending, `[n]`.
      tested: Number of all tests, at least n; p values that are not given are taken as 1.

    Returns:
      min over k >= i of p_k tested / k, at most 1, `[n]`.
    """
    adjusted = p_values * tested / np.arange(1, len(p_values) + 1)
    return np.minimum(np.minimum.accumulate(adjusted[::-1])[::-1], 1)


class _Changed(NamedTuple):
    place: Indices
    before: Floats
    after: Floats
    difference: Floats
    p_value: Floats
    q_value: Floats
    tested: int


def _changed(
    one: tuple[Floats, Floats, float],
    other: tuple[Floats, Floats, float],
    rate: float,
    lacking: tuple[Floats, Floats] | None = None,
) -> _Changed:
    """Tests pairs of shares: successes and trials `[n]`, and the scale of both.

    Of the successes that may be lacking as many are added as make the least difference.
    """
    (hits, totals, scale), (other_hits, other_totals, other_scale) = one, other
    x, y = hits, other_hits
    if lacking and (lacking[0].any() or lacking[1].any()):
        lower = hits * other_totals < other_hits * totals
        x = np.where(lower, np.minimum(hits + lacking[0], totals), hits)
        y = np.where(lower, other_hits, np.minimum(other_hits + lacking[1], other_totals))
        crossed = lower != (x * other_totals < y * totals)
        x, y = np.where(crossed, 0, x), np.where(crossed, 0, y)
    x, n = _whole(x, scale), _whole(totals, scale)
    y, m = _whole(y, other_scale), _whole(other_totals, other_scale)
    possible = np.flatnonzero((n > 0) & (m > 0) & _can_reach(x + y, n, m, rate))
    x, n, y, m = x[possible], n[possible], y[possible], m[possible]
    # Of p values above the rate it is enough to know that they are: a normal deviate this
    # small is never that significant in the exact test.
    share = (x + y) / (n + m)
    deviate = np.abs(x / n - y / m)
    unsure = deviate**2 >= _screen(rate) ** 2 * share * (1 - share) * (1 / n + 1 / m)
    unsure &= deviate > 0
    p = two_proportions_p_value(x[unsure], n[unsure], y[unsure], m[unsure])
    order = np.argsort(p, kind="stable")
    p, place = p[order], possible[unsure][order]
    q = benjamini_hochberg(p, len(possible))
    kept = q <= rate
    p, q, place = p[kept], q[kept], place[kept]
    before, after = hits[place] / totals[place], other_hits[place] / other_totals[place]
    return _Changed(place, before, after, after - before, p, q, len(possible))


def _can_reach(together: Floats, n: Floats, m: Floats, rate: float) -> npt.NDArray[np.bool_]:
    # Few successes and few failures alike leave little room.
    return (smallest_p_value(together, n, m) <= rate) & (
        smallest_p_value(n + m - together, n, m) <= rate
    )


def _screen(rate: float) -> float:
    return statistics.NormalDist().inv_cdf(1 - min(4 * rate, 1) / 2)


def _whole(counts: Floats, scale: float) -> Floats:
    return counts if scale == 1 else np.round(counts * scale)


def _of_classes(matrix: CellCounts, metric: ClassMetric) -> tuple[Floats, Floats]:
    if metric == "f1":
        return matrix.right, matrix.support + matrix.predicted - matrix.right
    return matrix.right, matrix.predicted if metric == "precision" else matrix.support


def _side_by_side(one: CellCounts, other: CellCounts) -> tuple[Indices, Floats, Floats]:
    """The counts of both, of every cell that is not 0 in one of them."""
    size = one.num_classes
    if size <= _DENSE_CLASSES:
        counts = np.zeros((2, size * size))
        counts[0, one.keys] = one.counts
        counts[1, other.keys] = other.counts
        keys = np.flatnonzero(counts.any(axis=0))
        return keys, counts[0, keys], counts[1, keys]
    keys, mine, others = merge_keys(one.keys, other.keys)
    hits, other_hits = np.zeros(len(keys)), np.zeros(len(keys))
    hits[mine], other_hits[others] = one.counts, other.counts
    return keys, hits, other_hits


def _checked(before: object, after: object, rate: float) -> tuple[CellCounts, CellCounts]:
    if not 0 < rate < 1:
        raise InvalidInput(f"false_discovery_rate must be in (0, 1), got {rate}")
    first = cell_counts("before", before, needs_examples=True)
    second = cell_counts("after", after, needs_examples=True)
    if first.num_classes != second.num_classes:
        raise InvalidInput(
            f"after must have the {first.num_classes} classes of before, got {second.num_classes}"
        )
    names, other_names = (getattr(matrix, "class_names", ()) for matrix in (before, after))
    if names and other_names and names != other_names:
        raise InvalidInput("after must have the same class_names as before, in the same order")
    return first, second
