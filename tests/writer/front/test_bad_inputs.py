"""Bad inputs, by number: the words of each refusal, or what is logged nevertheless.

Where a call is refused nothing at all may be on disk. 24 and 25, requests that make no sense
and names of runs that nobody should give, are in tests/plugin/test_routes.py.
"""

import errno
import math
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tb_monitor_writer import ConfusionMatrix, InvalidInput, MonitorWriter, metrics, schema, summary
from tb_monitor_writer.events import EventLog, encoding, event_file
from tests.crash.logs import ROOT, events, files, fit_rows

SQUARE = [[5, 1, 0], [0, 4, 2], [1, 0, 3]]
NAMES = ["a", "b", "c"]


@pytest.fixture
def monitor(tmp_path):
    with MonitorWriter(tmp_path, class_names=NAMES) as found:
        yield found


def refused(monitor, tmp_path, call):
    """The message of a refusal, after which nothing has been written."""
    with pytest.raises(InvalidInput) as caught:
        call(monitor)
    assert files(tmp_path) == []
    assert monitor.status() == (0, 0, None)
    return str(caught.value)


def logged(tmp_path):
    """tag -> the last value of it, of all files."""
    found = {}
    for path in files(tmp_path):
        for event in events(path):
            for value in event.summary.value:
                found[value.tag] = value
    return found


def series_of(tmp_path, tag):
    for path in files(tmp_path):
        for event in events(path):
            for value in event.summary.value:
                if value.tag == tag and value.metadata.plugin_data.content:
                    return schema.decode_series(value.metadata.plugin_data.content)
    raise KeyError(tag)


def cells(tmp_path, tag="validation/confusion"):
    blob = logged(tmp_path)[tag].tensor.string_val[0]
    return schema.decode_blob(series_of(tmp_path, tag), blob)


def averages(tmp_path, tag="validation/averages"):
    row = np.frombuffer(logged(tmp_path)[tag].tensor.tensor_content, "<f8")
    return dict(zip(series_of(tmp_path, tag).columns, row.tolist(), strict=True))


def test_1_a_matrix_that_is_not_square(monitor, tmp_path):
    assert refused(
        monitor, tmp_path, lambda m: m.confusion_matrix("validation", np.zeros((2, 3)), step=1)
    ) == ("confusion must be square [n_classes, n_classes], got shape (2, 3)")


def test_2_a_negative_cell_is_named_with_its_value_and_how_many_there_are(monitor, tmp_path):
    matrix = [[5, 1, 0], [0, -4, 2], [1, -7, 3]]
    assert refused(
        monitor, tmp_path, lambda m: m.confusion_matrix("validation", matrix, step=1)
    ) == ("confusion[1, 1] is -4: every cell must be a finite count >= 0 (2 of 9 cells are not)")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_3_a_matrix_with_nan_or_infinity_is_refused_and_a_loss_is_not(monitor, tmp_path, number):
    matrix = np.array(SQUARE, float)
    matrix[2, 0] = number
    assert refused(
        monitor, tmp_path, lambda m: m.confusion_matrix("validation", matrix, step=1)
    ) == (
        f"confusion[2, 0] is {number}: every cell must be a finite count >= 0 (1 of 9 cells are "
        f"not)"
    )
    monitor.fit("loss", train=number, validation=0.5, step=1)
    [(_, row)] = fit_rows(tmp_path)
    np.testing.assert_equal((row["train"], row["validation"]), (number, 0.5))


def test_4_an_evaluation_of_no_examples_is_logged_if_its_classes_are_declared(monitor, tmp_path):
    monitor.predictions("validation", [], [], step=1)
    row = averages(tmp_path)
    assert row["n"] == 0
    assert math.isnan(row["accuracy"])
    assert math.isnan(row["f1_macro"])
    assert len(cells(tmp_path).keys) == 0


def test_4_an_evaluation_of_no_examples_asks_for_the_classes_if_they_are_not(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        message = refused(monitor, tmp_path, lambda m: m.predictions("test", [], [], step=1))
    assert "y_true must hold at least one label, got 0" in message
    assert "give class_names= or num_classes=" in message


@pytest.mark.parametrize("axis", [0, 1])
def test_5_a_matrix_of_ratios_is_logged_and_said_once(monitor, tmp_path, caplog, axis):
    ratios = np.array(SQUARE, float)
    ratios /= ratios.sum(axis=axis, keepdims=True)
    for step in range(3):
        monitor.confusion_matrix("validation", ratios, step=step)
        monitor.confusion_matrix("test", ratios, step=step)
    [said] = [record.message for record in caplog.records]
    assert "looks normalised" in said
    np.testing.assert_allclose(cells(tmp_path).to_dense(), ratios)
    # Supports are hidden: no interval may be computed from sums of ratios.
    assert math.isnan(averages(tmp_path)["accuracy_se"])
    assert math.isnan(averages(tmp_path)["sum_squared_weights"])
    assert ConfusionMatrix.from_array(ratios).normalised


def test_6_a_transposed_matrix_cannot_be_seen_so_both_axes_are_named_in_every_message(monitor):
    """Rows = truth, wherever a matrix is taken or given; the page names both axes."""
    for function in (
        ConfusionMatrix.from_array,
        MonitorWriter.confusion_matrix,
        summary.confusion_matrix_pb,
    ):
        assert "row = true class, column = predicted" in " ".join(function.__doc__.split())
    matrix = ConfusionMatrix(3)
    matrix.update([0, 0, 0], [2, 2, 1])
    assert matrix.to_array()[0].tolist() == [0, 1, 2]


def test_7_five_names_for_four_classes(tmp_path):
    with MonitorWriter(tmp_path, class_names=list("abcde")) as monitor:
        message = refused(
            monitor, tmp_path, lambda m: m.confusion_matrix("test", np.eye(4, dtype=int), step=1)
        )
    assert message.startswith("class_names must name all 4 classes, got 5")
    with pytest.raises(InvalidInput, match=r"^class_names must name all 4 classes, got 5$"):
        ConfusionMatrix(4, class_names=list("abcde"))
    with pytest.raises(InvalidInput, match=r"^class_names must name all 4 classes, got 5$"):
        MonitorWriter(tmp_path, class_names=list("abcde"), num_classes=4)


def test_8_duplicate_names_are_named_with_their_places(tmp_path):
    with pytest.raises(InvalidInput) as caught:
        MonitorWriter(tmp_path, class_names=["cat", "dog", "bird", "dog"])
    assert str(caught.value) == "class_names must be distinct: 'dog' stands at 1 and 3"


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>",
        "two\nlines",
        "right\u202eto left",
        "",
        " ",
        "__proto__",
        "=HYPERLINK(1)",
        "x" * 65_536,
    ],
    ids=[
        "9 html",
        "10 newline",
        "10 override",
        "10 empty",
        "space",
        "proto",
        "formula",
        "10 64 kB",
    ],
)
def test_9_and_10_any_class_name_is_stored_as_it_is(tmp_path, name):
    with MonitorWriter(tmp_path, class_names=[name, "other"]) as monitor:
        monitor.predictions("validation", [0, 1], [0, 1], step=1)
    assert series_of(tmp_path, "validation/confusion").class_names == (name, "other")


def test_10_a_name_beyond_64_kilobytes_is_refused(tmp_path):
    with pytest.raises(InvalidInput) as caught:
        MonitorWriter(tmp_path, class_names=["ok", "é" * 500_000])
    assert str(caught.value).startswith(
        "class_names[1] must have at most 65536 bytes, got 1000000: 'éé"
    )
    assert len(str(caught.value)) < 200


def test_11_labels_and_predictions_of_unlike_length(monitor, tmp_path):
    truth, prediction = np.zeros(1_000, int), np.zeros(999, int)
    assert refused(
        monitor, tmp_path, lambda m: m.predictions("validation", truth, prediction, step=1)
    ) == ("y_true and y_pred must have the same length, got 1000 and 999")


def test_12_probabilities_where_classes_belong(monitor, tmp_path):
    probabilities = np.full((1_000, 10), 0.1)
    message = refused(
        monitor,
        tmp_path,
        lambda m: m.predictions("validation", np.zeros(1_000, int), probabilities, step=1),
    )
    assert message.startswith("y_pred has shape (1000, 10): ")
    assert "pass y_pred.argmax(axis=1)" in message
    assert "scores" in message


@pytest.mark.parametrize("label", [-1, 255, 3])
def test_13_a_label_out_of_range_is_named_with_place_and_count_and_can_be_ignored(
    monitor, tmp_path, label
):
    truth = [0, 1, label, 2, label]
    message = refused(
        monitor, tmp_path, lambda m: m.predictions("validation", truth, [0] * 5, step=1)
    )
    assert message.startswith(
        f"y_true[2] is {label}: labels must be in [0, 3) (2 of 5 are not); pass "
        f"ignore_index={label} to leave such examples out"
    )
    monitor.predictions("validation", truth, [0] * 5, step=1, ignore_index=label)
    record = cells(tmp_path)
    assert (record.counts.sum(), record.provenance.ignored) == (3, 2)


def torch_tensors():
    torch = pytest.importorskip("torch")
    yield torch.tensor([0, 1, 2]), torch.tensor([0.5, 1.5], dtype=torch.bfloat16)
    losses = torch.tensor([0.5, 1.5], requires_grad=True)
    yield torch.tensor([0, 1, 2], dtype=torch.uint8), losses * 1


def jax_arrays():
    jax = pytest.importorskip("jax")
    yield jax.numpy.array([0, 1, 2]), jax.numpy.array([0.5, 1.5], jax.numpy.bfloat16)


@pytest.mark.parametrize("make", [torch_tensors, jax_arrays])
def test_14_tensors_of_other_libraries_are_logged(tmp_path, make):
    for number, (labels, losses) in enumerate(make()):
        directory = tmp_path / str(number)
        with MonitorWriter(directory, class_names=NAMES) as monitor:
            monitor.predictions("validation", labels, labels, step=labels[1])
            monitor.fit("loss", train=losses, validation=losses.mean(), step=1)
        assert np.array_equal(cells(directory).to_dense(), np.eye(3))
        [(_, row)] = fit_rows(directory)
        assert (row["train"], row["validation"], row["train_n"]) == (1, 1, 2)


def test_14_no_library_is_imported_to_convert_the_tensors_of_another(tmp_path):
    pytest.importorskip("torch")
    code = """
import sys, torch
from tb_monitor_writer import MonitorWriter
with MonitorWriter(sys.argv[1], num_classes=3) as monitor:
    monitor.predictions("val", torch.tensor([0, 1]), torch.tensor([0, 2]), step=torch.tensor(1))
    monitor.fit("loss", train=torch.ones(3, requires_grad=True), step=1)
assert not {"tensorflow", "jax", "keras", "sklearn"} & set(sys.modules)
"""
    found = subprocess.run(
        [sys.executable, "-c", code, tmp_path],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "writer")},
    )
    assert found.returncode == 0, found.stderr
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    ("matrix", "dtype", "way_out"),
    [
        (np.array([[1, 0], [0, "many"]], object), "object", ""),
        ([["5", "1"], ["0", "4"]], "<U1", "; map class names to their indices"),
    ],
    ids=["object", "str"],
)
def test_15_a_matrix_of_objects_or_text_is_named_by_its_dtype(
    monitor, tmp_path, matrix, dtype, way_out
):
    message = refused(monitor, tmp_path, lambda m: m.confusion_matrix("test", matrix, step=1))
    assert message.startswith(f"confusion must hold numbers, got dtype {dtype}, first value ")
    assert message.endswith(way_out)


def test_16_thirty_thousand_classes_are_sparse_by_themselves(tmp_path):
    labels = np.arange(30_000)
    with MonitorWriter(tmp_path, num_classes=30_000) as monitor:
        monitor.predictions("validation", labels, np.roll(labels, 1), step=1)
    assert len(cells(tmp_path).keys) == 30_000
    assert files(tmp_path)[0].stat().st_size < 400_000  # dense: 7.2 GB


@pytest.mark.parametrize(
    ("step", "got"),
    [
        (None, "must be an integer, got None"),
        (1.0, "must be an integer, got float 1.0"),
        (np.float64(3), "must be an integer, got float64 "),
        (True, "must be an integer, got bool True"),
        ("3", "must be an integer, got str '3'"),
        (-1, "must be in [0, 2^63), got -1"),
        (2**63, "must be in [0, 2^63), got 9223372036854775808"),
    ],
)
def test_17_a_step_that_is_none_is_refused(monitor, tmp_path, step, got):
    for call in (
        lambda m: m.fit("loss", train=1, step=step),
        lambda m: m.confusion_matrix("validation", SQUARE, step=step),
        lambda m: m.predictions("validation", [0], [0], step=step),
        lambda m: m.scores("validation", [0, 1], [0.2, 0.7], step=step),
    ):
        assert refused(monitor, tmp_path, call).startswith(f"step {got}")


@pytest.mark.parametrize("step", [0, 2**63 - 1, np.uint8(7), np.int64(7), np.array(7)])
def test_17_any_integer_is_a_step(monitor, tmp_path, step):
    monitor.fit("loss", train=1, step=step)
    assert fit_rows(tmp_path)[0][0] == int(step)


def test_17_a_step_that_goes_back_is_a_restart_that_is_marked(monitor, tmp_path, caplog):
    for step in (1, 2, 3, 2):
        monitor.fit("loss", train=step, step=step)
    [path] = files(tmp_path)
    assert [event.step for event in events(path) if event.HasField("session_log")] == [2, 2]
    assert "step 2 comes after step 3: taken as a restart" in caplog.text


def test_18_a_second_record_of_a_step_is_refused_counted_and_said(monitor, tmp_path, caplog):
    monitor.predictions("validation", [0], [0], step=1)
    monitor.predictions("validation", [1], [1], step=1)
    written, refused, last_error = monitor.status()
    assert (written, refused) == (1, 1)
    assert last_error.startswith("validation: a second record of step 1 is refused")
    assert last_error in caplog.text
    assert cells(tmp_path).keys.tolist() == [0]


def test_19_classes_that_change_at_step_500_split_the_series_and_are_said(tmp_path, caplog):
    with MonitorWriter(tmp_path, scalars=False) as monitor:
        for step in range(0, 1_000, 100):
            size = 3 if step < 500 else 4
            monitor.confusion_matrix("validation", np.eye(size, dtype=int), step=step)
    tags = [
        (event.step, value.tag)
        for event in events(files(tmp_path)[0])
        for value in event.summary.value
        if value.tag.endswith("/confusion")
    ]
    assert tags == [(step, "validation/confusion") for step in range(0, 500, 100)] + [
        (step, "validation@2/confusion") for step in range(500, 1_000, 100)
    ]
    assert series_of(tmp_path, "validation@2/confusion").generation == 2
    assert [record.message for record in caplog.records] == [
        "validation: the classes changed from 3 to 4: it goes on as validation@2"
    ]


@pytest.mark.parametrize("library", ["torch.utils.tensorboard", "tensorboardX"])
@pytest.mark.parametrize("when", ["before, in this process", "by an earlier process"])
def test_20_a_tag_of_another_plugin_is_said_at_first_use(tmp_path, caplog, library, when):
    module = pytest.importorskip(library)
    theirs = module.SummaryWriter(str(tmp_path))
    theirs.add_histogram("validation/averages", np.arange(9.0), 0)
    theirs.add_scalar("validation/accuracy", 0.5, 0)
    theirs.add_scalar("loss", 0.5, 0)
    if library == "tensorboardX" or when == "by an earlier process":
        theirs.close()  # tensorboardX' flush does not wait for its own queue
    if when == "by an earlier process":
        theirs = module.SummaryWriter(str(tmp_path), filename_suffix=".later")
    monitor = MonitorWriter(theirs, class_names=NAMES)
    for step in (1, 2):
        monitor.confusion_matrix("validation", SQUARE, step=step)
        monitor.confusion_matrix("test", SQUARE, step=step)
        monitor.fit("loss", train=1, step=step)
    theirs.close()
    assert [record.message for record in caplog.records] == [
        "the tag 'validation/averages' is another's in this run, which TensorBoard's plugin "
        "'histograms' shows: readers take both for one series; log under another name",
        "the tag 'validation/accuracy' is another's in this run, which TensorBoard's plugin "
        "'scalars' shows: readers take both for one series; log under another name, or with "
        "scalars=False",
    ]
    assert monitor.status() == (6, 0, None)


def test_20_what_we_logged_ourselves_is_not_taken_for_anothers(tmp_path, caplog):
    module = pytest.importorskip("torch.utils.tensorboard")
    for step in range(2):
        with module.SummaryWriter(str(tmp_path), filename_suffix=f".{step}") as theirs:
            MonitorWriter(theirs).confusion_matrix("validation", SQUARE, step=step)
            theirs.file_writer.add_summary(summary.confusion_matrix_pb("other", SQUARE), step)
            MonitorWriter(theirs).confusion_matrix("other", SQUARE, step=step + 1)
    assert caplog.records == []


def test_20_in_a_directory_of_ours_no_tag_can_be_anothers(tmp_path):
    """Beside another writer's file ours goes to a run of its own."""
    module = pytest.importorskip("torch.utils.tensorboard")
    with module.SummaryWriter(str(tmp_path)) as theirs, MonitorWriter(tmp_path) as monitor:
        theirs.add_scalar("validation/accuracy", 0.5, 0)
        monitor.confusion_matrix("validation", SQUARE, step=0)
    assert [path.parent.name for path in files(tmp_path)][1:] == ["tb_monitor"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_21_a_disk_that_refuses_costs_nothing_and_is_said(tmp_path, monkeypatch, caplog, code):
    """More of it in tests/crash/."""

    def refuse(fd, buffers):
        raise OSError(code, os.strerror(code))

    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=0, step=0)
        with monkeypatch.context() as patch:
            patch.setattr(event_file.os, "writev", refuse)
            monitor.fit("loss", train=1, step=1)
        monitor.fit("loss", train=2, step=2)
    assert [step for step, _ in fit_rows(tmp_path)] == [0, 1, 2]
    assert monitor.status() == (3, 0, f"[Errno {code}] {os.strerror(code)}")
    assert os.strerror(code) in caplog.text


def test_21_a_directory_that_is_deleted_is_made_anew_and_said(tmp_path, caplog):
    with MonitorWriter(tmp_path / "run") as monitor:
        monitor.fit("loss", train=0, step=0)
        shutil.rmtree(tmp_path / "run")
        monitor.fit("loss", train=1, step=1)
    assert [step for step, _ in fit_rows(tmp_path)] == [1]
    assert "was deleted in mid-run" in caplog.text


def test_22_garbage_and_newer_metadata_of_an_earlier_run_begin_a_new_generation(tmp_path):
    for number, content in enumerate((b"\xff\xff\xff\xff", b"\x08\x63")):
        alien = encoding.encode_metadata("tb_monitor", content, encoding.DATA_CLASS_TENSOR)
        directory = tmp_path / str(number)
        log = EventLog(directory)
        log.append(0, [encoding.tensor_value("loss/fit", np.zeros(3), alien)])
        log.close()
        with MonitorWriter(directory) as monitor:
            monitor.fit("loss", train=1, step=1)
        assert "loss@2/fit" in logged(directory)


GIANTS = {
    "classes": (
        lambda: ConfusionMatrix(2**40),
        "num_classes must be an integer in [1, 2147483648], got 1099511627776",
    ),
    "dense": (
        lambda: ConfusionMatrix(100_000, sparse=False),
        "sparse=False needs num_classes <= 11585, got 100000",
    ),
    "array": (
        lambda: ConfusionMatrix.from_array(np.broadcast_to(np.int64(0), (1 << 20, 1 << 20))),
        "confusion must take at most 1073741824 bytes as an array, got shape (1048576, 1048576); "
        "count labels with ConfusionMatrix(1048576).update",
    ),
    "histogram": (
        lambda: metrics.ScoreHistogram(10**9),
        "num_labels must be at most 100, got 1000000000; log the scores of the labels that matter",
    ),
    "labels": (
        lambda: MonitorWriter("never").predictions("test", [0, 2**31 - 2], [0, 0], step=1),
        "y_true and y_pred hold labels up to 2147483646, got neither class_names= nor "
        "num_classes=: give one of them if there are that many classes",
    ),
}


@pytest.mark.parametrize("giant", GIANTS)
def test_23_a_declared_giant_is_refused_before_allocation(giant):
    """The array takes 8 bytes and declares 8 TB."""
    declare, message = GIANTS[giant]
    with pytest.raises(InvalidInput) as caught:
        declare()
    assert str(caught.value) == message
