"""What version 1 stored, read for ever. The files are never made anew: make_golden.py."""

import numpy as np
import pytest

from tb_monitor_writer import metrics, schema
from tb_monitor_writer.schema import Kind, Task
from tests.crash.logs import events, torn_bytes
from tests.writer.schema import make_golden
from tests.writer.schema.make_golden import FILES, FOLDER, LARGE_CLASSES, MATRIX, NAMES


def read(name):
    """tag -> (series, step -> payload: bytes of a blob, or an array)."""
    path = FOLDER / f"{name}.tfevents"
    assert torn_bytes(path) == 0
    found = {}
    for event in events(path):
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == "scalars":
                continue
            if value.tag not in found:
                if not value.HasField("metadata"):
                    continue  # a later scalar
                found[value.tag] = (schema.decode_series(value.metadata.plugin_data.content), {})
            found[value.tag][1][event.step] = payload(value.tensor)
    return found


def payload(tensor):
    if tensor.dtype == 7:
        return tensor.string_val[0]
    dtype = {2: "<f8", 9: "<i8"}[tensor.dtype]
    shape = [dim.size for dim in tensor.tensor_shape.dim]
    return np.frombuffer(tensor.tensor_content, dtype).reshape(shape)


def test_there_is_a_file_for_every_kind_that_has_a_reader():
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(FILES)
    kinds = {series.kind for name in FILES for series, _ in read(name).values()}
    assert kinds == set(Kind)


def test_a_confusion_matrix_of_four_classes():
    found = read("confusion")
    series, blobs = found["val/top/confusion"]
    assert series.class_names == tuple(NAMES)
    assert (series.name, series.split, series.head) == ("val/top", "validation", "top")
    assert (series.task, series.model, series.model_version) == (Task.MULTICLASS, "golden", "1")
    for step in (1, 2):
        record = schema.decode_blob(series, blobs[step])
        assert np.array_equal(record.to_dense(), MATRIX * step)
        assert record.counts.dtype == np.int64
        assert record.provenance == schema.Provenance(ordinal=step)

    series, tensors = found["val/top/class_counts"]
    counts = schema.decode_class_counts_tensor(series, tensors[2])
    assert counts.true_positives.tolist() == [18, 14, 10, 800]
    assert counts.support.tolist() == [20, 20, 10, 806]
    assert counts.predicted.tolist() == [22, 22, 12, 800]

    series, rows = found["val/top/averages"]
    row = schema.decode_rows(series.columns, [rows[1]])
    assert row["n"] == 428
    assert row["accuracy"] == pytest.approx(421 / 428)
    assert row["recall_macro"] == pytest.approx(np.mean([0.9, 0.7, 1, 400 / 403]))
    assert row["worst_class"] == 1


def test_a_weighted_confusion_matrix():
    series, blobs = read("confusion")["test/confusion"]
    record = schema.decode_blob(series, blobs[1])
    assert record.keys.tolist() == [0, 6, 10, 15]
    assert record.counts.tolist() == [0.5, 1.25, 3.0, 1e-3]


def test_a_confusion_matrix_of_three_hundred_classes():
    found = read("large_confusion")
    series, blobs = found["validation/confusion"]
    assert (series.num_classes, series.class_names) == (LARGE_CLASSES, ())
    assert series.plugin_name == schema.CELLS_PLUGIN_NAME
    expected = make_golden.large_matrix(2)
    record = schema.decode_blob(series, blobs[2])
    assert np.array_equal(record.to_dense(), expected.to_array())
    series, blobs = found["validation/class_counts"]
    counts = schema.decode_blob(series, blobs[2])
    assert np.array_equal(counts.true_positives, expected.margins.true_positives)
    assert counts.support.tolist() == [10] * LARGE_CLASSES


def test_scores_of_one_label_and_of_four():
    found = read("scores")
    series, blobs = found["validation/scores"]
    assert (series.task, series.num_classes, series.bins) == (Task.BINARY, 1, 1_000)
    record = schema.decode_blob(series, blobs[1])
    assert record.counts.shape == (1, 2, 1_000)
    negatives, positives = record.counts[0]
    assert negatives.sum() + positives.sum() == 40
    assert not negatives[601:].any()
    assert not positives[:600].any()

    series, blobs = found["test/scores"]
    assert (series.task, series.num_classes, series.bins) == (Task.MULTICLASS, 4, 100)
    record = schema.decode_blob(series, blobs[2])
    assert record.provenance.nan == 1
    assert record.counts.sum(axis=(1, 2)).tolist() == [39] * 4
    assert record.counts[:, 1].sum() == 39


def test_fit_rows():
    found = read("fit")
    series, rows = found["loss/fit"]
    assert (series.quantity, series.higher_is_better) == ("loss", False)
    columns = schema.decode_rows(series.columns, [rows[step] for step in range(1, 11)])
    assert columns["ordinal"].tolist() == list(range(1, 11))
    assert columns["train"].tolist() == [1 / step for step in range(1, 11)]
    assert columns["validation_n"].tolist() == [25] * 10
    assert columns["target"].tolist() == [0.2] * 10
    best = int(columns["best_step"][-1])
    assert columns["validation"][best - 1] == columns["best_value"][-1]
    assert columns["best_value"][-1] == columns["validation"].min()
    assert np.isfinite(columns["paired_se"][-1])

    series, rows = found["accuracy/top/fit"]
    assert (series.quantity, series.head, series.higher_is_better) == ("accuracy", "top", True)
    columns = schema.decode_rows(series.columns, [rows[10]])
    assert (columns["best_step"], columns["best_value"]) == (10, 0.95)
    assert np.isnan(columns["train"])


def test_averages_of_the_golden_matrix_are_what_metrics_say_today():
    series, rows = read("confusion")["val/top/averages"]
    today = metrics.averages(metrics.ConfusionMatrix.from_array(MATRIX))
    row = schema.decode_rows(series.columns, [rows[1]])
    for column in ("accuracy", "f1_macro", "precision_weighted", "f1_macro_se"):
        assert row[column] == pytest.approx(today[column], rel=1e-12)
