"""Summaries for those who own their writer.

`x(...)` writes to TensorFlow's default writer and flushes it; `x_pb(...)` returns the Summary
proto for any other, without importing TensorFlow. Each carries the metadata of its series.
`step=None` means TensorFlow's own step (`tf.summary.experimental.set_step`).

Inside tf.function, matrices of up to 64 classes given as tensors are logged; everything else
belongs outside, where it is cheaper too.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tb_monitor_writer import arguments, limits, metrics, schema, values
from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.events import encoding
from tb_monitor_writer.events.encoding import Value
from tb_monitor_writer.events.sinks import tensorflow, write_to_tensorflow
from tb_monitor_writer.schema.names import check_name

if TYPE_CHECKING:
    from tensorboard.compat.proto.summary_pb2 import Summary

__all__ = [
    "averages",
    "averages_pb",
    "class_counts",
    "class_counts_pb",
    "confusion",
    "confusion_matrix",
    "confusion_matrix_pb",
    "confusion_pb",
    "fit",
    "fit_pb",
    "scores",
    "scores_pb",
]

_NOBODY = values.Origin()


def confusion_matrix(
    name: str, matrix: object, step: object = None, *, class_names: object = None
) -> object:
    """Writes what `confusion_matrix_pb` returns; see there.

    Args:
      name: `<split>` or `<split>/<head>`.
      matrix: A `ConfusionMatrix`, `MultilabelCounts`, counts `[C, C]`, or inside tf.function a
        tensor `[C, C]`.
      step: An integer, or None for TensorFlow's own step.
      class_names: C distinct names, or None.

    Returns:
      Whether it was written: false without a default writer, as in `tf.summary.write`.
    """
    return _write_matrix(_confusion_matrix_values, name, matrix, step, class_names)


def confusion_matrix_pb(
    name: str, matrix: object, *, class_names: object = None, scalars: bool = True
) -> "Summary":
    """All that the Monitor tab shows of one confusion matrix, in one Summary.

    Args:
      name: `<split>` or `<split>/<head>`: "validation", "test/depth".
      matrix: A `ConfusionMatrix`, `MultilabelCounts`, or counts `[C, C]`: row = true class,
        column = predicted.
      class_names: C distinct names, for a matrix that bears none itself.
      scalars: Whether averages are added as scalar summaries, for TensorBoard's own tabs.

    Raises:
      InvalidInput: the matrix is not square, not finite, or negative somewhere; or the names
        are not as many as its classes.
    """
    return _proto(_confusion_matrix_values(name, matrix, class_names, scalars=scalars))


def averages(
    name: str, matrix: object, step: object = None, *, class_names: object = None
) -> object:
    """Writes what `averages_pb` returns; arguments as in `confusion_matrix`."""
    return _write_matrix(_averages_values, name, matrix, step, class_names)


def averages_pb(name: str, matrix: object, *, class_names: object = None) -> "Summary":
    """The averages of one confusion matrix; arguments as in `confusion_matrix_pb`."""
    return _proto(_averages_values(name, matrix, class_names))


def class_counts(
    name: str, matrix: object, step: object = None, *, class_names: object = None
) -> object:
    """Writes what `class_counts_pb` returns; arguments as in `confusion_matrix`."""
    return _write_matrix(_class_counts_values, name, matrix, step, class_names)


def class_counts_pb(name: str, matrix: object, *, class_names: object = None) -> "Summary":
    """True positives, support and predictions of each class, from one confusion matrix.

    Arguments as in `confusion_matrix_pb`.
    """
    return _proto(_class_counts_values(name, matrix, class_names))


def confusion(
    name: str, matrix: object, step: object = None, *, class_names: object = None
) -> object:
    """Writes what `confusion_pb` returns; arguments as in `confusion_matrix`."""
    return _write_matrix(_confusion_values, name, matrix, step, class_names)


def confusion_pb(name: str, matrix: object, *, class_names: object = None) -> "Summary":
    """The cells of one confusion matrix; arguments as in `confusion_matrix_pb`."""
    return _proto(_confusion_values(name, matrix, class_names))


def scores(
    name: str,
    y_true: object,
    scores: object = None,
    step: object = None,
    *,
    from_logits: bool = False,
    class_names: object = None,
) -> object:
    """Writes what `scores_pb` returns, at a step (None: TensorFlow's own)."""
    _refuse_in_graph("scores")
    found = _scores_values(name, y_true, scores, class_names, from_logits=from_logits)
    return _write(found, step)


def scores_pb(
    name: str,
    y_true: object,
    scores: object = None,
    *,
    from_logits: bool = False,
    class_names: object = None,
) -> "Summary":
    """A histogram of scores; arguments as in `MonitorWriter.scores`."""
    return _proto(_scores_values(name, y_true, scores, class_names, from_logits=from_logits))


def fit(
    quantity: str,
    *,
    train: object = None,
    validation: object = None,
    step: object = None,
    n: object = None,
    se: object = None,
    paired: object = None,
    higher_is_better: bool = False,
    target: float | None = None,
) -> object:
    """Writes what `fit_pb` returns, at a step (None: TensorFlow's own)."""
    _refuse_in_graph("fit")
    found = _fit_values(
        quantity, train, validation, n, se, paired, target, higher_is_better=higher_is_better
    )
    return _write(found, step)


def fit_pb(
    quantity: str,
    *,
    train: object = None,
    validation: object = None,
    n: object = None,
    se: object = None,
    paired: object = None,
    higher_is_better: bool = False,
    target: float | None = None,
) -> "Summary":
    """Train and validation values of one step; arguments as in `MonitorWriter.fit`.

    The best step so far is not in it: a function remembers nothing.
    """
    return _proto(
        _fit_values(
            quantity, train, validation, n, se, paired, target, higher_is_better=higher_is_better
        )
    )


def _confusion_matrix_values(
    name: str, matrix: object, class_names: object, *, scalars: bool = True
) -> list[Value]:
    counts, series = _counted(name, matrix, class_names)
    row = metrics.averages(counts)
    cells = _cells(series, counts)
    return [
        values.averages_value(series.averages, row),
        values.class_counts_value(series.class_counts, counts),
        *([] if cells is None else [cells]),
        *(values.scalar_values(name, row) if scalars else []),
    ]


def _averages_values(name: str, matrix: object, class_names: object) -> list[Value]:
    counts, series = _counted(name, matrix, class_names)
    return [values.averages_value(series.averages, metrics.averages(counts))]


def _class_counts_values(name: str, matrix: object, class_names: object) -> list[Value]:
    counts, series = _counted(name, matrix, class_names)
    return [values.class_counts_value(series.class_counts, counts)]


def _confusion_values(name: str, matrix: object, class_names: object) -> list[Value]:
    counts, series = _counted(name, matrix, class_names)
    if series.confusion is None:
        raise InvalidInput(
            "matrix must be a confusion matrix, got MultilabelCounts, which has no cells; "
            "log class_counts and averages"
        )
    cells = _cells(series, counts)
    if cells is None:
        raise InvalidInput(
            f"matrix must have at most {limits.MAX_CELLS} non-zero cells, got more; "
            f"log class_counts and averages"
        )
    return [cells]


def _cells(
    series: values.MatrixSeries, counts: metrics.ConfusionMatrix | metrics.MultilabelCounts
) -> Value | None:
    """The cells, if there are any and not too many."""
    if series.confusion is None or isinstance(counts, metrics.MultilabelCounts):
        return None
    where = schema.Provenance(nan=counts.nan, ignored=counts.ignored)
    return values.confusion_value(series.confusion, counts, where)


def _counted(
    name: str, matrix: object, class_names: object
) -> tuple[metrics.ConfusionMatrix | metrics.MultilabelCounts, values.MatrixSeries]:
    check_name("name", name)
    given = check_class_names(class_names, None)
    counts = arguments.as_counts(matrix, given)
    return counts, values.matrix_series(name, counts, given, _NOBODY)


def _scores_values(
    name: str, y_true: object, scores: object, class_names: object, *, from_logits: bool
) -> list[Value]:
    check_name("name", name)
    given = check_class_names(class_names, None)
    histogram, names, task = arguments.as_histogram(
        y_true, scores, from_logits=from_logits, class_names=given
    )
    series = values.scores_series(name, histogram, names, task, _NOBODY)
    return [values.scores_value(series, histogram, schema.Provenance(nan=histogram.nan))]


def _fit_values(
    quantity: str,
    train: object,
    validation: object,
    n: object,
    se: object,
    paired: object,
    target: object,
    *,
    higher_is_better: bool,
) -> list[Value]:
    check_name("quantity", quantity)
    row, _ = arguments.as_fit_row(
        train=train,
        validation=validation,
        n=n,
        se=se,
        paired=paired,
        target=target,
        train_step=None,
    )
    series = values.fit_series(quantity, higher_is_better=higher_is_better, origin=_NOBODY)
    return [values.fit_value(series, row)]


def _proto(found: Sequence[Value]) -> "Summary":
    from tensorboard.compat.proto import summary_pb2  # 20 ms that an event log does not need

    summary: Summary = summary_pb2.Summary.FromString(encoding.encode_summary(found))
    return summary


def _write(found: Sequence[Value], step: object) -> object:
    return write_to_tensorflow(encoding.encode_summary(found), _eager_step(step))


def _write_matrix(
    make: Callable[[str, object, object], list[Value]],
    name: str,
    matrix: object,
    step: object,
    class_names: object,
) -> object:
    tf = tensorflow()
    if tf.executing_eagerly():
        return _write(make(name, matrix, class_names), step)
    check_name("name", name)
    names = check_class_names(class_names, None)
    num_classes = _classes_of_symbolic(tf, matrix)
    arguments.check_number_of_names(names, num_classes)

    def serialised(counts: np.ndarray[Any, Any]) -> bytes:
        return encoding.encode_summary(make(name, counts, names))

    return write_to_tensorflow(tf.numpy_function(serialised, [matrix], tf.string), step)


def _classes_of_symbolic(tf: Any, matrix: Any) -> int:  # noqa: ANN401
    if not tf.is_tensor(matrix):
        raise InvalidInput(
            f"matrix must be a tensor inside tf.function, got {type(matrix).__name__}, which would "
            f"be logged as it was when the function was traced; log outside tf.function"
        )
    rows, columns = matrix.shape if matrix.shape.rank == 2 else (None, None)
    if rows is None or rows != columns or rows > limits.MAX_TENSOR_CLASSES:
        raise InvalidInput(
            f"matrix must have a static shape [C, C], C <= {limits.MAX_TENSOR_CLASSES}, inside "
            f"tf.function, got {matrix.shape}; log outside tf.function"
        )
    return int(rows)


def _refuse_in_graph(function: str) -> None:
    if not tensorflow().executing_eagerly():
        raise InvalidInput(f"{function} must not be called inside tf.function; log outside of it")


def _eager_step(step: object) -> object:
    if step is None:
        return None
    to_numpy = getattr(step, "numpy", None)  # a tf.Variable has no __index__
    return arguments.check_step("step", to_numpy() if callable(to_numpy) else step)
