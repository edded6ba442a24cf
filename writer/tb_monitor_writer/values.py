"""What each log call becomes: the Summary.Values of one event.

From metrics (a matrix, a histogram, losses) over schema (which series, which record) to the
bytes that every sink takes.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from tb_monitor_writer import limits, metrics, schema
from tb_monitor_writer.events import encoding
from tb_monitor_writer.events.encoding import Value
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
        averages, cells = self.averages, self.confusion
        return MatrixSeries(
            dataclasses.replace(
                averages, generation=generation, columns=columns or averages.columns
            ),
            dataclasses.replace(self.class_counts, generation=generation),
            cells and dataclasses.replace(cells, generation=generation),
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
    averages = Series(
        kind=Kind.AVERAGES,
        name=name,
        task=task,
        num_classes=num_classes,
        class_names=matrix.class_names or class_names,
        pos_label=pos_label if task is Task.BINARY else None,
        **dataclasses.asdict(origin),
    )
    counts = dataclasses.replace(averages, kind=Kind.CLASS_COUNTS, columns=())
    cells = None
    if task is not Task.MULTILABEL:
        cells = dataclasses.replace(counts, kind=Kind.CONFUSION)
    return MatrixSeries(averages, counts, cells)


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
    margins = matrix.margins
    counts = schema.ClassCounts(
        margins.true_positives,
        margins.support,
        margins.predicted,
        provenance=where,
        examples=matrix.examples if isinstance(matrix, metrics.MultilabelCounts) else None,
    )
    if series.is_blob:
        return _blob_value(series, counts)
    return encoding.tensor_value(
        series.tag, schema.encode_class_counts_tensor(counts), _metadata(series)
    )


def confusion_value(
    series: Series, matrix: metrics.ConfusionMatrix, where: Provenance = NOT_LOGGED
) -> Value | None:
    """The cells of one matrix; None if it has more of them than a record may hold."""
    keys, counts = matrix.cells()
    if len(keys) > limits.MAX_CELLS:
        return None
    return _blob_value(series, schema.Confusion(matrix.num_classes, keys, counts, where))


def scalar_values(name: str, averages: Mapping[str, float]) -> list[Value]:
    """Averages as scalar summaries, for TensorBoard's own tabs; undefined ones are left out."""
    return [
        encoding.tensor_value(f"{name}/{key}", np.asarray(averages[column], np.float32), _SCALAR)
        for key, column in SCALARS.items()
        if not math.isnan(averages[column])
    ]


def scores_series(
    name: str,
    histogram: metrics.ScoreHistogram,
    class_names: tuple[str, ...],
    task: Task,
    origin: Origin,
) -> Series:
    """Describes the series of a name's score histograms."""
    return Series(
        kind=Kind.SCORES,
        name=name,
        task=task,
        num_classes=histogram.num_labels,
        class_names=class_names,
        pos_label=1 if task is Task.BINARY else None,
        bins=histogram.bins,
        **dataclasses.asdict(origin),
    )


def scores_value(
    series: Series, histogram: metrics.ScoreHistogram, where: Provenance = NOT_LOGGED
) -> Value:
    """The bins of one score histogram."""
    return _blob_value(series, schema.Scores(histogram.counts, where))


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
    return encoding.tensor_value(
        series.tag, schema.encode_row(series.columns, whole), _metadata(series)
    )


def _blob_value(
    series: Series, record: schema.Confusion | schema.ClassCounts | schema.Scores
) -> Value:
    return encoding.blob_value(series.tag, schema.encode_blob(record), _metadata(series))


@functools.lru_cache(64)  # a name of many classes is encoded once, not at every step
def _metadata(series: Series) -> bytes:
    return encoding.encode_metadata(
        series.plugin_name,
        schema.encode_series(series),
        encoding.DATA_CLASS_BLOB_SEQUENCE if series.is_blob else encoding.DATA_CLASS_TENSOR,
    )


_SCALAR = encoding.encode_metadata("scalars", b"", encoding.DATA_CLASS_SCALAR)
