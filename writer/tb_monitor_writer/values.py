"""What each log call becomes: the Summary.Values of one event.

From metrics (a matrix, a histogram, losses) over schema (which series, which record) to the
bytes that every sink takes.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import NamedTuple

from tb_monitor_writer import limits, metrics, schema
from tb_monitor_writer.events import encoding
from tb_monitor_writer.events.encoding import Value
from tb_monitor_writer.metrics.cell_sums import Cells
from tb_monitor_writer.schema import Kind, Provenance, Series, Task

SCALARS = {
    "precision_macro": "precision_macro",
    "recall_macro": "recall_macro",
    "f1_macro": "f1_macro",
    "accuracy": "accuracy",
}
"""Scalar summaries beside a matrix, `<name>/<key>`, and the average that each one shows."""


NOT_LOGGED = Provenance()
"""Of summaries that nobody numbers."""

_WHOLE_CLASSES = 64
"""Up to here a matrix is gone through as a whole, rather than by the cells that are not 0."""

_KEPT = 64
"""Series that are described once and not at every step; one may have megabytes of names."""


@dataclasses.dataclass(frozen=True)
class Origin:
    """Who made the values of a series; part of its metadata.

    Attributes:
      model: Name of the model, "" = not given.
      model_version: Its version, "" = not given.
      framework: What trained it: "keras", "torch", ..., "" = not given.
    """

    model: str = ""
    model_version: str = ""
    framework: str = ""


class MatrixSeries(NamedTuple):
    """The series that one confusion matrix, or multi-label counts, are logged to."""

    averages: Series
    class_counts: Series
    confusion: Series | None  # None: multi-label counts have no cells

    def of_generation(self, generation: int, columns: tuple[str, ...] = ()) -> "MatrixSeries":
        """The same series after their classes have changed; its row laid out as given, if so."""
        if generation == 1 and columns in ((), self.averages.columns):
            return self
        return MatrixSeries(
            of_generation(self.averages, generation, columns),
            of_generation(self.class_counts, generation),
            self.confusion and of_generation(self.confusion, generation),
        )


def matrix_series(
    name: str,
    matrix: metrics.ConfusionMatrix | metrics.MultilabelCounts,
    class_names: tuple[str, ...],
    origin: Origin,
    *,
    pos_label: int = 1,
) -> MatrixSeries:
    """Describes the series of a name's matrices; class_names are for one that bears none."""
    if isinstance(matrix, metrics.MultilabelCounts):
        task, num_classes = Task.MULTILABEL, matrix.num_labels
    else:
        num_classes = matrix.num_classes
        task = Task.BINARY if num_classes == 2 else Task.MULTICLASS
    return _matrix_series(
        name,
        task,
        num_classes,
        matrix.class_names or class_names,
        pos_label if task is Task.BINARY else None,
        origin,
    )


# Cached, as everything that stays the same from one log call to the next.
@functools.lru_cache(_KEPT)
def _matrix_series(
    name: str,
    task: Task,
    num_classes: int,
    class_names: tuple[str, ...],
    pos_label: int | None,
    origin: Origin,
) -> MatrixSeries:
    averages = Series(
        kind=Kind.AVERAGES,
        name=name,
        task=task,
        num_classes=num_classes,
        class_names=class_names,
        pos_label=pos_label,
        **dataclasses.asdict(origin),
    )
    counts = dataclasses.replace(averages, kind=Kind.CLASS_COUNTS, columns=())
    cells = None
    if task is not Task.MULTILABEL:
        cells = dataclasses.replace(counts, kind=Kind.CONFUSION)
    return MatrixSeries(averages, counts, cells)


@functools.lru_cache(_KEPT)
def of_generation(series: Series, generation: int, columns: tuple[str, ...] = ()) -> Series:
    """The same series after it changed; its row laid out as given, if so."""
    return dataclasses.replace(series, generation=generation, columns=columns or series.columns)


def averages_value(
    series: Series, averages: Mapping[str, float], where: Provenance = NOT_LOGGED
) -> Value:
    """The averages of one matrix, as one row."""
    return _row_value(series, averages, where)


def class_counts_value(
    series: Series,
    matrix: metrics.ConfusionMatrix | metrics.MultilabelCounts,
    where: Provenance = NOT_LOGGED,
) -> Value:
    """The counts of every class: a tensor for few classes, else a blob."""
    examples = matrix.examples if isinstance(matrix, metrics.MultilabelCounts) else None
    counts = schema.ClassCounts(*matrix.margins, where, examples)
    if series.is_blob:
        return _blob_value(series, counts)
    table = schema.encode_class_counts_tensor(counts)
    return encoding.tensor_value(series.tag, table, _metadata(series))


def cells_of(matrix: metrics.ConfusionMatrix | metrics.MultilabelCounts) -> Cells | None:
    """The cells of a matrix of many classes; None where they are cheaper to do without."""
    if isinstance(matrix, metrics.ConfusionMatrix) and matrix.num_classes > _WHOLE_CLASSES:
        return matrix.cells()
    return None


def confusion_value(
    series: Series,
    matrix: metrics.ConfusionMatrix,
    where: Provenance = NOT_LOGGED,
    cells: Cells | None = None,
) -> Value | None:
    """The cells of one matrix; None if it has more of them than a record may hold.

    Args:
      series: Of kind CONFUSION.
      matrix: Any.
      where: See there.
      cells: What `matrix.cells()` returns, if it is at hand.
    """
    if matrix.error_bound:
        where = where._replace(error_bound=matrix.error_bound)
    if matrix.num_classes <= _WHOLE_CLASSES:
        blob = schema.encode_confusion(matrix.to_array(), matrix.total, where)
        return encoding.blob_value(series.tag, blob, _metadata(series))
    keys, counts = matrix.cells() if cells is None else cells
    if len(keys) > limits.MAX_CELLS:
        return None
    return _blob_value(series, schema.Confusion(matrix.num_classes, keys, counts, where))


def scalar_values(name: str, averages: Mapping[str, float]) -> list[Value]:
    """Averages as scalar summaries, for TensorBoard's own tabs; undefined ones are left out."""
    found = [
        encoding.scalar_value(f"{name}/{key}", averages[column], _SCALAR)
        for key, column in SCALARS.items()
        if not math.isnan(averages[column])
    ]
    top_k_accuracy = averages.get("top_k_accuracy", math.nan)
    if not math.isnan(top_k_accuracy):
        tag = f"{name}/top_{averages['top_k']:.0f}_accuracy"
        found.append(encoding.scalar_value(tag, top_k_accuracy, _SCALAR))
    return found


def scores_series(
    name: str,
    histogram: metrics.ScoreHistogram,
    class_names: tuple[str, ...],
    task: Task,
    origin: Origin,
) -> Series:
    """Describes the series of a name's score histograms."""
    return _scores_series(name, task, histogram.num_labels, histogram.bins, class_names, origin)


@functools.lru_cache(_KEPT)
def _scores_series(
    name: str, task: Task, labels: int, bins: int, class_names: tuple[str, ...], origin: Origin
) -> Series:
    return Series(
        kind=Kind.SCORES,
        name=name,
        task=task,
        num_classes=labels,
        class_names=class_names,
        pos_label=1 if task is Task.BINARY else None,
        bins=bins,
        **dataclasses.asdict(origin),
    )


def scores_value(
    series: Series, histogram: metrics.ScoreHistogram, where: Provenance = NOT_LOGGED
) -> Value:
    """The bins of one score histogram."""
    return _blob_value(series, schema.Scores(histogram.counts, where))


@functools.lru_cache(_KEPT)
def fit_series(quantity: str, *, higher_is_better: bool, origin: Origin) -> Series:
    """Describes the series of a quantity's train and validation values."""
    return Series(
        kind=Kind.FIT,
        name=quantity,
        higher_is_better=higher_is_better,
        **dataclasses.asdict(origin),
    )


def fit_value(series: Series, row: Mapping[str, float], where: Provenance = NOT_LOGGED) -> Value:
    """Train and validation values of one step, as one row."""
    logged = {"train_logged": 0.0, "validation_logged": 0.0}
    return _row_value(series, {**logged, **row}, where)


def _row_value(series: Series, row: Mapping[str, float], where: Provenance) -> Value:
    whole = {**row, "ordinal": where.ordinal, "dropped": where.dropped}
    return encoding.row_value(series.tag, schema.row_of(series.columns, whole), _metadata(series))


def _blob_value(
    series: Series, record: schema.Confusion | schema.ClassCounts | schema.Scores
) -> Value:
    return encoding.blob_value(series.tag, schema.encode_blob(record), _metadata(series))


@functools.lru_cache(_KEPT)
def _metadata(series: Series) -> bytes:
    return encoding.encode_metadata(
        series.plugin_name,
        schema.encode_series(series),
        encoding.DATA_CLASS_BLOB_SEQUENCE if series.is_blob else encoding.DATA_CLASS_TENSOR,
    )


_SCALAR = encoding.encode_metadata("scalars", b"", encoding.DATA_CLASS_SCALAR)
