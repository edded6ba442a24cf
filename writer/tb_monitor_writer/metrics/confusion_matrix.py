"""A running confusion matrix.

matrix = ConfusionMatrix(num_classes=10)
for y_true, y_pred in batches:
    matrix.update(y_true, y_pred)
matrix.result("macro").fscore
"""

import math

import numpy as np
import numpy.typing as npt

from tb_monitor_writer import limits
from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import labels
from tb_monitor_writer.metrics.arrays import AnyArray
from tb_monitor_writer.metrics.cells import DenseCells, SparseCells
from tb_monitor_writer.metrics.counts import Counts, Margins, checked_matrix
from tb_monitor_writer.metrics.precision_recall import (
    Average,
    PrecisionRecallFScore,
    precision_recall_fscore,
)

_CHEAP_MARGINS = 8
"""Updating the margins of a dense matrix with n labels costs about as much as summing it
anew when 8 n = C^2."""

_CHUNK = 1 << 16
"""Labels counted at once: their 512 KiB of keys stay in the second-level cache."""


class ConfusionMatrix:
    """Counts of (true class, predicted class), kept exactly, updated batch by batch.

    Rows are the truth, columns the prediction, as in scikit-learn. Counts are int64, or
    float64 once a batch came with weights. Up to `limits.MAX_DENSE_CLASSES` classes they are
    a dense array, above that the sorted non-zero cells. An update that raises changes nothing.

    Attributes:
      num_classes: C.
      class_names: C names, or () if none were given.
      ignored: Examples left out by `ignore_index`.
      sum_squared_weights: Sum of the squared weights of the examples (their number, if
        unweighted); total^2 over this is the effective number of examples. NaN if unknown,
        which it is for a matrix made from sums of weights.
      normalised: Whether it was made from ratios (rows or columns that sum to 1), so that
        `total` and supports mean nothing.
    """

    num_classes: int
    class_names: tuple[str, ...]
    ignored: int
    sum_squared_weights: float
    normalised: bool

    def __init__(
        self, num_classes: int, *, class_names: object = None, sparse: bool | None = None
    ) -> None:
        """Makes an empty matrix.

        Args:
          num_classes: C, at least 1; labels are integers in [0, C).
          class_names: C distinct strings, or None.
          sparse: Whether to keep the non-zero cells only; None: above
            `limits.MAX_DENSE_CLASSES` classes.

        Raises:
          InvalidInput: an argument out of its range.
        """
        self.num_classes = labels.check_num_classes("num_classes", num_classes)
        self.class_names = check_class_names(class_names, self.num_classes)
        too_large = self.num_classes > limits.MAX_DENSE_CLASSES
        if sparse is False and too_large:
            raise InvalidInput(
                f"sparse=False needs num_classes <= {limits.MAX_DENSE_CLASSES}, "
                f"got {self.num_classes}"
            )
        self._is_sparse = too_large if sparse is None else bool(sparse)
        self.reset()

    @classmethod
    def from_array(cls, matrix: object, *, class_names: object = None) -> "ConfusionMatrix":
        """Makes one from counts, or from ratios.

        Args:
          matrix: Array-like `[C, C]`, finite and >= 0; row = true class, column = predicted
            class. Whole numbers are counts, others are sums of weights; float rows (or
            columns) that all sum to 1 or 0 are ratios, see `normalised`.
          class_names: C distinct strings, or None.

        Raises:
          InvalidInput: not square, not finite, or negative somewhere.
        """
        counts, normalised = checked_matrix("confusion", matrix)
        made = cls(len(counts), class_names=class_names)
        places = np.flatnonzero(counts)
        made._count_cells(places.astype(np.uint64), counts.reshape(-1)[places])
        made.normalised = normalised
        if counts.dtype.kind == "f":
            made.sum_squared_weights = math.nan
        else:
            made.sum_squared_weights = float(made.total)
        return made

    def update(
        self,
        y_true: object,
        y_pred: object,
        sample_weight: object = None,
        *,
        ignore_index: int | None = None,
    ) -> None:
        """Counts a batch.

        Args:
          y_true: True classes, integers or bool `[n]` (or `[n, 1]`), each in [0, C).
          y_pred: Predicted classes, the same.
          sample_weight: Finite weights >= 0, `[n]`; None: 1 each.
          ignore_index: Examples with this true class are left out, whatever was predicted.

        Raises:
          InvalidInput: shapes, dtypes or values that do not fit; nothing was counted.
        """
        if self.normalised:
            raise InvalidInput("y_true cannot be counted into ratios; use from_array on counts")
        truth = labels.check_labels("y_true", y_true)
        prediction = labels.check_labels("y_pred", y_pred)
        labels.check_same_length("y_true", truth, "y_pred", prediction)
        weights, squares = None, 0.0
        if sample_weight is not None:
            weights, squares = labels.check_weights(sample_weight, truth)
        ignored = 0
        ignore_index = labels.check_ignore_index(ignore_index)
        counted = None if ignore_index is None else truth != ignore_index
        if counted is not None and not counted.all():
            whole = truth, prediction
            truth, prediction = truth[counted], prediction[counted]
            ignored = len(whole[0]) - len(truth)
            if weights is not None:
                weights = weights[counted]
                squares = float(np.dot(weights, weights))
            self._check_range(truth, prediction, whole, counted)
        else:
            self._check_range(truth, prediction, (truth, prediction), None)
        self._count(truth, prediction, weights)
        self.ignored += ignored
        self.sum_squared_weights += len(truth) if weights is None else squares

    def merge(self, other: "ConfusionMatrix") -> None:
        """Adds the counts of another matrix of the same classes, in any order.

        Raises:
          InvalidInput: other classes, or one of the two holds ratios.
        """
        if not isinstance(other, ConfusionMatrix):
            raise InvalidInput(f"other must be a ConfusionMatrix, got {type(other).__name__}")
        if other.num_classes != self.num_classes:
            raise InvalidInput(
                f"other must have {self.num_classes} classes, got {other.num_classes}"
            )
        if self.class_names and other.class_names and self.class_names != other.class_names:
            place = [a == b for a, b in zip(self.class_names, other.class_names, strict=True)]
            first = place.index(False)
            raise InvalidInput(
                f"other must have the same class_names, got {other.class_names[first][:80]!r} "
                f"for class {first}, expected {self.class_names[first][:80]!r}"
            )
        if self.normalised or other.normalised:
            raise InvalidInput("other cannot be merged: ratios do not add up; merge counts")
        keys, counts = other.cells()
        self._count_cells(keys, counts)
        self.class_names = self.class_names or other.class_names
        self.ignored += other.ignored
        self.sum_squared_weights += other.sum_squared_weights

    def reset(self) -> None:
        """Forgets all examples; classes and names stay."""
        self.ignored = 0
        self.sum_squared_weights = 0.0
        self.normalised = False
        self._total: int | float = 0
        self._weighted = False
        self._cells: DenseCells | SparseCells = (
            SparseCells() if self._is_sparse else DenseCells(self.num_classes)
        )
        self._margins = Margins(*(np.zeros(self.num_classes, np.int64) for _ in range(3)))
        self._margins_are_stale = False
        self._margins_were_read = False

    def copy(self) -> "ConfusionMatrix":
        """Returns an independent copy."""
        other = ConfusionMatrix.__new__(ConfusionMatrix)
        other.__dict__.update(self.__dict__)
        other._cells = self._cells.copy()
        other._margins = _copied(self._margins)
        return other

    def result(
        self, average: Average = None, *, beta: float = 1.0, zero_division: float = math.nan
    ) -> PrecisionRecallFScore:
        """Scores the classes, or averages them; see `precision_recall_fscore`."""
        return precision_recall_fscore(self, beta, average, zero_division)

    def to_array(self) -> Counts:
        """Returns the matrix as a new array `[C, C]`, int64 or float64.

        Raises:
          InvalidInput: it would take more than `limits.MAX_ARRAY_BYTES`.
        """
        if isinstance(self._cells, DenseCells):
            matrix: Counts = self._cells.matrix().copy()
            return matrix
        size = self.num_classes
        if 8 * size * size > limits.MAX_ARRAY_BYTES:
            raise InvalidInput(
                f"to_array needs {8 * size * size / 2**30:.1f} GiB for {size} classes; use cells()"
            )
        keys, counts = self.cells()
        dense: Counts = np.zeros(size * size, counts.dtype)
        dense[keys] = counts
        return dense.reshape(size, size)

    def cells(self) -> tuple[npt.NDArray[np.uint64], Counts]:
        """Returns the cells that are not 0.

        Returns:
          Keys `truth * C + prediction`, uint64, ascending; and their counts, int64 or float64.
        """
        keys, counts = self._cells.cells()
        return keys, counts.astype(np.float64, copy=False) if self._weighted else counts

    @property
    def margins(self) -> Margins:
        """Diagonal, row sums and column sums, each `[C]`; O(C) if nothing was counted since."""
        if self._margins_are_stale and isinstance(self._cells, DenseCells):
            self._margins, self._margins_are_stale = self._cells.margins(), False
        self._margins_were_read = True
        return _copied(self._margins)

    @property
    def total(self) -> int | float:
        """Examples counted, or the sum of their weights."""
        return self._total

    @property
    def weighted(self) -> bool:
        """Whether counts are sums of weights (float64)."""
        return self._weighted

    def __repr__(self) -> str:
        return f"ConfusionMatrix(num_classes={self.num_classes}, total={self.total})"

    def _check_range(
        self,
        truth: AnyArray,
        prediction: AnyArray,
        whole: tuple[AnyArray, AnyArray],
        counted: npt.NDArray[np.bool_] | None,
    ) -> None:
        if not labels.in_range(truth, self.num_classes):
            raise labels.out_of_range("y_true", whole[0], self.num_classes, counted)
        if not labels.in_range(prediction, self.num_classes):
            raise labels.out_of_range("y_pred", whole[1], self.num_classes, counted)

    def _count(self, truth: AnyArray, prediction: AnyArray, amounts: Counts | None) -> None:
        """Counts labels that were checked: from here on nothing is refused."""
        if len(truth) <= _CHUNK:
            self._add(truth, prediction, amounts)
            return
        for start in range(0, len(truth), _CHUNK):
            part = slice(start, start + _CHUNK)
            self._add(truth[part], prediction[part], None if amounts is None else amounts[part])

    def _count_cells(self, keys: npt.NDArray[np.uint64], counts: Counts) -> None:
        self._count(*np.divmod(keys.astype(np.int64), self.num_classes), counts)

    def _add(self, truth: AnyArray, prediction: AnyArray, amounts: Counts | None) -> None:
        # Widened here: uint8 labels times C would overflow.
        places = np.multiply(truth, self.num_classes, dtype=np.intp, casting="same_kind")
        np.add(places, prediction, out=places, dtype=np.intp, casting="same_kind")
        if amounts is not None and amounts.dtype.kind == "f" and not self._weighted:
            self._weighted = True
            self._total = float(self._total)
            self._margins = Margins(*(column.astype(np.float64) for column in self._margins))
        self._cells.add(places, amounts)
        if self._keeps_margins(len(places)):
            _add_to_margins(self._margins, truth, prediction, amounts)
        else:
            self._margins_are_stale = True
        self._margins_were_read = False
        self._total += len(places) if amounts is None else amounts.sum().item()

    def _keeps_margins(self, labels_added: int) -> bool:
        """Whether margins are kept up to date, rather than summed anew at the next reading.

        Of sparse cells always. Of dense ones only if somebody reads them between updates.
        """
        if isinstance(self._cells, SparseCells):
            return True
        cheap = _CHEAP_MARGINS * labels_added < len(self._cells)
        return cheap and self._margins_were_read and not self._margins_are_stale


def _copied(margins: Margins) -> Margins:
    return Margins(*(column.copy() for column in margins))


def _add_to_margins(
    margins: Margins, truth: AnyArray, prediction: AnyArray, amounts: Counts | None
) -> None:
    hits = truth == prediction
    if amounts is None:
        np.add.at(margins.true_positives, truth[hits].astype(np.intp), 1)
        np.add.at(margins.support, truth.astype(np.intp, copy=False), 1)
        np.add.at(margins.predicted, prediction.astype(np.intp, copy=False), 1)
    else:
        np.add.at(margins.true_positives, truth[hits].astype(np.intp), amounts[hits])
        np.add.at(margins.support, truth.astype(np.intp, copy=False), amounts)
        np.add.at(margins.predicted, prediction.astype(np.intp, copy=False), amounts)
