"""What the metrics have in common: averages of precision, recall and F1, from exact counts."""

import math
import operator
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import keras
from keras import ops

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, MultilabelCounts

Average = Literal["weighted", "macro", "micro", "binary"]
Tensor: TypeAlias = Any
"""Of whichever backend Keras runs on; where a user hands it in, an array or a list too."""


class LeftOut(NamedTuple):
    """What was seen but not counted, since the last reset: examples, or entries if multi-label."""

    ignored: int
    """Their true label was `ignore_index`."""
    out_of_range: int
    """A label outside [0, num_classes), not whole, or a one-hot row without a one; if
    multi-label, neither 0 nor 1."""
    nan: int
    """A score was NaN."""


class AveragedScores(keras.metrics.Metric):  # type: ignore[misc]
    """Precision, recall and F1, averaged over classes or labels.

    Attributes:
      average: How.
      prefix: Put before the keys of `result()`.
    """

    def __init__(
        self,
        *,
        name: str,
        dtype: object,
        average: Average,
        zero_division: float,
        ignore_index: int | None,
        sample_weighted: bool,
        prefix: str,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in get_args(Average):
            raise InvalidInput(
                f"average must be one of {', '.join(get_args(Average))}, got {average!r:.40}; "
                f"single classes: metric.counts.result()"
            )
        if not (zero_division in (0.0, 1.0) or math.isnan(zero_division)):
            raise InvalidInput(f"zero_division must be 0.0, 1.0 or nan, got {zero_division!r:.40}")
        self.average: Average = average
        self.zero_division = float(zero_division)
        self.ignore_index = None if ignore_index is None else operator.index(ignore_index)
        self.sample_weighted = bool(sample_weighted)
        self.prefix = str(prefix)
        self._integer, self._float = _widest_dtypes()
        self._left_out = self._zeros("left_out", len(LeftOut._fields), weighted=False)

    @property
    def counts(self) -> ConfusionMatrix | MultilabelCounts:
        """A copy of what was counted since the last reset, with the class names."""
        raise NotImplementedError

    @property
    def labels_are(self) -> str:
        """What a label must be, in words."""
        raise NotImplementedError

    @property
    def quantity(self) -> str:
        """What this F1 is called beside others, as scikit-learn's scorers are: "f1_weighted"."""
        return "f1" if self.average == "binary" else f"f1_{self.average}"

    @property
    def precision(self) -> float:
        """Of what was counted since the last reset; readable at any time outside a graph."""
        return self._read("precision")

    @property
    def recall(self) -> float:
        """Of what was counted since the last reset; readable at any time outside a graph."""
        return self._read("recall")

    @property
    def f1(self) -> float:
        """Of what was counted since the last reset; readable at any time outside a graph."""
        return self._read("f1")

    @property
    def left_out(self) -> LeftOut:
        """What was seen but not counted since the last reset."""
        return LeftOut(*(int(number) for number in ops.convert_to_numpy(self._left_out)))

    def get_config(self) -> dict[str, object]:
        """Returns the constructor's arguments."""
        return {
            **super().get_config(),
            "average": self.average,
            "zero_division": self.zero_division,
            "ignore_index": self.ignore_index,
            "sample_weighted": self.sample_weighted,
            "prefix": self.prefix,
        }

    def _zeros(self, name: str, *shape: int, weighted: bool) -> Tensor:
        dtype = self._float if weighted else self._integer
        return self.add_variable(shape=shape, initializer="zeros", dtype=dtype, name=name)

    def _check_weights(self, sample_weight: Tensor) -> None:
        if sample_weight is not None and not self.sample_weighted:
            raise InvalidInput(
                "sample_weight must be None: this metric counts whole examples, exactly; build "
                "it with sample_weighted=True, or compile it in metrics= instead of "
                "weighted_metrics="
            )

    def _weight_per_example(self, sample_weight: Tensor, examples: Tensor) -> Tensor:
        """Flat weights; one weight of a sequence holds for each of its steps."""
        weights = ops.cast(ops.convert_to_tensor(sample_weight), self._float)
        if len(weights.shape) > len(examples.shape):
            weights = ops.squeeze(weights, axis=-1)
        while len(weights.shape) < len(examples.shape):
            weights = ops.expand_dims(weights, axis=-1)
        return ops.reshape(weights + ops.zeros_like(examples, dtype=self._float), (-1,))

    def _averages(
        self, hits: Tensor, support: Tensor, predicted: Tensor, pos_label: int = 1
    ) -> dict[str, Tensor]:
        """Scores of counts `[C]`, under their keys."""
        hits, support, predicted = (
            ops.cast(column, self._float) for column in (hits, support, predicted)
        )
        if self.average == "micro":
            hits, support, predicted = (
                ops.sum(column, keepdims=True) for column in (hits, support, predicted)
            )
        per_class = (
            self._ratio(hits, predicted),
            self._ratio(hits, support),
            self._ratio(2 * hits, support + predicted),
        )
        if self.average == "weighted":
            weights = support
        elif self.average == "binary":
            weights = ops.one_hot(pos_label, 2, dtype=self._float)
        else:  # classes that do not occur count nowhere; a "micro" row is its own average
            weights = ops.cast(support + predicted > 0, self._float)
        names = ("precision", "recall", "f1")
        return {
            self.prefix + name: self._mean(values, weights)
            for name, values in zip(names, per_class, strict=True)
        }

    def _ratio(self, numerator: Tensor, denominator: Tensor) -> Tensor:
        defined = denominator > 0
        return ops.where(
            defined, numerator / ops.where(defined, denominator, 1), self.zero_division
        )

    def _mean(self, values: Tensor, weights: Tensor) -> Tensor:
        """Weighted mean over the classes that are defined; of none, `zero_division`."""
        weights = ops.where(ops.isnan(values), 0, weights)
        values = ops.where(ops.isnan(values), 0, values)
        return self._ratio(ops.sum(values * weights), ops.sum(weights))

    def _read(self, name: str) -> float:
        return float(ops.convert_to_numpy(self.result()[self.prefix + name]))


def _widest_dtypes() -> tuple[str, str]:
    """The integer and the float type that count exactly on this backend."""
    if keras.backend.backend() == "jax":
        import jax  # type: ignore[import-not-found, unused-ignore]

        if not jax.config.jax_enable_x64:
            return "int32", "float32"
    return "int64", "float64"
