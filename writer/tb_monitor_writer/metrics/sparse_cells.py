"""Where the counts of a confusion matrix of many classes are kept: those that are not 0.

A key is `truth * C + prediction`.
"""

from collections.abc import Iterable

import numpy as np

from tb_monitor_writer.metrics.arrays import AnyArray
from tb_monitor_writer.metrics.cells import Keys, Places, add_to_margins
from tb_monitor_writer.metrics.counts import Counts, Margins
from tb_monitor_writer.metrics.space_saving import (
    Pairs,
    count_pairs,
    keep_most_frequent,
    merge_pairs,
    no_pairs,
)

_LEAST_PENDING = 1 << 16
"""Keys that wait unsorted, 512 KiB; sorting 65,536 at once costs half of 256 at a time."""

_MOST_PENDING = 1 << 20
"""As many keys wait as pairs are kept, up to this many (8 MiB); beyond, a quarter as many."""


class SparseCells:
    """Margins of all classes, and the confused pairs: sorted keys with their counts.

    What is right, most of it, is counted by the margins alone. The keys of what is wrong wait
    unsorted until about as many are there as there are pairs; they are sorted then, and merged
    with them. So n labels cost O(n log n) time, and the memory is 12 to 16 bytes a pair.

    Of more pairs than `max_pairs` the most frequent are kept, see `space_saving.py`; margins and
    diagonal stay exact.
    """

    def __init__(self, num_classes: int, max_pairs: int) -> None:
        self._num_classes = num_classes
        self._max_pairs = max_pairs
        self._key_dtype = np.uint32 if num_classes**2 <= 1 << 32 else np.uint64  # sorts in half
        self._margins = Margins(*(np.zeros(num_classes, np.int64) for _ in range(3)))
        self._pairs: Pairs = no_pairs(self._key_dtype)
        self._pending: list[tuple[AnyArray, Counts | None]] = []
        self._pending_labels = 0

    @property
    def weighted(self) -> bool:
        """Whether counts are sums of weights (float64)."""
        return self._margins.support.dtype.kind == "f"

    @property
    def error_bound(self) -> int | float:
        """Most that any count off the diagonal may lack; 0 = exact."""
        self._settle()
        return self._pairs.floor

    def add(
        self, truth: AnyArray, prediction: AnyArray, keys: Places, weights: Counts | None
    ) -> None:
        """Adds 1 to the count of every key, or its weight; see `DenseCells.add`."""
        if weights is not None:
            self._widen()
        right = truth == prediction
        add_to_margins(self._margins, truth, prediction, right, weights)
        wrong = np.flatnonzero(~right)
        wrong_keys = keys.take(wrong).astype(self._key_dtype)
        self._pending.append((wrong_keys, None if weights is None else weights.take(wrong)))
        self._pending_labels += len(wrong_keys)
        kept = len(self._pairs.keys)
        if self._pending_labels >= max(_LEAST_PENDING, min(kept, _MOST_PENDING), kept // 4):
            self._settle()

    def add_cells(self, keys: Keys, counts: Counts) -> None:
        """Adds counts to distinct keys, ascending, int64 or float64 `[m]`."""
        if counts.dtype.kind == "f":
            self._widen()
        truth, prediction = (
            labels.astype(np.intp) for labels in np.divmod(keys, self._num_classes)
        )
        right = truth == prediction
        add_to_margins(self._margins, truth, prediction, right, counts)
        self._add_pairs(Pairs(keys[~right].astype(self._key_dtype), counts[~right]))

    def merge(self, other: "SparseCells") -> None:
        """Adds the cells of another matrix of the same classes."""
        if other.weighted:
            self._widen()
        for mine, others in zip(self._margins, other._margins, strict=True):
            np.add(mine, others, out=mine)
        self._add_pairs(other.pairs())

    def cells(self) -> tuple[Keys, Counts]:
        """Returns the keys of the counts that are not 0, ascending, and these counts."""
        pairs = self.pairs()
        hits = self._margins.true_positives
        classes = np.flatnonzero(hits)
        diagonal = classes.astype(np.uint64) * np.uint64(self._num_classes + 1)
        # Both are sorted: the diagonal is woven into the pairs.
        before = np.searchsorted(pairs.keys, diagonal.astype(self._key_dtype))
        places = before + np.arange(len(diagonal))
        elsewhere = np.ones(len(pairs.keys) + len(diagonal), np.bool_)
        elsewhere[places] = False
        keys = np.empty(len(elsewhere), np.uint64)
        counts: Counts = np.empty(len(elsewhere), hits.dtype)
        keys[places], counts[places] = diagonal, hits[classes]
        keys[elsewhere], counts[elsewhere] = pairs.keys, pairs.counts
        return keys, counts

    def pairs(self) -> Pairs:
        """Returns the cells off the diagonal."""
        self._settle()
        return self._pairs

    def margins(self) -> Margins:
        """Returns the margins, which the caller must not write to."""
        return self._margins

    def copy(self) -> "SparseCells":
        """Returns an independent copy; pairs are shared, for they are never written to."""
        other = SparseCells.__new__(SparseCells)
        other.__dict__.update(self.__dict__)
        other._margins = Margins(*(column.copy() for column in self._margins))
        other._pending = list(self._pending)
        return other

    def of_pairs(self, margins: Margins, summaries: Iterable[Pairs]) -> "SparseCells":
        """Returns cells of the same classes with other margins, which it keeps, and pairs."""
        other = SparseCells(self._num_classes, self._max_pairs)
        other._margins = margins
        for pairs in summaries:
            other._add_pairs(pairs)
        return other

    def _widen(self) -> None:
        if not self.weighted:
            self._margins = Margins(*(column.astype(np.float64) for column in self._margins))

    def _settle(self) -> None:
        if not self._pending:
            return
        keys = np.concatenate([keys for keys, _ in self._pending])
        weights = None
        if any(weights is not None for _, weights in self._pending):
            weights = np.concatenate(
                [np.ones(len(keys)) if some is None else some for keys, some in self._pending]
            )
        self._pending, self._pending_labels = [], 0
        self._add_pairs(count_pairs(keys, weights))

    def _add_pairs(self, pairs: Pairs) -> None:
        self._settle()
        self._pairs = keep_most_frequent(merge_pairs(self._pairs, pairs), self._max_pairs)
