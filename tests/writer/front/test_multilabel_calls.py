"""Multi-label counts from the log call to what a reader gets."""

import numpy as np
import pytest

from tb_monitor_writer import InvalidInput, MonitorWriter, MultilabelCounts, schema, summary
from tb_monitor_writer.schema import Kind, Task
from tests.crash.logs import events

TRUTH = np.array([[1, 0, 1], [0, 0, 1], [1, 1, 0], [0, 0, 0]])
PREDICTION = np.array([[1, 0, 0], [0, 1, 1], [1, 1, 0], [0, 0, 0]])


def logged(folder):
    """tag -> (series, step -> tensor), and the scalars' tags."""
    found, scalars = {}, set()
    for path in sorted(folder.rglob("*.tb_monitor")):
        for event in events(path):
            for value in event.summary.value:
                plugin = value.metadata.plugin_data
                if plugin.plugin_name == "scalars":
                    scalars.add(value.tag)
                elif value.HasField("metadata"):
                    found[value.tag] = (schema.decode_series(plugin.content), {})
                if value.tag in found:
                    found[value.tag][1][event.step] = value.tensor
    return found, scalars


def class_counts(series, tensor):
    if series.is_blob:
        return schema.decode_blob(series, tensor.string_val[0])
    dtype = {2: "<f8", 9: "<i8"}[tensor.dtype]
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    table = np.frombuffer(tensor.tensor_content, dtype).reshape(shape)
    return schema.decode_class_counts_tensor(series, table)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.float32])
def test_indicators_are_logged_as_multilabel_counts(tmp_path, dtype):
    with MonitorWriter(tmp_path, class_names=["a", "b", "c"]) as monitor:
        monitor.predictions("validation", TRUTH.astype(dtype), PREDICTION.astype(dtype), step=1)
    found, scalars = logged(tmp_path)
    assert set(found) == {"validation/averages", "validation/class_counts"}
    assert scalars == {
        f"validation/{name}" for name in ("precision_macro", "recall_macro", "f1_macro", "accuracy")
    }
    series, tensors = found["validation/class_counts"]
    assert (series.task, series.num_classes, series.class_names) == (
        Task.MULTILABEL, 3, ("a", "b", "c"),
    )  # fmt: skip
    counts = class_counts(series, tensors[1])
    assert counts.true_positives.tolist() == [2, 1, 1]
    assert counts.support.tolist() == [2, 1, 2]
    assert counts.predicted.tolist() == [2, 2, 1]
    assert counts.examples.tolist() == [4, 4, 4]
    series, tensors = found["validation/averages"]
    row = dict(zip(series.columns, np.frombuffer(tensors[1].tensor_content, "<f8"), strict=True))
    assert (series.task, row["n"], row["accuracy"]) == (Task.MULTILABEL, 4, 0.5)
    assert np.isnan(row["f1_macro_se"])


def test_two_hundred_labels_with_unknown_entries_come_back_from_a_blob(tmp_path):
    random = np.random.default_rng(0)
    truth = random.integers(-1, 2, (50, 200))
    prediction = random.integers(0, 2, (50, 200))
    with MonitorWriter(tmp_path) as monitor:
        monitor.predictions("test", truth, prediction, step=0, ignore_index=-1)
    found, _ = logged(tmp_path)
    series, tensors = found["test/class_counts"]
    assert series.is_blob
    counts = class_counts(series, tensors[0])
    assert np.array_equal(counts.examples, (truth != -1).sum(axis=0))
    assert np.array_equal(counts.support, (truth == 1).sum(axis=0))
    assert np.array_equal(counts.true_positives, ((truth == 1) & (prediction == 1)).sum(axis=0))
    assert counts.provenance.ignored == (truth == -1).sum()


def test_a_name_that_becomes_multilabel_goes_on_as_a_new_generation(tmp_path):
    with MonitorWriter(tmp_path, num_classes=3) as monitor:
        monitor.predictions("validation", [0, 1, 2], [0, 1, 1], step=1)
        monitor.predictions("validation", TRUTH, PREDICTION, step=2)
    found, _ = logged(tmp_path)
    assert found["validation/averages"][0].task is Task.MULTICLASS
    assert found["validation@2/averages"][0].task is Task.MULTILABEL


def test_probabilities_are_still_refused_with_both_ways_out(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        with pytest.raises(InvalidInput, match=r"argmax|scores"):
            monitor.predictions("validation", TRUTH, PREDICTION * 0.7, step=1)
        assert monitor.status().written == 0


def test_summaries_of_multilabel_counts_have_no_cells():
    counts = MultilabelCounts(3, class_names=["a", "b", "c"])
    counts.update(TRUTH, PREDICTION)
    tags = [value.tag for value in summary.confusion_matrix_pb("test", counts).value]
    assert tags[:2] == ["test/averages", "test/class_counts"]
    assert len(tags) == 6
    (value,) = summary.class_counts_pb("test", counts).value
    series = schema.decode_series(value.metadata.plugin_data.content)
    assert (series.kind, series.task) == (Kind.CLASS_COUNTS, Task.MULTILABEL)
    with pytest.raises(InvalidInput, match="MultilabelCounts, which has no cells"):
        summary.confusion_pb("test", counts)


def test_fit_rows_say_which_side_was_given(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=float("nan"), step=1)
        monitor.fit("loss", validation=0.5, step=2)
        monitor.fit("loss", train=0.5, step=3)
        monitor.fit("loss", validation=0.25, step=3)
    found, _ = logged(tmp_path)
    series, tensors = found["loss/fit"]
    rows = {
        step: dict(zip(series.columns, np.frombuffer(t.tensor_content, "<f8"), strict=True))
        for step, t in tensors.items()
    }
    logged_at = {s: (row["train_logged"], row["validation_logged"]) for s, row in rows.items()}
    assert logged_at == {1: (1, 0), 2: (0, 1), 3: (1, 1)}


def test_one_hot_classes_are_logged_as_labels_and_it_is_said_once(tmp_path, caplog):
    with MonitorWriter(tmp_path) as monitor:
        for step in range(2):
            monitor.predictions("test", np.eye(3), np.eye(3)[[1, 0, 2]], step=step)
            monitor.predictions("tags", TRUTH, PREDICTION, step=step)
    said = [record.message for record in caplog.records if "argmax" in record.message]
    assert len(said) == 1
    assert said[0].startswith("test: every example has exactly one label of 3")


@pytest.mark.parametrize(
    ("quantity", "is_said"),
    [("accuracy", True), ("val_acc", True), ("macro F1/depth", True), ("loss", False),
     ("dice_loss", False), ("1 - accuracy", False)],
)  # fmt: skip
def test_a_score_logged_as_a_loss_is_said_once(tmp_path, caplog, quantity, is_said):
    with MonitorWriter(tmp_path) as monitor:
        for step in range(2):
            monitor.fit(quantity, validation=0.5, step=step)
        monitor.fit("precision", validation=0.5, step=0, higher_is_better=True)
    assert sum("higher_is_better=True" in r.message for r in caplog.records) == is_said
