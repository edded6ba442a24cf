"""SQLite's loop: whichever system call fails or hangs, wherever a call is interrupted.

One run passes every path of the event log: it begins, another writer's file appears, its own
file is deleted, it ends. Each place in it goes wrong in turn.
"""

import errno
import os
import signal
import sys
import threading
import time

import numpy as np
import pytest

from tb_monitor_writer import MonitorWriter
from tb_monitor_writer.events import EventLog, encoding, event_file, run_directory
from tb_monitor_writer.events.writing_thread import WritingThread
from tests.crash.logs import events, files, fit_steps, torn_bytes

CALLS = ("open", "writev", "ftruncate", "fstat", "listdir", "makedirs", "close", "unlink")
STEPS = list(range(10))


class System:
    """Stands between the event log and the kernel; the k-th call goes wrong."""

    def __init__(self, monkeypatch):
        self.calls = []
        self.wrong = 0
        self.fault = lambda: None
        for name in CALLS:
            monkeypatch.setattr(os, name, self._watched(name, getattr(os, name)))

    def _watched(self, name, call):
        def watched(*arguments, **more):
            caller = sys._getframe(1).f_globals.get("__name__", "")
            if caller in (event_file.__name__, run_directory.__name__):
                self.calls.append(name)
                if len(self.calls) == self.wrong:
                    self.fault()
            return call(*arguments, **more)

        return watched


def whole_life(directory, append):
    """Appends STEPS; between them others do what they do to a run's directory.

    Returns:
      The steps that stood in the file that is deleted.
    """
    for step in STEPS[:4]:
        append(step)
    (directory / "events.out.tfevents.1.host.1.0").touch()
    for step in STEPS[4:7]:
        append(step)
    doomed = list(directory.glob("tb_monitor*/*"))
    deleted = [step for path in doomed for step in steps_in(path)]
    for path in doomed:
        path.unlink()
    for step in STEPS[7:]:
        append(step)
    return deleted


def steps_in(path):
    return [event.step for event in events(path) if any(v.tag == "x" for v in event.summary.value)]


def written_steps(directory):
    return [step for path in files(directory) for step in steps_in(path)]


VALUE = encoding.tensor_value(
    "x", np.zeros(1), encoding.encode_metadata("tb_monitor", b"", encoding.DATA_CLASS_TENSOR)
)


def number_of_calls(directory, monkeypatch):
    with monkeypatch.context() as patch:
        system = System(patch)
        log = EventLog(directory)
        directory.mkdir()
        deleted = whole_life(directory, lambda step: log.append(step, [VALUE]))
        log.close()
    assert deleted == [4, 5, 6]
    assert written_steps(directory) == [0, 1, 2, 3, 7, 8, 9]
    assert set(system.calls) == set(CALLS) - {"ftruncate", "unlink"}
    return len(system.calls)


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.ESTALE, errno.EMFILE])
def test_whichever_system_call_fails_nothing_is_lost_or_torn_or_raised(
    tmp_path, monkeypatch, way, code
):
    count = number_of_calls(tmp_path / "sound", monkeypatch)
    for k in range(1, count + 1):
        directory = tmp_path / str(k)
        with monkeypatch.context() as patch:
            system = System(patch)
            system.wrong = k

            def refuse():
                raise OSError(code, os.strerror(code))

            system.fault = refuse
            log = EventLog(directory)
            directory.mkdir()
            deleted = whole_life(directory, lambda step, log=log: log.append(step, [VALUE]))
            log.close()
        name = system.calls[k - 1]
        status = log.status()
        assert (status.written, status.dropped) == (10, 0), (k, name)
        # Where another writer is looked for, what cannot be opened is taken for one.
        assert status.last_error == f"[Errno {code}] {os.strerror(code)}" or name == "open", k
        assert sorted(deleted + written_steps(directory)) == STEPS, (k, name)
        assert sum(torn_bytes(path) for path in files(directory)) == 0, (k, name)


def test_whichever_system_call_hangs_no_call_waits_longer_than_the_timeout(tmp_path, monkeypatch):
    count = number_of_calls(tmp_path / "sound", monkeypatch)
    for k in range(1, count):  # the last one closes the file at the end
        directory = tmp_path / str(k)
        freed = threading.Event()
        waited_s = []
        with monkeypatch.context() as patch:
            system = System(patch)
            system.wrong = k
            system.fault = lambda freed=freed: freed.wait(60)
            log = EventLog(directory, timeout_s=0.05)
            directory.mkdir()

            def append(step, log=log, waited_s=waited_s):
                started_s = time.monotonic()
                log.append(step, [VALUE])
                waited_s.append(time.monotonic() - started_s)

            whole_life(directory, append)
            freed.set()
            while log._thread._backlog:
                time.sleep(0.001)
            log.close()
        assert max(waited_s) < 5, (k, system.calls[k - 1])  # 60 if anybody waited for it
        assert log.status()[:2] == (10, 0), (k, system.calls[k - 1])
        assert sum(torn_bytes(path) for path in files(directory)) == 0


class InterruptAt:
    """Raises KeyboardInterrupt at the k-th place where Python looks for signals: a function of
    ours begins, or one written in C returns to it.
    """

    def __init__(self, place):
        self.place = place
        self.places = 0

    def __enter__(self):
        sys.setprofile(self._look)

    def __exit__(self, *_):
        sys.setprofile(None)

    def _look(self, frame, event, argument):
        name = frame.f_globals.get("__name__", "")
        if event in ("call", "c_return") and name.startswith(("tb_monitor_writer", "contextlib")):
            self.places += 1
            if self.places == self.place:
                raise KeyboardInterrupt


@pytest.mark.parametrize("afterwards", [False, True], ids=["then the thread", "then a burst"])
def test_wherever_ctrl_c_interrupts_a_call_the_ones_after_it_are_whole(
    tmp_path, monkeypatch, way, afterwards
):
    def call(monitor, step):
        monitor.fit("loss", train=step, validation=[step, step + 1.0], step=step)

    place, interrupted = 1, True
    while interrupted:
        directory = tmp_path / str(place)
        with MonitorWriter(directory, scalars=False) as monitor:
            call(monitor, 0)
            interrupter = InterruptAt(place)
            try:
                with interrupter:
                    call(monitor, 1)
                interrupted = False
            except KeyboardInterrupt:
                pass
            with monkeypatch.context() as patch:
                patch.setattr(WritingThread, "_is_in_a_burst", lambda self: afterwards)
                for step in (2, 3, 4):
                    call(monitor, step)
        steps = fit_steps(directory)
        # Of the interrupted one nothing was promised: it is there, or not, or twice the same.
        assert [step for step in steps if step != 1] == [0, 2, 3, 4], (place, steps)
        assert steps == sorted(steps), (place, steps)
        assert monitor.status().dropped == 0, place
        [path] = files(directory)
        assert torn_bytes(path) == 0, place
        place += 1
    assert place > 100  # it was interrupted in many places


@pytest.mark.parametrize("shortened", [0, 4, 5, 6])
def test_ctrl_c_between_a_write_and_the_count_of_it_leaves_the_record_there_once(
    tmp_path, monkeypatch, shortened
):
    """And what a later short write cuts off begins where a record ends."""
    monkeypatch.setattr(WritingThread, "_is_in_a_burst", lambda self: True)
    real_writev = os.writev
    writes = 0  # the first one begins the file

    def writev(fd, buffers):
        nonlocal writes
        writes += 1
        if writes == shortened:
            return os.write(fd, b"".join(buffers)[:20])
        written = real_writev(fd, buffers)
        if writes == 3:
            raise KeyboardInterrupt
        return written

    monkeypatch.setattr(event_file.os, "writev", writev)
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=0, step=0)
        with pytest.raises(KeyboardInterrupt):
            monitor.fit("loss", train=1, step=1)
        for step in (2, 3, 4):
            monitor.fit("loss", train=step, step=step)
    assert fit_steps(tmp_path) == [0, 1, 2, 3, 4]
    assert torn_bytes(files(tmp_path)[0]) == 0
    assert monitor.status()[:2] == (5, 0)


def interrupt_log_calls_only(number, frame):
    """Raises as Python's own handler does, but not in this test's lines."""
    while frame is not None:
        if frame.f_code is MonitorWriter.fit.__code__:
            raise KeyboardInterrupt
        frame = frame.f_back


def test_a_real_ctrl_c_in_a_loop_of_calls_loses_nothing(tmp_path):
    """SIGINT, many times, at random moments, to the thread that logs."""
    main = threading.main_thread().ident
    stop = threading.Event()

    def pester():
        while not stop.wait(0.002):
            signal.pthread_kill(main, signal.SIGINT)

    pesterer = threading.Thread(target=pester)
    acknowledged, interrupts = [], 0
    before = signal.signal(signal.SIGINT, interrupt_log_calls_only)
    try:
        with MonitorWriter(tmp_path) as monitor:
            pesterer.start()
            deadline_s = time.monotonic() + 1.0
            step = 0
            while time.monotonic() < deadline_s:
                step += 1
                try:
                    monitor.fit("loss", train=step, step=step)
                except KeyboardInterrupt:
                    interrupts += 1
                else:
                    acknowledged.append(step)
            stop.set()
            pesterer.join()
    finally:
        stop.set()
        signal.signal(signal.SIGINT, before)
    assert interrupts > 10
    steps = fit_steps(tmp_path)
    assert set(acknowledged) <= set(steps)
    assert steps == sorted(steps)
    assert sum(torn_bytes(path) for path in files(tmp_path)) == 0
