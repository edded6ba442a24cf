"""Histograms of scores: every threshold at once, in bounded memory.

histogram = ScoreHistogram()
for y_true, scores in batches:
    histogram.update(y_true, scores)
roc_auc_score(histogram)
"""

import operator
from typing import cast

import numpy as np
import numpy.typing as npt

from tb_monitor_writer import distributed, limits
from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import labels
from tb_monitor_writer.metrics.arrays import AnyArray, as_numpy
from tb_monitor_writer.metrics.score_losses import Integers, ScoreLosses, Scores, smallest_score

_ROUNDING = 1e-6  # a float32 softmax may end this far above 1; such scores are put on the end
_CHUNK = 1 << 15  # 256 KiB of float64: stays in the second-level cache
_ULPS = 1 + 4 * float(np.finfo(np.float64).eps)


class ScoreHistogram:
    """Counts of scores in bins of equal width over [0, 1], for positives and negatives.

    Bin b holds b / B <= score < (b + 1) / B, exactly so in float64 arithmetic, and the last
    one 1.0 too. What bins would blur is added up beside them: squared errors and log losses.
    Areas and calibration are functions of `tb_monitor_writer.metrics`. An update that raises
    changes nothing.

    Attributes:
      num_labels: L; 1 is a binary task.
      bins: B.
      class_names: L names, or () if none were given.
      nan: Examples left out because a score of theirs was NaN.
      multiclass: Whether truth came as class indices, one of L; None before the first example.
    """

    num_labels: int
    bins: int
    class_names: tuple[str, ...]
    nan: int
    multiclass: bool | None

    def __init__(
        self, num_labels: int = 1, *, bins: int | None = None, class_names: object = None
    ) -> None:
        """Makes an empty histogram.

        Args:
          num_labels: L: 1 for a binary score, else the number of classes or labels, at most
            `limits.MAX_SCORE_LABELS`.
          bins: B, at least 2; None: 1,000 for one label, 100 for more.
          class_names: L distinct strings, or None.

        Raises:
          InvalidInput: an argument out of its range.
        """
        self.num_labels = labels.check_num_classes("num_labels", num_labels)
        if self.num_labels > limits.MAX_SCORE_LABELS:
            raise InvalidInput(
                f"num_labels must be at most {limits.MAX_SCORE_LABELS}, got {self.num_labels}; "
                f"log the scores of the labels that matter"
            )
        if bins is None:
            one = self.num_labels == 1
            bins = limits.BINARY_SCORE_BINS if one else limits.MULTI_SCORE_BINS
        self.bins = _check_bins(bins)
        self.class_names = check_class_names(class_names, self.num_labels)
        self._edges = np.arange(self.bins + 1) / self.bins
        self._edges[-1] = np.inf  # 1.0 is in the last bin
        self.reset()

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """A copy of the counts, `[L, 2, B]`: label, negatives and positives, bin."""
        counts: npt.NDArray[np.int64] = self._counts.reshape(self.num_labels, 2, self.bins).copy()
        return counts

    @property
    def total(self) -> int:
        """Examples counted, without those with NaN scores."""
        return self._total

    @property
    def squared_errors(self) -> Scores:
        """A copy of the sums of (score - truth)^2, `[L]`."""
        return np.array(self._losses.squared_errors)

    @property
    def log_losses(self) -> Scores:
        """A copy of the sums of log losses, `[L]`; of class indices, under the true class."""
        return np.array(self._losses.log_losses)

    def update(self, y_true: object, scores: object, *, from_logits: bool = False) -> None:
        """Counts a batch.

        Args:
          y_true: One of three forms. Binary: 0 or 1, `[n]`, with scores `[n]` of the positive
            class. Multi-class: class indices `[n]` with scores `[n, L]`, counted one class
            against the rest. Multi-label: 0 or 1, `[n, L]`, with scores `[n, L]`.
          scores: Probabilities in [0, 1]. NaN is counted in `nan`, not binned.
          from_logits: Whether scores are logits: a sigmoid is taken, or in the multi-class
            form a softmax over each row.

        Raises:
          InvalidInput: shapes, dtypes or values that do not fit, or another form than in earlier
            batches; nothing was counted.
        """
        found = as_numpy("scores", scores)
        if found.shape[1:] != (self.num_labels,) and (found.ndim != 1 or self.num_labels > 1):
            raise InvalidInput(self._wrong_shape(found))
        found = found.reshape(-1, self.num_labels)
        truth, one_of_many = self._check_truth(as_numpy("y_true", y_true), len(found))
        self._check_form("y_true", multiclass=one_of_many)
        wide = found.astype(np.float64, copy=False)
        smallest = smallest_score(wide if from_logits else found)
        if from_logits:
            wide = _softmax(wide) if one_of_many else _sigmoid(wide)
        nan = 0
        if wide.size and not (wide.min() >= 0 and wide.max() <= 1):
            missing = np.asarray(np.isnan(wide).any(axis=1))
            nan = int(missing.sum())
            _check_scores(found, wide, missing)
            wide, truth = np.clip(wide[~missing], 0, 1), truth[~missing]
        self._count(truth, wide, smallest, one_of_many=one_of_many)
        self.multiclass = one_of_many
        self.nan += nan
        self._total += len(wide)

    def merge(self, other: "ScoreHistogram") -> None:
        """Adds the counts of another histogram of the same labels and bins, in any order.

        Raises:
          InvalidInput: other labels, names or bins, or truth of the other form.
        """
        if not isinstance(other, ScoreHistogram):
            raise InvalidInput(f"other must be a ScoreHistogram, got {type(other).__name__}")
        if (other.num_labels, other.bins) != (self.num_labels, self.bins):
            raise InvalidInput(
                f"other must have {self.num_labels} labels and {self.bins} bins, "
                f"got {other.num_labels} and {other.bins}"
            )
        if self.class_names and other.class_names and self.class_names != other.class_names:
            raise InvalidInput("other must have the same class_names in the same order")
        if other.multiclass is not None:
            self._check_form("other", multiclass=other.multiclass)
            self.multiclass = other.multiclass
        self._counts += other._counts
        self._losses.merge(other._losses)
        self.class_names = self.class_names or other.class_names
        self.nan += other.nan
        self._total += other._total

    def reset(self) -> None:
        """Forgets all examples."""
        self._counts = np.zeros(self.num_labels * 2 * self.bins, np.int64)
        self._losses = ScoreLosses(self.num_labels)
        self._total = 0
        self.nan = 0
        self.multiclass = None

    def all_reduce(self, group: object = None) -> None:
        """Sums the counts over the ranks of a distributed job, so that each holds the whole.

        Every rank must call it, once, those without data too. One sum, in float64: counts are
        exact up to 2^53.

        Args:
          group: A `torch.distributed` process group; None: all ranks.

        Raises:
          InvalidInput: ranks have truth of unlike forms.
          MonitorError: there are several ranks but no way to reach them from here.
        """
        losses = self._losses
        kept = [self._total, self.nan, self.multiclass is False, self.multiclass is True]
        mine: Scores = np.concatenate(
            [self._counts, losses.squared_errors, losses.log_losses, kept], dtype=np.float64
        )
        summed = distributed.all_reduce(mine, group).astype(np.float64, copy=False)
        counts, sums = np.split(summed[:-4], [len(self._counts)])
        squared_errors, log_losses = sums.reshape(2, self.num_labels).copy()
        total, nan, of_labels, of_classes = summed[-4:].tolist()
        if of_labels and of_classes:
            raise InvalidInput("y_true must hold class indices on every rank, or on none")
        self.multiclass = bool(of_classes) if of_labels or of_classes else None
        self._counts = counts.astype(np.int64)
        losses.squared_errors, losses.log_losses = squared_errors, log_losses
        self._total, self.nan = int(total), int(nan)

    def copy(self) -> "ScoreHistogram":
        """Returns an independent copy."""
        other = ScoreHistogram.__new__(ScoreHistogram)
        other.__dict__.update(self.__dict__)
        other._counts, other._losses = self._counts.copy(), self._losses.copy()
        return other

    def __repr__(self) -> str:
        return f"ScoreHistogram(num_labels={self.num_labels}, bins={self.bins}, total={self.total})"

    def _check_form(self, argument: str, *, multiclass: bool) -> None:
        if self.multiclass not in (None, multiclass):
            forms = "0 or 1 of each label", "class indices"
            raise InvalidInput(
                f"{argument} must hold {forms[not multiclass]} as before, got {forms[multiclass]}; "
                f"use one ScoreHistogram for each"
            )

    def _wrong_shape(self, scores: AnyArray) -> str:
        expected = "[n]" if self.num_labels == 1 else f"[n, {self.num_labels}]"
        way_out = ""
        if self.num_labels == 1 and scores.ndim == 2:
            two = scores.shape[1] == 2
            way_out = "; pass scores[:, 1]" if two else f"; use num_labels={scores.shape[1]}"
        return f"scores must have shape {expected}, got {scores.shape}{way_out}"

    def _check_truth(self, truth: AnyArray, examples: int) -> tuple[Integers, bool]:
        """Returns 0/1 `[n, L]`, or class indices `[n]` and True."""
        if truth.ndim == 2 and truth.shape[1] == 1:
            truth = truth[:, 0]
        expected = (examples,) if self.num_labels == 1 else (examples, self.num_labels)
        if truth.shape[:1] != (examples,) and truth.ndim in (1, len(expected)):
            raise InvalidInput(
                f"y_true and scores must have the same length, got {len(truth)} and {examples}"
            )
        if self.num_labels > 1 and truth.ndim == 1:
            indices = labels.check_labels("y_true", truth)
            if not labels.in_range(indices, self.num_labels):
                raise labels.out_of_range("y_true", indices, self.num_labels, None)
            return indices.astype(np.intp, copy=False), True
        if truth.shape != expected:
            raise InvalidInput(
                f"y_true must have shape [n] or that of scores, got {truth.shape} "
                f"with scores {expected}"
            )
        return _zero_or_one(truth).reshape(examples, self.num_labels), False

    def _count(
        self, truth: Integers, scores: Scores, smallest: float, *, one_of_many: bool
    ) -> None:
        first_keys = np.arange(self.num_labels, dtype=np.intp) * (2 * self.bins)
        add = self._losses.add_classes if one_of_many else self._losses.add_labels
        rows = max(1, _CHUNK // self.num_labels)
        for start in range(0, len(scores), rows):
            part = scores[start : start + rows]
            mine = truth[start : start + rows]
            add(mine, part, smallest)
            if self.num_labels == 1:
                part, mine = part.reshape(-1), mine.reshape(-1)
            # Rounded up by a few ulps the bin is never too low, and is mended if too high.
            keys = (part * (self.bins * _ULPS)).astype(np.intp)
            keys -= part < self._edges[keys]
            if one_of_many:
                keys[np.arange(len(mine)), mine] += self.bins
            else:
                keys += np.multiply(mine, self.bins, dtype=np.intp, casting="same_kind")
            if self.num_labels > 1:
                keys += first_keys
            np.add.at(self._counts, keys.reshape(-1), 1)


def _check_bins(bins: object) -> int:
    try:
        found = operator.index(bins)  # type: ignore[arg-type]
    except TypeError:
        found = 0
    if not 2 <= found <= limits.MAX_SCORE_BINS:
        raise InvalidInput(
            f"bins must be an integer in [2, {limits.MAX_SCORE_BINS}], got {bins!r:.40}"
        )
    return found


def _zero_or_one(truth: AnyArray) -> Integers:
    if truth.dtype.kind == "b":
        return truth.view(np.uint8)
    if truth.dtype.kind != "f" and labels.in_range(truth, 2):
        return cast("Integers", truth)
    # Keras hands out binary labels as floats, and 0.0 and 1.0 leave no doubt.
    bad = np.argwhere((truth != 0) & (truth != 1))
    if not len(bad):
        return truth.astype(np.intp)
    place = ", ".join(str(index) for index in bad[0])
    raise InvalidInput(
        f"y_true[{place}] is {truth[tuple(bad[0])]}: it must be 0 or 1 "
        f"({len(bad)} of {truth.size} are not)"
    )


def _check_scores(found: AnyArray, wide: Scores, missing: npt.NDArray[np.bool_]) -> None:
    bad = ~((wide >= -_ROUNDING) & (wide <= 1 + _ROUNDING)) & ~missing[:, None]
    places = np.argwhere(bad)
    if not len(places):
        return
    row, column = (int(index) for index in places[0])
    place = f"{row}" if found.shape[1] == 1 else f"{row}, {column}"
    raise InvalidInput(
        f"scores[{place}] is {found[row, column]}: scores must be in [0, 1] "
        f"({len(places)} of {found.size} are not); pass from_logits=True if they are logits"
    )


def _sigmoid(logits: Scores) -> Scores:
    return (1 + np.tanh(logits / 2)) / 2


def _softmax(logits: Scores) -> Scores:
    with np.errstate(invalid="ignore"):  # an infinite logit gives NaN, which is counted
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        result: Scores = powers / powers.sum(axis=1, keepdims=True)
    return result
