"""Lint of the label map: is the model bad, or are its classes numbered otherwise than the labels?

Nothing in training fails when the labels of an evaluation set start at 1, or when the classes are
sorted as strings ("10" before "2"). The matrix shows it: nearly every class is predicted as some
other one, each as another.

Looking for the permutation with the most hits (the assignment problem) would accuse every bad
model: some permutation always beats a poor diagonal. So what is asked of a finding is more than
that, and it needs no assignment:

* Each class's most frequent prediction must be one of its own: the modes of the rows are a
  permutation, or close to one, and not the few classes that a bad model answers with.
* A model that has learned nothing may still send each class somewhere. That its modes look so
  orderly by chance must be improbable (`chance`), which fewer than seven classes cannot reach.
* Few moved classes in a good matrix must form closed cycles, each step beyond noise: by the
  choice model of Luce (`bias_or_ambiguity`) no bias and no likeness makes cycles.
"""

import math
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.arrays import as_numpy
from tb_monitor_writer.metrics.cell_counts import CellCounts, Floats, Indices, cell_counts
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix

Kind: TypeAlias = Literal["shift", "reversed", "permutation", "transposed"]

_ORDERLY = 0.75  # of the classes; modes of a random map hit 0.63 of them
_FIXED = 0.1  # of the classes: more are no permutation at large, but a few that are moved
_ASCENDING = 0.5  # correlation of class and mode
_ALL, _DESCENTS = 0.97, 0.05  # of the classes: what an ascending map must show
_EXACT_CLASSES = 1_000  # up to here the distribution of random modes is computed exactly


class LabelMapFinding(NamedTuple):
    """What would explain a matrix better than its diagonal.

    Attributes:
      kind: "shift": by one, as labels that start at 1. "reversed": class i is C - 1 - i.
        "permutation": any other, of all classes or of some. "transposed": rows are the
        predictions.
      predicted_as: Where the examples of each class are predicted, `[C]`; the class itself if it
        is not moved, -1 where that is not clear.
      moved: The classes that are predicted elsewhere, ascending.
      right_before: Share of the examples on the diagonal, in [0, 1].
      right_after: Share that would be with `predicted_as`.
      chance: How probable it is at most that a model that has learned nothing looks so orderly.
    """

    kind: Kind
    predicted_as: Indices
    moved: Indices
    right_before: float
    right_after: float
    chance: float


def lint_label_map(
    matrix: ConfusionMatrix | object,
    *,
    true_counts: npt.ArrayLike | None = None,
    learned: bool = False,
    false_alarm_rate: float = 0.01,
) -> tuple[LabelMapFinding, ...]:
    """Looks for a permutation, a shift by one, or a transposition of the classes.

    Args:
      matrix: A `ConfusionMatrix` or an array `[C, C]` of counts; row = true class, column =
        predicted class.
      true_counts: How many examples of each class the data set has, or another sample of it,
        `[C]`; from the data set, or from the supports of another split. A matrix alone cannot
        tell that it is transposed.
      learned: Whether the model is known to have learned, from its training accuracy say. Then
        chance is no explanation, and two classes that are swapped can be found.
      false_alarm_rate: Bound on `chance` and on noise, of each of the searches (shift or
        reversal, all classes, some classes), in (0, 1).

    Returns:
      Findings, none for most matrices; at most one of the map and one "transposed".

    Raises:
      InvalidInput: an argument out of its range, no matrix of counts, or weighted counts without
        `sum_squared_weights`.
    """
    if not 0 < false_alarm_rate < 1:
        raise InvalidInput(f"false_alarm_rate must be in (0, 1), got {false_alarm_rate}")
    counts = cell_counts("matrix", matrix, needs_examples=True)
    found = []
    if true_counts is not None:
        transposed = _transposed(counts, true_counts, false_alarm_rate)
        found += [transposed] if transposed else []
    modes = _Modes.of(counts)
    if modes.fixed < len(modes.rows):
        bound = 1.0 if learned else false_alarm_rate
        map_finding = (
            _named(counts, modes, bound, false_alarm_rate)
            or _at_large(counts, modes, bound, false_alarm_rate)
            or _cycles(counts, modes, bound, false_alarm_rate)
        )
        found += [map_finding] if map_finding else []
    return tuple(found)


class _Modes(NamedTuple):
    """The most frequent prediction of each class; of equals the class itself, then the lowest.

    Attributes:
      rows: Classes with true examples, ascending.
      mode: `[C]`; the class itself if it has no examples.
      hits: Effective examples predicted as the mode, `[C]`.
      right: Effective examples predicted as the class itself, `[C]`.
      fixed: How many of `rows` have themselves as their mode.
      occurring: Classes that occur in rows or columns.
    """

    rows: Indices
    mode: Indices
    hits: Floats
    right: Floats
    fixed: int
    occurring: int

    @classmethod
    def of(cls, counts: CellCounts) -> "_Modes":
        mode = np.arange(counts.num_classes)
        hits = np.zeros(counts.num_classes)
        right = counts.right
        starts = np.flatnonzero(np.diff(counts.truth, prepend=-1))
        rows = counts.truth[starts]
        if len(rows):
            hits[rows] = np.maximum.reduceat(counts.counts, starts)
            highest = np.flatnonzero(counts.counts == hits[counts.truth])[::-1]
            mode[counts.truth[highest]] = counts.prediction[highest]  # the lowest is the last
            own = rows[right[rows] == hits[rows]]
            mode[own] = own
        fixed = int(np.count_nonzero(mode[rows] == rows))
        occurring = (counts.support > 0) | (counts.predicted > 0)
        scale = counts.scale
        return cls(rows, mode, hits * scale, right * scale, fixed, int(occurring.sum()))


def _named(counts: CellCounts, modes: _Modes, bound: float, rate: float) -> LabelMapFinding | None:
    """Shift by one either way, around the end or not, and reversal."""
    size, rows = counts.num_classes, modes.rows
    every = np.arange(size)
    maps: list[tuple[Kind, Indices]] = [("reversed", size - 1 - every)]
    if size > 2:
        maps += [("shift", (every - 1) % size), ("shift", (every + 1) % size)]
    for kind, target in maps:
        orderly = int(np.count_nonzero(modes.mode[rows] == target[rows]))
        if 2 * orderly <= len(rows):
            continue
        chance = min(1.0, len(maps) * _binomial_tail(orderly, len(rows), 1 / modes.occurring))
        moved_hits = counts.counts[counts.prediction == target[counts.truth]].sum()
        evidence = _evidence(moved_hits * counts.scale, modes.right.sum()) - math.log(len(maps))
        if chance <= bound and evidence >= -math.log(rate):
            return _finding(counts, kind, target, chance)
    return None


def _at_large(
    counts: CellCounts, modes: _Modes, bound: float, rate: float
) -> LabelMapFinding | None:
    """A permutation of nearly all classes, some of which may be too weak to show where they go."""
    rows, mode = modes.rows, modes.mode
    if modes.fixed > _FIXED * len(rows) or len(rows) < 3:
        return None
    # Of several classes with one mode the one with the largest share of its row has it.
    share = modes.hits[rows] / (counts.support[rows] * counts.scale)
    ascending = rows[np.argsort(share, kind="stable")]
    owner = np.full(counts.num_classes, -1)
    owner[mode[ascending]] = ascending
    mapped = rows[owner[mode[rows]] == rows]
    if len(mapped) < _ORDERLY * len(rows) or _looks_ordinal(rows, mapped, mode):
        return None
    chance = _distinct_tail(len(mapped), len(rows))
    evidence = float(_evidence(modes.hits[mapped], modes.right[mapped]).sum())
    if chance > rate:  # then each mode may have been the luckiest of a flat row
        evidence -= len(mapped) * math.log(modes.occurring)
    if chance > bound or evidence < -math.log(rate):
        return None
    target = np.full(counts.num_classes, -1)
    target[mapped] = mode[mapped]
    return _finding(counts, "permutation", target, chance)


def _looks_ordinal(rows: Indices, mapped: Indices, mode: Indices) -> bool:
    """Whether a model of ordered classes (ages, ratings) that answers too high or low would do.

    Its modes ascend, and some classes share one. An order by name ("1", "10", "2") ascends too
    for the most part, but not throughout, and no two classes share a mode.
    """
    if np.corrcoef(mapped, mode[mapped])[0, 1] <= _ASCENDING:
        return False
    descents = np.count_nonzero(np.diff(mode[mapped]) < 0)
    return bool(len(mapped) < _ALL * len(rows) or descents < _DESCENTS * len(mapped))


def _cycles(counts: CellCounts, modes: _Modes, bound: float, rate: float) -> LabelMapFinding | None:
    """Closed cycles of classes, each predicted as the next beyond noise."""
    size, rows, mode = counts.num_classes, modes.rows, modes.mode
    # What is left of the map from each class to its mode after C steps lies on cycles.
    reached, hops = mode, 1
    while hops < size:
        reached, hops = reached[reached], 2 * hops
    on_cycle = np.zeros(size, np.bool_)
    on_cycle[reached] = True
    orderly = int(np.count_nonzero(on_cycle[rows]))
    moved = np.flatnonzero(on_cycle & (mode != np.arange(size)))
    chance = _cyclic_tail(orderly, len(rows))
    if not len(moved) or chance > bound:
        return None
    # A cycle is as sure as its weakest step: bias may make all steps but one.
    lowest, weakest, onward = np.arange(size), np.full(size, np.inf), mode
    weakest[moved] = _evidence(modes.hits[moved], modes.right[moved])
    hops = 1
    while hops < size:
        lowest = np.minimum(lowest, lowest[onward])
        weakest = np.minimum(weakest, weakest[onward])
        onward, hops = onward[onward], 2 * hops
    moved = moved[weakest[moved] >= math.log(modes.occurring / rate)]
    if not len(moved):
        return None
    target = np.arange(size)
    target[moved] = mode[moved]
    return _finding(counts, "permutation", target, chance)


def _finding(counts: CellCounts, kind: Kind, target: Indices, chance: float) -> LabelMapFinding:
    moved = np.flatnonzero((target != np.arange(len(target))) & (target >= 0))
    moved = moved[counts.support[moved] > 0]
    after = counts.counts[counts.prediction == target[counts.truth]].sum() / counts.total
    return LabelMapFinding(
        kind,
        target,
        moved,
        float(counts.right.sum()) / counts.total,
        float(after),
        chance,
    )


def _evidence(elsewhere: Floats | float, right: Floats | float) -> Floats:
    """-log of Chernoff's bound of P(X >= elsewhere), X binomial with share 1/2; 0 if fewer."""
    x, d = np.asarray(elsewhere, np.float64), np.asarray(right, np.float64)
    n = x + d
    safe_x, safe_d, safe_n = (np.where(values > 0, values, 1) for values in (x, d, n))
    evidence: Floats = x * np.log(safe_x) + d * np.log(safe_d) - n * np.log(safe_n / 2)
    return np.where(x > d, evidence, 0)


def _binomial_tail(hits: int, trials: int, share: float) -> float:
    """Chernoff's bound of P(X >= hits)."""
    ratio = hits / trials
    if ratio <= share:
        return 1.0
    exponent = ratio * math.log(ratio / share)
    if ratio < 1:
        exponent += (1 - ratio) * math.log((1 - ratio) / (1 - share))
    return math.exp(-trials * exponent)


def _distinct_tail(distinct: int, classes: int) -> float:
    """P(at least so many distinct modes), each mode drawn from as many classes as there are."""
    if classes > _EXACT_CLASSES:
        mean, variance = classes * (1 - math.exp(-1)), classes * (math.exp(-1) - 2 * math.exp(-2))
        return math.erfc((distinct - 0.5 - mean) / math.sqrt(2 * variance)) / 2
    taken = np.arange(classes + 1) / classes
    probability = np.zeros(classes + 1)
    probability[0] = 1
    for _ in range(classes):
        new = probability * taken
        new[1:] += probability[:-1] * (1 - taken[:-1])
        probability = new
    return float(probability[distinct:].sum())


def _cyclic_tail(on_cycles: int, classes: int) -> float:
    """P(at least so many classes on cycles of a random map): n (n - 1) ... (n - k + 1) / n^k.

    Source: Harris, Annals of Mathematical Statistics 31 (1960) 1045-1062.
    """
    steps = np.arange(on_cycles) / classes if classes else np.empty(0)
    return float(np.exp(np.log1p(-steps).sum()))


def _transposed(
    counts: CellCounts, true_counts: npt.ArrayLike, rate: float
) -> LabelMapFinding | None:
    expected = as_numpy("true_counts", true_counts).astype(np.float64)
    if expected.shape != (counts.num_classes,):
        raise InvalidInput(
            f"true_counts must have one number per class, [{counts.num_classes}], "
            f"got shape {expected.shape}"
        )
    bad = np.flatnonzero(~(np.isfinite(expected) & (expected >= 0)))
    if len(bad):
        raise InvalidInput(
            f"true_counts[{bad[0]}] is {expected[bad[0]]:g}: every count must be finite and >= 0"
        )
    support, predicted = counts.support, counts.predicted
    if not expected.sum() or not counts.total:
        return None
    of_rows = _other_mix(support * counts.scale, expected)
    of_columns = _other_mix(predicted * counts.scale, expected)
    if of_rows > rate or of_columns < 0.05:
        return None
    right = float(counts.right.sum()) / counts.total
    every = np.arange(counts.num_classes)
    return LabelMapFinding("transposed", every, every[:0], right, right, of_rows)


def _other_mix(one: Floats, other: Floats) -> float:
    """The p value of "two samples of one class mix", by chi^2 and its cube root.

    Source: Wilson, Hilferty, PNAS 17 (1931) 684-688.
    """
    filled = one + other > 0
    free = int(filled.sum()) - 1
    if free < 1:
        return 1.0
    one, other = one[filled], other[filled]
    ratio = math.sqrt(other.sum() / one.sum())
    statistic = float((np.square(one * ratio - other / ratio) / (one + other)).sum())
    spread = 2 / (9 * free)
    deviate = ((statistic / free) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return math.erfc(deviate / math.sqrt(2)) / 2
