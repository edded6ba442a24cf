"""Running counts of a multi-label task: each example has any number of the labels.

counts = MultilabelCounts(num_labels=5)
for y_true, scores in batches:
    counts.update_from_scores(y_true, scores)
counts.result("macro").fscore
"""

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer import distributed
from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import labels
from tb_monitor_writer.metrics.arrays import AnyArray, as_numpy
from tb_monitor_writer.metrics.counts import Counts, Margins
from tb_monitor_writer.metrics.precision_recall import (
    Average,
    PrecisionRecallFScore,
    divide,
    precision_recall_fscore,
)

Bools: TypeAlias = npt.NDArray[np.bool_]
Weights: TypeAlias = npt.NDArray[np.float64]

_ROUNDING = 1e-6  # a float32 sigmoid may end this far outside

_SLACK = 1e-6  # sums of weights in another order, in float32 (JAX)


class MultilabelCounts:
    """True positives, support, predictions and examples of each label, kept exactly.

    There is no confusion matrix here: an example without the label "dog" was not taken for
    another one. True negatives are `examples - support - predicted + true_positives`. Counts are
    int64, or float64 once a batch came with weights. An update that raises changes nothing.

    Attributes:
      num_labels: L.
      class_names: L names, or () if none were given.
      ignored: Entries (example, label) left out by `ignore_index`.
      nan: Entries left out because their score was NaN.
      sum_squared_weights: Of the examples counted; their number, if unweighted.
    """

    num_labels: int
    class_names: tuple[str, ...]
    ignored: int
    nan: int
    sum_squared_weights: float
    _table: Counts
    _exact: int | float
    _total: int | float

    def __init__(self, num_labels: int, *, class_names: object = None) -> None:
        """Makes empty counts.

        Args:
          num_labels: L, at least 1.
          class_names: L distinct strings, or None.

        Raises:
          InvalidInput: an argument out of its range.
        """
        self.num_labels = labels.check_num_classes("num_labels", num_labels)
        self.class_names = check_class_names(class_names, self.num_labels)
        self.reset()

    @classmethod
    def from_counts(
        cls,
        margins: Margins,
        examples: object,
        *,
        exact_matches: float,
        total: float,
        sum_squared_weights: float | None = None,
        class_names: object = None,
    ) -> "MultilabelCounts":
        """Takes over what was counted elsewhere, such as on a device.

        Args:
          margins: True positives, support and predictions of each label, `[L]` each.
          examples: Examples (or the sum of their weights) of each label, `[L]`.
          exact_matches: Examples with every entry right.
          total: Examples in all.
          sum_squared_weights: Of the examples; None: counts are of whole examples.
          class_names: L distinct strings, or None.

        Raises:
          InvalidInput: shapes that do not fit, or counts that contradict each other.
        """
        columns = [as_numpy("margins", column) for column in margins]
        columns.append(as_numpy("examples", examples))
        shapes = {column.shape for column in columns}
        if len(shapes) > 1 or columns[0].ndim != 1:
            raise InvalidInput(f"margins and examples must have shape [L], got {sorted(shapes)}")
        table = np.stack(columns)
        hits, support, predicted, of_label = table.astype(np.float64)
        least, most = np.minimum(support, predicted), np.maximum(support, predicted)
        good = (
            (hits >= 0) & (hits <= least) & (support + predicted - hits <= of_label + _SLACK * most)
        )
        good &= of_label <= total * (1 + _SLACK)
        if not good.all():
            label = int(np.flatnonzero(~good)[0])
            raise InvalidInput(
                f"margins must be counts of the same examples, got {table[:, label].tolist()} "
                f"(true positives, support, predicted, examples) of label {label}, {total} in all"
            )
        made = cls(table.shape[1], class_names=class_names)
        made._table = table.astype(np.float64 if table.dtype.kind == "f" else np.int64)
        made._exact, made._total = exact_matches, total
        made.sum_squared_weights = float(
            total if sum_squared_weights is None else sum_squared_weights
        )
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
          y_true: Which labels an example has, 0 or 1 (bool, integer or 0.0 and 1.0), `[n, L]`.
          y_pred: Which ones were predicted, the same.
          sample_weight: Finite weights >= 0 of the examples, `[n]`; None: 1 each.
          ignore_index: Entries of `y_true` with this value are left out: the label is unknown.

        Raises:
          InvalidInput: shapes, dtypes or values that do not fit; nothing was counted.
        """
        prediction = self._check_shape("y_pred", as_numpy("y_pred", y_pred))
        self._update(y_true, _as_bool("y_pred", prediction), None, sample_weight, ignore_index)

    def update_from_scores(
        self,
        y_true: object,
        scores: object,
        sample_weight: object = None,
        *,
        threshold: float = 0.5,
        from_logits: bool = False,
        ignore_index: int | None = None,
    ) -> None:
        """Counts a batch of scores: a label is predicted where `score >= threshold`.

        The comparison is made where the scores lie, so that a device hands over bits.

        Args:
          y_true: As in `update`.
          scores: Probabilities, or logits, `[n, L]`. Entries that are NaN are left out and
            counted in `nan`.
          sample_weight: As in `update`.
          threshold: In (0, 1), a probability for logits too.
          from_logits: Whether scores are logits; never guessed.
          ignore_index: As in `update`.

        Raises:
          InvalidInput: shapes, dtypes or values that do not fit; nothing was counted.
        """
        try:
            limit = float(threshold)
        except (TypeError, ValueError):
            limit = math.nan
        if not 0 < limit < 1:
            raise InvalidInput(f"threshold must be a number in (0, 1), got {threshold!r:.40}")
        if from_logits:
            limit = math.log(limit / (1 - limit))
        on_device: Any = scores
        if not hasattr(scores, "shape") or isinstance(scores, np.ndarray):
            on_device = as_numpy("scores", scores)
        try:
            chosen, missing = on_device >= limit, on_device != on_device
        except Exception:  # what a foreign array cannot compare, numpy can
            on_device = as_numpy("scores", scores)
            chosen, missing = on_device >= limit, on_device != on_device
        if not from_logits:
            _refuse_logits(on_device)
        prediction = self._check_shape("scores", as_numpy("scores", chosen))
        nan: Bools | None = as_numpy("scores", missing).astype(np.bool_, copy=False)
        if nan is not None and not nan.any():
            nan = None
        self._update(y_true, _as_bool("scores", prediction), nan, sample_weight, ignore_index)

    def merge(self, other: "MultilabelCounts") -> None:
        """Adds the counts of another one of the same labels, in any order.

        Raises:
          InvalidInput: other labels or names.
        """
        if not isinstance(other, MultilabelCounts):
            raise InvalidInput(f"other must be MultilabelCounts, got {type(other).__name__}")
        if other.num_labels != self.num_labels:
            raise InvalidInput(f"other must have {self.num_labels} labels, got {other.num_labels}")
        if self.class_names and other.class_names and self.class_names != other.class_names:
            raise InvalidInput("other must have the same class_names in the same order")
        if other.weighted:
            self._become_weighted()
        self._table = np.add(self._table, other._table)
        self._exact += other._exact
        self._total += other._total
        self.class_names = self.class_names or other.class_names
        self.ignored += other.ignored
        self.nan += other.nan
        self.sum_squared_weights += other.sum_squared_weights

    def all_reduce(self, group: object = None) -> None:
        """Sums the counts over the ranks of a distributed job, so that each holds the whole.

        Every rank must call it, once, those without data too. One sum, in float64, since a rank
        does not know whether others have weights: counts are exact up to 2^53.

        Args:
          group: A `torch.distributed` process group; None: all ranks.

        Raises:
          MonitorError: there are several ranks but no way to reach them from here.
        """
        kept = [self._exact, self._total, self.ignored, self.nan, self.sum_squared_weights]
        mine = np.concatenate([self._table.reshape(-1), kept, [self.weighted]], dtype=np.float64)
        summed = distributed.all_reduce(mine, group)
        self._table = summed[:-6].reshape(4, self.num_labels)
        self._exact, self._total, ignored, nan, squares, weighted = summed[-6:].tolist()
        self.ignored, self.nan, self.sum_squared_weights = int(ignored), int(nan), squares
        if not weighted:
            self._table = self._table.astype(np.int64)
            self._exact, self._total = int(self._exact), int(self._total)

    def reset(self) -> None:
        """Forgets all examples; labels and names stay."""
        self._table = np.zeros((4, self.num_labels), np.int64)
        self._exact = 0
        self._total = 0
        self.ignored = 0
        self.nan = 0
        self.sum_squared_weights = 0.0

    def copy(self) -> "MultilabelCounts":
        """Returns an independent copy."""
        other = MultilabelCounts.__new__(MultilabelCounts)
        other.__dict__.update(self.__dict__)
        other._table = self._table.copy()
        return other

    def result(
        self, average: Average = None, *, beta: float = 1.0, zero_division: float = math.nan
    ) -> PrecisionRecallFScore:
        """Scores the labels, or averages them; see `precision_recall_fscore`.

        scikit-learn averages all labels of a multi-label task, with `zero_division` for those
        that never occur; here, as everywhere in this package, they are left out of "macro".
        """
        return precision_recall_fscore(self, beta, average, zero_division)

    def to_array(self) -> Counts:
        """Returns `[[tn, fp], [fn, tp]]` of each label, a new array `[L, 2, 2]`."""
        hits, support, predicted, examples = self._table
        missed, wrong = support - hits, predicted - hits
        cells = [examples - support - wrong, wrong, missed, hits]
        return np.stack(cells, axis=1).reshape(self.num_labels, 2, 2)

    @property
    def margins(self) -> Margins:
        """True positives, support and predictions of each label, `[L]` each."""
        hits, support, predicted = self._table[:3].copy()
        return Margins(hits, support, predicted)

    @property
    def examples(self) -> Counts:
        """Examples (or the sum of their weights) whose entry counted, of each label, `[L]`."""
        examples: Counts = self._table[3].copy()
        return examples

    @property
    def total(self) -> int | float:
        """Examples of which at least one entry counted, or the sum of their weights."""
        return self._total

    @property
    def exact_matches(self) -> int | float:
        """Of `total`, those with every entry right that counted (subset accuracy)."""
        return self._exact

    @property
    def weighted(self) -> bool:
        """Whether counts are sums of weights (float64)."""
        return bool(self._table.dtype.kind == "f")

    def __repr__(self) -> str:
        return f"MultilabelCounts(num_labels={self.num_labels}, total={self.total})"

    def _check_shape(self, argument: str, found: AnyArray) -> AnyArray:
        if found.ndim == 1 and self.num_labels == 1:
            return found.reshape(-1, 1)
        if found.ndim != 2 or found.shape[1] != self.num_labels:
            raise InvalidInput(
                f"{argument} must have shape [n, {self.num_labels}], got {found.shape}"
            )
        return found

    def _update(
        self,
        y_true: object,
        prediction: Bools,
        nan: Bools | None,
        sample_weight: object,
        ignore_index: object,
    ) -> None:
        found = self._check_shape("y_true", as_numpy("y_true", y_true))
        labels.check_same_length("y_true", found, "y_pred", prediction)
        unknown = _entries_equal(found, _check_ignore_value(ignore_index))
        truth = _as_bool("y_true", found, unknown)
        weights = np.ones(len(truth))
        if sample_weight is not None:
            weights, _ = labels.check_weights(sample_weight, truth)
        left_out = nan if unknown is None else unknown if nan is None else unknown | nan
        if left_out is None:
            known: Bools = np.ones_like(truth)
            right: Bools = np.asarray(truth == prediction)
        else:
            known = np.asarray(~left_out)
            truth, prediction = truth & known, prediction & known
            right = np.asarray(np.logical_or(truth == prediction, left_out))
        counted: Bools = np.asarray(known.any(axis=1))
        if sample_weight is not None:
            self._become_weighted()
        add = _weighted_sums if sample_weight is not None else _sums
        for row, column in enumerate((truth & prediction, truth, prediction, known)):
            self._table[row] += add(column, weights)
        self._exact += add(right.all(axis=1) & counted, weights).item()
        self._total += add(counted, weights).item()
        self.sum_squared_weights += float(np.dot(weights[counted], weights[counted]))
        ignored = 0 if unknown is None else int(unknown.sum())
        self.ignored += ignored
        self.nan += 0 if left_out is None else int(left_out.sum()) - ignored

    def _become_weighted(self) -> None:
        self._table = self._table.astype(np.float64, copy=False)
        self._exact, self._total = float(self._exact), float(self._total)


def multilabel_averages(counts: MultilabelCounts) -> dict[str, float]:
    """Summarises multi-label counts in one row: the columns of an `averages` record.

    Args:
      counts: Any; empty ones give NaN for everything but counts.

    Returns:
      As `averages` of a confusion matrix does, where `accuracy` is the exact match ratio (subset
      accuracy). Labels of one example depend on each other in a way that counts do not tell, so
      only `accuracy_se` is known of the standard errors; a missed label is not read as another.
    """
    total = float(counts.total)
    accuracy = float(counts.exact_matches) / total if total else math.nan
    row = {
        "n": total,
        "ignored": float(counts.ignored),
        "nan": float(counts.nan),
        "sum_squared_weights": float(counts.sum_squared_weights),
        "accuracy": accuracy,
    }
    if total:
        spread = accuracy * (1 - accuracy) * counts.sum_squared_weights
        row["accuracy_se"] = math.sqrt(max(0.0, spread)) / total
    for average in ("macro", "micro", "weighted"):
        scores = counts.result(average, zero_division=0 if total else math.nan)
        for name, value in zip(("precision", "recall", "f1"), scores[:3], strict=True):
            row[f"{name}_{average}"] = float(value)
    hits, support, predicted = (column.astype(np.float64) for column in counts.margins)
    f1 = divide(2 * hits, support + predicted, math.nan)
    present = ~np.isnan(f1)
    row["classes_present"] = float(present.sum())
    if present.any():
        candidates = np.flatnonzero(f1 == np.nanmin(f1))
        worst = int(candidates[np.argmax(support[candidates])])
        row["worst_class"], row["worst_class_f1"] = float(worst), float(f1[worst])
    return row


def _as_bool(argument: str, found: AnyArray, unknown: Bools | None = None) -> Bools:
    """0 and 1 as bool; `unknown` entries may hold anything."""
    if found.dtype.kind == "b":
        return found.astype(np.bool_, copy=False)
    ones: Bools = np.asarray(found == 1)
    good = ones | np.asarray(found == 0)
    if unknown is not None:
        good |= unknown
    if good.all():
        return ones
    bad = np.argwhere(~good)
    row, column = (int(index) for index in bad[0])
    way_out = "; pass scores >= threshold, or use update_from_scores"
    raise InvalidInput(
        f"{argument}[{row}, {column}] is {found[row, column]}: it must be 0 or 1 "
        f"({len(bad)} of {found.size} are not)"
        f"{way_out if argument == 'y_pred' else '; ignore_index= leaves out unknown labels'}"
    )


def _refuse_logits(scores: Any) -> None:  # noqa: ANN401
    outside = as_numpy("scores", (scores < -_ROUNDING) | (scores > 1 + _ROUNDING))
    if not outside.any():
        return
    place = tuple(int(index) for index in np.argwhere(outside)[0])
    raise InvalidInput(
        f"scores[{', '.join(map(str, place))}] is {as_numpy('scores', scores)[place]}: scores must "
        f"be in [0, 1] ({int(outside.sum())} of {outside.size} are not); pass from_logits=True if "
        f"they are logits"
    )


def _entries_equal(found: AnyArray, value: int | None) -> Bools | None:
    """Where they are, None if nowhere."""
    if value is None:
        return None
    equal: Bools = np.asarray(found == value)
    return equal if equal.any() else None


def _check_ignore_value(ignore_index: object) -> int | None:
    found = labels.check_ignore_index(ignore_index)
    if found in (0, 1):
        raise InvalidInput(f"ignore_index must be an integer other than 0 and 1, got {found}")
    return found


def _sums(column: Bools, weights: Weights) -> Counts:
    sums: Counts = np.asarray(np.count_nonzero(column, axis=0))
    return sums


def _weighted_sums(column: Bools, weights: Weights) -> Counts:
    sums: Counts = np.asarray(weights @ column)
    return sums
