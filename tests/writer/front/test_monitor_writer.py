"""MonitorWriter: what it refuses and in which words, and what it logs."""

import copy
import math
import pickle

import numpy as np
import pytest

from tb_monitor_writer import ConfusionMatrix, InvalidInput, MonitorWriter, ScoreHistogram, schema
from tb_monitor_writer.schema import Task
from tests.crash.logs import events, files, fit_rows

Y_TRUE = [0, 1, 2, 2]
Y_PRED = [0, 2, 2, 1]


@pytest.fixture
def monitor(tmp_path):
    with MonitorWriter(tmp_path / "run", class_names=["a", "b", "c"]) as found:
        yield found
    assert not found.status().dropped


def values(logdir):
    return [v for path in files(logdir) for event in events(path) for v in event.summary.value]


def series_of(logdir):
    """tag -> series, of the records of ours."""
    return {
        value.tag: schema.decode_series(value.metadata.plugin_data.content)
        for value in values(logdir)
        if value.metadata.plugin_data.plugin_name.startswith("tb_monitor")
    }


BAD_CALLS = {
    "name must be a string, got int": lambda m: m.predictions(3, Y_TRUE, Y_PRED, step=1),
    "name must not be empty; use a split like 'validation'": (
        lambda m: m.predictions("", Y_TRUE, Y_PRED, step=1)
    ),
    "name must not contain '@', got 'a@2'": lambda m: m.predictions("a@2", Y_TRUE, Y_PRED, step=1),
    "without empty parts, got 'a//b'": lambda m: m.confusion_matrix("a//b", np.eye(3), step=1),
    "name must have at most 65536 bytes, got 65537": (
        lambda m: m.predictions("x" * 65_537, Y_TRUE, Y_PRED, step=1)
    ),
    "name must be valid Unicode, got '\\\\ud800'": (
        lambda m: m.predictions("\ud800", Y_TRUE, Y_PRED, step=1)
    ),
    "step must be an integer, got None": lambda m: m.fit("loss", train=1, step=None),
    "step must be an integer, got float 1.0": lambda m: m.fit("loss", train=1, step=1.0),
    "step must be an integer, got bool True": lambda m: m.fit("loss", train=1, step=True),
    "step must be an integer, got str '1'": lambda m: m.fit("loss", train=1, step="1"),
    "step must be in \\[0, 2\\^63\\), got -1": lambda m: m.fit("loss", train=1, step=-1),
    "step must be in \\[0, 2\\^63\\), got 9223372036854775808": (
        lambda m: m.fit("loss", train=1, step=2**63)
    ),
    "train_step must be in \\[0, 2\\^63\\), got -3": (
        lambda m: m.fit("loss", train=1, step=1, train_step=-3)
    ),
    "confusion must be square \\[n_classes, n_classes\\], got shape \\(2, 3\\)": (
        lambda m: m.confusion_matrix("val", np.zeros((2, 3)), step=1)
    ),
    "confusion\\[0, 1\\] is -1": (lambda m: m.confusion_matrix("val", [[1, -1, 0]] * 3, step=1)),
    "confusion\\[0, 0\\] is nan": (
        lambda m: m.confusion_matrix("val", np.full((3, 3), np.nan), step=1)
    ),
    "confusion must hold numbers, got dtype <U1": (
        lambda m: m.confusion_matrix("val", [["a", "b"], ["c", "d"]], step=1)
    ),
    "class_names must name all 2 classes, got 3; give the ConfusionMatrix its own": (
        lambda m: m.confusion_matrix("val", np.eye(2, dtype=int), step=1)
    ),
    "y_true and y_pred must have the same length, got 4 and 3": (
        lambda m: m.predictions("val", Y_TRUE, Y_PRED[:3], step=1)
    ),
    "y_pred has shape \\(4, 10\\): .*pass y_pred.argmax": (
        lambda m: m.predictions("val", Y_TRUE, np.zeros((4, 10)), step=1)
    ),
    "y_true\\[1\\] is -1: labels must be in \\[0, 3\\)": (
        lambda m: m.predictions("val", [0, -1, 1, 2], Y_PRED, step=1)
    ),
    "y_pred\\[3\\] is 3: labels must be in \\[0, 3\\)": (
        lambda m: m.predictions("val", Y_TRUE, [0, 1, 2, 3], step=1)
    ),
    "class_names\\[1\\] must be valid Unicode": (
        lambda m: m.confusion_matrix("v", ConfusionMatrix(2, class_names=["a", "\ud800"]), step=1)
    ),
    "class_names\\[0\\] must have at most 65536 bytes, got 1000000": (
        lambda m: m.scores("v", ScoreHistogram(2, class_names=["x" * 10**6, "y"]), step=1)
    ),
    "scores must be given, got None": lambda m: m.scores("val", [0, 1], step=1),
    "scores must be left out beside a ScoreHistogram": (
        lambda m: m.scores("val", ScoreHistogram(), [0.5], step=1)
    ),
    "class_names must name all 4 classes, got 3": (
        lambda m: m.scores("val", [0, 1], np.full((2, 4), 0.25), step=1)
    ),
    "scores\\[0\\] is 1.5: scores must be in \\[0, 1\\]": (
        lambda m: MonitorWriter("never").scores("val", [0, 1], [1.5, 0], step=1)
    ),
    "train or validation must be given, got neither": lambda m: m.fit("loss", step=1),
    "train must be a number or one value per example \\[n\\], got shape \\(2, 2\\)": (
        lambda m: m.fit("loss", train=np.zeros((2, 2)), step=1)
    ),
    "validation must be a number or one value per example \\[n\\], got shape \\(0,\\)": (
        lambda m: m.fit("loss", validation=[], step=1)
    ),
    "train must be an array of numbers, got str 'low'": lambda m: m.fit(
        "loss", train="low", step=1
    ),
    "n must be left out beside per-example values, got 3": (
        lambda m: m.fit("loss", validation=[1.0, 2.0], n=3, step=1)
    ),
    "se must be a finite number >= 0, got -1": (
        lambda m: m.fit("loss", validation=1, se=-1, step=1)
    ),
    "n must be a finite number >= 1, got 0": lambda m: m.fit("loss", validation=1, n=0, step=1),
    "n must be a pair of numbers, got \\(1, 2, 3\\)": (
        lambda m: m.fit("loss", validation=1, n=(1, 2, 3), step=1)
    ),
    "paired must be a pair of numbers, got 0.5": (
        lambda m: m.fit("loss", validation=1, paired=0.5, step=1)
    ),
    "paired must be a finite number >= 0, got -0.1": (
        lambda m: m.fit("loss", validation=1, paired=(0.5, -0.1), step=1)
    ),
    "target must be a finite number, got nan": (
        lambda m: m.fit("loss", validation=1, target=math.nan, step=1)
    ),
}


@pytest.mark.parametrize("message", BAD_CALLS)
def test_a_bad_call_is_refused_in_words_and_nothing_is_written(message, monitor, tmp_path):
    with pytest.raises(InvalidInput, match=message):
        BAD_CALLS[message](monitor)
    assert not files(tmp_path)
    assert monitor.status() == (0, 0, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"class_names": ["a", "a"]}, "class_names must be distinct: 'a' stands at 0 and 1"),
        ({"class_names": "ab"}, "must be a sequence of names, got one string 'ab'"),
        ({"class_names": ["a", 3]}, "class_names\\[1\\] must be a string, got int 3; use \\[str"),
        ({"class_names": ["a"], "num_classes": 2}, "class_names must name all 2 classes, got 1"),
        ({"class_names": 3}, "class_names must be a sequence of names, got int"),
        ({"class_names": ["x" * 65_537]}, "class_names\\[0\\] must have at most 65536 bytes"),
        ({"num_classes": 0}, "num_classes must be an integer in \\[1, 2147483648\\], got 0"),
        ({"num_classes": 2.0}, "num_classes must be an integer in .*, got 2.0"),
        ({"on_error": "ignore"}, "on_error must be 'warn' or 'raise', got 'ignore'"),
        ({"model": 3}, "model must be a string, got int"),
        ({"model_version": "x" * 65_537}, "model_version must have at most 65536 bytes"),
    ],
)
def test_a_bad_construction_is_refused_in_words(arguments, message, tmp_path):
    with pytest.raises(InvalidInput, match=message):
        MonitorWriter(tmp_path, **arguments)


STEPS = {
    "int": 7,
    "numpy int8": np.int8(7),
    "numpy uint64": np.uint64(7),
    "numpy array of no dimensions": np.array(7),
}


@pytest.mark.parametrize("kind", STEPS)
def test_any_integer_is_a_step(kind, monitor, tmp_path):
    monitor.fit("loss", train=1, step=STEPS[kind])
    assert fit_rows(tmp_path)[0][0] == 7


def test_tensors_of_torch_are_steps_labels_and_losses(tmp_path):
    torch = pytest.importorskip("torch")
    with MonitorWriter(tmp_path, num_classes=3) as monitor:
        labels = torch.tensor(Y_TRUE)
        losses = torch.tensor([1.0, 2.0, 3.0], dtype=torch.bfloat16, requires_grad=True)
        monitor.predictions("val", labels, torch.tensor(Y_PRED), step=torch.tensor(3))
        monitor.fit("loss", train=losses.mean(), validation=losses, step=torch.tensor(3))
    [(step, row)] = fit_rows(tmp_path)
    assert (step, row["train"], row["validation"], row["validation_n"]) == (3, 2, 2, 3)


def test_predictions_and_their_matrix_are_the_same_record(tmp_path):
    with MonitorWriter(tmp_path / "one", class_names=["a", "b", "c"]) as monitor:
        monitor.predictions("val", Y_TRUE, Y_PRED, step=1)
    matrix = ConfusionMatrix(3, class_names=["a", "b", "c"])
    matrix.update(Y_TRUE, Y_PRED)
    with MonitorWriter(tmp_path / "two") as monitor:
        monitor.confusion_matrix("val", matrix, step=1)
    assert values(tmp_path / "one") == values(tmp_path / "two")
    assert [value.tag for value in values(tmp_path / "one")] == [
        "val/averages",
        "val/class_counts",
        "val/confusion",
        "val/precision_macro",
        "val/recall_macro",
        "val/f1_macro",
        "val/accuracy",
    ]


def test_all_values_of_a_matrix_stand_in_one_event(monitor, tmp_path):
    monitor.predictions("val", Y_TRUE, Y_PRED, step=1)
    [path] = files(tmp_path)
    assert [len(event.summary.value) for event in events(path)] == [0, 7]


def test_scalars_can_be_switched_off(tmp_path):
    with MonitorWriter(tmp_path, num_classes=3, scalars=False) as monitor:
        monitor.predictions("val", Y_TRUE, Y_PRED, step=1)
    assert len(values(tmp_path)) == 3


def test_without_declared_classes_as_many_are_counted_as_were_seen(tmp_path, caplog):
    with MonitorWriter(tmp_path) as monitor:
        monitor.predictions("val", [0, 1], [1, 1], step=1)
        monitor.predictions("val", [0, 0], [0, 0], step=2)  # still two
        monitor.predictions("val", [4, 0], [0, 0], step=3)  # five: a new generation
        monitor.predictions("val", [-100, 0], [0, 0], step=4, ignore_index=-100)
    found = series_of(tmp_path)
    assert found["val/confusion"].num_classes == 2
    assert found["val@2/confusion"].num_classes == 5
    assert "val: the classes changed from 2 to 5: it goes on as val@2" in caplog.text


def test_a_refused_call_does_not_teach_the_number_of_classes(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.predictions("val", [0, 1], [1, 1], step=1)
        with pytest.raises(InvalidInput, match="same length"):
            monitor.predictions("val", [0, 9], [1], step=2)
        monitor.predictions("val", [0, 1], [1, 1], step=2)
    assert "val@2/confusion" not in series_of(tmp_path)


def test_a_stray_label_does_not_make_a_matrix_of_a_thousand_million_classes(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        with pytest.raises(InvalidInput, match="hold labels up to 1000000000, got neither"):
            monitor.predictions("val", [0, 10**9], [1, 1], step=1)
        with pytest.raises(InvalidInput, match="labels must be in"):
            monitor.predictions("val", [0, -(10**9)], [1, 1], step=1)


def test_an_evaluation_without_examples_needs_declared_classes(tmp_path):
    with (
        MonitorWriter(tmp_path / "undeclared") as monitor,
        pytest.raises(
            InvalidInput,
            match="y_true must hold at least one label, got 0: give class_names= or num_",
        ),
    ):
        monitor.predictions("val", [], [], step=1)
    with MonitorWriter(tmp_path / "declared", num_classes=3) as monitor:
        monitor.predictions("val", [], [], step=1)
    tags = {value.tag: value for value in values(tmp_path / "declared")}
    assert sorted(tags) == ["val/averages", "val/class_counts", "val/confusion"]
    series = series_of(tmp_path)["val/confusion"]
    record = schema.decode_blob(series, tags["val/confusion"].tensor.string_val[0])
    assert len(record.keys) == 0


def test_the_names_of_a_matrix_count_more_than_the_writers(tmp_path):
    with MonitorWriter(tmp_path, class_names=["a", "b", "c"]) as monitor:
        monitor.confusion_matrix("val", np.eye(3, dtype=int), step=1)
        depth = ConfusionMatrix(2, class_names=["near", "far"])
        monitor.confusion_matrix("val/depth", depth, step=1)
    found = series_of(tmp_path)
    assert found["val/confusion"].class_names == ("a", "b", "c")
    assert found["val/depth/confusion"].class_names == ("near", "far")
    assert found["val/depth/confusion"].task is Task.BINARY


def test_other_class_names_begin_a_generation_of_their_own(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        for step, names in enumerate((["a", "b"], ["a", "b"], ["a", "x"], ["a", "x"])):
            matrix = ConfusionMatrix(2, class_names=names)
            matrix.update([0, 1], [0, 1])
            monitor.confusion_matrix("val", matrix, step=step)
    found = series_of(tmp_path)
    assert found["val/averages"].class_names == ("a", "b")
    assert found["val@2/averages"].class_names == ("a", "x")
    assert found["val@2/averages"].generation == 2
    steps = [(e.step, e.summary.value[2].tag) for e in events(files(tmp_path)[0])[1:]]
    assert steps == [
        (0, "val/confusion"),
        (1, "val/confusion"),
        (2, "val@2/confusion"),
        (3, "val@2/confusion"),
    ]


def test_a_matrix_that_looks_normalised_is_accepted_and_said_once(monitor, tmp_path, caplog):
    for step in range(3):
        monitor.confusion_matrix("val", [[0.5, 0.5, 0], [0, 1, 0], [0.25, 0.25, 0.5]], step=step)
    said = [record.message for record in caplog.records]
    assert len(said) == 1
    assert said[0].startswith("val: the matrix looks normalised")


def test_thirty_thousand_classes_go_sparse_by_themselves(tmp_path):
    labels = np.arange(0, 30_000, 3)
    with MonitorWriter(tmp_path, num_classes=30_000) as monitor:
        monitor.predictions("val", labels, np.roll(labels, 1), step=1)
    assert files(tmp_path)[0].stat().st_size < 200_000
    series = series_of(tmp_path)["val/confusion"]
    [blob] = [v.tensor.string_val[0] for v in values(tmp_path) if v.tag == "val/confusion"]
    record = schema.decode_blob(series, blob)
    assert len(record.keys) == 10_000


def test_ignored_examples_are_counted_in_the_record(monitor, tmp_path):
    monitor.predictions("val", [0, -1, 1, -1], [0, 0, 1, 1], step=1, ignore_index=-1)
    series = series_of(tmp_path)["val/confusion"]
    [blob] = [v.tensor.string_val[0] for v in values(tmp_path) if v.tag == "val/confusion"]
    record = schema.decode_blob(series, blob)
    assert (record.counts.sum(), record.provenance.ignored) == (2, 2)


@pytest.mark.parametrize(
    ("truth", "scores", "task", "names"),
    [
        ([0, 1], [0.2, 0.7], Task.BINARY, ("no", "yes")),
        ([[0], [1]], [[0.2], [0.7]], Task.BINARY, ("no", "yes")),
        ([0, 1], [[0.2, 0.8], [0.7, 0.3]], Task.MULTICLASS, ("no", "yes")),
        ([[0, 1], [1, 1]], [[0.2, 0.8], [0.7, 0.3]], Task.MULTILABEL, ("no", "yes")),
    ],
)
def test_the_task_of_scores_follows_from_their_form(tmp_path, truth, scores, task, names):
    with MonitorWriter(tmp_path, class_names=names) as monitor:
        monitor.scores("val", truth, scores, step=1)
    series = series_of(tmp_path)["val/scores"]
    assert series.task is task
    if task is Task.BINARY:
        assert (series.num_classes, series.class_names, series.pos_label) == (1, ("yes",), 1)
    else:
        assert (series.num_classes, series.class_names) == (2, names)


def test_logits_are_told_never_guessed(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.scores("val", [0, 1], [-9.0, 9.0], step=1, from_logits=True)
        with pytest.raises(InvalidInput, match="pass from_logits=True if they are logits"):
            monitor.scores("val", [0, 1], [-9.0, 9.0], step=2)


def test_names_and_classes_are_stored_as_they_are(tmp_path):
    names = ["<img src=x onerror=alert(1)>", "a\nb\u202e", "__proto__", "=1+1", "💥"]
    with MonitorWriter(tmp_path, class_names=names) as monitor:
        monitor.predictions("<b>split/a b%2F", [0, 1, 2, 3, 4], [0, 1, 2, 3, 4], step=1)
    series = series_of(tmp_path)["<b>split/a b%2F/confusion"]
    assert series.class_names == tuple(names)
    assert (series.split, series.head) == ("<b>split", "a b%2F")


def test_a_second_record_of_a_step_is_refused_counted_and_said_once(tmp_path, caplog):
    with MonitorWriter(tmp_path, num_classes=3) as monitor:
        for _ in range(3):
            monitor.predictions("val", Y_TRUE, Y_PRED, step=1)
        monitor.predictions("val", Y_TRUE, Y_PRED, step=2)
    sentence = "val: a second record of step 1 is refused: readers keep one each"
    assert monitor.status() == (2, 2, sentence)
    assert [record.message for record in caplog.records] == [
        sentence,
        f"{tmp_path}: 2 records written, 2 not; last error: {sentence}",
    ]


def test_matrices_scores_and_values_of_one_name_and_step_do_not_meet(monitor):
    monitor.predictions("val", Y_TRUE, Y_PRED, step=1)
    monitor.scores("val", [0, 1, 2], np.eye(3), step=1)
    monitor.fit("val", train=1, step=1)
    monitor.predictions("val/head", Y_TRUE, Y_PRED, step=1)
    assert monitor.status() == (4, 0, None)


def test_flush_and_the_with_statement_are_there_for_habit(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=1, step=1)
        monitor.flush()
        assert len(fit_rows(tmp_path)) == 1
    monitor.close()
    assert monitor.status() == (1, 0, None)


def test_a_writer_is_not_pickled_or_copied_by_mistake(monitor):
    with pytest.raises(TypeError, match="make one in each process"):
        pickle.dumps(monitor)
    with pytest.raises(TypeError, match="make one in each process"):
        copy.deepcopy(monitor)
