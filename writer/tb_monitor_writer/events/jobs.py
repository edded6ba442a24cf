"""What an event log asks its writing thread to do."""

import threading
from collections.abc import Hashable, Sequence

from tb_monitor_writer.events.earlier import EarlierTag
from tb_monitor_writer.events.encoding import Value
from tb_monitor_writer.events.run_log import RunLog


class Job:
    """One thing to do with the run's file, on its way to the thread.

    Attributes:
      is_done: Whether it succeeded.
      answered: Held until the disk has answered, or the job was given up.
    """

    __slots__ = ("answered", "is_done")

    records = 0
    """Records that are written when it succeeds, or lost when it is given up."""

    def __init__(self) -> None:
        self.is_done = False
        self.answered = threading.Lock()
        self.answered.acquire()

    def perform(self, run: RunLog) -> None:
        """Does it. May raise OSError, and is tried again then."""
        raise NotImplementedError

    @property
    def held_bytes(self) -> int:
        """Memory that it holds, but for some hundred bytes."""
        return 0

    def answer(self) -> None:
        """Lets its caller go on."""
        if self.answered.locked():
            self.answered.release()


class Append(Job):
    """Append one event."""

    __slots__ = ("key", "starts_session", "step", "values", "wall_time_s")

    records = 1

    def __init__(
        self,
        step: int,
        wall_time_s: float,
        values: Sequence[Value],
        key: Hashable,
        starts_session: bool,
    ) -> None:
        super().__init__()
        self.step = step
        self.wall_time_s = wall_time_s
        self.values = values
        self.key = key
        self.starts_session = starts_session

    def perform(self, run: RunLog) -> None:
        """Appends it."""
        run.append(self.step, self.wall_time_s, self.values, starts_session=self.starts_session)

    @property
    def held_bytes(self) -> int:
        """Its payload and metadata."""
        return sum(len(value.content) + len(value.metadata) for value in self.values)


class Open(Job):
    """Open the run, and read what earlier processes logged to it."""

    __slots__ = ("earlier",)

    def __init__(self) -> None:
        super().__init__()
        self.earlier: dict[str, EarlierTag] = {}

    def perform(self, run: RunLog) -> None:
        """Opens it."""
        self.earlier = run.open()


class StepAside(Job):
    """Finish the file, for another log of this process; a later event opens the run anew.

    Attributes:
      had_file: Whether there was one to finish.
    """

    __slots__ = ("had_file",)

    def __init__(self) -> None:
        super().__init__()
        self.had_file = False

    def perform(self, run: RunLog) -> None:
        """Closes the file."""
        self.had_file = run.is_open
        run.close()
