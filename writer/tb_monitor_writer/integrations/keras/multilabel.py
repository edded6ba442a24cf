"""The metric of models whose examples have any number of labels."""

import math

import keras
import numpy as np
from keras import ops

from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.integrations.keras.averaged import Average, AveragedScores, Tensor
from tb_monitor_writer.metrics import Margins, MultilabelCounts
from tb_monitor_writer.metrics.labels import check_num_classes


@keras.saving.register_keras_serializable(package="tb_monitor")
class MultilabelPrecisionRecallFScore(AveragedScores):
    """Precision, recall and F1 of a multi-label classifier, averaged over its labels.

    For outputs of one sigmoid per label. The state are exact counts of each label: true
    positives, support, predictions and examples, int64; a label is predicted where
    `score >= threshold`. Keys, averages and what is said of logs and checks are those of
    `PrecisionRecallFScore`.

    y_true holds 0 or 1 of any number type, `[.., L]`; y_pred scores, or 0 and 1 of an integer
    type or bool, `[.., L]`.

    Args:
      num_labels: L, at least 1.
      average: "macro", the mean over the labels that occur; "weighted" by support; "micro",
        over all entries alike.
      name: Of the metric. The keys in the logs do not depend on it; see `prefix`.
      class_names: L distinct strings for the views, or None.
      threshold: From which score on a label is predicted: 0.5 for a sigmoid, 0.0 for a logit.
      zero_division: Value of 0/0, in {0.0, 1.0, nan}.
      ignore_index: Entries of y_true with this value do not count: the label is unknown.
      sample_weighted: Whether counts are sums of sample weights, float64.
      prefix: Put before the three keys; see `PrecisionRecallFScore`.
      dtype: Kept for Keras; counts and results do not depend on it.

    Raises:
      InvalidInput: an argument out of its range; y_true or y_pred of a shape that fits none
        of the above; sample weights without `sample_weighted=True`.
    """

    def __init__(
        self,
        num_labels: int,
        average: Average = "macro",
        name: str = "precision_recall_fscore",
        *,
        class_names: object = None,
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
        if average == "binary":
            raise InvalidInput("average must be macro, weighted or micro of labels, got 'binary'")
        if self.ignore_index in (0, 1):
            raise InvalidInput(
                f"ignore_index must be an integer other than 0 and 1, got {ignore_index}"
            )
        if not math.isfinite(threshold):
            raise InvalidInput(f"threshold must be finite, got {threshold!r:.40}")
        self.num_labels = check_num_classes("num_labels", num_labels)
        self.class_names = check_class_names(class_names, self.num_labels)
        self.threshold = float(threshold)
        weighted = self.sample_weighted
        self._table = self._zeros("counts", 4, self.num_labels, weighted=weighted)
        self._of_examples = self._zeros("exact_total_squares", 3, weighted=weighted)

    def update_state(self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor = None) -> None:
        """Counts a batch; shapes as in the class docstring."""
        self._check_weights(sample_weight)
        mask = getattr(y_pred, "_keras_mask", None)
        handed_in = y_true
        scores, truth = ops.convert_to_tensor(y_pred), ops.convert_to_tensor(y_true)
        self._check_shapes(tuple(truth.shape), tuple(scores.shape))
        weights = None
        if sample_weight is not None:
            weights = self._weight_per_example(sample_weight, scores[..., 0])
        truth, scores = (ops.reshape(part, (-1, self.num_labels)) for part in (truth, scores))

        is_true = ops.equal(truth, 1)
        is_label = is_true | ops.equal(truth, 0)
        is_score = ops.ones_like(is_true)
        if keras.backend.is_float_dtype(keras.backend.standardize_dtype(scores.dtype)):
            predicted, is_score = scores >= self.threshold, ~ops.isnan(scores)
        else:
            scores = ops.cast(scores, self._integer)
            predicted = ops.equal(scores, 1)
            is_label = is_label & (predicted | ops.equal(scores, 0))
        judged = ops.ones_like(is_label)
        if mask is not None:
            judged = judged & ops.reshape(ops.cast(mask, "bool"), (-1, 1))
        ignored = ops.zeros_like(judged)
        if self.ignore_index is not None:
            ignored = judged & ops.equal(truth, self.ignore_index)
            judged = judged & ops.not_equal(truth, self.ignore_index)
        if isinstance(handed_in, (np.ndarray, list, tuple)):
            self._check_labels(truth, judged & ~is_label)
        known = judged & is_label & is_score
        reasons = (ignored, judged & ~is_label, judged & is_label & ~is_score)
        self._left_out.assign_add(ops.sum(ops.cast(ops.stack(reasons), self._integer), axis=(1, 2)))
        self._count(is_true, predicted, known, weights)

    def result(self) -> dict[str, Tensor]:
        """Scores what was counted since the last reset.

        Returns:
          Scalars in [0, 1] (or NaN, by `zero_division`) under `<prefix>precision`,
          `<prefix>recall` and `<prefix>f1`.
        """
        return self._averages(self._table[0], self._table[1], self._table[2])

    @property
    def counts(self) -> MultilabelCounts:
        """A copy of the counts since the last reset, with the class names."""
        dtype = np.float64 if self.sample_weighted else np.int64
        table = ops.convert_to_numpy(self._table).astype(dtype)
        exact, total, squares = ops.convert_to_numpy(self._of_examples).astype(dtype).tolist()
        counts = MultilabelCounts.from_counts(
            Margins(*table[:3]),
            table[3],
            exact_matches=exact,
            total=total,
            sum_squared_weights=squares,
            class_names=self.class_names or None,
        )
        counts.ignored, _, counts.nan = self.left_out
        return counts

    @property
    def labels_are(self) -> str:
        """What a label must be, in words."""
        return "0 or 1"

    def get_config(self) -> dict[str, object]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "num_labels": self.num_labels,
            "class_names": list(self.class_names) or None,
            "threshold": self.threshold,
        }

    def _count(self, truth: Tensor, predicted: Tensor, known: Tensor, weights: Tensor) -> None:
        """Adds entries `[n, L]` and their examples."""
        right = ops.all(ops.equal(truth, predicted) | ~known, axis=1)
        counted = ops.any(known, axis=1)
        rows = ops.stack([truth & predicted & known, truth & known, predicted & known, known])
        dtype = self._table.dtype
        amounts = ops.cast(counted, dtype)
        if weights is not None:
            amounts = ops.where(counted, weights, 0)
        entries = ops.cast(rows, dtype) * ops.expand_dims(amounts, axis=1)
        self._table.assign_add(ops.sum(entries, axis=1))
        each = ops.stack([ops.where(right, amounts, 0), amounts, amounts * amounts])
        self._of_examples.assign_add(ops.cast(ops.sum(each, axis=1), dtype))

    def _check_shapes(self, truth: tuple[int | None, ...], scores: tuple[int | None, ...]) -> None:
        for argument, shape in (("y_true", truth), ("y_pred", scores)):
            if len(shape) < 2 or shape[-1] != self.num_labels:
                raise InvalidInput(
                    f"{argument} must have a last axis of num_labels={self.num_labels}, got "
                    f"shape {shape}"
                )
        if None not in (truth[0], scores[0]) and truth[0] != scores[0]:
            raise InvalidInput(
                f"y_true and y_pred must have the same length, got {truth[0]} and {scores[0]}"
            )

    def _check_labels(self, truth: Tensor, is_bad: Tensor) -> None:
        bad = np.argwhere(ops.convert_to_numpy(is_bad))
        if len(bad):
            row, column = (int(place) for place in bad[0])
            raise InvalidInput(
                f"y_true[{row}, {column}] is {float(truth[row, column]):g}: labels must be 0 or 1 "
                f"({len(bad)} entries are not); pass ignore_index= to leave unknown ones out"
            )
