"""A run that an earlier process logged to: what goes on, what is stale, what begins anew."""

import re
import shutil

import numpy as np
import pytest

from tb_monitor_writer import MonitorWriter, limits, schema
from tb_monitor_writer.events import earlier
from tests.crash.logs import events, files, fit_rows
from tests.writer.loaders import LOADERS, equal, load
from tests.writer.schema.make_golden import FOLDER, NAMES
from tests.writer.schema.make_golden import MATRIX as GOLDEN

MATRIX = np.array([[3, 1], [0, 4]])


def log(directory, steps, name="loss", **arguments):
    with MonitorWriter(directory) as monitor:
        for step in steps:
            monitor.fit(name, validation=100 - step, step=step, **arguments)


@pytest.mark.parametrize("loader", LOADERS)
def test_a_restart_from_a_checkpoint_replaces_what_came_after_it(tmp_path, loader):
    log(tmp_path / "run", range(10))
    log(tmp_path / "run", range(6, 8))

    def complete(found):
        return found.last_steps() == {"run": {"loss/fit": 7}}

    with load(tmp_path, loader, until=complete) as found:
        assert sorted(found.tensors("run", "loss/fit")) == list(range(8))
        ordinals = [row[0] for _, row in sorted(found.tensors("run", "loss/fit").items())]
    assert ordinals == list(range(1, 9))


@pytest.mark.parametrize("loader", LOADERS)
def test_a_run_taken_up_again_by_another_program_loses_nothing(tmp_path, loader):
    """Training, then an evaluation of its own at the last step, or at step 0."""
    log(tmp_path / "run", range(10))
    for _ in range(2):
        with MonitorWriter(tmp_path / "run") as monitor:
            monitor.confusion_matrix("test", MATRIX, step=0)

    def complete(found):
        steps = found.last_steps().get("run", {})
        return steps.get("loss/fit") == 9 and steps.get("test/confusion") == 0

    with load(tmp_path, loader, until=complete) as found:
        assert sorted(found.tensors("run", "loss/fit")) == list(range(10))
        assert found.blob_steps("run", "test/confusion")[-1] == 0


def test_a_run_taken_up_without_class_names_keeps_those_that_it_has(tmp_path, caplog):
    with MonitorWriter(tmp_path, class_names=["a", "b"]) as monitor:
        monitor.confusion_matrix("test", MATRIX, step=1)
    with MonitorWriter(tmp_path) as monitor:
        monitor.confusion_matrix("test", MATRIX, step=2)
    assert not caplog.records
    with MonitorWriter(tmp_path, class_names=["a", "c"]) as monitor:
        monitor.confusion_matrix("test", MATRIX, step=3)
    assert [record.message for record in caplog.records] == [
        "test: the classes changed, 'c' is new: it goes on as test@2"
    ]
    with MonitorWriter(tmp_path) as monitor:
        monitor.confusion_matrix("test", np.eye(3), step=4)
    assert "changed from 2 to 3" in caplog.records[-1].message


@pytest.mark.parametrize("loader", LOADERS)
def test_a_notebook_cell_run_again_replaces_what_the_unclosed_writer_logged(
    tmp_path, loader, caplog
):
    first = MonitorWriter(tmp_path / "run")
    for step in range(12):
        first.fit("loss", validation=100 - step, step=step)
    second = MonitorWriter(tmp_path / "other" / ".." / "run")
    (tmp_path / "other").mkdir()
    for step in range(9):
        second.fit("loss", validation=200 - step, step=step)
    assert sum("is still open there" in record.message for record in caplog.records) == 1

    def complete(found):
        return found.last_steps() == {"run": {"loss/fit": 8}}

    with load(tmp_path, loader, until=complete) as found:
        values = {step: row[3] for step, row in found.tensors("run", "loss/fit").items()}
    assert values == {step: 200 - step for step in range(9)}
    # The older one is not cut off: it goes on beside.
    first.fit("accuracy", validation=0.5, step=20)
    assert [status.dropped for status in (first.status(), second.status())] == [0, 0]
    assert sorted(path.parent.name for path in files(tmp_path / "run")) == [
        "run", "run", "tb_monitor",
    ]  # fmt: skip
    first.close()
    second.close()


@pytest.mark.parametrize("loader", LOADERS)
def test_a_run_repeated_with_other_classes_is_not_read_with_the_old_names(tmp_path, loader):
    for names in (["a", "b"], ["x", "y"], ["x", "y"]):
        with MonitorWriter(tmp_path / "run", class_names=names) as monitor:
            for step in range(3):
                monitor.confusion_matrix("test", MATRIX, step=step)

    def complete(found):
        return len(found.last_steps().get("run", {})) == 10

    with load(tmp_path, loader, until=complete) as found:
        old = schema.decode_series(found.content("run", "test/confusion"))
        new = schema.decode_series(found.content("run", "test@2/confusion"))
        assert (old.class_names, old.generation) == (("a", "b"), 1)
        assert (new.class_names, new.generation) == (("x", "y"), 2)
        blob = found.blobs("run", "test@2/confusion")[2]
        assert equal(schema.decode_blob(new, blob).to_dense(), MATRIX)
        assert "test@3/confusion" not in found.last_steps()["run"]


def test_the_best_step_of_an_earlier_process_is_remembered(tmp_path):
    log(tmp_path, range(5))
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", validation=99.0, step=5)
    rows = dict(fit_rows(tmp_path))
    assert rows[5]["best_step"] == 4
    assert rows[5]["best_value"] == 96
    assert rows[5]["ordinal"] == 6


def test_the_best_step_that_a_restart_made_stale_is_forgotten(tmp_path):
    log(tmp_path, range(5))
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", validation=99.5, step=2)
    step, row = fit_rows(tmp_path)[-1]
    assert (step, row["best_step"], row["best_value"], row["ordinal"]) == (2, 1, 99, 3)


def test_steps_that_go_back_in_one_process_are_a_restart_said_once(tmp_path, caplog):
    with MonitorWriter(tmp_path) as monitor:
        for step in (0, 1, 2, 3):
            monitor.fit("loss", validation=10 - step, step=step)
            monitor.confusion_matrix("val", MATRIX, step=step)
        for step in (1, 2):  # both go back, which is one restart
            monitor.fit("loss", validation=20 - step, step=step)
            monitor.confusion_matrix("val", MATRIX, step=step)
    [path] = files(tmp_path)
    starts = [event.step for event in events(path) if event.HasField("session_log")]
    assert starts == [1, 1]  # of which TensorBoard ignores the first
    assert sum("taken as a restart" in record.message for record in caplog.records) == 1
    step, row = fit_rows(tmp_path)[-1]
    assert (step, row["ordinal"], row["best_step"], row["best_value"]) == (2, 3, 0, 10)


@pytest.mark.parametrize("loader", LOADERS)
def test_after_steps_went_back_readers_have_one_record_each(tmp_path, loader):
    with MonitorWriter(tmp_path / "run") as monitor:
        for step in (0, 1, 2, 3, 4, 2, 3):
            monitor.fit("loss", validation=step, step=step)

    def complete(found):
        return found.last_steps() == {"run": {"loss/fit": 3}}

    with load(tmp_path, loader, until=complete) as found:
        assert sorted(found.tensors("run", "loss/fit")) == [0, 1, 2, 3]


def test_a_new_file_is_read_after_the_ones_before_it_even_within_one_second(tmp_path):
    for number in range(12):
        log(tmp_path, [number])
    written = [
        event.step for path in files(tmp_path) for event in events(path) if event.summary.value
    ]
    assert written == list(range(12))


def test_a_damaged_earlier_file_is_no_obstacle(tmp_path):
    log(tmp_path, range(3))
    [path] = files(tmp_path)
    path.write_bytes(path.read_bytes()[:-5] + b"\xff" * 50)
    log(tmp_path, range(3, 5))
    assert [step for step, _ in fit_rows(tmp_path)] == [0, 1, 3, 4]


def test_metadata_of_a_newer_version_is_left_alone_and_a_new_generation_begins(tmp_path):
    from tb_monitor_writer.events import EventLog, encoding

    alien = encoding.encode_metadata("tb_monitor", b"\x08\x63", encoding.DATA_CLASS_TENSOR)
    log_ = EventLog(tmp_path)
    log_.append(0, [encoding.tensor_value("loss/fit", np.zeros(3), alien)])
    log_.close()
    log(tmp_path, [1])
    assert [
        event.summary.value[0].tag for path in files(tmp_path) for event in events(path)[1:]
    ] == [
        "loss/fit",
        "loss@2/fit",
    ]


def test_what_there_was_no_time_to_read_is_said_once(tmp_path, caplog, monkeypatch):
    log(tmp_path, range(500))
    size_bytes = files(tmp_path)[0].stat().st_size
    monkeypatch.setattr(limits, "EARLIER_S", 0.0)
    with MonitorWriter(tmp_path) as monitor:
        for step in (500, 501):
            monitor.fit("loss", validation=1.0, step=step)
            monitor.confusion_matrix("val", MATRIX, step=step)
    [sentence] = [record.message for record in caplog.records]
    unread = int(re.search(r": ([\d,]+) bytes of what was logged", sentence)[1].replace(",", ""))
    assert 0 < unread < size_bytes
    assert sentence.startswith(f"{tmp_path}: ")
    assert "give a new run its own directory" in sentence
    assert dict(fit_rows(tmp_path))[501]["ordinal"] < 500


def test_what_was_read_in_time_is_not_talked_about(tmp_path, caplog):
    log(tmp_path, range(500))
    log(tmp_path, [500])
    assert dict(fit_rows(tmp_path))[500]["ordinal"] == 501
    assert caplog.records == []


def test_a_small_file_leaves_its_time_to_the_others(tmp_path, monkeypatch):
    """Twenty restarts of one record each, then a long file."""
    now_s = iter(range(10**6))
    for number in range(20):
        log(tmp_path, [number])
    log(tmp_path, range(20, 60))
    monkeypatch.setattr(limits, "EARLIER_S", 150)
    monkeypatch.setattr(earlier.time, "monotonic", lambda: next(now_s))
    found = earlier.read_earlier(map(str, files(tmp_path)))
    assert found.unread_bytes == 0
    assert len(found["loss/fit"].steps) == 60


@pytest.mark.parametrize("loader", LOADERS)
def test_a_run_begun_before_there_were_more_columns_goes_on_with_those_it_has(tmp_path, loader):
    """TensorBoard keeps the first description of a tag: rows of another length are unreadable."""
    (tmp_path / "run").mkdir()
    for number, name in enumerate(("fit", "confusion")):
        shutil.copyfile(
            FOLDER / f"{name}.tfevents",
            tmp_path / "run" / f"events.out.tfevents.000000000{number}.host.1.0.tb_monitor",
        )
    with MonitorWriter(tmp_path / "run", class_names=NAMES) as monitor:
        monitor.fit("loss", train=0.05, validation=0.3, step=11)
        monitor.confusion_matrix("val/top", GOLDEN, step=3)
        monitor.fit("new", train=1.0, step=11)

    def complete(found):
        steps = found.last_steps().get("run", {})
        return steps.get("new/fit") == 11 and steps.get("val/top/averages") == 3

    with load(tmp_path, loader, until=complete) as found:
        for tag, last, begun in (("loss/fit", 11, 14), ("val/top/averages", 3, 26)):
            series = schema.decode_series(found.content("run", tag))
            assert len(series.columns) == begun
            rows = sorted(found.tensors("run", tag).items())
            columns = schema.decode_rows(series.columns, [row for _, row in rows])
            assert columns["ordinal"].tolist() == list(range(1, last + 1))
        assert schema.decode_series(found.content("run", "new/fit")).columns == schema.FIT_COLUMNS
        assert "loss@2/fit" not in found.last_steps()["run"]
