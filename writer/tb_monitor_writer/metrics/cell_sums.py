"""Sums over the wrong cells of a confusion matrix, in the form that is fastest for its size."""

from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.counts import Counts

Ratios: TypeAlias = npt.NDArray[np.float64]
Cells: TypeAlias = tuple[npt.NDArray[np.uint64], Counts]
"""What `ConfusionMatrix.cells()` returns."""

WHOLE_CLASSES = 64
"""Up to here all C^2 cells are gone through, filled or not: 64^2 float64 = 32 KiB."""

_FILLED_CLASSES = 2_048
"""Up to here so are those of a well filled matrix: 2,048^2 float64 = 32 MiB."""

_FILLED_SHARE = 8
"""Well filled is more than one cell in 8: then a product with the whole matrix costs less than
looking up two terms for each cell."""


class WrongCells(Protocol):
    """The cells off the diagonal."""

    def products(self, rows: Ratios, columns: Ratios) -> list[float]:
        """Sums count times a term of the row times one of the column.

        Args:
          rows: Some terms, `[k, C]`.
          columns: As many, `[k, C]`.

        Returns:
          k sums.
        """

    def most_frequent(self, true_class: int) -> tuple[int, float]:
        """Returns what a class was most often mistaken for, and how often; 0 times: never."""


def wrong_cells(matrix: ConfusionMatrix, cells: Cells | None = None) -> WrongCells:
    """Chooses the form for a matrix.

    Args:
      matrix: Any.
      cells: What `matrix.cells()` returns, if it is at hand.
    """
    num_classes = matrix.num_classes
    if num_classes <= WHOLE_CLASSES:
        return _Whole(matrix.to_array())
    keys, counts = matrix.cells() if cells is None else cells
    if num_classes <= _FILLED_CLASSES and len(keys) * _FILLED_SHARE > num_classes**2:
        return _Whole(matrix.to_array())
    return _Filled(num_classes, keys, counts)


class _Whole:
    """All cells, of which the diagonal is set to 0."""

    def __init__(self, matrix: Counts) -> None:
        self._matrix = matrix.astype(np.float64)
        self._matrix.reshape(-1)[:: len(matrix) + 1] = 0

    def products(self, rows: Ratios, columns: Ratios) -> list[float]:
        found: list[float] = np.dot(np.dot(rows, self._matrix), columns.T).diagonal().tolist()
        return found

    def most_frequent(self, true_class: int) -> tuple[int, float]:
        row = self._matrix[true_class]
        prediction = int(row.argmax())
        return prediction, float(row[prediction])


class _Filled:
    """The cells that are not 0; on the diagonal they are set to 0."""

    def __init__(self, num_classes: int, keys: npt.NDArray[np.uint64], counts: Counts) -> None:
        places = keys.view(np.int64)
        self._truth = places // num_classes
        self._prediction = places - self._truth * num_classes
        self._counts = counts * (self._truth != self._prediction)

    def products(self, rows: Ratios, columns: Ratios) -> list[float]:
        found = []
        for row, column in zip(rows, columns, strict=True):
            terms = row.take(self._truth)
            terms *= column.take(self._prediction)
            found.append(float(np.dot(terms, self._counts)))
        return found

    def most_frequent(self, true_class: int) -> tuple[int, float]:
        start, end = np.searchsorted(self._truth, (true_class, true_class + 1)).tolist()
        if start == end:
            return 0, 0.0
        most = start + int(self._counts[start:end].argmax())
        return int(self._prediction[most]), float(self._counts[most])
