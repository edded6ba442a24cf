"""The thread that does an event log's file operations, and what it shares with the callers."""

import contextlib
import inspect
import itertools
import threading
import time
from collections import deque
from collections.abc import Hashable, Sequence

from tb_monitor_writer import limits
from tb_monitor_writer.events.encoding import Value
from tb_monitor_writer.events.jobs import Append, Job
from tb_monitor_writer.events.run_log import RunLog


class WritingThread:
    """Writes jobs in the order in which they came; keeps those that the disk refuses.

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
        self._backlog: deque[Job] = deque()  # oldest first
        self._in_flight: Job | None = None  # then the first of the backlog
        self._refusal: OSError | None = None  # what the last attempt met
        self._is_stalled = False  # a caller has waited in vain; the next ones do not wait
        self._is_closed = False
        self._thread: threading.Thread | None = None
        self._answered_s = 0.0  # when the last call returned
        self._write_took_s = 0.0  # the last write
        self._burst = 0  # quick calls, less some for each slow one
        # Held by whoever does file operations. Reentrant, so that a thread knows its own.
        self._writing = threading.RLock()
        # Reentrant, because a signal handler may log in the middle of a log call. Never held
        # during a file operation.
        self._lock = threading.RLock()
        self._sleep = threading.Lock()  # held while there is nothing to do
        self._sleep.acquire()
        self._ended = threading.Event()
        self._said: set[str] = set()

    def hand_over(self, job: Job, timeout_s: float) -> OSError | None:
        """Waits until a job is written, but no longer than a hung disk may cost.

        Returns:
          None if it is on disk or was counted as dropped, else why it is not.
        """
        # Nested: a signal handler that interrupted this very thread in here or in mid-write. It
        # cannot wait for what goes on only after it.
        is_nested = _is_owned(self._lock) or self._is_writing_here()
        with self._lock:
            if self._is_closed:
                self.dropped += job.records
                self.note("closed", f"logged to {self._directory} after close: not written")
                return None
            self._backlog.append(job)
            here = self._is_in_a_burst() or not self._is_running()
        if is_nested or not (here and self._drain(blocking=False)) or self._backlog:
            self._wake()
        return None if is_nested else self._wait_for(job, timeout_s)

    def replace(self, key: Hashable, values: Sequence[Value], timeout_s: float) -> Job | None:
        """Replaces the values of a job that is still undone, and tries it again.

        Returns:
          The job, None if there is none.
        """
        with self._lock:
            for job in self._backlog:
                if job is not self._in_flight and isinstance(job, Append) and job.key == key:
                    job.values = values
                    job.answered.acquire(blocking=False)
                    break
            else:
                return None
        self._wake()
        self._wait_for(job, timeout_s)
        return job

    def _wait_for(self, job: Job, timeout_s: float) -> OSError | None:
        is_answered = job.answered.acquire(timeout=0 if self._is_stalled else timeout_s)
        self._answered_s = time.monotonic()
        if is_answered:
            return None if job.is_done else self._refusal
        with self._lock:
            error = TimeoutError(f"the disk has not answered for {timeout_s:g} s")
            self._is_stalled = not job.is_done
            self._note_error(error)
            self._drop_oldest()
        return error

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
        self._is_writing_here()
        if thread is None:
            self._drain(blocking=False)
            self._end()
        else:
            self._wake()
            # The garbage collector may run a forgotten log's finalizer in this very thread.
            if thread is not threading.current_thread():
                self._ended.wait(timeout_s)
        with self._lock:
            lost = sum(job.records for job in self._backlog)
            self.dropped += lost
            self._backlog.clear()
        if lost:
            records = "1 record" if lost == 1 else f"{lost} records"
            self.note("lost at close", f"{records} for {self._directory} could not be written")

    def abandon(self) -> None:
        """Closes the descriptors that a forked child inherited; the thread is not there."""
        self._is_closed = True
        self._run.close()

    def _is_in_a_burst(self) -> bool:
        # Waking the thread costs more than the write. A long run of quick answers is the one
        # case where that matters, and the best sign that the disk is well.
        pause_s = time.monotonic() - self._answered_s
        is_quick = max(pause_s, self._write_took_s) < limits.BURST_GAP_S
        change = 1 if is_quick else -limits.SLOW_CALL_COSTS
        self._burst = min(max(self._burst + change, 0), 2 * limits.BURST_CALLS)
        return self._burst > limits.BURST_CALLS

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

    def _is_writing_here(self) -> bool:
        """Whether this thread is in mid-write; if not, it holds the lock for that no more.

        Ctrl-C may come right behind `acquire`, or right before `release`.
        """
        if not _is_owned(self._writing):
            return False
        frame = inspect.currentframe()
        while frame is not None:
            if frame.f_code is _DRAIN and frame.f_locals["self"] is self:
                return True
            frame = frame.f_back
        while _is_owned(self._writing):
            self._writing.release()
        return False

    def _write_oldest(self) -> bool:
        with self._lock:
            if not self._backlog:
                return False
            job = self._in_flight = self._backlog[0]
        started_s = time.monotonic()
        try:
            job.perform(self._run)
        except OSError as error:
            self._refuse(error)
            return False
        except Exception as error:  # a defect of ours: it costs this record, not the thread
            self._give_up(job, error)
            return True
        finally:
            self._write_took_s = time.monotonic() - started_s
        with self._lock:
            self._in_flight = self._refusal = None
            self._is_stalled = False
            if self._backlog:
                self._backlog.popleft()
            else:  # given up by close, which the disk outlived after all
                self.dropped -= job.records
            self.written += job.records
            job.is_done = True
            remain = bool(self._backlog)
        job.answer()
        return remain

    def _refuse(self, error: OSError) -> None:
        with self._lock:
            self._in_flight = None
            self._refusal = error
            self._is_stalled = False
            self._note_error(error)
            self._drop_oldest()
            waiting = list(self._backlog)
        for job in waiting:
            job.answer()

    def _give_up(self, job: Job, error: Exception) -> None:
        with self._lock:
            self._in_flight = None
            self._note_error(error)
            if self._backlog:
                self._backlog.popleft()
                self.dropped += job.records
        job.answer()

    def _drop_oldest(self) -> None:
        """Bounds what is held; the newest job is kept whatever its size."""
        held = [job for job in self._backlog if job is not self._in_flight]
        sizes = list(itertools.accumulate(job.held_bytes for job in reversed(held)))
        fits = sum(size <= limits.BACKLOG_BYTES for size in sizes[: limits.BACKLOG_RECORDS])
        for job in held[: len(held) - max(fits, 1)] if held else ():
            self._backlog.remove(job)
            self.dropped += job.records
            job.answer()

    def _note_error(self, error: Exception) -> None:
        self.last_error = str(error)
        self.note(
            f"{type(error).__name__} {getattr(error, 'errno', '')}",
            f"cannot write to {self._directory}: {error}; the last {limits.BACKLOG_RECORDS} "
            f"records are kept and tried again at each call, older ones are lost and counted",
        )


_DRAIN = WritingThread._drain.__code__


def _is_owned(lock: threading.RLock) -> bool:
    """Whether this thread holds a lock; threading.Condition asks in the same way."""
    found: bool = lock._is_owned()  # type: ignore[attr-defined]
    return found
