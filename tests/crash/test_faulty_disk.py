"""Disks that refuse, shorten, fill up or hang: nothing raises, nothing half-written stays."""

import errno
import os
import resource
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tb_monitor_writer import MonitorWriter, limits, monitor_writer
from tb_monitor_writer.events import event_file, run_log
from tb_monitor_writer.events.run_directory import RunDirectory
from tests.crash.logs import ROOT, files, fit_rows, fit_steps, torn_bytes

RECORDS = 12
real_writev = os.writev
real_ftruncate = os.ftruncate


class Disk:
    """Stands in for the writes of the event log; the k-th one goes wrong.

    The first write of a file is the event that opens it.
    """

    def __init__(self, monkeypatch):
        self.writes = 0
        self.threads = set()
        self.faults = {}
        self.truncate_fails = False
        monkeypatch.setattr(event_file.os, "writev", self._writev)
        monkeypatch.setattr(event_file.os, "ftruncate", self._ftruncate)

    def _writev(self, fd, buffers):
        self.writes += 1
        self.threads.add(threading.current_thread())
        fault = self.faults.get(self.writes)
        return fault(fd, buffers) if fault else real_writev(fd, buffers)

    def _ftruncate(self, fd, length):
        if self.truncate_fails:
            raise OSError(errno.EIO, "on purpose")
        real_ftruncate(fd, length)


def refuse(code):
    def fault(fd, buffers):
        raise OSError(code, os.strerror(code))

    return fault


def shorten(count):
    def fault(fd, buffers):
        return os.write(fd, b"".join(buffers)[:count])

    return fault


def tear(count):
    """Writes a part and then fails."""

    def fault(fd, buffers):
        os.write(fd, b"".join(buffers)[:count])
        raise OSError(errno.EIO, "on purpose")

    return fault


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


FAULTS = {
    "EIO": refuse(errno.EIO),
    "ENOSPC": refuse(errno.ENOSPC),
    "EDQUOT": refuse(errno.EDQUOT),
    "nothing written": shorten(0),
    "one byte written": shorten(1),
    "half a header": shorten(7),
    "header and some": shorten(30),
    "torn": tear(25),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("k", range(1, RECORDS + 3))
def test_whichever_write_fails_all_records_are_readable_once(tmp_path, disk, fault, k, way):
    disk.faults = {k: FAULTS[fault]}
    with MonitorWriter(tmp_path) as monitor:
        for step in range(RECORDS):
            monitor.fit("loss", train=step, step=step)
    assert (threading.main_thread() in disk.threads) == (way == "in a burst")
    assert fit_steps(tmp_path) == list(range(RECORDS))
    assert monitor.status().dropped == 0
    assert (monitor.status().last_error is not None) == (k <= RECORDS + 1)
    [path] = files(tmp_path)
    assert torn_bytes(path) == 0


@pytest.mark.parametrize("k", range(2, RECORDS + 2))
def test_a_torn_tail_that_cannot_be_cut_off_costs_a_file_not_a_record(tmp_path, disk, k, way):
    disk.truncate_fails = True
    disk.faults = {k: tear(25)}
    with MonitorWriter(tmp_path) as monitor:
        for step in range(RECORDS):
            monitor.fit("loss", train=step, step=step)
    first, second = files(tmp_path)
    assert torn_bytes(first) == 25
    assert torn_bytes(second) == 0
    assert fit_steps(tmp_path) == list(range(RECORDS))
    assert monitor.status()[:2] == (RECORDS, 0)


def test_only_a_long_run_of_quick_calls_is_written_by_the_callers_own_thread(
    tmp_path, disk, monkeypatch
):
    monkeypatch.setattr(limits, "BURST_CALLS", 50)
    monkeypatch.setattr(limits, "BURST_GAP_S", 0.2)
    own = []

    def note(fd, buffers):
        own.append(threading.current_thread() is threading.main_thread())
        return real_writev(fd, buffers)

    def slow(fd, buffers):
        time.sleep(0.25)
        return note(fd, buffers)

    disk.faults = {**dict.fromkeys(range(1, 400), note), **dict.fromkeys((300, 301, 302), slow)}
    with MonitorWriter(tmp_path) as monitor:
        for step in range(330):
            monitor.fit("loss", train=step, step=step)
    assert not any(own[:51])
    assert all(own[60:301])
    assert not any(own[303:310])
    assert fit_steps(tmp_path) == list(range(330))


def test_one_error_in_sixty_calls_costs_nothing(tmp_path, disk):
    disk.faults = {4: refuse(errno.EIO)}
    with MonitorWriter(tmp_path) as monitor:
        for step in range(60):
            monitor.fit("loss", train=step, step=step)
    assert fit_steps(tmp_path) == list(range(60))
    assert monitor.status() == (60, 0, "[Errno 5] Input/output error")


def test_a_disk_that_refuses_for_long_costs_the_oldest_records_and_says_so(tmp_path, disk, caplog):
    refused = range(4, 4 + 100)
    disk.faults = dict.fromkeys(refused, refuse(errno.ENOSPC))
    with MonitorWriter(tmp_path) as monitor:
        for step in range(200):
            monitor.fit("loss", train=step, step=step)
        written, dropped, _ = monitor.status()
    assert written + dropped == 200
    steps = fit_steps(tmp_path)
    assert len(steps) == written
    assert steps == sorted(set(steps))
    assert dropped == 100 - limits.BACKLOG_RECORDS
    rows = dict(fit_rows(tmp_path))
    assert rows[199]["dropped"] == dropped
    assert rows[199]["ordinal"] == 200
    said = [record.getMessage() for record in caplog.records]
    assert sum("No space left" in sentence for sentence in said) == 2  # once, and at the end
    assert said[-1].startswith(f"{tmp_path}: 164 records written, 36 not")


def test_large_records_in_the_backlog_are_bounded_by_their_size(tmp_path, disk):
    disk.faults = dict.fromkeys(range(2, 12), refuse(errno.EIO))
    random = np.random.default_rng(0)
    with MonitorWriter(tmp_path, scalars=False) as monitor:
        for step in range(10):  # about 600 kB each
            monitor.confusion_matrix("test", random.integers(0, 2**16, (600, 600)), step=step)
        assert monitor.status().dropped == 9
    assert monitor.status()[:2] == (1, 9)


def test_what_is_still_unwritten_is_replaced_and_what_is_written_is_not(tmp_path, disk, caplog):
    disk.faults = {3: refuse(errno.EIO)}
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=0.0, step=0)
        monitor.fit("loss", train=1.0, step=1)  # refused, kept
        monitor.fit("loss", train=1.5, step=1)  # replaces it
        monitor.fit("loss", train=2.0, step=2)
        monitor.fit("loss", train=2.5, step=2)  # too late
        assert monitor.status()[:2] == (3, 1)
    assert [(step, row["train"]) for step, row in fit_rows(tmp_path)] == [(0, 0), (1, 1.5), (2, 2)]
    assert "a second record of step 2 is refused" in caplog.text


def test_on_error_raise_raises_the_error_of_the_disk_and_keeps_the_record(tmp_path, disk):
    disk.faults = {3: refuse(errno.ENOSPC)}
    with MonitorWriter(tmp_path, on_error="raise") as monitor:
        monitor.fit("loss", train=0, step=0)
        with pytest.raises(OSError, match="No space left"):
            monitor.fit("loss", train=1, step=1)
        monitor.fit("loss", train=2, step=2)
    assert fit_steps(tmp_path) == [0, 1, 2]


@pytest.mark.parametrize("delay_s", [0.3, 10.0])
def test_a_disk_that_hangs_costs_a_call_no_more_than_the_timeout(
    tmp_path, disk, delay_s, monkeypatch, caplog
):
    freed = threading.Event()

    def hang(fd, buffers):
        freed.wait(delay_s)
        return real_writev(fd, buffers)

    disk.faults = {3: hang}
    with MonitorWriter(tmp_path) as monitor:
        times_s = []
        for step in range(6):
            started = time.monotonic()
            monitor.fit("loss", train=step, step=step)
            times_s.append(time.monotonic() - started)
        assert max(times_s) < min(delay_s, limits.WRITE_TIMEOUT_S) + 0.5
        assert sum(times_s) < min(delay_s, limits.WRITE_TIMEOUT_S) + 1.0  # one waits, not each
        freed.set()
    assert fit_steps(tmp_path) == list(range(6))
    assert monitor.status()[:2] == (6, 0)
    if delay_s > limits.WRITE_TIMEOUT_S:
        assert "the disk has not answered for 1 s" in caplog.text


def test_a_disk_that_hangs_for_ever_does_not_keep_the_program(tmp_path, disk):
    freed = threading.Event()
    disk.faults = {3: lambda fd, buffers: freed.wait(60) and real_writev(fd, buffers)}
    monitor = MonitorWriter(tmp_path)
    started = time.monotonic()
    for step in range(300):
        monitor.fit("loss", train=step, step=step)
    monitor.close()
    assert time.monotonic() - started < 2 * limits.WRITE_TIMEOUT_S + 1
    written, dropped, _ = monitor.status()
    assert (written, dropped) == (1, 299)
    freed.set()


def test_a_disk_that_hangs_in_eight_threads_costs_each_no_more_than_the_timeout(tmp_path, disk):
    freed = threading.Event()
    disk.faults = {2: lambda fd, buffers: freed.wait(60) and real_writev(fd, buffers)}
    times_s = []

    def log(name):
        started = time.monotonic()
        monitor.fit(name, train=1, step=1)
        times_s.append(time.monotonic() - started)

    with MonitorWriter(tmp_path) as monitor:
        threads = [threading.Thread(target=log, args=(f"loss{i}",)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        freed.set()
    assert len(times_s) == 8
    assert max(times_s) < limits.WRITE_TIMEOUT_S * 2 + 0.5
    assert monitor.status()[:2] == (8, 0)


def test_with_fsync_each_record_waits_for_the_disk_itself_and_its_error_counts(
    tmp_path, monkeypatch
):
    synced = []

    def fdatasync(fd):
        synced.append(os.fstat(fd).st_size)
        if len(synced) == 3:
            raise OSError(errno.EIO, "on purpose")

    monkeypatch.setattr(event_file.os, "fdatasync", fdatasync)
    with MonitorWriter(tmp_path, fsync=True) as monitor:
        for step in range(4):
            monitor.fit("loss", train=step, step=step)
        assert monitor.status() == (4, 0, "[Errno 5] on purpose")
    assert len(synced) == 6  # the file's beginning, four records, one of them twice
    assert synced[-1] == files(tmp_path)[0].stat().st_size
    assert fit_steps(tmp_path) == [0, 1, 2, 3]


def test_a_disk_that_hangs_before_the_file_is_made_costs_no_more(tmp_path, monkeypatch):
    freed = threading.Event()
    real_open = RunDirectory.open
    monkeypatch.setattr(RunDirectory, "open", lambda self: freed.wait(60) and real_open(self))
    with MonitorWriter(tmp_path) as monitor:
        started = time.monotonic()
        for step in range(5):
            monitor.fit("loss", train=step, step=step)
        assert time.monotonic() - started < limits.WRITE_TIMEOUT_S + 0.5
        freed.set()
    assert fit_steps(tmp_path) == list(range(5))


def test_a_defect_of_ours_costs_a_record_and_not_the_training(tmp_path, monkeypatch, caplog):
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=0, step=0)
        with monkeypatch.context() as patch:
            patch.setattr(run_log.encoding, "encode_event", lambda *_: {}["on purpose"])
            monitor.fit("loss", train=1, step=1)
        monitor.fit("loss", train=2, step=2)
    assert fit_steps(tmp_path) == [0, 2]
    assert monitor.status() == (2, 1, "'on purpose'")
    assert "on purpose" in caplog.text


@pytest.mark.parametrize("error", [MemoryError(), ValueError("on purpose"), RecursionError("deep")])
def test_whatever_goes_wrong_after_the_arguments_were_checked_costs_a_record(
    tmp_path, monkeypatch, caplog, error
):
    def fail(*arguments, **more):
        raise error

    calls = [
        lambda monitor, step: monitor.fit("loss", train=step, step=step),
        lambda monitor, step: monitor.confusion_matrix("val", np.eye(3, dtype=int), step=step),
        lambda monitor, step: monitor.scores("val", [0, 1], [0.2, 0.7], step=step),
    ]
    places = ["averages_value", "scores_value", "fit_value", "class_counts_value"]
    with MonitorWriter(tmp_path) as monitor:
        for call in calls:
            call(monitor, 0)
        with monkeypatch.context() as patch:
            for place in places:
                patch.setattr(monitor_writer.values, place, fail)
            for call in calls:
                call(monitor, 1)
        with monkeypatch.context() as patch:
            patch.setattr(monitor_writer.metrics, "averages", fail)
            calls[1](monitor, 2)
        for call in calls:
            call(monitor, 3)
    assert monitor.status()[:2] == (6, 4)
    assert fit_steps(tmp_path) == [0, 3]
    messages = [record.message for record in caplog.records]
    said = [message for message in messages if message.startswith("a record is lost")]
    assert said == [f"a record is lost: {type(error).__name__}: {error}"]


def test_on_error_raise_raises_what_went_wrong(tmp_path, monkeypatch):
    monkeypatch.setattr(
        monitor_writer.values, "fit_value", lambda *_: (_ for _ in ()).throw(MemoryError())
    )
    with (
        MonitorWriter(tmp_path, on_error="raise") as monitor,
        pytest.raises(MemoryError),
    ):
        monitor.fit("loss", train=1, step=1)


def test_a_file_size_limit_is_a_full_disk(tmp_path):
    """RLIMIT_FSIZE: the kernel itself shortens the write that crosses it, then refuses."""
    code = f"""
import resource, signal, sys
from tb_monitor_writer import MonitorWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with MonitorWriter({str(tmp_path)!r}) as monitor:
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, resource.RLIM_INFINITY))
    for step in range(40):
        monitor.fit("loss", train=step, step=step)
    print(*monitor.status()[:2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    monitor.fit("loss", train=40, step=40)
    print(*monitor.status()[:2])
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    output = _run(code)
    (full, none_lost), (written, dropped) = (map(int, line.split()) for line in output)
    assert 10 < full < 40
    assert (none_lost, written, dropped) == (0, 41, 0)
    assert fit_steps(tmp_path) == list(range(41))
    [path] = files(tmp_path)
    assert torn_bytes(path) == 0


def test_a_full_file_system_that_is_freed_again(tmp_path):
    """A tmpfs of 64 KiB, filled by another file and then freed."""
    mount = tmp_path / "small"
    mount.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount], capture_output=True
    )
    if mounted.returncode:
        _pretend_full(tmp_path / "pretended")
        return
    try:
        ballast = mount / "ballast"
        with MonitorWriter(mount / "run") as monitor:
            monitor.fit("loss", train=0, step=0)
            _fill(ballast)
            for step in range(1, 100):
                monitor.fit("loss", train=step, step=step)
            assert monitor.status().last_error.startswith("[Errno 28]")
            ballast.unlink()
            monitor.fit("loss", train=100, step=100)
            written, dropped, _ = monitor.status()
        steps = fit_steps(mount / "run")
        assert len(steps) == written == 101 - dropped
        assert steps[-1] == 100
        assert steps == sorted(set(steps))
        [path] = files(mount)
        assert torn_bytes(path) == 0
    finally:
        subprocess.run(["umount", mount], check=True)


def _fill(path):
    with open(path, "wb", buffering=0) as file:
        for size in (4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def _pretend_full(directory):
    """Without the right to mount: a directory that cannot be written to at all."""
    directory.write_text("a file where the run should be")
    with MonitorWriter(directory) as monitor:
        monitor.fit("loss", train=0, step=0)
        assert monitor.status()[:2] == (0, 0)
    assert monitor.status()[:2] == (0, 1)


def test_a_run_that_cannot_be_made_is_said_and_counted(tmp_path, caplog):
    (tmp_path / "file").write_text("not a directory")
    with MonitorWriter(tmp_path / "file" / "run") as monitor:
        monitor.fit("loss", train=0, step=0)
    assert monitor.status()[:2] == (0, 1)
    assert "Not a directory" in caplog.text


def _run(code):
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT / "writer")},
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()


def test_what_is_lost_at_the_end_of_a_program_that_never_closed_is_said():
    output = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tb_monitor_writer import MonitorWriter\n"
            "monitor = MonitorWriter('/dev/null/run')\n"
            "monitor.fit('loss', train=1, step=1)\n",
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "writer")},
    )
    assert output.returncode == 0
    refused, lost = output.stderr.splitlines()
    assert "Not a directory" in refused
    assert lost == "1 record for /dev/null/run could not be written"


def test_on_error_raise_keeps_the_record_when_even_the_file_cannot_be_made(tmp_path):
    blocker = tmp_path / "run"
    blocker.write_text("a file where the run should be")
    with MonitorWriter(blocker, on_error="raise") as monitor:
        with pytest.raises(OSError, match=r"exists|Not a directory"):
            monitor.fit("loss", train=0, step=0)
        blocker.unlink()
        monitor.fit("loss", train=1, step=1)
    assert fit_steps(blocker) == [0, 1]
