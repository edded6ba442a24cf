"""A log call that returned survives the death of the process, however it dies."""

import contextlib
import os
import random
import resource
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from tests.crash.logs import NO_FORK_WARNING, ROOT, events, files, fit_rows, fit_steps, torn_bytes
from tests.writer.loaders import LOADERS, load

PAGE_BYTES = resource.getpagesize()

LOGGING_LOOP = """
    import os, sys
    import numpy as np
    from tb_monitor_writer import MonitorWriter
    from tb_monitor_writer.events.writing_thread import WritingThread

    WritingThread._is_in_a_burst = lambda self: sys.argv[3] == "in a burst"
    acknowledged = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    monitor = MonitorWriter(sys.argv[1], class_names=["a", "b", "c"])
    matrix = np.arange(9).reshape(3, 3)
    for step in range(10**9):
        monitor.fit("loss", train=step, validation=step, step=step)
        monitor.confusion_matrix("validation", matrix, step=step)
        os.write(acknowledged, b"%d " % step)
"""


@contextlib.contextmanager
def python(code, *arguments):
    process = subprocess.Popen(
        [sys.executable, *NO_FORK_WARNING, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT / "writer")},
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def run(code, *arguments):
    """Runs a program to its end; returns its status, output and errors."""
    with python(code, *arguments) as process:
        output, errors = process.communicate(timeout=100)
    return process.returncode, output, errors


@pytest.mark.parametrize("seed", range(5))
def test_after_kill_9_everything_acknowledged_is_readable(tmp_path, seed, way):
    wait_s = random.Random(seed).uniform(0.0, 0.3)
    answers = tmp_path / "acknowledged"
    with python(LOGGING_LOOP, tmp_path, answers, way) as process:
        while not (answers.exists() and answers.stat().st_size):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        time.sleep(wait_s)
        process.send_signal(signal.SIGKILL)
        process.wait()
    acknowledged = answers.read_text().split()

    steps = fit_steps(tmp_path)
    assert steps == list(range(len(steps)))  # no gap, no duplicate
    assert len(acknowledged) - len(steps) <= 0
    assert len(steps) - len(acknowledged) <= 1  # the one that no one was told of any more
    assert [row["ordinal"] for _, row in fit_rows(tmp_path)] == [step + 1 for step in steps]
    [path] = files(tmp_path)
    assert torn_bytes(path) == 0 or path.stat().st_size % PAGE_BYTES == 0


LARGE_RECORDS = """
    import os, sys
    import numpy as np
    from tb_monitor_writer import MonitorWriter

    acknowledged = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    matrix = np.random.default_rng(0).integers(0, 2**31, (700, 700))
    with MonitorWriter(sys.argv[1]) as monitor:
        for step in range(10**9):
            monitor.confusion_matrix("validation", matrix, step=step)
            os.write(acknowledged, b"%d " % step)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_within_a_large_write_costs_no_record_that_was_acknowledged(tmp_path, seed):
    """The kernel looks for it after each page: the file may end there, in half a record."""
    answers = tmp_path / "acknowledged"
    with python(LARGE_RECORDS, tmp_path / "run", answers) as process:
        while not (answers.exists() and answers.stat().st_size):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.001)
        time.sleep(random.Random(seed).uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
    [path] = files(tmp_path / "run")
    steps = [event.step for event in events(path) if event.summary.value]
    assert steps == list(range(len(steps)))
    assert 0 <= len(steps) - len(answers.read_text().split()) <= 1
    assert torn_bytes(path) == 0 or path.stat().st_size % PAGE_BYTES == 0


@pytest.mark.parametrize("loader", LOADERS)
def test_half_a_record_at_the_end_of_a_killed_process_does_not_hide_the_next_one(tmp_path, loader):
    from tb_monitor_writer import MonitorWriter

    with MonitorWriter(tmp_path / "run") as monitor:
        for step in range(60):
            monitor.fit("loss", train=step, step=step)
    [path] = files(tmp_path)
    os.truncate(path, path.stat().st_size // PAGE_BYTES * PAGE_BYTES)
    assert torn_bytes(path) > 0
    whole = len(fit_steps(tmp_path))
    with MonitorWriter(tmp_path / "run") as monitor:
        for step in range(whole, 60):
            monitor.fit("loss", train=step, step=step)

    def complete(found):
        return found.last_steps() == {"run": {"loss/fit": 59}}

    with load(tmp_path, loader, until=complete) as found:
        assert sorted(found.tensors("run", "loss/fit")) == list(range(60))


ENDINGS = {
    "falls off the end": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "an exception": ("raise RuntimeError('on purpose')", 1),
    "os._exit": ("os._exit(4)", 4),
    "abort": ("os.abort()", -signal.SIGABRT),
    "SIGTERM": ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)", -signal.SIGTERM),
    "SIGKILL": ("os.kill(os.getpid(), signal.SIGKILL); time.sleep(60)", -signal.SIGKILL),
    "SIGINT": ("os.kill(os.getpid(), signal.SIGINT); time.sleep(60)", -signal.SIGINT),
    "a thread that still logs": (
        "threading.Thread(target=lambda: [monitor.fit('x', train=i, step=i) "
        "for i in range(10**6)], daemon=True).start(); time.sleep(0.05)",
        0,
    ),
    "a forked child's exit": (
        "child = os.fork()\nif child == 0: sys.exit(5)\nos.waitpid(child, 0)",
        0,
    ),
    "atexit that logs": ("atexit.register(lambda: monitor.fit('loss', train=9, step=9))", 0),
    "close twice": ("monitor.close(); monitor.close()", 0),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_record_is_lost_when_the_program_ends_by(ending, tmp_path):
    code, status = ENDINGS[ending]
    found, _, errors = run(
        "import atexit, os, signal, sys, threading, time\n"
        "from tb_monitor_writer import MonitorWriter\n"
        "monitor = MonitorWriter(sys.argv[1])\n"
        "for step in range(5):\n"
        "    monitor.fit('loss', train=step, step=step)\n" + code,
        tmp_path,
    )
    assert found == status, errors
    expected = [*range(5), 9] if "atexit" in ending else [*range(5)]
    assert fit_steps(tmp_path) == expected
    assert sum(torn_bytes(path) for path in files(tmp_path)) == 0
    if status == 0 and "still logs" not in ending:
        assert errors == ""


def test_logging_after_close_warns_and_counts(tmp_path, caplog):
    from tb_monitor_writer import MonitorWriter

    monitor = MonitorWriter(tmp_path)
    monitor.fit("loss", train=1, step=1)
    monitor.close()
    monitor.fit("loss", train=2, step=2)
    monitor.fit("loss", train=3, step=3)
    assert monitor.status() == (1, 2, None)
    assert [record.message for record in caplog.records].count(
        f"logged to {tmp_path} after close: not written"
    ) == 1
    assert fit_steps(tmp_path) == [1]


def test_a_writer_that_is_forgotten_gives_its_thread_and_files_back(tmp_path):
    import gc
    import threading

    from tb_monitor_writer import MonitorWriter

    before = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for number in range(20):
        monitor = MonitorWriter(tmp_path / str(number))
        monitor.fit("loss", train=1, step=1)
    del monitor
    gc.collect()
    deadline = time.monotonic() + 10
    while (threading.active_count(), len(os.listdir("/proc/self/fd"))) > before:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_signal_handler_may_log_in_the_middle_of_a_log_call(tmp_path):
    status, output, errors = run(
        """
        import os, signal, sys, threading, time
        from tb_monitor_writer import MonitorWriter

        monitor = MonitorWriter(sys.argv[1])
        monitor.fit("loss", train=0, step=0)
        handled = 0

        def handler(*_):
            global handled
            handled += 1
            monitor.fit("handled", train=handled, step=handled)
            signal.setitimer(signal.ITIMER_REAL, 0.002)

        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        started = time.monotonic()
        step = 0
        while time.monotonic() - started < 1.5:
            step += 1
            monitor.fit("loss", train=step, step=step)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(step, handled)
        # A handler that waits for what it interrupted waits for the timeout, and is told so.
        assert monitor.status() == (step + 1 + handled, 0, None), monitor.status()
        """,
        tmp_path,
    )
    assert status == 0, errors
    steps, handled = map(int, output.split())
    assert handled > 20
    assert fit_steps(tmp_path) == list(range(steps + 1))
    assert fit_steps(tmp_path, "handled") == list(range(1, handled + 1))


def test_a_record_that_nobody_reads_any_more_costs_one_line(tmp_path):
    """The file begins with its version, and metadata stands on the first record of a tag."""
    from tb_monitor_writer import MonitorWriter

    with MonitorWriter(tmp_path) as monitor:
        for step in range(3):
            monitor.fit("loss", train=step, step=step)
    [path] = files(tmp_path)
    first, *rest = events(path)
    assert first.file_version == "brain.Event:2"
    described = [bool(event.summary.value[0].metadata.plugin_data.content) for event in rest]
    assert described == [True, False, False]
