"""Forks, threads and deleted directories."""

import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest

from tb_monitor_writer import MonitorWriter
from tests.crash.logs import NO_FORK_WARNING, ROOT, files, fit_rows, fit_steps, torn_bytes


def run(code, *arguments):
    found = subprocess.run(
        [sys.executable, *NO_FORK_WARNING, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PYTHONPATH": str(ROOT / "writer")},
    )
    assert found.returncode == 0, found.stderr
    return found.stdout, found.stderr


def test_eight_threads_lose_nothing(tmp_path):
    monitor = MonitorWriter(tmp_path)

    def log(name):
        for step in range(200):
            monitor.fit(name, train=step, step=step)

    threads = [threading.Thread(target=log, args=(f"loss{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monitor.close()
    assert monitor.status() == (1_600, 0, None)
    for number in range(8):
        assert fit_steps(tmp_path, f"loss{number}") == list(range(200))


@pytest.fixture
def thousands_of_switches():
    """Threads change places after each few lines."""
    before_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before_s)


def test_of_eight_threads_that_log_the_same_step_one_is_taken(tmp_path, thousands_of_switches):
    rounds = 50
    barrier = threading.Barrier(8)
    with MonitorWriter(tmp_path) as monitor:

        def log():
            for step in range(rounds):
                barrier.wait()
                monitor.fit("loss", train=step, step=step)

        run_threads(8, log)
    assert fit_steps(tmp_path) == list(range(rounds))
    assert [row["ordinal"] for _, row in fit_rows(tmp_path)] == list(range(1, rounds + 1))
    assert monitor.status()[:2] == (rounds, 7 * rounds)


def test_threads_that_log_while_the_directory_is_deleted_lose_what_was_in_it_only(tmp_path, caplog):
    directory = tmp_path / "run"
    stop = threading.Event()
    last = {}
    with MonitorWriter(directory) as monitor:

        def log():
            name = f"loss{threading.get_ident()}"
            step = 0
            while not stop.is_set():
                monitor.fit(name, train=step, step=step)
                last[name] = step
                step += 1

        threads = [threading.Thread(target=log) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(25):
            shutil.rmtree(directory, ignore_errors=True)
            time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join()
        for name in last:  # whatever refused is tried again by now
            last[name] += 1
            monitor.fit(name, train=last[name], step=last[name])
        written, dropped, _ = monitor.status()
    assert dropped == 0
    assert written == sum(last.values()) + len(last)
    for name, step in last.items():
        found = fit_steps(tmp_path, name)
        assert found == list(range(found[0], step + 1))  # nothing is missing behind the deletion
    assert sum("was deleted" in record.message for record in caplog.records) == 1


def run_threads(count, target):
    threads = [threading.Thread(target=target) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_forked_child_writes_to_a_sub_run_of_its_own(tmp_path):
    run(
        """
import os, sys
from tb_monitor_writer import MonitorWriter
monitor = MonitorWriter(sys.argv[1])
monitor.fit("loss", train=0, step=0)
children = []
for number in range(2):
    child = os.fork()
    if child == 0:
        for step in range(3):
            monitor.fit(f"child{number}", train=step, step=step)
        assert monitor.status() == (3, 0, None), monitor.status()
        sys.exit()
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
monitor.fit("loss", train=1, step=1)
assert monitor.status() == (2, 0, None), monitor.status()
""",
        tmp_path,
    )
    found = files(tmp_path)
    assert [path.parent.name.rpartition("-")[0].rpartition("-")[0] for path in found] == [
        "",
        "tb_monitor",
        "tb_monitor",
    ]
    assert fit_steps(tmp_path) == [0, 1]
    assert fit_steps(tmp_path, "child0") == fit_steps(tmp_path, "child1") == [0, 1, 2]
    assert sum(torn_bytes(path) for path in found) == 0


def test_a_fork_in_the_middle_of_log_calls_of_other_threads_does_not_hang(tmp_path):
    """The locks that those threads hold are held for ever in the child."""
    _, errors = run(
        """
import os, sys, threading, time
from tb_monitor_writer import MonitorWriter
monitor = MonitorWriter(sys.argv[1])
stop = threading.Event()

def log(name):
    step = 0
    while not stop.is_set():
        monitor.fit(name, train=step, step=step)
        step += 1

threads = [threading.Thread(target=log, args=(f"loss{i}",), daemon=True) for i in range(3)]
for thread in threads:
    thread.start()
for number in range(30):
    child = os.fork()
    if child == 0:
        started = time.monotonic()
        for step in range(3):
            monitor.fit("child", train=step, step=step)
        fine = monitor.status() == (3, 0, None) and time.monotonic() - started < 5
        os._exit(0 if fine else 1)
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
assert monitor.status().dropped == 0
""",
        tmp_path,
    )
    assert errors == ""
    assert fit_steps(tmp_path, "child") == [0, 1, 2] * 30
    for number in range(3):
        steps = fit_steps(tmp_path, f"loss{number}")
        assert steps == list(range(len(steps)))


def test_a_child_that_never_logs_leaves_nothing_behind(tmp_path):
    run(
        """
import os, sys
from tb_monitor_writer import MonitorWriter
monitor = MonitorWriter(sys.argv[1])
monitor.fit("loss", train=0, step=0)
if os.fork() == 0:
    sys.exit()
os.wait()
""",
        tmp_path,
    )
    assert len(files(tmp_path)) == 1


def test_a_log_closed_before_the_fork_stays_closed_in_the_child(tmp_path):
    output, _ = run(
        """
import os, sys
from tb_monitor_writer import MonitorWriter
monitor = MonitorWriter(sys.argv[1])
monitor.close()
if os.fork() == 0:
    monitor.fit("loss", train=0, step=0)
    print(*monitor.status()[:2], flush=True)
    os._exit(0)
os.wait()
""",
        tmp_path,
    )
    assert output == "0 1\n"
    assert files(tmp_path) == []


def _log_in_process(directory, name):
    with MonitorWriter(directory) as monitor:
        for step in range(20):
            monitor.fit(name, train=step, step=step)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:os.fork.. was called:RuntimeWarning")  # JAX, if it is imported
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_workers_that_open_the_same_run_lose_nothing(tmp_path, method):
    context = multiprocessing.get_context(method)
    workers = [
        context.Process(target=_log_in_process, args=(str(tmp_path), f"worker{number}"))
        for number in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
        assert worker.exitcode == 0
    for number in range(3):
        assert sorted(set(fit_steps(tmp_path, f"worker{number}"))) == list(range(20))


def test_a_run_directory_deleted_in_mid_run_is_made_anew_and_said_once(tmp_path, caplog):
    directory = tmp_path / "run"
    with MonitorWriter(directory) as monitor:
        for step in range(3):
            monitor.fit("loss", train=step, step=step)
        for start in (3, 6):
            shutil.rmtree(directory)
            for step in range(start, start + 3):
                monitor.fit("loss", train=step, step=step)
    assert fit_steps(directory) == [6, 7, 8]
    [(_, row), *_] = fit_rows(directory)
    assert row["train"] == 6
    assert [record.message for record in caplog.records if "was deleted" in record.message]
    assert sum("was deleted" in record.message for record in caplog.records) == 1
    assert monitor.status().last_error is None


def test_only_the_file_deleted_in_mid_run_is_made_anew(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=0, step=0)
        [path] = files(tmp_path)
        path.unlink()
        for step in range(1, 4):
            monitor.fit("loss", train=step, step=step)
    assert fit_steps(tmp_path) == [1, 2, 3]


def test_a_run_directory_renamed_in_mid_run_keeps_its_file(tmp_path):
    with MonitorWriter(tmp_path / "run") as monitor:
        monitor.fit("loss", train=0, step=0)
        (tmp_path / "run").rename(tmp_path / "renamed")
        monitor.fit("loss", train=1, step=1)
    assert not (tmp_path / "run").exists()
    assert fit_steps(tmp_path / "renamed") == [0, 1]
