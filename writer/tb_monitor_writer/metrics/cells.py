"""Where the counts of a confusion matrix are kept if all of them are: densely.

A key is `truth * C + prediction`. `sparse_cells.py` keeps those that are not 0.
"""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.arrays import AnyArray
from tb_monitor_writer.metrics.counts import Counts, Margins

Keys: TypeAlias = npt.NDArray[np.uint64]
Places: TypeAlias = npt.NDArray[np.intp]

_CHEAP_MARGINS = 8
"""Updating the margins with n labels costs about as much as summing the matrix anew when
8 n = C^2."""


class DenseCells:
    """All C^2 counts, int64 until a weight comes, then float64.

    Margins are summed when they are read; if they are read between updates that are small beside
    the matrix, they are kept up to date instead.
    """

    error_bound = 0

    def __init__(self, num_classes: int) -> None:
        self._num_classes = num_classes
        self._flat: Counts = np.zeros(num_classes * num_classes, np.int64)
        self._margins: Margins | None = None
        self._margins_were_read = False

    @property
    def weighted(self) -> bool:
        """Whether counts are sums of weights (float64)."""
        return self._flat.dtype.kind == "f"

    def add(
        self, truth: AnyArray, prediction: AnyArray, keys: Places, weights: Counts | None
    ) -> None:
        """Adds 1 to the count of every key, or its weight; a key may stand there twice.

        Args:
          truth: Classes `[n]`, any integer dtype, in [0, C).
          prediction: The same.
          keys: `truth * C + prediction`.
          weights: float64 `[n]`, or None.
        """
        if weights is not None and not self.weighted:
            self._flat = self._flat.astype(np.float64)
            self._margins = None
        # numpy >= 1.25 does this in one pass; bincount would cost C^2 a batch.
        np.add.at(self._flat, keys, 1 if weights is None else weights)
        if self._margins is not None:
            if self._margins_were_read and _CHEAP_MARGINS * len(keys) < len(self._flat):
                add_to_margins(self._margins, truth, prediction, truth == prediction, weights)
            else:
                self._margins = None
            self._margins_were_read = False

    def add_cells(self, keys: Keys, counts: Counts) -> None:
        """Adds counts to distinct keys, int64 or float64 `[m]`."""
        if counts.dtype.kind == "f":
            self._flat = self._flat.astype(np.float64, copy=False)
        # Distinct keys: no count is lost.
        self._flat[keys] = np.add(self._flat[keys], counts)
        self._margins = None

    def cells(self) -> tuple[Keys, Counts]:
        """Returns the keys of the counts that are not 0, ascending, and these counts."""
        places = np.flatnonzero(self._flat != 0)  # of bools: five times as fast
        return places.astype(np.uint64), self._flat[places]

    def matrix(self) -> Counts:
        """Returns the counts as `[C, C]`: the array itself, not a copy."""
        return self._flat.reshape(self._num_classes, self._num_classes)

    def margins(self) -> Margins:
        """Returns the margins, which the caller must not write to.

        Their cost is C^2, or nothing if they are up to date.
        """
        if self._margins is None:
            matrix = self.matrix()
            self._margins = Margins(
                matrix.diagonal().copy(), matrix.sum(axis=1), matrix.sum(axis=0)
            )
        self._margins_were_read = True
        return self._margins

    def copy(self) -> "DenseCells":
        """Returns an independent copy."""
        return self.of_counts(self._flat.copy())

    def of_counts(self, flat: Counts) -> "DenseCells":
        """Returns cells of the same classes with other counts `[C^2]`, which it keeps."""
        other = DenseCells(0)
        other._num_classes, other._flat = self._num_classes, flat
        return other


def add_to_margins(
    margins: Margins,
    truth: AnyArray,
    prediction: AnyArray,
    right: npt.NDArray[np.bool_],
    weights: Counts | None,
) -> None:
    """Counts labels, some of which are right, into margins of the weights' dtype."""
    # add.at is quick with intp indices and one number, or numbers of the array's own dtype. To
    # add zeros takes a third of the time of choosing the labels that are right.
    rows: Places = truth.astype(np.intp, copy=False)
    columns: Places = prediction.astype(np.intp, copy=False)
    hits = right.astype(margins.support.dtype)
    if weights is not None:
        np.multiply(hits, weights, out=hits)
    one = 1 if weights is None else weights
    np.add.at(margins.true_positives, rows, hits)
    np.add.at(margins.support, rows, one)
    np.add.at(margins.predicted, columns, one)
