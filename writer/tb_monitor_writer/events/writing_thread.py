"""The thread that does an event log's file operations, and what it shares with the callers."""

import contextlib
import itertools
import threading
import time
from collections import deque
from collections.abc import Hashable, Sequence

from tb_monitor_writer import limits
from tb_monitor_writer.events.encoding import Value
from tb_monitor_writer.events.run_log import RunLog


class Item:
    """One event on its way to the disk."""

    __slots__ = (
        "done", "is_written", "key", "size_bytes", "starts_session", "step", "values",
        "wall_time_s",
    )  # fmt: skip

    def __init__(
        self,
        step: int,
        wall_time_s: float,
        values: Sequence[Value],
        key: Hashable,
        starts_session: bool,
    ) -> None:
        self.step = step
        self.wall_time_s = wall_time_s
        self.values = values
        self.key = key
        self.starts_session = starts_session
        self.is_written = False
        self.done = threading.Lock()  # held until the disk has answered
        self.done.acquire()

    def answer(self) -> None:
        """Lets its caller go on."""
        if self.done.locked():
            self.done.release()

    @property
    def held_bytes(self) -> int:
        """Memory that it holds, but for some hundred bytes."""
        return sum(len(value.content) + len(value.metadata) for value in self.values)


class WritingThread:
    """Writes items in the order in which they came; keeps those that the disk refuses.

    Attributes:
      written: Events on disk.
      dropped: Events lost.
      last_error: The last error of the file system as text, None if there was none.
      notes: Sentences that the user should read, each said once.
    """

    def __init__(self, directory: str, *, own_sub_run: bool, fsync: bool) -> None:
        self.written = 0
        self.dropped = 0
        self.last_error: str | None = None
        self.notes: deque[str] = deque()
        self._directory = directory
        self._run = RunLog(directory, own_sub_run=own_sub_run, fsync=fsync, say=self.note)
        self._backlog: deque[Item] = deque()  # oldest first
        self._in_flight: Item | None = None  # then the first of the backlog
        self._refusal: OSError | None = None  # what the last attempt met
        self._is_stalled = False  # a caller has waited in vain; the next ones do not wait
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._last_call_s = 0.0
        self._quick_calls = 0  # in a row
        self._writing = threading.Lock()  # held by whoever does file operations
        # Reentrant, because a signal handler may log in the middle of a log call. Never held
        # during a file operation.
        self._lock = threading.RLock()
        self._sleep = threading.Lock()  # held while there is nothing to do
        self._sleep.acquire()
        self._ended = threading.Event()
        self._said: set[str] = set()

    def hand_over(self, item: Item, timeout_s: float) -> OSError | None:
        """Waits until an item is written, but no longer than a hung disk may cost.

        Returns:
          None if it is on disk or was counted as dropped, else why it is not.
        """
        with self._lock:
            if self._is_closed:
                self.dropped += 1
                self.note("closed", f"logged to {self._directory} after close: not written")
                return None
            self._backlog.append(item)
            here = self._is_in_a_burst() or not self._is_running()
        if not (here and self._drain(blocking=False)):
            self._wake()
        if item.done.acquire(timeout=0 if self._is_stalled else timeout_s):
            return None if item.is_written else self._refusal
        with self._lock:
            error = TimeoutError(f"the disk has not answered for {timeout_s:g} s")
            self._is_stalled = not item.is_written
            self._note_error(error)
            self._drop_oldest()
        return error

    def replace(self, key: Hashable, values: Sequence[Value]) -> bool:
        """Replaces the values of an item that is still unwritten; False if there is none."""
        with self._lock:
            for item in self._backlog:
                if item.key == key and item is not self._in_flight:
                    item.values = values
                    return True
        return False

    def drop(self, count: int) -> None:
        """Counts records lost elsewhere."""
        with self._lock:
            self.dropped += count

    def note(self, cause: str, sentence: str) -> None:
        """Keeps a sentence for the user, once per cause."""
        if cause not in self._said:
            self._said.add(cause)
            self.notes.append(sentence)

    def close(self, timeout_s: float) -> None:
        """Ends the thread after a last attempt at the backlog, and closes the file."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            thread = self._thread
        if thread is None:
            self._end()
            return
        self._wake()
        # The garbage collector may run a forgotten log's finalizer in this very thread.
        if thread is not threading.current_thread():
            self._ended.wait(timeout_s)
        with self._lock:
            lost = len(self._backlog)
            self.dropped += lost
            self._backlog.clear()
        if lost:
            self.note("lost at close", f"{lost} records for {self._directory} could not be written")

    def abandon(self) -> None:
        """Closes the descriptors that a forked child inherited; the thread is not there."""
        self._is_closed = True
        self._run.close()

    def _is_in_a_burst(self) -> bool:
        # Waking the thread costs more than the write. A long run of quick answers is the one
        # case where that matters, and the best sign that the disk is well.
        now_s = time.monotonic()
        quick = now_s - self._last_call_s < limits.BURST_GAP_S
        self._last_call_s = now_s
        self._quick_calls = self._quick_calls + 1 if quick else 0
        return self._quick_calls > limits.BURST_CALLS

    def _is_running(self) -> bool:
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="tb_monitor_writer", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the interpreter is shutting down, or out of threads
                return False
            self._thread = thread
        return True

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # it is awake already
            self._sleep.release()

    def _work(self) -> None:
        while not self._is_closed:
            self._sleep.acquire()
            self._drain(blocking=True)
        self._end()

    def _end(self) -> None:
        try:
            self._run.close()
        except OSError as error:
            self._note_error(error)
        self._ended.set()

    def _drain(self, *, blocking: bool) -> bool:
        """Writes the backlog as far as the disk takes it; False if another thread does."""
        if not self._writing.acquire(blocking):
            return False
        try:
            while self._write_oldest():
                pass
        finally:
            self._writing.release()
        return True

    def _write_oldest(self) -> bool:
        with self._lock:
            if not self._backlog:
                return False
            item = self._in_flight = self._backlog[0]
        try:
            self._run.append(
                item.step, item.wall_time_s, item.values, starts_session=item.starts_session
            )
        except OSError as error:
            self._refuse(error)
            return False
        with self._lock:
            self._in_flight = self._refusal = None
            self._is_stalled = False
            self._backlog.popleft()
            self.written += 1
            item.is_written = True
            remain = bool(self._backlog)
        item.answer()
        return remain

    def _refuse(self, error: OSError) -> None:
        with self._lock:
            self._in_flight = None
            self._refusal = error
            self._is_stalled = False
            self._note_error(error)
            self._drop_oldest()
            waiting = list(self._backlog)
        for item in waiting:
            item.answer()

    def _drop_oldest(self) -> None:
        """Bounds what is held; the newest item is kept whatever its size."""
        held = [item for item in self._backlog if item is not self._in_flight]
        sizes = list(itertools.accumulate(item.held_bytes for item in reversed(held)))
        fits = sum(size <= limits.BACKLOG_BYTES for size in sizes[: limits.BACKLOG_RECORDS])
        for item in held[: len(held) - max(fits, 1)] if held else ():
            self._backlog.remove(item)
            self.dropped += 1
            item.answer()

    def _note_error(self, error: OSError) -> None:
        self.last_error = str(error)
        self.note(
            f"errno {error.errno}",
            f"cannot write to {self._directory}: {error}; the last {limits.BACKLOG_RECORDS} "
            f"records are kept and tried again at each call, older ones are lost and counted",
        )
