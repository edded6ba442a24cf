"""GET /matrix: one step of one series, every class of it, and the cells.

Row = truth, column = prediction.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_plugin import limits
from tb_monitor_plugin.frame import Frame
from tb_monitor_plugin.views.estimates import AVERAGES, estimate, is_weighted, top_k
from tb_monitor_writer.metrics import (
    Margins,
    f1_interval,
    precision_recall_fscore,
    wilson_interval,
)
from tb_monitor_writer.schema import ClassCounts, Confusion, Provenance, Series, Task
from tb_monitor_writer.schema.records import Counts

Floats = npt.NDArray[np.float64]

REASONS = {
    "support": "the matrix holds rates: supports are not known",
    "predicted": "the matrix holds rates: counts are not known",
    "true_positives": "the matrix holds rates: counts are not known",
    "precision": "never predicted",
    "recall": "no true examples",
    "f1": "neither true nor predicted",
    "low": "weights or rates without a number of examples have no interval",
}

_LABEL_REASONS = {
    "recall": "no example has the label",
    "f1": "no example has the label, and none was predicted to",
    "averages_low": "the labels of one example depend on each other: counts do not tell how",
}

_NO_MATRIX = "labels are not taken for each other: each has a 2 x 2 matrix of its own"

_ROUNDED = 1e-3  # how far the sum of a row of rates may be from 1, as in the writer


class Shown(NamedTuple):
    """What is known of one step of one series.

    Attributes:
      run: Name of the run.
      name: Of the series.
      series: What is fixed for it.
      step: The step.
      wall_time: Seconds since the epoch.
      averages: The row that was logged, None if it was not or is not kept.
      confusion: The cells, or None.
      counts: The margins, if they were logged apart and are needed: always if multi-label.
      no_cells: Why `confusion` is None.
      dropped: Records of the run that were not written.
    """

    run: str
    name: str
    series: Series
    step: int
    wall_time: float
    averages: Mapping[str, float] | None
    confusion: Confusion | None
    counts: ClassCounts | None
    no_cells: str
    dropped: int


def matrix(shown: Shown) -> Frame:
    """Composes the answer."""
    series = shown.series
    margins = _margins(shown)
    multilabel = series.task is Task.MULTILABEL
    normalised = margins is not None and not multilabel and _is_normalised(margins)
    row = shown.averages if shown.averages is not None else _averages(margins, shown.counts)
    weighted = not normalised and _is_weighted(shown, margins)
    scale = _scale(row, weighted=weighted)
    where = _provenance(shown)
    total = _total(shown, margins)
    count = min(series.num_classes, limits.MAX_CLASSES)
    examples = shown.counts.examples if shown.counts is not None else None
    no_cells = _NO_MATRIX if multilabel else shown.no_cells
    header = {
        "version": 1,
        "run": shown.run,
        "name": shown.name,
        "step": shown.step,
        "wall_time": shown.wall_time,
        "task": series.task.value,
        "classes": count,
        "pos_label": series.pos_label,
        "class_names": list(series.class_names[:count]) or [str(i) for i in range(count)],
        "named": bool(series.class_names),
        "total": total,
        "weighted": weighted,
        "normalised": normalised,
        "nan": max(where.nan, _count(row, "nan")),
        "ignored": max(where.ignored, _count(row, "ignored")),
        "dropped": max(shown.dropped, where.dropped),
        "error_bound": where.error_bound,
        "averages": _all_averages(row, normalised=normalised, multilabel=multilabel),
        "top_k": top_k(row),
        "per_class": {
            **_per_class(margins, count, math.nan if normalised else scale, normalised),
            "examples": None if examples is None else examples[:count].astype(np.float64),
        },
        "reasons": {**REASONS, **(_LABEL_REASONS if multilabel else {})},
        "passport": _passport(row, margins, multilabel=multilabel),
        "layout": "none" if shown.confusion is None else "csr",
        "layout_reason": None if shown.confusion is not None else no_cells,
        "cut": _cut(series),
    }
    arrays = {} if shown.confusion is None else _rows(shown.confusion, count)
    return Frame(header, arrays, compress=True)


def _margins(shown: Shown) -> Margins | None:
    if shown.counts is not None:
        counts = shown.counts
        return Margins(counts.true_positives, counts.support, counts.predicted)
    if shown.confusion is None:
        return None
    cells = shown.confusion
    truth, prediction = np.divmod(cells.keys, np.uint64(cells.num_classes))
    hit = truth == prediction

    def summed(places: npt.NDArray[np.uint64], counts: Counts) -> Counts:
        result: Counts = np.zeros(cells.num_classes, cells.counts.dtype)
        np.add.at(result, places.astype(np.int64), counts)
        return result

    return Margins(
        summed(truth[hit], cells.counts[hit]),
        summed(truth, cells.counts),
        summed(prediction, cells.counts),
    )


def _is_normalised(margins: Margins) -> bool:
    if margins.support.dtype.kind != "f":
        return False
    return any(_sums_to_one(sums) for sums in (margins.support, margins.predicted))


def _sums_to_one(sums: Counts) -> bool:
    filled = sums[sums > 0]
    return len(filled) > 0 and bool((np.abs(filled - 1) <= _ROUNDED).all())


def _is_weighted(shown: Shown, margins: Margins | None) -> bool:
    if shown.averages is not None:
        return is_weighted(shown.averages)
    return margins is not None and margins.support.dtype.kind == "f"


def _scale(row: Mapping[str, float] | None, *, weighted: bool) -> float:
    """Factor from sums of weights to the number of examples that they are worth."""
    if not weighted:
        return 1.0
    if row is None:
        return math.nan
    squares = row.get("sum_squared_weights", math.nan)
    return row["n"] / squares if squares and math.isfinite(squares) else math.nan


def _averages(margins: Margins | None, counts: ClassCounts | None) -> Mapping[str, float] | None:
    """Averages without intervals, where no row was logged."""
    if margins is None:
        return None
    total = float(margins.support.sum())
    hits = float(margins.true_positives.sum())
    row = {"n": total, "accuracy": hits / total if total else math.nan}
    if counts is not None and counts.examples is not None:  # which were all right is not known
        row = {"n": _most(counts.examples), "accuracy": math.nan}
    for average in AVERAGES:
        scores = precision_recall_fscore(
            margins,
            average=average,  # type: ignore[arg-type]
            zero_division=0,
        )
        for name, value in zip(("precision", "recall", "f1"), scores, strict=False):
            row[f"{name}_{average}"] = float(value)  # type: ignore[arg-type]
    return row


def _provenance(shown: Shown) -> Provenance:
    for record in (shown.confusion, shown.counts):
        if record is not None and record.provenance.ordinal:
            return record.provenance
    return Provenance()


def _total(shown: Shown, margins: Margins | None) -> float:
    row, counts = shown.averages, shown.counts
    if counts is not None and counts.examples is not None:
        return row.get("n", math.nan) if row is not None else _most(counts.examples)
    if margins is not None:
        return float(margins.support.sum())
    return math.nan if row is None else row.get("n", math.nan)


def _most(examples: Counts) -> float:
    """The number of examples: of some labels fewer are known."""
    return float(examples.max()) if len(examples) else 0.0


def _count(row: Mapping[str, float] | None, column: str) -> int:
    value = math.nan if row is None else row.get(column, math.nan)
    return int(value) if math.isfinite(value) else 0


def _all_averages(
    row: Mapping[str, float] | None, *, normalised: bool, multilabel: bool
) -> dict[str, object]:
    def one(metric: str, average: str | None) -> dict[str, float]:
        found = estimate(row, metric, average, multilabel=multilabel)
        return {**found, "low": math.nan, "high": math.nan} if normalised else found

    by_average = {
        average: {metric: one(metric, average) for metric in ("precision", "recall", "f1")}
        for average in AVERAGES
    }
    return {"accuracy": one("accuracy", None), **by_average}


def _per_class(
    margins: Margins | None, count: int, scale: float, normalised: bool
) -> dict[str, Floats]:
    columns = (
        *("support", "predicted", "true_positives"),
        *("precision", "precision_low", "precision_high"),
        *("recall", "recall_low", "recall_high"),
        *("f1", "f1_low", "f1_high"),
    )
    unknown = np.full(count, np.nan)
    if margins is None:
        return dict.fromkeys(columns, unknown)
    margins = Margins(*(column[:count] for column in margins))
    scores = precision_recall_fscore(margins)
    found: dict[str, Floats] = {
        "support": unknown if normalised else margins.support.astype(np.float64),
        "predicted": unknown if normalised else margins.predicted.astype(np.float64),
        "true_positives": unknown if normalised else margins.true_positives.astype(np.float64),
        "precision": np.asarray(scores.precision),
        "recall": np.asarray(scores.recall),
        "f1": np.asarray(scores.fscore),
    }
    if math.isnan(scale):
        return {column: found.get(column, unknown) for column in columns}
    hits = margins.true_positives * scale
    for metric, trials in (("precision", margins.predicted), ("recall", margins.support)):
        low, high = wilson_interval(hits, trials * scale)
        found |= {f"{metric}_low": low, f"{metric}_high": high}
    low, high = f1_interval(margins, scale=scale)
    found |= {"f1_low": low, "f1_high": high}
    return {column: found[column] for column in columns}


def _passport(
    row: Mapping[str, float] | None, margins: Margins | None, *, multilabel: bool
) -> dict[str, object]:
    row = row or {}
    present, every = row.get("classes_present", math.nan), math.nan
    if margins is not None:
        present = int(((margins.support > 0) | (margins.predicted > 0)).sum())
        scores = precision_recall_fscore(margins, average="macro", zero_division=0, classes="all")
        every = float(scores.fscore)
    precision = row.get("precision_macro", math.nan)
    recall = row.get("recall_macro", math.nan)
    of_means = 2 * precision * recall / (precision + recall) if precision + recall else math.nan
    return {
        "classes_present": present,
        "macro_f1_all_classes": every,
        "f1_of_mean_precision_recall": of_means,
        "text": (
            f"macro F1 is the mean of label F1 over the {present:.0f} labels that occur"
            if multilabel
            else f"macro F1 is the mean of class F1 over the {present:.0f} classes that occur, "
            f"as in scikit-learn"
        ),
    }


def _cut(series: Series) -> str | None:
    if series.num_classes <= limits.MAX_CLASSES:
        return None
    return (
        f"The first {limits.MAX_CLASSES:,} of {series.num_classes:,} classes are shown; "
        f"averages are over all of them."
    )


def _rows(cells: Confusion, count: int) -> dict[str, npt.NDArray[np.generic]]:
    classes = np.uint64(cells.num_classes)
    keys, counts = cells.keys, cells.counts
    if count < cells.num_classes:
        shown = (keys < np.uint64(count) * classes) & (keys % classes < np.uint64(count))
        keys, counts = keys[shown], counts[shown]
    starts = np.searchsorted(keys, np.arange(count + 1, dtype=np.uint64) * classes)
    return {
        "indptr": starts.astype(np.uint32),
        "indices": (keys % classes).astype(np.uint16 if count <= 1 << 16 else np.uint32),
        "counts": _smallest(counts),
    }


def _smallest(counts: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    largest = counts.max() if counts.size else 0
    if counts.dtype.kind != "f":
        for dtype in (np.uint8, np.uint16, np.uint32):
            if largest <= np.iinfo(dtype).max:
                return counts.astype(dtype)
    return counts.astype(np.float64)
