"""The cells of a matrix too large to be dense: sorted, counted, merged."""

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.counts import Counts

Keys = npt.NDArray[np.uint64]

_PENDING_LABELS = 1 << 16
"""Keys kept raw before they are sorted: 512 KiB, and sorting 65,536 at once costs a third
of sorting 256 at a time."""


class SparseCells:
    """A multiset of keys (`truth * C + prediction`) with counts.

    Keys wait unsorted until 65,536 are there, become a sorted run, and runs of like size are
    merged (each is at least twice as long as the next), so that n labels cost O(n log n) time
    and at most twice the memory of the distinct cells: 16 bytes each.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[Keys, Counts | None]] = []
        self._pending_labels = 0
        self._runs: list[tuple[Keys, Counts]] = []

    def add(self, keys: Keys, weights: Counts | None = None) -> None:
        """Adds one to the count of every key, or its weight. Keeps the arrays."""
        self._pending.append((keys, weights))
        self._pending_labels += len(keys)
        if self._pending_labels >= _PENDING_LABELS:
            self._settle()

    def cells(self) -> tuple[Keys, Counts]:
        """Returns all keys, ascending and distinct, and their counts (which may be 0)."""
        self._settle()
        while len(self._runs) > 1:
            self._merge_last_two()
        if self._runs:
            return self._runs[0]
        return np.empty(0, np.uint64), np.empty(0, np.int64)

    def copy(self) -> "SparseCells":
        """Returns one that can be changed on its own; the arrays are never written to."""
        other = SparseCells()
        other._pending = list(self._pending)
        other._pending_labels = self._pending_labels
        other._runs = list(self._runs)
        return other

    def _settle(self) -> None:
        if not self._pending:
            return
        keys = np.concatenate([keys for keys, _ in self._pending])
        if all(weights is None for _, weights in self._pending):
            keys.sort()
            run = _counted(keys, None)
        else:
            counts = np.concatenate(
                [
                    np.ones(len(keys)) if weights is None else weights
                    for keys, weights in self._pending
                ]
            )
            run = _summed(keys, counts)
        self._pending, self._pending_labels = [], 0
        self._runs.append(run)
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            self._merge_last_two()

    def _merge_last_two(self) -> None:
        (keys, counts), (more_keys, more_counts) = self._runs[-2:]
        merged = _summed(np.concatenate([keys, more_keys]), np.concatenate([counts, more_counts]))
        self._runs[-2:] = [merged]


def _summed(keys: Keys, counts: Counts) -> tuple[Keys, Counts]:
    # A stable sort finds the sorted runs by itself and merges them in linear time.
    order = np.argsort(keys, kind="stable")
    return _counted(keys[order], counts[order])


def _counted(sorted_keys: Keys, counts: Counts | None) -> tuple[Keys, Counts]:
    if not len(sorted_keys):
        return sorted_keys, np.empty(0, np.int64) if counts is None else counts
    starts = np.flatnonzero(np.concatenate([[True], sorted_keys[1:] != sorted_keys[:-1]]))
    if counts is None:
        summed: Counts = np.diff(starts, append=len(sorted_keys))
    else:
        summed = np.add.reduceat(counts, starts)
    return sorted_keys[starts], summed
