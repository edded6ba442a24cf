"""Writers of others: torch's, tensorboardX's, TensorFlow's."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from tb_monitor_writer import InvalidInput, MonitorWriter, schema
from tests.crash.logs import NO_FORK_WARNING, ROOT, events, files, fit_rows, fit_steps
from tests.writer.loaders import LOADERS, equal, load

MATRIX = np.array([[3, 1], [0, 4]])


def summary_writer(library, directory, **more):
    if library == "torch":
        module = pytest.importorskip("torch.utils.tensorboard")
    else:
        module = pytest.importorskip("tensorboardX")
    return module.SummaryWriter(str(directory), **more)


LIBRARIES = ["torch", "tensorboardX"]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("loader", LOADERS)
def test_through_a_summary_writer_everything_stands_in_its_own_file(tmp_path, library, loader):
    theirs = summary_writer(library, tmp_path / "run")
    with MonitorWriter(theirs, class_names=["a", "b"]) as monitor:
        for step in range(3):
            theirs.add_scalar("mine", step, step)
            monitor.confusion_matrix("test", MATRIX, step=step)
            monitor.fit("loss", train=step, step=step)
        assert monitor.status() == (6, 0, None)
    theirs.add_scalar("mine", 3, 3)  # it stays open
    theirs.close()
    assert len(files(tmp_path)) == 1

    def complete(found):
        steps = found.last_steps().get("run", {})
        return steps.get("mine") == 3 and steps.get("loss/fit") == 2

    with load(tmp_path, loader, until=complete) as found:
        series = schema.decode_series(found.content("run", "test/confusion"))
        assert series.class_names == ("a", "b")
        for blob in found.blobs("run", "test/confusion").values():
            assert equal(schema.decode_blob(series, blob).to_dense(), MATRIX)
        assert sorted(found.scalars("run", "mine")) == [0, 1, 2, 3]
        assert sorted(found.scalars("run", "test/accuracy")) == [0, 1, 2]


def test_a_record_is_in_torchs_file_when_the_call_returns(tmp_path):
    """Not in tensorboardX's: its flush does not wait for its own queue."""
    with summary_writer("torch", tmp_path) as theirs:
        monitor = MonitorWriter(theirs)
        monitor.fit("loss", train=1, step=1)
        tags = [v.tag for path in files(tmp_path) for e in events(path) for v in e.summary.value]
        assert tags == ["loss/fit"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_restart_is_marked_through_a_summary_writer_too(tmp_path, library):
    with summary_writer(library, tmp_path) as theirs:
        monitor = MonitorWriter(theirs)
        for step in (1, 2, 1):
            monitor.fit("loss", train=1, step=step)
    [path] = files(tmp_path)
    assert [e.step for e in events(path) if e.HasField("session_log")] == [1, 1]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("loader", LOADERS)
def test_a_summary_writers_run_taken_up_with_other_classes_is_not_read_with_the_old_names(
    tmp_path, library, loader
):
    for start, names in ((0, ["a", "b"]), (3, ["x", "y"]), (6, ["x", "y"])):
        # tensorboardX names its files by the second alone.
        with summary_writer(library, tmp_path / "run", filename_suffix=f".{start}") as theirs:
            monitor = MonitorWriter(theirs, class_names=names)
            for step in range(start, start + 3):
                monitor.confusion_matrix("test", MATRIX, step=step)
                monitor.fit("loss", validation=100 - step, step=step)

    def complete(found):
        steps = found.last_steps().get("run", {})
        return steps.get("test@2/confusion") == 8 and steps.get("loss/fit") == 8

    with load(tmp_path, loader, until=complete) as found:
        assert schema.decode_series(found.content("run", "test/confusion")).class_names == (
            "a",
            "b",
        )
        assert schema.decode_series(found.content("run", "test@2/confusion")).class_names == (
            *("x", "y"),
        )
        assert "test@3/confusion" not in found.last_steps()["run"]
        rows = found.tensors("run", "loss/fit")
        assert [rows[step][0] for step in range(9)] == list(range(1, 10))  # numbered on
        assert rows[8][schema.FIT_COLUMNS.index("best_step")] == 8


@pytest.mark.parametrize("loader", LOADERS)
def test_a_restart_never_drops_what_the_owner_of_the_writer_has_just_logged(
    tmp_path, loader, caplog
):
    torch = pytest.importorskip("torch.utils.tensorboard")
    for steps in (range(6), range(3, 5)):
        with torch.SummaryWriter(str(tmp_path / "run")) as theirs:
            monitor = MonitorWriter(theirs)
            for step in steps:
                theirs.add_scalar("mine", step, step)
                monitor.fit("loss", train=step, step=step)
    said = [record.message for record in caplog.records if "purge_step" in record.message]
    assert said == [
        f"an earlier process logged to {tmp_path / 'run'} beyond step 3: give the SummaryWriter "
        f"purge_step=3, or TensorBoard may show both"
    ]

    def complete(found):
        return found.last_steps().get("run", {}).get("mine") in (4, 5)

    with load(tmp_path, loader, until=complete) as found:
        assert {0, 1, 2, 3, 4} <= set(found.scalars("run", "mine"))


def test_with_purge_step_a_summary_writers_restart_is_known(tmp_path, caplog):
    torch = pytest.importorskip("torch.utils.tensorboard")
    for steps, more in ((range(6), {}), (range(3, 5), {"purge_step": 3})):
        with torch.SummaryWriter(str(tmp_path), **more) as theirs:
            monitor = MonitorWriter(theirs)
            for step in steps:
                theirs.add_scalar("mine", step, step)
                monitor.fit("loss", validation=step, step=step)
    assert caplog.records == []
    step, row = fit_rows(tmp_path)[-1]
    assert (step, row["ordinal"], row["best_step"]) == (4, 5, 0)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_summary_writer_whose_directory_cannot_be_read_is_no_obstacle(tmp_path, library):
    with summary_writer(library, tmp_path / "run") as theirs:
        for name in ("log_dir", "logdir"):
            if hasattr(theirs, name):
                setattr(theirs, name, "gs://bucket/run")
        monitor = MonitorWriter(theirs)
        monitor.fit("loss", train=1, step=1)
        assert monitor.status() == (1, 0, None)


@pytest.mark.slow
def test_a_forked_child_is_told_to_make_a_writer_of_its_own_and_does_not_hang(tmp_path):
    """The SummaryWriter's thread stays in the parent: its flush would wait for ever."""
    pytest.importorskip("torch")
    code = """
import os, sys
from torch.utils.tensorboard import SummaryWriter
from tb_monitor_writer import MonitorWriter
monitor = MonitorWriter(SummaryWriter(sys.argv[1]))
monitor.fit("loss", train=0, step=0)
child = os.fork()
if child == 0:
    monitor.fit("loss", train=1, step=1)
    monitor.fit("loss", train=1, step=2)
    os._exit(0 if monitor.status() == (1, 2, None) else 1)
assert os.waitpid(child, 0)[1] == 0
monitor.fit("loss", train=1, step=1)
assert monitor.status() == (2, 0, None)
"""
    found = subprocess.run(
        [sys.executable, *NO_FORK_WARNING, "-c", code, tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT / "writer")},
    )
    assert found.returncode == 0, found.stderr
    assert found.stderr.count("make a writer in each process") == 1
    assert fit_steps(tmp_path) == [0, 1]


class Failing:
    """A SummaryWriter whose disk is full."""

    def _get_file_writer(self):
        raise OSError(28, "No space left on device")


Failing.__name__ = "SummaryWriter"
Failing.__module__ = "torch.utils.tensorboard.writer"


def test_an_error_of_a_summary_writer_is_counted_and_said_once(caplog):
    pytest.importorskip("torch")
    monitor = MonitorWriter(Failing())
    for step in range(3):
        monitor.fit("loss", train=1, step=step)
    assert monitor.status() == (0, 3, "[Errno 28] No space left on device")
    assert sum("No space left" in record.message for record in caplog.records) == 1


def test_on_error_raise_hands_the_error_of_a_summary_writer_out():
    monitor = MonitorWriter(Failing(), on_error="raise")
    with pytest.raises(OSError, match="No space left"):
        monitor.fit("loss", train=1, step=1)


TENSORFLOW = """
import sys
import numpy as np
import tensorflow as tf
from tb_monitor_writer import MonitorWriter

monitor = MonitorWriter(None, class_names=["a", "b"])
monitor.fit("loss", train=1, step=0)
assert monitor.status()[:2] == (0, 1), monitor.status()
assert "no default summary writer" in monitor.status().last_error
with tf.summary.create_file_writer(sys.argv[1]).as_default():
    for step in range(1, 4):
        monitor.confusion_matrix("test", np.array([[3, 1], [0, 4]]), step=step)
        monitor.fit("loss", train=step, step=step)
assert monitor.status()[:2] == (6, 1), monitor.status()
"""


@pytest.mark.slow
@pytest.mark.parametrize("loader", LOADERS)
def test_none_means_tensorflows_default_writer(tmp_path, loader):
    pytest.importorskip("tensorflow")
    found = subprocess.run(
        [sys.executable, "-c", TENSORFLOW, tmp_path / "run"], capture_output=True, text=True
    )
    assert found.returncode == 0, found.stderr

    def complete(loaded):
        return loaded.last_steps().get("run", {}).get("loss/fit") == 3

    with load(tmp_path, loader, until=complete) as loaded:
        series = schema.decode_series(loaded.content("run", "test/confusion"))
        blobs = loaded.blobs("run", "test/confusion")
        assert sorted(blobs) == [1, 2, 3]
        assert equal(schema.decode_blob(series, blobs[3]).to_dense(), MATRIX)
        assert loaded.tensors("run", "loss/fit")[3][1] == 1  # dropped: the one without a writer


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (3, "where must be a directory, a SummaryWriter, or None .*, got int"),
        ("", "where must be a local directory, got ''"),
        ("a\0b", "where must be a local directory, got 'a"),
        ("s3://bucket/run", "where must be a local directory, got 's3://bucket/run'; to log else"),
        (b"bytes", "where must be a directory, a SummaryWriter, or None .*, got bytes"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused(where, message):
    with pytest.raises(InvalidInput, match=message):
        MonitorWriter(where)


def test_none_is_refused_at_once_where_tensorflow_is_not_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match=r"got None: TensorFlow, .* is not installed"):
        MonitorWriter(None)
