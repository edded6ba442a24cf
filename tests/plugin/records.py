"""Handmade tracks and records for the tests of views."""

import numpy as np

from tb_monitor_plugin.sources.listing import Found, Part, RunListing, Track, group
from tb_monitor_plugin.sources.records import Rows
from tb_monitor_writer import ConfusionMatrix
from tb_monitor_writer.metrics import averages
from tb_monitor_writer.schema import Confusion, Kind, Provenance, Series, Task


def series_of(kind: Kind, name: str = "validation", classes: int = 3, **fields) -> Series:
    """A series of counts."""
    return Series(kind=kind, name=name, task=Task.MULTICLASS, num_classes=classes, **fields)


def track_of(series: Series, run: str = "run", last_step: int = 9) -> Track:
    """A track of one part."""
    return Track(run, series, (Part(run, series.tag, series.plugin_name, last_step, 1e9),))


def listing_of(*series: Series, run: str = "run", last_step: int = 9) -> RunListing:
    """A run that has these series."""
    found = [Found(Part(run, one.tag, one.plugin_name, last_step, 1e9), one) for one in series]
    return group(found).runs[0] if found else RunListing(run, {}, {}, {}, "token")


def rows_of(columns: dict, steps=None, *, logged: int = 0, dropped: int = 0) -> Rows:
    """Rows over steps 0, 1, ... unless others are given."""
    arrays = {name: np.array(values, np.float64) for name, values in columns.items()}
    length = len(next(iter(arrays.values())))
    steps = np.arange(length) if steps is None else np.array(steps)
    return Rows(
        steps=steps.astype(np.int64),
        wall_times=1e9 + steps.astype(np.float64),
        columns=arrays,
        logged=logged or length,
        dropped=dropped,
    )


def fit_rows(train, validation, **options) -> Rows:
    """Rows of a fit series."""
    return rows_of({"train": train, "validation": validation}, **options)


def averages_rows(*matrices, **options) -> Rows:
    """Rows of an averages series, one per matrix."""
    found = [averages(ConfusionMatrix.from_array(matrix)) for matrix in matrices]
    return rows_of({name: [row[name] for row in found] for name in found[0]}, **options)


def confusion_of(matrix, **provenance) -> Confusion:
    """The record of a matrix."""
    keys, counts = ConfusionMatrix.from_array(matrix).cells()
    where = Provenance(ordinal=1, **provenance)
    return Confusion(len(matrix), keys, counts, where)
