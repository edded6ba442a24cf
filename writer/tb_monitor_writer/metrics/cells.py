"""Where the counts of a confusion matrix are kept: densely, or only those that are not 0.

A key is `truth * C + prediction`.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.counts import Counts, Margins

Keys: TypeAlias = npt.NDArray[np.uint64]
Places: TypeAlias = npt.NDArray[np.intp]

_PENDING_LABELS = 1 << 16
"""Keys that wait unsorted: 512 KiB; sorting 65,536 at once costs half of 256 at a time."""


class DenseCells:
    """All C^2 counts, int64 until a weight comes, then float64."""

    def __init__(self, num_classes: int) -> None:
        self._num_classes = num_classes
        self._flat: Counts = np.zeros(num_classes * num_classes, np.int64)

    def __len__(self) -> int:
        return len(self._flat)

    def add(self, keys: Places, weights: Counts | None) -> None:
        """Adds 1 to the count of every key, or its weight; a key may stand there twice."""
        if weights is not None and weights.dtype.kind == "f":
            self._flat = self._flat.astype(np.float64, copy=False)
        # numpy >= 1.25 does this in one pass; bincount would cost C^2 a batch.
        np.add.at(self._flat, keys, 1 if weights is None else weights)

    def cells(self) -> tuple[Keys, Counts]:
        """Returns the keys of the counts that are not 0, ascending, and these counts."""
        places = np.flatnonzero(self._flat != 0)  # of bools: five times as fast
        return places.astype(np.uint64), self._flat[places]

    def matrix(self) -> Counts:
        """Returns the counts as `[C, C]`: the array itself, not a copy."""
        return self._flat.reshape(self._num_classes, self._num_classes)

    def margins(self) -> Margins:
        """Sums the matrix; its cost is C^2."""
        matrix = self.matrix()
        return Margins(matrix.diagonal().copy(), matrix.sum(axis=1), matrix.sum(axis=0))

    def copy(self) -> "DenseCells":
        """Returns an independent copy."""
        other = DenseCells(0)
        other._num_classes, other._flat = self._num_classes, self._flat.copy()
        return other


class SparseCells:
    """Sorted keys with their counts.

    Keys wait unsorted until 65,536 are there and then become a sorted run; runs of like size
    are merged, so that each is at least twice as long as the next. n labels cost O(n log n)
    time, and the memory is at most twice that of the distinct cells, of 16 bytes each.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[Keys, Counts | None]] = []
        self._pending_labels = 0
        self._runs: list[tuple[Keys, Counts]] = []

    def add(self, keys: Places, weights: Counts | None) -> None:
        """Adds 1 to the count of every key, or its weight. Keeps both arrays."""
        self._pending.append((keys.astype(np.uint64, copy=False), weights))
        self._pending_labels += len(keys)
        if self._pending_labels >= _PENDING_LABELS:
            self._sort_pending()

    def cells(self) -> tuple[Keys, Counts]:
        """Returns the keys of the counts that are not 0, ascending, and these counts."""
        self._sort_pending()
        while len(self._runs) > 1:
            self._merge_last_two()
        if not self._runs:
            return np.empty(0, np.uint64), np.empty(0, np.int64)
        keys, counts = self._runs[0]
        filled = counts > 0  # a weight may be 0
        return keys[filled], counts[filled]

    def copy(self) -> "SparseCells":
        """Returns an independent copy; the arrays are shared, for none is ever written to."""
        other = SparseCells()
        other._pending, other._runs = list(self._pending), list(self._runs)
        other._pending_labels = self._pending_labels
        return other

    def _sort_pending(self) -> None:
        if not self._pending:
            return
        keys = np.concatenate([keys for keys, _ in self._pending])
        if all(weights is None for _, weights in self._pending):
            keys.sort()
            run = _run_lengths(keys)
        else:
            run = _summed(keys, _weights_of(self._pending))
        self._pending, self._pending_labels = [], 0
        self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            self._merge_last_two()

    def _merge_last_two(self) -> None:
        (keys, counts), (more_keys, more_counts) = self._runs[-2:]
        merged = _summed(np.concatenate([keys, more_keys]), np.concatenate([counts, more_counts]))
        self._runs[-2:] = [merged]


def _weights_of(pending: Sequence[tuple[Keys, Counts | None]]) -> Counts:
    return np.concatenate(
        [np.ones(len(keys), np.int64) if weights is None else weights for keys, weights in pending]
    )


def _summed(keys: Keys, counts: Counts) -> tuple[Keys, Counts]:
    # A stable sort finds the two sorted runs by itself and merges them in linear time.
    order = np.argsort(keys, kind="stable")
    ascending = keys[order]
    starts = _starts(ascending)
    summed: Counts = np.add.reduceat(counts[order], starts) if len(starts) else counts
    return ascending[starts], summed


def _run_lengths(ascending: Keys) -> tuple[Keys, Counts]:
    starts = _starts(ascending)
    return ascending[starts], np.diff(starts, append=len(ascending))


def _starts(ascending: Keys) -> Places:
    first = np.ones(len(ascending), np.bool_)
    np.not_equal(ascending[1:], ascending[:-1], out=first[1:])
    return np.flatnonzero(first)
