"""The rule against two writers in one directory."""

import errno
import os
import subprocess
import sys

import numpy as np
import pytest
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tb_monitor_writer import MonitorWriter
from tb_monitor_writer.events import EventLog, encoding, event_file, run_directory
from tests.crash.logs import events, files, fit_rows, fit_steps
from tests.writer.loaders import LOADERS, load

VALUE = encoding.tensor_value(
    "x", np.zeros(1), encoding.encode_metadata("tb_monitor", b"", encoding.DATA_CLASS_TENSOR)
)


def folders(logdir):
    return [str(path.parent.relative_to(logdir)) for path in files(logdir)]


def steps(path):
    return [event.step for event in events(path) if event.summary.value]


def touch(directory, name="events.out.tfevents.1.host.1.0"):
    directory.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(b"")


def test_an_empty_directory_is_ours(tmp_path):
    with MonitorWriter(tmp_path / "deep" / "run") as monitor:
        monitor.fit("loss", train=1, step=1)
    assert folders(tmp_path) == ["deep/run"]


def test_nothing_is_made_before_the_first_record(tmp_path):
    MonitorWriter(tmp_path / "run").close()
    assert list(tmp_path.iterdir()) == []


def test_beside_anothers_file_ours_goes_to_a_sub_run(tmp_path):
    touch(tmp_path)
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=1, step=1)
    assert folders(tmp_path) == [".", "tb_monitor"]


def test_of_several_living_writers_the_newest_has_the_run_and_none_loses_a_record(tmp_path):
    with (
        MonitorWriter(tmp_path) as one,
        MonitorWriter(tmp_path) as two,
        MonitorWriter(tmp_path) as three,
    ):
        for step in range(3):
            for name, monitor in (("one", one), ("two", two), ("three", three)):
                monitor.fit(name, train=1, step=step)
    found = sorted(folders(tmp_path))
    # Each finished its file when the next one came, and went on in a sub-run.
    assert found[:4] == [".", ".", ".", "tb_monitor"]
    assert [folder[:-1] for folder in found[4:]] == [f"tb_monitor-{os.getpid()}-"]
    for name in ("one", "two", "three"):
        assert fit_steps(tmp_path, name) == [0, 1, 2]


def test_finished_files_of_ours_are_no_obstacle(tmp_path):
    for _ in range(3):
        with MonitorWriter(tmp_path) as monitor:
            monitor.fit("loss", train=1, step=1)
    assert folders(tmp_path) == [".", ".", "."]


def test_a_file_that_appears_later_is_seen_before_the_next_record(tmp_path, caplog):
    with MonitorWriter(tmp_path) as monitor:
        for step in range(3):
            monitor.fit("loss", train=step, step=step)
        touch(tmp_path)
        for step in range(3, 6):
            monitor.fit("loss", train=step, step=step)
    ours = [path for path in files(tmp_path) if event_file.is_ours(path.name)]
    assert [steps(path) for path in ours] == [[0, 1, 2], [3, 4, 5]]
    assert ours[1].parent == tmp_path / "tb_monitor"
    [first, *_] = [event for event in events(ours[1]) if event.summary.value]
    assert first.summary.value[0].metadata.plugin_data.content  # told again in the new file
    assert "another writer's event file appeared" in caplog.text


def test_a_file_that_appears_within_a_tick_of_the_clock_is_seen(tmp_path, monkeypatch):
    """Modification times have a resolution of milliseconds: equal is not unchanged."""
    monkeypatch.setattr(run_directory, "_SETTLED_AFTER_S", 60.0)  # of a very slow machine
    log = EventLog(tmp_path)
    log.append(0, [VALUE])
    log.append(1, [VALUE])  # has looked at the directory since its own file appeared
    frozen = os.stat(tmp_path).st_mtime_ns
    touch(tmp_path)
    os.utime(tmp_path, ns=(frozen, frozen))
    log.append(2, [VALUE])
    log.close()
    assert [steps(path) for path in files(tmp_path) if event_file.is_ours(path.name)] == [
        [0, 1],
        [2],
    ]


def test_other_files_and_folders_are_no_obstacle(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        for step in range(10):
            monitor.fit("loss", train=step, step=step)
            touch(tmp_path, f"checkpoint-{step}")
            touch(tmp_path / f"train{step}")
    ours = [path for path in files(tmp_path) if event_file.is_ours(path.name)]
    assert [steps(path) for path in ours] == [list(range(10))]


@pytest.mark.parametrize("loader", LOADERS)
def test_a_users_own_scalars_beside_ours_are_read_to_their_end(tmp_path, loader):
    """Under the Python loader a second file in their directory would freeze them."""
    theirs = EventFileWriter(str(tmp_path / "run"))
    scalar = encoding.encode_metadata("scalars", b"", encoding.DATA_CLASS_SCALAR)
    with MonitorWriter(tmp_path / "run") as monitor:
        for step in range(5):
            value = encoding.tensor_value("theirs", np.array(step, np.float32), scalar)
            event = event_pb2.Event(step=step, wall_time=1.0 + step)
            event.summary.ParseFromString(encoding.encode_summary([value]))
            theirs.add_event(event)
            monitor.fit("loss", train=step, step=step)
    theirs.close()

    def complete(found):
        return found.last_steps() == {"run": {"theirs": 4}, "run/tb_monitor": {"loss/fit": 4}}

    with load(tmp_path, loader, until=complete) as found:
        assert sorted(found.scalars("run", "theirs")) == list(range(5))
        assert sorted(found.tensors("run/tb_monitor", "loss/fit")) == list(range(5))


@pytest.mark.parametrize("loader", LOADERS)
def test_what_was_logged_before_and_after_anothers_file_appeared_is_read(tmp_path, loader):
    """Ours first; under the Python loader theirs freezes our first file, which is finished."""
    scalar = encoding.encode_metadata("scalars", b"", encoding.DATA_CLASS_SCALAR)
    with MonitorWriter(tmp_path / "run") as monitor:
        for step in range(5):
            monitor.fit("loss", train=step, step=step)
        theirs = EventFileWriter(str(tmp_path / "run"))
        for step in range(5, 10):
            value = encoding.tensor_value("theirs", np.array(step, np.float32), scalar)
            event = event_pb2.Event(step=step, wall_time=1.0 + step)
            event.summary.ParseFromString(encoding.encode_summary([value]))
            theirs.add_event(event)
            monitor.fit("loss", train=step, step=step)
        theirs.close()

    def complete(found):
        return found.last_steps() == {
            "run": {"loss/fit": 4, "theirs": 9},
            "run/tb_monitor": {"loss/fit": 9},
        }

    with load(tmp_path, loader, until=complete) as found:
        assert sorted(found.tensors("run", "loss/fit")) == [0, 1, 2, 3, 4]
        assert sorted(found.tensors("run/tb_monitor", "loss/fit")) == [5, 6, 7, 8, 9]
        assert sorted(found.scalars("run", "theirs")) == [5, 6, 7, 8, 9]


def test_a_run_that_moved_to_its_sub_run_goes_on_from_what_it_logged_before(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        for step in range(3):
            monitor.fit("loss", validation=10 + step, step=step)
    touch(tmp_path)
    for step in (3, 4):
        with MonitorWriter(tmp_path) as monitor:
            monitor.fit("loss", validation=20, step=step)
    rows = dict(fit_rows(tmp_path))
    assert [rows[step]["ordinal"] for step in range(5)] == [1, 2, 3, 4, 5]
    assert rows[4]["best_step"] == 0


def test_classes_that_change_as_the_run_moves_to_its_sub_run_are_a_new_generation(tmp_path):
    """The page shows both as one run, where one name cannot have two sets of classes."""
    tags = []
    for names in (["a", "b"], ["x", "y"]):
        with MonitorWriter(tmp_path, class_names=names, scalars=False) as monitor:
            monitor.confusion_matrix("test", np.eye(2, dtype=int), step=1)
        tags.append({
            value.tag for path in files(tmp_path) for e in events(path) for value in e.summary.value
        })  # fmt: skip
        touch(tmp_path)
    assert "test@2/confusion" not in tags[0]
    assert "test@2/confusion" in tags[1]


WRITES_UNTIL_TOLD = """
import sys
from tb_monitor_writer import MonitorWriter
with MonitorWriter(sys.argv[1]) as monitor:
    monitor.fit("loss", validation=1, step=1)
    print("logged", flush=True)
    sys.stdin.read()
"""


def test_a_file_that_another_process_still_writes_is_not_what_was_logged_before(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", WRITES_UNTIL_TOLD, tmp_path / "run"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with other:
        assert other.stdout.readline() == b"logged\n"
        with MonitorWriter(tmp_path / "run") as monitor:
            monitor.fit("loss", validation=2, step=9)
        other.stdin.close()
    assert other.returncode == 0
    assert [(step, row["ordinal"]) for step, row in fit_rows(tmp_path)] == [(1, 1), (9, 1)]


def test_names_of_files_differ_within_a_second_and_sort_behind_those_before(tmp_path):
    names = []
    for _ in range(30):
        opened = event_file.EventFile(str(tmp_path), after=max(names, default=""))
        opened.close()
        names.append(os.path.basename(opened.path))
    assert names == sorted(set(names))
    assert all(event_file.is_event_file(name) and event_file.is_ours(name) for name in names)


def test_names_made_at_once_without_knowing_of_each_other_differ(tmp_path):
    opened = [event_file.EventFile(str(tmp_path)) for _ in range(30)]
    for file in opened:
        file.close()
    assert len(files(tmp_path)) == 30


@pytest.mark.parametrize("code", [errno.EACCES, errno.EMFILE, errno.EIO])
def test_a_file_of_ours_that_cannot_be_opened_counts_as_being_written(tmp_path, monkeypatch, code):
    """Of two mistakes the harmless one: a sub-run of our own."""
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=1, step=1)
    real_open = os.open

    def refuse(path, flags, *more, **named):
        if str(path).endswith(event_file.SUFFIX) and not flags & os.O_CREAT:
            raise OSError(code, os.strerror(code))
        return real_open(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", refuse)
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=2, step=2)
    assert folders(tmp_path) == [".", "tb_monitor"]
    assert monitor.status() == (1, 0, None)


def test_a_name_sorts_behind_one_from_the_future(tmp_path):
    future = "events.out.tfevents.9876543210.zzz.1.0.tb_monitor"
    opened = event_file.EventFile(str(tmp_path), after=future)
    opened.close()
    assert os.path.basename(opened.path) > future
