"""What the functions on counts alone read of a confusion matrix, in whatever form it came."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.counts import Margins, checked_matrix

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class CellCounts(NamedTuple):
    """The cells of a matrix that are not 0, in the order of their keys, with its margins.

    Attributes:
      num_classes: C.
      truth: True class of each cell, `[n_cells]`, ascending.
      prediction: Predicted class, `[n_cells]`; ascending where the truth is the same.
      counts: Examples or sums of weights > 0, `[n_cells]`.
      right: Counts of the diagonal, `[C]`.
      support: Sums of the rows, `[C]`.
      predicted: Sums of the columns, `[C]`.
      total: Their sum.
      scale: Factor that turns counts into effective numbers of examples (Kish):
        total / sum of squared weights; 1 if unweighted, NaN if unknown.
      error_bound: What the count of a cell off the diagonal may lack; 0 unless a sparse matrix
        had more cells than it keeps.
    """

    num_classes: int
    truth: Indices
    prediction: Indices
    counts: Floats
    right: Floats
    support: Floats
    predicted: Floats
    total: float
    scale: float
    error_bound: float

    @property
    def keys(self) -> Indices:
        """`truth * C + prediction`, ascending."""
        return self.truth * self.num_classes + self.prediction

    def off_diagonal(self) -> tuple[Indices, Indices, Floats]:
        """Truth, prediction and count of the errors."""
        wrong = self.truth != self.prediction
        return self.truth[wrong], self.prediction[wrong], self.counts[wrong]


def cell_counts(
    argument: str,
    matrix: ConfusionMatrix | object,
    *,
    needs_examples: bool = False,
    needs_every_cell: bool = False,
) -> CellCounts:
    """Reads a matrix of counts.

    Args:
      argument: What the caller calls it.
      matrix: A `ConfusionMatrix` or an array `[C, C]`; row = true class, column = predicted
        class.
      needs_examples: Whether the effective number of examples must be known.
      needs_every_cell: Whether no cell may have been given up.

    Raises:
      InvalidInput: no matrix, or one of ratios, which tell nothing of how sure they are; or
        weighted counts without `sum_squared_weights`, or a matrix that gave up cells.
    """
    error_bound = 0.0
    if isinstance(matrix, ConfusionMatrix):
        if matrix.normalised:
            raise _of_ratios(argument)
        keys, counts = matrix.cells()
        margins = matrix.margins
        squares = float(matrix.sum_squared_weights) if matrix.weighted else float(matrix.total)
        num_classes, error_bound = matrix.num_classes, float(matrix.error_bound)
    else:
        array, normalised = checked_matrix(argument, matrix)
        if normalised:
            raise _of_ratios(argument)
        flat = array.reshape(-1)
        keys = np.flatnonzero(flat != 0).astype(np.uint64)
        counts = flat[keys]
        margins = Margins(array.diagonal(), array.sum(axis=1), array.sum(axis=0))
        squares = float(array.sum()) if array.dtype.kind != "f" else np.nan
        num_classes = len(array)
    places = keys.astype(np.int64)
    truth = places // num_classes
    prediction = places - truth * num_classes  # a second division would cost as much again
    right, support, predicted = (column.astype(np.float64) for column in margins)
    total = float(support.sum())
    if needs_examples and np.isnan(squares):
        raise InvalidInput(
            f"{argument} must tell how many examples its weights stand for, got weighted counts "
            f"without sum_squared_weights; pass the ConfusionMatrix that counted them"
        )
    if needs_every_cell and error_bound:
        raise InvalidInput(
            f"{argument} must have kept every cell, got one with an error bound of "
            f"{error_bound:g}; count with a larger max_cells"
        )
    return CellCounts(
        num_classes,
        truth,
        prediction,
        counts.astype(np.float64),
        right,
        support,
        predicted,
        total,
        total / squares if squares else 1.0,
        error_bound,
    )


def merge_keys(one: Indices, other: Indices) -> tuple[Indices, Indices, Indices]:
    """Merges ascending keys: the keys of both, and the places of each one's keys among them."""
    every = np.concatenate([one, other])
    # A stable sort finds the two ascending runs by itself and merges them in linear time.
    order = np.argsort(every, kind="stable")
    every = every[order]
    is_first = np.ones(len(every), np.bool_)
    np.not_equal(every[1:], every[:-1], out=is_first[1:])
    places = np.empty(len(every), np.int64)
    places[order] = np.cumsum(is_first) - 1
    return every[is_first], places[: len(one)], places[len(one) :]


def _of_ratios(argument: str) -> InvalidInput:
    return InvalidInput(f"{argument} must hold counts, got ratios; pass the counts they came from")
