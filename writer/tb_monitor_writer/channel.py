"""A channel: what one name's log calls have in common, and the numbers they get."""

import bisect
import enum
from array import array
from collections.abc import Hashable

from tb_monitor_writer.fit_history import FitHistory


class Order(enum.Enum):
    """How a step stands to the last one of its channel."""

    NEXT = "next"
    SAME = "same"
    EARLIER = "earlier"


class Channel:
    """One name and what is logged under it: all matrices of a split, all values of a quantity.

    Attributes:
      key: What is logged, and its name.
      generation: 1, then one more each time the shape of the records changed, because
        TensorBoard keeps the first metadata of a tag for ever.
      last_row: Of a fit channel: the row of the last step.
      history: Of a fit channel.
    """

    def __init__(self, key: tuple[str, str]) -> None:
        self.key = key
        self.generation = 1
        self.last_row: dict[str, float] = {}
        self.history: FitHistory | None = None
        self._shape: Hashable = None
        self._steps = array("q")  # of the records that readers still have, ascending

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

    def changes(self, shape: Hashable) -> bool:
        """Takes the shape of the next record; says whether it begins a new generation."""
        changed = self._shape is not None and shape != self._shape
        self._shape = shape
        if changed:
            self.generation += 1
            self._steps = array("q")
        return changed

    def count(self, step: int) -> None:
        """Counts a record that is handed over."""
        self._steps.append(step)

    def forget_from(self, step: int) -> None:
        """Forgets the records that a restart at this step makes stale."""
        del self._steps[bisect.bisect_left(self._steps, step) :]
        if self.history is not None:
            self.history.forget_from(step)
