"""A running confusion matrix.

matrix = ConfusionMatrix(num_classes=10)
for y_true, y_pred in batches:
    matrix.update(y_true, y_pred)
matrix.result("macro").fscore
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_writer import limits
from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import all_ranks, labels
from tb_monitor_writer.metrics.arrays import AnyArray
from tb_monitor_writer.metrics.cells import DenseCells
from tb_monitor_writer.metrics.counts import Counts, Margins, checked_matrix
from tb_monitor_writer.metrics.precision_recall import (
    Average,
    PrecisionRecallFScore,
    precision_recall_fscore,
)
from tb_monitor_writer.metrics.score_rows import ScoreRows
from tb_monitor_writer.metrics.sparse_cells import SparseCells

_CHUNK = 1 << 16
"""Labels counted at once: their 512 KiB of keys stay in the second-level cache."""

_MOST_DENSE = math.isqrt(limits.MAX_ARRAY_BYTES // 8)

_SUMMED = ("_total", "ignored", "nan", "sum_squared_weights", "top_k_hits", "top_k_total")


class ConfusionMatrix:
    """Counts of (true class, predicted class), kept exactly, updated batch by batch.

    Rows are the truth, columns the prediction, as in scikit-learn. Counts are int64, or
    float64 once a batch came with weights. Up to `limits.MAX_DENSE_CLASSES` classes they are
    a dense array, above that the sorted non-zero cells. An update that raises changes nothing.

    Attributes:
      num_classes: C.
      class_names: C names, or () if none were given.
      ignored: Examples left out by `ignore_index`.
      nan: Examples left out because one of their scores was NaN.
      sum_squared_weights: Sum of the squared weights of the examples (their number, if
        unweighted); total^2 over this is the effective number of examples. NaN if unknown,
        which it is for a matrix made from sums of weights.
      normalised: Whether it was made from ratios (rows or columns that sum to 1), so that
        `total` and supports mean nothing.
      top_k: k, or None if hits among the k best are not counted.
      top_k_hits: Examples (or the sum of their weights) whose true class was among the k best
        scores; see `update_from_scores`.
      top_k_total: Examples (or the sum of their weights) that were counted so.
    """

    num_classes: int
    class_names: tuple[str, ...]
    ignored: int
    nan: int
    sum_squared_weights: float
    normalised: bool
    top_k: int | None
    top_k_hits: int | float
    top_k_total: int | float
    _total: int | float
    _cells: DenseCells | SparseCells

    def __init__(
        self,
        num_classes: int,
        *,
        class_names: object = None,
        sparse: bool | None = None,
        top_k: int | None = None,
        max_cells: int | None = None,
    ) -> None:
        """Makes an empty matrix.

        Args:
          num_classes: C, at least 1; labels are integers in [0, C).
          class_names: C distinct strings, or None.
          sparse: Whether to keep the non-zero cells only; None: above
            `limits.MAX_DENSE_CLASSES` classes. False can be asked for while the 8 C^2 bytes are
            at most `limits.MAX_ARRAY_BYTES`.
          top_k: Count also how often the true class is among the k best scores, 1 to C.
          max_cells: Most cells off the diagonal that a sparse matrix keeps, at least 1; of more,
            the largest are kept and `error_bound` tells what any may lack. None: as many as a
            record holds beside the diagonal, about 4 million.

        Raises:
          InvalidInput: an argument out of its range.
        """
        self.num_classes = labels.check_num_classes("num_classes", num_classes)
        self.class_names = check_class_names(class_names, self.num_classes)
        if sparse is False and self.num_classes > _MOST_DENSE:
            raise InvalidInput(
                f"sparse=False needs num_classes <= {_MOST_DENSE}, got {self.num_classes}"
            )
        too_large = self.num_classes > limits.MAX_DENSE_CLASSES
        self._is_sparse = too_large if sparse is None else bool(sparse)
        self.top_k = None
        if top_k is not None:
            self.top_k = labels.check_count("top_k", top_k, self.num_classes)
        self._max_cells = max(limits.MAX_CELLS - self.num_classes, limits.MAX_CELLS // 2)
        if max_cells is not None:
            self._max_cells = labels.check_count("max_cells", max_cells)
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
        keys = np.flatnonzero(counts)
        made._cells.add_cells(keys.astype(np.uint64), counts.reshape(-1)[keys])
        made._total = counts.sum().item()
        made.normalised = normalised
        made.sum_squared_weights = math.nan if made.weighted else float(made.total)
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
        self._check_counts()
        if sample_weight is None and ignore_index is None:
            keys = labels.plain_keys(y_true, y_pred, self.num_classes)
            if keys is not None:
                n = len(keys)
                self._cells.add(y_true, y_pred, keys, None)  # type: ignore[arg-type]
                self._total += n
                self.sum_squared_weights += n
                return
        truth = labels.check_labels("y_true", y_true)
        prediction = labels.check_labels("y_pred", y_pred)
        labels.check_same_length("y_true", truth, "y_pred", prediction)
        weights = None if sample_weight is None else labels.check_weights(sample_weight, truth)[0]
        counted = labels.not_ignored(truth, ignore_index)
        self._check_range("y_true", truth, counted)
        self._check_range("y_pred", prediction, counted)
        self._count(_Batch(truth, prediction, weights).where(counted))
        self.ignored += _left_out(counted)

    def update_from_scores(
        self,
        y_true: object,
        scores: object,
        sample_weight: object = None,
        *,
        ignore_index: int | None = None,
    ) -> None:
        """Counts a batch of scores: the class of the highest one is the prediction.

        The best class of each row is found on the device where the scores are, and n labels are
        copied from there. Of equal scores the first class is the best, as for `argmax`, also
        among the k best (`sklearn.metrics.top_k_accuracy_score` takes the last). An example
        with a NaN among its scores has no prediction: it is counted in `nan` and nowhere else.

        Args:
          y_true: True classes, integers `[n]` (or `[n, 1]`), each in [0, C).
          scores: Logits or probabilities alike, `[n, C]`: what grows with them counts, not
            what they sum to. numpy, PyTorch, TensorFlow, JAX or CuPy, on any device.
          sample_weight: Finite weights >= 0, `[n]`; None: 1 each.
          ignore_index: Examples with this true class are left out, whatever their scores.

        Raises:
          InvalidInput: shapes, dtypes or values that do not fit; nothing was counted.
        """
        self._check_counts()
        truth = labels.check_labels("y_true", y_true)
        rows = ScoreRows(scores, self.num_classes)
        labels.check_same_length("y_true", truth, "scores", rows)
        weights = None if sample_weight is None else labels.check_weights(sample_weight, truth)[0]
        counted = labels.not_ignored(truth, ignore_index)
        self._check_range("y_true", truth, counted)
        prediction = rows.best()
        hits = None
        if self.top_k is not None:
            safe = truth if counted is None else np.where(counted, truth, 0)
            hits = rows.in_top(safe, self.top_k)
        batch = _Batch(truth, prediction, weights, hits).where(counted)
        has_scores = np.greater_equal(batch.prediction, 0)
        if not has_scores.all():
            batch = batch.where(has_scores)
        self._count(batch)
        self.ignored += _left_out(counted)
        self.nan += _left_out(has_scores)

    def merge(self, other: "ConfusionMatrix") -> None:
        """Adds the counts of another matrix of the same classes, in any order.

        Of a sparse matrix with more than `max_cells` cells, `error_bound` holds in any order.

        Raises:
          InvalidInput: other classes or `top_k`, or one of the two holds ratios.
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
        if self.top_k and other.top_k and self.top_k != other.top_k:
            raise InvalidInput(f"other must have top_k={self.top_k}, got {other.top_k}")
        if self.normalised or other.normalised:
            raise InvalidInput("other cannot be merged: ratios do not add up; merge counts")
        if isinstance(self._cells, DenseCells) and other.error_bound:
            sparse = self._sparse_cells()  # whose margins do not depend on its cells
            sparse.add_cells(*self._cells.cells())
            self._cells = sparse
        if isinstance(self._cells, SparseCells) and isinstance(other._cells, SparseCells):
            self._cells.merge(other._cells)
        else:
            self._cells.add_cells(*other.cells())
        self.class_names = self.class_names or other.class_names
        self._total += other._total
        self.ignored += other.ignored
        self.nan += other.nan
        self.sum_squared_weights += other.sum_squared_weights
        self.top_k = self.top_k or other.top_k
        self.top_k_hits += other.top_k_hits
        self.top_k_total += other.top_k_total

    def all_reduce(self, group: object = None) -> None:
        """Adds up the counts of all ranks of a distributed job; each then holds the whole.

        Every rank must call it, one without examples too. A few numbers are summed first, from
        which all ranks see whether they agree on the classes, and on the dtype; then the cells,
        in one sum: as int64, so that counts are exact, or as float64 if any rank has weights
        (exact below 2^53). Cells of sparse matrices, of which each rank has other ones, are
        gathered. Without a distributed job nothing changes.

        Args:
          group: A process group of `torch.distributed`; None: all ranks.

        Raises:
          InvalidInput: ranks differ in `num_classes`, `class_names`, `sparse` or `top_k`, or one
            holds ratios: on every rank, and nothing was added.
          MonitorError: there are other ranks, but no way to reach them from here.
        """
        agreed = all_ranks.agree(
            {
                "num_classes": self.num_classes,
                "sparse": isinstance(self._cells, SparseCells),
                "class_names": all_ranks.checksum(self.class_names),
                "top_k": self.top_k,
            },
            {"weighted": self.weighted, "normalised": self.normalised},
            group,
        )
        if agreed.flags["normalised"]:
            raise InvalidInput(
                "a matrix of ratios, on some rank, cannot be summed; count with update()"
            )
        if agreed.ranks == 1:
            return
        weighted = agreed.flags["weighted"]
        numbers = {name: getattr(self, name) for name in _SUMMED}
        sums, self._cells = all_ranks.sum_numbers(
            numbers, self._cells, weighted=weighted, group=group
        )
        for name, value in sums.items():
            setattr(self, name, value)
        self.ignored, self.nan = int(self.ignored), int(self.nan)
        self.sum_squared_weights = float(self.sum_squared_weights)
        self.top_k = agreed.values["top_k"]

    def reset(self) -> None:
        """Forgets all examples; classes and names stay."""
        self.ignored = 0
        self.nan = 0
        self.sum_squared_weights = 0.0
        self.normalised = False
        self.top_k_hits = 0
        self.top_k_total = 0
        self._total = 0
        self._cells = self._sparse_cells() if self._is_sparse else DenseCells(self.num_classes)

    def copy(self) -> "ConfusionMatrix":
        """Returns an independent copy."""
        other = ConfusionMatrix.__new__(ConfusionMatrix)
        other.__dict__.update(self.__dict__)
        other._cells = self._cells.copy()
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
        return self._cells.cells()

    @property
    def margins(self) -> Margins:
        """Diagonal, row sums and column sums, each `[C]`; O(C) if nothing was counted since."""
        return Margins(*(column.copy() for column in self._cells.margins()))

    @property
    def total(self) -> int | float:
        """Examples counted, or the sum of their weights."""
        return self._total

    @property
    def weighted(self) -> bool:
        """Whether counts are sums of weights (float64)."""
        return self._cells.weighted

    @property
    def error_bound(self) -> int | float:
        """Most that a count off the diagonal may lack, 0 = all are exact.

        The true count of a cell lies in [count, count + error_bound], also of a cell that is not
        among `cells()`. It is at most the total off the diagonal / (max_cells + 1). Diagonal,
        row sums and column sums are always exact.
        """
        return self._cells.error_bound

    @property
    def top_k_accuracy(self) -> float:
        """Share of examples whose true class was among the k best scores; NaN without any."""
        return self.top_k_hits / self.top_k_total if self.top_k_total else math.nan

    def __repr__(self) -> str:
        return f"ConfusionMatrix(num_classes={self.num_classes}, total={self.total})"

    def _sparse_cells(self) -> SparseCells:
        return SparseCells(self.num_classes, self._max_cells)

    def _check_counts(self) -> None:
        if self.normalised:
            raise InvalidInput("y_true cannot be counted into ratios; use from_array on counts")

    def _check_range(
        self, argument: str, found: AnyArray, counted: npt.NDArray[np.bool_] | None
    ) -> None:
        chosen = found if counted is None else found[counted]
        if not labels.in_range(chosen, self.num_classes):
            raise labels.out_of_range(
                argument, found, self.num_classes, counted, named=bool(self.class_names)
            )

    def _count(self, batch: "_Batch") -> None:
        """Counts labels that were checked: from here on nothing is refused."""
        truth, prediction, weights, hits = batch
        for start in range(0, len(truth) or 1, _CHUNK):
            part = slice(start, start + _CHUNK)
            # Widened here: uint8 labels times C would overflow.
            keys = np.multiply(truth[part], self.num_classes, dtype=np.intp, casting="same_kind")
            np.add(keys, prediction[part], out=keys, dtype=np.intp, casting="same_kind")
            amounts = None if weights is None else weights[part]
            self._cells.add(truth[part], prediction[part], keys, amounts)
        amount = batch.amount()
        self._total += amount
        self.sum_squared_weights += (
            len(truth) if weights is None else np.dot(weights, weights).item()
        )
        if hits is not None:
            self.top_k_total += amount
            self.top_k_hits += batch.where(hits).amount()


class _Batch(NamedTuple):
    """Examples that were checked.

    Attributes:
      truth: True classes `[n]`, any integer dtype.
      prediction: The same, predicted.
      weights: float64 `[n]`; None: 1 each.
      hits: Whether the truth is among the k best scores, `[n]`; None: not counted.
    """

    truth: AnyArray
    prediction: AnyArray
    weights: npt.NDArray[np.float64] | None
    hits: npt.NDArray[np.bool_] | None = None

    def where(self, counted: npt.NDArray[np.bool_] | None) -> "_Batch":
        """Returns those that count."""
        if counted is None:
            return self
        weights, hits = self.weights, self.hits
        return _Batch(
            self.truth[counted],
            self.prediction[counted],
            None if weights is None else weights[counted],
            None if hits is None else hits[counted],
        )

    def amount(self) -> int | float:
        return len(self.truth) if self.weights is None else self.weights.sum().item()


def _left_out(counted: npt.NDArray[np.bool_] | None) -> int:
    return 0 if counted is None else len(counted) - int(np.count_nonzero(counted))
