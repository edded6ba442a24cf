"""GET /series: curves over steps, of averages and of classes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_plugin import limits
from tb_monitor_plugin.frame import Frame
from tb_monitor_plugin.sources.records import CountRows, Rows
from tb_monitor_plugin.views.curves import cut_of, evenly, points_each, thinned_sentence
from tb_monitor_plugin.views.estimates import interval
from tb_monitor_writer.metrics import (
    Margins,
    f1_interval,
    precision_recall_fscore,
    wilson_interval,
)
from tb_monitor_writer.schema import Series

Floats = npt.NDArray[np.float64]


class ClassCurves(NamedTuple):
    """Counts of some classes of one run.

    Attributes:
      series: For the class names.
      rows: Over steps.
      logged: Records that were logged; 0 = not known.
    """

    series: Series
    rows: CountRows
    logged: int


class SeriesOfRun(NamedTuple):
    """One run's records of the series.

    Attributes:
      run: Its name.
      averages: The rows, or None if they are not asked for or not there.
      counts: Of the classes asked for that this run has, or None.
      multilabel: Whether the task is multi-label.
    """

    run: str
    averages: Rows | None
    counts: ClassCurves | None
    multilabel: bool = False


class _Curve(NamedTuple):
    run: str
    average: str | None
    class_index: int | None
    label: str
    logged: int
    step: Floats
    wall_time: Floats
    value: Floats
    low: Floats
    high: Floats


def series(
    name: str,
    metric: str,
    averages: Sequence[str],
    runs: Sequence[SeriesOfRun],
    left_out: int = 0,
) -> Frame:
    """Composes the answer.

    Args:
      name: Of the series.
      metric: precision, recall, f1 or accuracy.
      averages: Which of them.
      runs: Those that have the series.
      left_out: Runs that have it too, but do not fit into one answer.
    """
    curves = [
        curve
        for run in runs
        for curve in (*_of_averages(run, metric, averages), *_of_classes(run, metric))
    ]
    points = points_each(len(curves))
    longest = max((len(curve.step) for curve in curves), default=0)
    beyond = None
    if left_out:
        beyond = (
            f"The first {len(runs)} of {len(runs) + left_out} runs are shown (at most "
            f"{limits.MAX_CURVES} curves): select fewer runs or classes."
        )
    listed, start, shown = [], 0, []
    for curve in curves:
        places = evenly(len(curve.step), points)
        shown.append(places)
        listed.append(
            {
                "run": curve.run,
                "average": curve.average,
                "class": curve.class_index,
                "label": curve.label,
                "start": start,
                "length": len(places),
                "kept": len(curve.step),
                "logged": max(curve.logged, len(curve.step)),
            }
        )
        start += len(places)
    header = {
        "version": 1,
        "metric": metric,
        "name": name,
        "curves": listed,
        "cut": cut_of(beyond, thinned_sentence(longest, points)),
    }
    arrays = {
        column: np.concatenate(
            [
                np.empty(0, dtype),
                *(
                    getattr(curve, column)[places].astype(dtype)
                    for curve, places in zip(curves, shown, strict=True)
                ),
            ]
        )
        for column, dtype in (
            *(("step", np.float64), ("wall_time", np.float64)),
            *(("value", np.float32), ("low", np.float32), ("high", np.float32)),
        )
    }
    return Frame(header, arrays, compress=False)


def _of_averages(run: SeriesOfRun, metric: str, averages: Sequence[str]) -> list[_Curve]:
    rows = run.averages
    if rows is None:
        return []
    wanted = [None] if metric == "accuracy" else averages
    return [
        _Curve(
            run.run,
            average,
            None,
            average or ("exact match" if run.multilabel else "accuracy"),
            rows.logged,
            rows.steps.astype(np.float64),
            rows.wall_times,
            *interval(rows.columns, metric, average, multilabel=run.multilabel),
        )
        for average in wanted
    ]


def _of_classes(run: SeriesOfRun, metric: str) -> list[_Curve]:
    if run.counts is None:
        return []
    names, rows = run.counts.series.class_names, run.counts.rows
    # Class counts are logged with the averages; as tensors they carry no number of their own.
    logged = run.counts.logged or (run.averages.logged if run.averages else 0)
    return [
        _Curve(
            run.run,
            None,
            int(index),
            names[index] if names else str(index),
            logged,
            rows.steps.astype(np.float64),
            rows.wall_times,
            *_of_class(Margins(*rows.table[:, :3, place].T), metric),
        )
        for place, index in enumerate(rows.classes)
    ]


def _of_class(margins: Margins, metric: str) -> tuple[Floats, Floats, Floats]:
    """Scores one class over steps: its margins are `[T]`, one entry per step."""
    precision, recall, f1, _ = precision_recall_fscore(margins)
    value = np.asarray({"precision": precision, "recall": recall, "f1": f1}[metric])
    if margins.support.dtype.kind == "f":  # weights: how many examples is not known here
        unknown = np.full(len(value), np.nan)
        return value, unknown, unknown
    if metric == "f1":
        return value, *f1_interval(margins)
    trials = margins.predicted if metric == "precision" else margins.support
    return value, *wilson_interval(margins.true_positives, trials)
