"""Which confused pair costs the most macro F1: what to fix first.

The pair with the most errors is mostly a pair of frequent classes, where an error costs little;
macro F1 counts every class alike, so that ten errors between two rare classes may cost more than
a thousand between two frequent ones.
"""

from typing import NamedTuple

import numpy as np

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.cell_counts import Floats, Indices, cell_counts
from tb_monitor_writer.metrics.confused_pairs import ConfusedPairs, confused_pairs
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.precision_recall import divide

_CHUNK = 1 << 15  # pairs; a float64 column of them, 256 KiB, stays in the second-level cache


class FixFirst(NamedTuple):
    """Pairs of classes that are confused, the costliest first.

    Attributes:
      first: Lower class index of the pair, `[n_pairs]`.
      second: Higher class index.
      first_as_second: Examples (or weights) of class `first` predicted as `second`.
      second_as_first: Examples of class `second` predicted as `first`.
      gain_if_resolved: Macro F1 gained if all these errors were right predictions, in [-1, 1].
      gain_if_merged: Macro F1 gained if the two were one class, in [-1, 1].
      macro_f1: Macro F1 as it is, over the classes that occur; NaN without examples.
    """

    first: Indices
    second: Indices
    first_as_second: Floats
    second_as_first: Floats
    gain_if_resolved: Floats
    gain_if_merged: Floats
    macro_f1: float

    @property
    def errors(self) -> Floats:
        """Errors of each pair, both ways."""
        return self.first_as_second + self.second_as_first


def fix_first(matrix: ConfusionMatrix | object, *, top: int | None = None) -> FixFirst:
    """Ranks the confused pairs by the macro F1 that resolving them would give.

    With F_c = 2 tp_c / d_c, d_c = support + predicted, K classes that occur (d_c > 0) and
    S = sum of F_c, the pair i, j with a = M[i, j] and b = M[j, i] becomes

    * resolved: F_i = 2 (tp_i + a) / (d_i + a - b), F_j = 2 (tp_j + b) / (d_j + b - a);
    * merged: one class with F = 2 (tp_i + tp_j + a + b) / (d_i + d_j), of K - 1 classes.

    Both are exact: what rebuilding the matrix gives. A class that was only ever predicted, in
    errors of this pair, occurs no more once they are resolved, and K falls by one. A gain from
    merging is negative where the pair is better than the average class.

    Args:
      matrix: A `ConfusionMatrix` or an array `[C, C]` of counts; row = true class, column =
        predicted class.
      top: Return the best so many only; None: every pair with an error.

    Raises:
      InvalidInput: no matrix of counts, or `top` below 1.
    """
    if top is not None and top < 1:
        raise InvalidInput(f"top must be at least 1 or None, got {top}")
    counts = cell_counts("matrix", matrix)
    hits, occurring = counts.right, counts.support + counts.predicted
    f1 = divide(2 * hits, occurring, 0)
    classes = int((occurring > 0).sum())
    macro = float(f1.sum()) / classes if classes else np.nan
    pairs = confused_pairs(counts)
    resolved, merged = np.empty(len(pairs.first)), np.empty(len(pairs.first))
    for start in range(0, len(resolved), _CHUNK):
        part = slice(start, start + _CHUNK)
        resolved[part], merged[part] = _macro_f1(hits, occurring, f1, pairs.part(part))
    resolved -= macro
    merged -= macro
    order = _largest(resolved, top)
    best = pairs.part(order)
    return FixFirst(*best, resolved[order], merged[order], macro)


def _macro_f1(
    hits: Floats, occurring: Floats, f1: Floats, pairs: ConfusedPairs
) -> tuple[Floats, Floats]:
    """Macro F1 with each pair resolved, and with each merged."""
    i, j, a, b = pairs
    hits_i, hits_j = hits[i] + a, hits[j] + b
    occurring_i, occurring_j = occurring[i], occurring[j]
    others = f1.sum() - f1[i] - f1[j]
    classes = np.count_nonzero(occurring)
    one = 2 * (hits_i + hits_j) / (occurring_i + occurring_j)
    merged = (others + one) / (classes - 1)
    surplus = a - b
    occurring_i += surplus
    occurring_j -= surplus
    # A class of which nothing is left: never true, and predicted in these errors only.
    gone_i, gone_j = occurring_i <= 0, occurring_j <= 0
    occurring_i[gone_i] = occurring_j[gone_j] = 1
    resolved = others + 2 * (hits_i / occurring_i + hits_j / occurring_j)
    resolved /= classes - gone_i.astype(np.int8) - gone_j.astype(np.int8)
    return resolved, merged


def _largest(values: Floats, top: int | None) -> Indices:
    """Places of the largest values, descending; of equals the first, if only some are asked for."""
    if top is None or top >= len(values):
        return np.argsort(-values)
    lowest = np.partition(values, len(values) - top)[len(values) - top]
    places = np.flatnonzero(values >= lowest)
    return places[np.argsort(-values[places], kind="stable")][:top]
