"""Typed records of a track, sorted by step, one per step."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.schema.records import Counts

Floats = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, eq=False)
class Rows:
    """Float64 rows over steps, as columns.

    Attributes:
      steps: Ascending, distinct, int64 `[T]`.
      wall_times: Seconds since the epoch, `[T]`.
      columns: Name to float64 `[T]`; NaN = not logged.
      logged: Records that were logged, of which T are kept.
      dropped: Records that were not written.
    """

    steps: Steps
    wall_times: Floats
    columns: Mapping[str, Floats]
    logged: int
    dropped: int

    def column(self, name: str) -> Floats:
        """Returns a column; one that this series does not have is all NaN."""
        found = self.columns.get(name)
        return np.full(len(self.steps), np.nan) if found is None else found

    def row_at(self, step: int) -> Mapping[str, float] | None:
        """Returns the row of a step, or None if none is kept."""
        place = int(np.searchsorted(self.steps, step))
        if place == len(self.steps) or self.steps[place] != step:
            return None
        return {name: float(column[place]) for name, column in self.columns.items()}


@dataclasses.dataclass(frozen=True, eq=False)
class CountRows:
    """Class counts over steps.

    Attributes:
      steps: Ascending, distinct, int64 `[T]`.
      wall_times: Seconds since the epoch, `[T]`.
      classes: Which classes, int64 `[k]`.
      table: int64 or float64 `[T, 3, k]`: true positives, support, predicted; `[T, 4, k]` if
        multi-label: examples of which the label is known.
    """

    steps: Steps
    wall_times: Floats
    classes: npt.NDArray[np.int64]
    table: Counts


class BlobPlace(NamedTuple):
    """Where one blob is found."""

    step: int
    wall_time: float
    key: str


def newest_of_each_step(steps: Sequence[int] | Steps) -> npt.NDArray[np.intp]:
    """Returns the order that sorts by step and keeps the last record of each.

    TensorBoard's Python loader delivers duplicates and what came out of order, as they lie in
    the file; the last one written is the valid one.
    """
    found = np.asarray(steps, np.int64)
    order = np.argsort(found, kind="stable")
    ascending = found[order]
    is_last = np.ones(len(found), np.bool_)
    is_last[:-1] = ascending[1:] != ascending[:-1]
    chosen: npt.NDArray[np.intp] = order[is_last]
    return chosen
