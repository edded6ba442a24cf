"""A channel: what one name's log calls have in common, and the numbers they get."""

import bisect
import enum
from array import array
from collections.abc import Hashable, Mapping

import numpy as np

from tb_monitor_writer import schema
from tb_monitor_writer.errors import SchemaMismatch
from tb_monitor_writer.events.earlier import EarlierTag
from tb_monitor_writer.fit_history import FitHistory
from tb_monitor_writer.schema import Kind, Series, Task
from tb_monitor_writer.schema.names import tag_of


class Order(enum.Enum):
    """How a step stands to the last one of its channel."""

    NEXT = "next"
    SAME = "same"
    EARLIER = "earlier"


def shape_of(series: Series) -> Hashable:
    """What of a series must stay as it is for a record to belong to it."""
    if series.kind is Kind.FIT:
        return series.higher_is_better
    if series.kind is Kind.SCORES:
        return (series.num_classes, series.class_names, series.bins, series.task)
    is_multilabel = series.task is Task.MULTILABEL
    return (series.num_classes, series.class_names, is_multilabel, series.pos_label)


def _difference(before: Hashable, now: Hashable) -> str:
    if isinstance(now, bool):
        return "higher_is_better changed"
    if not isinstance(before, tuple) or not isinstance(now, tuple):
        return "the classes changed"
    if before[0] != now[0]:
        return f"the classes changed from {before[0]} to {now[0]}"
    new = [name for name in now[1] if name not in before[1]]
    if before[1] and new:
        return f"the classes changed, {new[0][:80]!r} is new"
    return "the classes changed"


class Channel:
    """One name and what is logged under it: all matrices of a split, all values of a quantity.

    Attributes:
      kind: What is logged: AVERAGES stands for all that a matrix becomes.
      name: `<split>[/<head>]` or `<quantity>[/<head>]`.
      generation: 1, then one more each time the shape of the records changed, because
        TensorBoard keeps the first metadata of a tag for ever.
      columns: Of a row, as an earlier process described them; TensorBoard keeps that, whatever
        columns a later version adds. () = none did.
      last_row: Of a fit channel: the row of the last step.
      history: Of a fit channel.
    """

    def __init__(self, kind: Kind, name: str) -> None:
        self.kind = kind
        self.name = name
        self.generation = 1
        self.columns: tuple[str, ...] = ()
        self.last_row: dict[str, float] = {}
        self.history = FitHistory()
        self._shape: Hashable = None
        self._steps = array("q")  # of the records that readers still have, ascending

    def resume(self, earlier: Mapping[str, EarlierTag], step: int, stale_from: int) -> None:
        """Goes on where an earlier process stopped.

        Args:
          earlier: What it logged to this run, by tag.
          step: Of the record to come; it replaces an earlier process' record of that step.
          stale_from: What the earlier process logged at this step and later is gone.
        """
        while tag_of(self.name, self.kind.value, self.generation + 1) in earlier:
            self.generation += 1
        found = earlier.get(tag_of(self.name, self.kind.value, self.generation))
        if found is None:
            return
        known = [known for known in found.steps if known < stale_from]
        self._steps = array("q", known[:-1] if known[-1:] == [step] else known)
        try:
            series = schema.decode_series(found.content)
        except SchemaMismatch:
            self._shape = object()  # like no other: this process begins a new generation
            return
        self._shape = shape_of(series)
        self.columns = series.columns
        for known_step in self._steps:
            row = np.frombuffer(found.rows.get(known_step, b""), "<f8")
            if len(row) == len(series.columns):
                columns = dict(zip(series.columns, row.tolist(), strict=True))
                self.history.resume(columns, higher_is_better=series.higher_is_better)

    @property
    def ordinal(self) -> int:
        """How many records readers can have, so the number of the last one."""
        return len(self._steps)

    @property
    def last_step(self) -> int:
        """Step of the last record; -1 before the first."""
        return self._steps[-1] if self._steps else -1

    def order_of(self, step: int) -> Order:
        """Says how a step stands to the last one."""
        if step > self.last_step:
            return Order.NEXT
        return Order.SAME if step == self.last_step else Order.EARLIER

    def known_names(self, num_classes: int) -> tuple[str, ...]:
        """Names of so many classes (or labels) that earlier records bear; () = none."""
        shape = self._shape
        return shape[1] if isinstance(shape, tuple) and shape[0] == num_classes else ()

    def changes(self, shape: Hashable) -> str:
        """Takes the shape of the next record; says how it begins a new generation, "" if not."""
        before, self._shape = self._shape, shape
        changed = "" if before is None or shape == before else _difference(before, shape)
        if changed:
            self.generation += 1
            self.columns = ()
            self._steps = array("q")
            self.history = FitHistory()
        return changed

    def count(self, step: int) -> None:
        """Counts a record that is handed over."""
        self._steps.append(step)

    def forget_from(self, step: int) -> None:
        """Forgets the records that a restart at this step makes stale."""
        del self._steps[bisect.bisect_left(self._steps, step) :]
        self.history.forget_from(step)
