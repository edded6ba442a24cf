"""The event log: what a log call hands over is on disk when the call returns.

A thread of its own does every file operation, so that a disk that hangs costs the caller
`timeout_s` and not for ever. Handing over costs about 15 us.
"""

import logging
import os
import sys
import time
import weakref
from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple

from tb_monitor_writer import limits
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.events.earlier import EarlierTag
from tb_monitor_writer.events.encoding import Value
from tb_monitor_writer.events.event_file import IS_SUPPORTED
from tb_monitor_writer.events.jobs import Append, Open, StepAside
from tb_monitor_writer.events.writing_thread import WritingThread

OnError = Literal["warn", "raise"]

logger = logging.getLogger("tb_monitor_writer")

_living: "weakref.WeakSet[EventLog]" = weakref.WeakSet()


class WriterStatus(NamedTuple):
    """What became of the records handed in.

    Attributes:
      written: Records on disk.
      dropped: Records lost: refused, or fallen out of the backlog.
      last_error: The last error of the file system as text, None if there was none.
    """

    written: int
    dropped: int
    last_error: str | None


class EventLog:
    """Appends events to a run's directory, from any thread, and survives what disks do.

    Args:
      directory: The run's directory; made when the first event comes.
      fsync: Wait for the disk after each event, so that power loss costs nothing either.
      on_error: "warn" says once per cause what could not be written; "raise" raises the
        OSError out of the call that met it.
      timeout_s: Longest time in seconds that a call waits for the disk.

    Raises:
      InvalidInput: `on_error` or `timeout_s` make no sense.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        fsync: bool = False,
        on_error: OnError = "warn",
        timeout_s: float = limits.WRITE_TIMEOUT_S,
    ) -> None:
        if on_error not in ("warn", "raise"):
            raise InvalidInput(f"on_error must be 'warn' or 'raise', got {on_error!r}")
        if not IS_SUPPORTED:
            raise InvalidInput(
                f"where must be a SummaryWriter, or None for TensorFlow's default writer, on "
                f"{sys.platform}, got {os.fspath(directory)!r:.80}: an event log needs POSIX"
            )
        if not timeout_s > 0:
            raise InvalidInput(f"timeout_s must be > 0, got {timeout_s!r}")
        self._directory = os.fspath(directory)
        self._fsync = fsync
        self._on_error = on_error
        self._timeout_s = timeout_s
        self._start(own_sub_run=False)
        _living.add(self)

    def earlier(self) -> dict[str, EarlierTag]:
        """Opens the run, if it is not open, and reads what earlier processes logged to it.

        Returns:
          By tag; empty if there is nothing, or the disk refuses or does not answer in time:
          then the record to come meets the same disk, and says so.
        """
        for log in list(_living):
            if log is not self and log._step_aside_for(self._directory):
                logger.warning(
                    "%s: another MonitorWriter of this process is still open there: the new one "
                    "goes on where it stopped; close() the old one first, or use `with`",
                    self._directory,
                )
        job = Open()
        self._thread.hand_over(job, self._timeout_s)
        return job.earlier

    def append(
        self,
        step: int,
        values: Sequence[Value],
        *,
        key: Hashable = None,
        starts_session: bool = False,
    ) -> bool:
        """Appends one event that holds some values.

        Args:
          step: Of the event, 0 <= step < 2^63.
          values: What it holds.
          key: By which `replace` finds it while it is still unwritten.
          starts_session: Loaders are to drop what the run has at this step and later.

        Returns:
          Whether it is on disk. False: it waits in the backlog, or was dropped.

        Raises:
          OSError: it could not be written, and `on_error` is "raise".
        """
        job = Append(step, time.time(), values, key, starts_session)
        error = self._thread.hand_over(job, self._timeout_s)
        if self._thread.notes:
            _speak(self._thread)
        if error is not None and self._on_error == "raise":
            raise error
        return job.is_done

    def replace(self, key: Hashable, values: Sequence[Value]) -> bool:
        """Replaces the values of an event that is still unwritten.

        Returns:
          Whether there was one.
        """
        replaced = self._thread.replace(key, values, self._timeout_s) is not None
        if self._thread.notes:
            _speak(self._thread)
        return replaced

    def drop(self, count: int = 1) -> None:
        """Counts records that were refused before they came here."""
        self._thread.drop(count)

    def status(self) -> WriterStatus:
        """Returns what became of the records handed in."""
        thread = self._thread
        return WriterStatus(thread.written, thread.dropped, thread.last_error)

    def close(self) -> None:
        """Closes the file, after a last attempt at the backlog; a second call does nothing."""
        self._finalizer()

    def _step_aside_for(self, directory: str) -> bool:
        """Finishes the file if it is in this directory; says whether there was one."""
        if not self._finalizer.alive or not _are_same(self._directory, directory):
            return False
        job = StepAside()
        self._thread.hand_over(job, self._timeout_s)
        return job.had_file

    def _start(self, *, own_sub_run: bool) -> None:
        self._thread = WritingThread(self._directory, own_sub_run=own_sub_run, fsync=self._fsync)
        # At exit, and when the log is forgotten without close: the thread knows the core only.
        self._finalizer = weakref.finalize(self, _close, self._thread, self._timeout_s)

    def _start_anew_in_child(self) -> None:
        # The thread, and whoever held a lock, stayed in the parent, which writes the backlog.
        was_closed = self._finalizer.detach() is None
        self._thread.abandon()
        self._start(own_sub_run=True)
        if was_closed:
            self._finalizer()


def _are_same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _close(thread: WritingThread, timeout_s: float) -> None:
    thread.close(timeout_s)
    _speak(thread)


def _speak(thread: WritingThread) -> None:
    while thread.notes:
        logger.warning("%s", thread.notes.popleft())


def _start_anew_in_child() -> None:
    for log in list(_living):
        log._start_anew_in_child()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_start_anew_in_child)
