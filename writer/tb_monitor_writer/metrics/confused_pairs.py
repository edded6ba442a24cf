"""The pairs of classes that are confused, each with its two cells."""

from typing import NamedTuple

import numpy as np

from tb_monitor_writer.metrics.cell_counts import CellCounts, Floats, Indices, merge_keys

_DENSE_CLASSES = 2_048  # C^2 float64 = 32 MiB: looking the partner up there beats sorting


class ConfusedPairs(NamedTuple):
    """Pairs with an error one way or the other, `[n_pairs]` each, by `first`, then `second`.

    Attributes:
      first: Lower class index.
      second: Higher class index.
      first_as_second: Count of the examples of class `first` predicted as `second`.
      second_as_first: Count of the examples of class `second` predicted as `first`.
    """

    first: Indices
    second: Indices
    first_as_second: Floats
    second_as_first: Floats

    def part(self, places: slice | Indices) -> "ConfusedPairs":
        """Some of them."""
        return ConfusedPairs(
            self.first[places],
            self.second[places],
            self.first_as_second[places],
            self.second_as_first[places],
        )


def confused_pairs(counts: CellCounts) -> ConfusedPairs:
    """Every pair i < j with an error, in the order of i, then j."""
    size = counts.num_classes
    # Places, not masks: gathering by a mask that has no pattern is five times as slow.
    upper = np.flatnonzero(counts.truth < counts.prediction)
    lower = np.flatnonzero(counts.truth > counts.prediction)
    keys = counts.keys[upper]  # ascending
    mirrored = counts.prediction[lower] * size + counts.truth[lower]
    if size <= _DENSE_CLASSES:
        both = np.zeros((2, size * size))
        both[0, keys] = counts.counts[upper]
        both[1, mirrored] = counts.counts[lower]
        found = np.flatnonzero((both[0] + both[1]) > 0)
        a, b = both[0, found], both[1, found]
    else:
        order = np.argsort(mirrored)
        found, above, below = merge_keys(keys, mirrored[order])
        a, b = np.zeros(len(found)), np.zeros(len(found))
        a[above] = counts.counts[upper]
        b[below] = counts.counts[lower[order]]
    first = found // size
    return ConfusedPairs(first, found - first * size, a, b)
