"""Precision, recall and F1 from one exact confusion matrix, as a Keras metric."""

import inspect
import math
import operator

import keras
import numpy as np
from keras import ops

from tb_monitor_writer import limits
from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.integrations.keras.averaged import Average, AveragedScores, Tensor
from tb_monitor_writer.metrics import ConfusionMatrix

# Keras 3.14 and later add in place; the way before costs a second matrix per batch.
_SCATTER_ADDS = "reduction" in inspect.signature(ops.scatter_update).parameters


@keras.saving.register_keras_serializable(package="tb_monitor")
class PrecisionRecallFScore(AveragedScores):
    """Precision, recall and F1 of a classifier, averaged over its classes.

    The state is the confusion matrix itself: int64 `[C, C]`, row = true class, column =
    predicted class, so that counts stay exact (float32 counters stop at 2^24) and
    `MonitorCallback` can log it. With tp_c, s_c (support) and p_c (predicted) of class c:

        precision_c = tp_c / p_c    recall_c = tp_c / s_c    f1_c = 2 tp_c / (s_c + p_c)

    averaged as in `sklearn.metrics.precision_recall_fscore_support`.

    `result()` is a dict with the keys `precision`, `recall` and `f1`, which Keras spreads over
    its logs: `fit` reports them and `val_precision`, `val_recall`, `val_f1`, so that
    `EarlyStopping(monitor="val_f1", mode="max")` works. In the list that
    `evaluate(return_dict=False)` gives, they stand last, by name: f1, precision, recall.

    y_true may be class indices `[..]` or `[.., 1]` of any number type, or one-hot
    `[.., C]`. y_pred may be scores `[.., C]` (probabilities or logits, the greatest wins),
    class indices of an integer type `[..]`, or for two classes one score `[..]` or `[.., 1]`
    per example, where `score >= threshold` means class 1. Time steps that a Keras mask hides
    are not counted.

    Labels handed in as numpy arrays or lists are checked at once. A tensor's cannot be, inside
    a compiled step: what is out of range is left out, and `left_out` says how many.

    Args:
      num_classes: C, in [2, 2048].
      average: "weighted" by support; "macro", the mean over the classes that occur; "micro",
        over all examples alike; "binary", the scores of `pos_label` alone (C = 2).
      name: Of the metric. The keys in the logs do not depend on it; see `prefix`.
      class_names: C distinct strings for the views, or None.
      pos_label: The positive class of `average="binary"`, 0 or 1.
      threshold: From which single score on class 1 is predicted: 0.5 for a sigmoid, 0.0 for
        a logit.
      zero_division: Value of 0/0, in {0.0, 1.0, nan}. The default is scikit-learn's, 0.0: a
        NaN in the first epoch would stay EarlyStopping's best for ever.
      ignore_index: True class of examples that do not count, such as padding; or None.
      sample_weighted: Whether counts are sums of sample weights, float64. Keras hands those
        to metrics in `weighted_metrics=[...]` only.
      prefix: Put before the three keys. Needed where a model has several outputs, since equal
        keys overwrite each other in Keras' logs: "depth_" gives `val_depth_f1`, and the
        callback logs `validation/depth`.
      dtype: Kept for Keras; counts and results do not depend on it.

    Under JAX without `jax_enable_x64` there is no int64: cells are int32, exact below 2^31.

    Raises:
      InvalidInput: an argument out of its range; y_true or y_pred of a shape that fits none
        of the above; sample weights without `sample_weighted=True`.
    """

    def __init__(
        self,
        num_classes: int,
        average: Average = "weighted",
        name: str = "precision_recall_fscore",
        *,
        class_names: object = None,
        pos_label: int = 1,
        threshold: float = 0.5,
        zero_division: float = 0.0,
        ignore_index: int | None = None,
        sample_weighted: bool = False,
        prefix: str = "",
        dtype: object = None,
    ) -> None:
        super().__init__(
            name=name,
            dtype=dtype,
            average=average,
            zero_division=zero_division,
            ignore_index=ignore_index,
            sample_weighted=sample_weighted,
            prefix=prefix,
        )
        self.num_classes = _checked_num_classes(num_classes)
        if average == "binary" and self.num_classes != 2:
            raise InvalidInput(
                f"average='binary' needs num_classes=2, got {num_classes}; use 'macro'"
            )
        if pos_label not in (0, 1):
            raise InvalidInput(f"pos_label must be 0 or 1, got {pos_label!r:.40}")
        if not math.isfinite(threshold):
            raise InvalidInput(f"threshold must be finite, got {threshold!r:.40}")
        self.class_names = check_class_names(class_names, self.num_classes)
        self.pos_label = int(pos_label)
        self.threshold = float(threshold)
        self._confusion = self._zeros(
            "confusion", self.num_classes, self.num_classes, weighted=self.sample_weighted
        )
        if self.sample_weighted:
            self._squares = self._zeros("sum_squared_weights", weighted=True)

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        """Counts a batch; shapes as in the class docstring."""
        self._check_weights(sample_weight)
        mask = getattr(y_pred, "_keras_mask", None)
        handed_in = y_true
        y_pred = ops.convert_to_tensor(y_pred)
        prediction, has_scores = self._predicted_classes(y_pred)
        truth, is_whole = self._true_classes(ops.convert_to_tensor(y_true), prediction.shape)
        if sample_weight is not None:
            sample_weight = self._weight_per_example(sample_weight, prediction)
        prediction, has_scores = ops.reshape(prediction, (-1,)), ops.reshape(has_scores, (-1,))

        judged = ops.ones_like(is_whole)
        if mask is not None:
            judged = ops.reshape(ops.cast(mask, "bool"), (-1,))
        ignored = ops.zeros_like(judged)
        if self.ignore_index is not None:
            ignored = judged & ops.equal(truth, self.ignore_index)
            judged = judged & ops.not_equal(truth, self.ignore_index)
        is_label = is_whole & self._in_range(truth)
        if isinstance(handed_in, (np.ndarray, list, tuple)):
            self._check_labels(truth, judged & ~is_label)
        is_label = is_label & self._in_range(prediction)
        counted = judged & is_label & has_scores
        reasons = (ignored, judged & ~is_label, judged & is_label & ~has_scores)
        self._left_out.assign_add(
            ops.sum(ops.cast(ops.stack(reasons), self._integer), axis=1)  # [3, n] -> [3]
        )
        amounts = ops.cast(counted, self._confusion.dtype)
        if sample_weight is not None:
            amounts = ops.where(counted, sample_weight, 0)
        if self.sample_weighted:
            self._squares.assign_add(ops.sum(amounts * amounts))
        self._add(ops.where(counted, truth * self.num_classes + prediction, 0), amounts)

    def result(self) -> dict[str, Tensor]:
        """Scores what was counted since the last reset.

        Returns:
          Scalars in [0, 1] (or NaN, by `zero_division`) under `<prefix>precision`,
          `<prefix>recall` and `<prefix>f1`.
        """
        counts = self._confusion
        return self._averages(
            ops.diagonal(counts), ops.sum(counts, axis=1), ops.sum(counts, axis=0), self.pos_label
        )

    @property
    def confusion_matrix(self) -> ConfusionMatrix:
        """A copy of the counts since the last reset, with the class names."""
        cells = ops.convert_to_numpy(self._confusion)
        dtype = np.float64 if self.sample_weighted else np.int64
        matrix = ConfusionMatrix.from_array(cells.astype(dtype), class_names=self.class_names)
        matrix.ignored = self.left_out.ignored
        matrix.normalised = False  # few weights may add up to ones, and are no ratios
        if self.sample_weighted:
            matrix.sum_squared_weights = float(ops.convert_to_numpy(self._squares))
        return matrix

    @property
    def counts(self) -> ConfusionMatrix:
        """The confusion matrix."""
        return self.confusion_matrix

    @property
    def labels_are(self) -> str:
        """What a label must be, in words."""
        return f"whole numbers in [0, {self.num_classes})"

    def get_config(self) -> dict[str, object]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "class_names": list(self.class_names) or None,
            "pos_label": self.pos_label,
            "threshold": self.threshold,
        }

    def _predicted_classes(self, y_pred: Tensor) -> tuple[Tensor, Tensor]:
        """Class indices `[..]`, and whether each rests on numbers."""
        shape = tuple(y_pred.shape)
        if not keras.backend.is_float_dtype(keras.backend.standardize_dtype(y_pred.dtype)):
            classes = ops.cast(y_pred, self._integer)
            return classes, ops.ones_like(classes, dtype="bool")
        if len(shape) >= 2 and shape[-1] == self.num_classes:
            classes = ops.cast(ops.argmax(y_pred, axis=-1), self._integer)
            return classes, ~ops.any(ops.isnan(y_pred), axis=-1)
        if self.num_classes == 2 and (len(shape) == 1 or shape[-1] == 1):
            score = y_pred if len(shape) == 1 else ops.squeeze(y_pred, axis=-1)
            return ops.cast(score >= self.threshold, self._integer), ~ops.isnan(score)
        one_score = " or, as one score per example, 1" if self.num_classes == 2 else ""
        raise InvalidInput(
            f"y_pred must have a last axis of num_classes={self.num_classes}{one_score}, got "
            f"shape {shape}; class indices must have an integer type"
        )

    def _true_classes(self, y_true: Tensor, shape: tuple[int | None, ...]) -> tuple[Tensor, Tensor]:
        """Flat class indices of labels for predictions of a shape, and whether each is one."""
        shape, found = tuple(shape), tuple(y_true.shape)
        if found and shape and None not in (found[0], shape[0]) and found[0] != shape[0]:
            raise InvalidInput(
                f"y_true and y_pred must have the same length, got {found[0]} and {shape[0]}"
            )
        more = len(found) - len(shape)
        if more == 1 and found[-1] == self.num_classes:
            classes = ops.cast(ops.argmax(y_true, axis=-1), self._integer)
            has_one = ops.any(ops.cast(y_true, self._float) > 0, axis=-1)
            return ops.reshape(classes, (-1,)), ops.reshape(has_one, (-1,))
        if not (more == 0 or (more == 1 and found[-1] == 1) or (more == -1 and shape[-1] == 1)):
            raise InvalidInput(
                f"y_true must hold class indices of shape {shape} or one-hot rows of shape "
                f"{(*shape, self.num_classes)}, got shape {found}"
            )
        labels = ops.reshape(y_true, (-1,))
        classes = ops.cast(labels, self._integer)
        return classes, ops.equal(ops.cast(classes, labels.dtype), labels)

    def _add(self, cells: Tensor, amounts: Tensor) -> None:
        size = self.num_classes
        if _SCATTER_ADDS:
            flat = ops.reshape(self._confusion, (size * size,))
            index = ops.expand_dims(cells, axis=1)
            flat = ops.scatter_update(flat, index, amounts, reduction="add")
            self._confusion.assign(ops.reshape(flat, (size, size)))
        else:
            added = ops.segment_sum(amounts, cells, num_segments=size * size)
            self._confusion.assign_add(ops.reshape(added, (size, size)))

    def _in_range(self, classes: Tensor) -> Tensor:
        return (classes >= 0) & (classes < self.num_classes)

    def _check_labels(self, truth: Tensor, is_bad: Tensor) -> None:
        bad = np.flatnonzero(ops.convert_to_numpy(is_bad))
        if len(bad):
            raise InvalidInput(
                f"y_true[{bad[0]}] is {int(truth[bad[0]])}: labels must be whole numbers in "
                f"[0, {self.num_classes}) ({len(bad)} of {len(truth)} are not); pass "
                f"ignore_index= to leave examples out"
            )


def _checked_num_classes(num_classes: object) -> int:
    try:
        found = operator.index(num_classes)  # type: ignore[arg-type]
    except TypeError:
        found = 0
    if not 2 <= found <= limits.MAX_DENSE_CLASSES:
        raise InvalidInput(
            f"num_classes must be an integer in [2, {limits.MAX_DENSE_CLASSES}], got "
            f"{num_classes!r:.40}; two classes for a single sigmoid, and "
            f"MonitorWriter.predictions() for more classes than that"
        )
    return found
