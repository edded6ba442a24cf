"""What version 1 stored, read for ever. The files are never made anew: make_golden.py."""

import shutil

import numpy as np
import pytest

from tb_monitor_writer import metrics, schema
from tb_monitor_writer.schema import Kind, Task
from tests.crash.logs import events, torn_bytes
from tests.writer.loaders import LOADERS, equal, load
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


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("name", FILES)
def test_both_of_tensorboards_loaders_deliver_what_the_file_holds(tmp_path, name, loader):
    expected = read(name)
    (tmp_path / "run").mkdir()
    shutil.copyfile(
        FOLDER / f"{name}.tfevents", tmp_path / "run" / "events.out.tfevents.1.host.1.0.tb_monitor"
    )

    def complete(found):
        steps = found.last_steps().get("run", {})
        return all(steps.get(tag) == max(values) for tag, (_, values) in expected.items())

    with load(tmp_path, loader, until=complete) as found:
        for tag, (series, values) in expected.items():
            assert schema.decode_series(found.content("run", tag, series.plugin_name)) == series
            read_back = found.blobs if series.is_blob else found.tensors
            delivered = read_back("run", tag, series.plugin_name)
            assert sorted(delivered) == sorted(values)
            for step, value in values.items():
                if series.is_blob:
                    assert delivered[step] == value
                    schema.decode_blob(series, value)
                else:
                    assert equal(delivered[step], value)


def averages_of(found, tag, step=1):
    series, rows = found[tag]
    columns = schema.decode_rows(series.columns, [rows[step]])
    return {column: float(values[0]) for column, values in columns.items()}


def test_weighted_counts_of_three_hundred_classes():
    found = read("counts_of_every_form")
    truth = np.arange(900) % LARGE_CLASSES
    weights = (np.arange(900) % 4 + 1) / 8
    cells = np.zeros((LARGE_CLASSES, LARGE_CLASSES))
    np.add.at(cells, (truth, truth // 2), weights)
    series, blobs = found["weighted/confusion"]
    record = schema.decode_blob(series, blobs[2])
    assert record.counts.dtype == np.float64
    assert len(record.keys) == 300
    assert np.array_equal(record.to_dense(), cells)
    series, blobs = found["weighted/class_counts"]
    counts = schema.decode_blob(series, blobs[1])
    assert np.array_equal(counts.support, cells.sum(axis=1))
    assert np.array_equal(counts.predicted, cells.sum(axis=0))
    assert counts.examples is None
    row = averages_of(found, "weighted/averages")
    assert row["n"] == weights.sum()
    assert row["sum_squared_weights"] == (weights**2).sum()


def test_a_matrix_of_which_not_all_cells_are_kept_says_how_far_one_may_be_off():
    found = read("counts_of_every_form")
    series, blobs = found["approximate/confusion"]
    record = schema.decode_blob(series, blobs[1])
    assert series.num_classes == 3_000
    truth, guess = np.divmod(record.keys.astype(int), 3_000)
    off = truth != guess
    assert off.sum() == 40
    assert record.provenance.error_bound > 0
    bound = record.provenance.error_bound
    exact = {(7, 8): 30, **{(k, k + 1): 2 for k in range(0, 3_000, 50)}}
    kept = dict(zip(zip(truth[off], guess[off], strict=True), record.counts[off], strict=True))
    assert kept[7, 8] == 30
    assert all(abs(count - exact.get(pair, 0)) <= bound for pair, count in kept.items())


def test_the_best_two_and_what_was_left_out():
    found = read("counts_of_every_form")
    row = averages_of(found, "test/best/averages", 2)
    scores = np.abs(np.sin(np.arange(120).reshape(30, 4) + 1))
    known = np.arange(30) != 4
    best = np.argsort(-scores, axis=1)[:, :2]
    hits = (best == (np.arange(30) % 4)[:, None]).any(axis=1)
    assert row["top_k"] == 2
    assert row["top_k_accuracy"] == pytest.approx(hits[known].mean())
    assert (row["n"], row["nan"], row["ordinal"]) == (29, 1, 2)
    series, blobs = found["test/best/confusion"]
    assert schema.decode_blob(series, blobs[1]).provenance.nan == 1

    row = averages_of(found, "test/ignoring/averages")
    assert (row["n"], row["ignored"], row["nan"]) == (3, 1, 0)
    assert np.isnan(row["top_k"])
    series, blobs = found["test/ignoring/confusion"]
    assert schema.decode_blob(series, blobs[1]).provenance.ignored == 1


def test_multilabel_counts_of_few_and_many_labels_and_weighted_ones():
    found = read("multilabel")
    assert not any(tag.endswith("/confusion") for tag in found)
    series, tensors = found["validation/class_counts"]
    assert (series.task, series.num_classes, series.class_names) == (
        Task.MULTILABEL, 4, tuple(NAMES),
    )  # fmt: skip
    assert tensors[1].shape == (4, 4)
    counts = schema.decode_class_counts_tensor(series, tensors[1])
    truth = np.arange(40).reshape(10, 4) % 2
    guess = np.arange(40).reshape(10, 4) % 3 == 0
    known = np.ones((10, 4), bool)
    known[::3, 1] = False
    assert counts.true_positives.tolist() == (guess & (truth == 1) & known).sum(axis=0).tolist()
    assert counts.support.tolist() == ((truth == 1) & known).sum(axis=0).tolist()
    assert counts.predicted.tolist() == (guess & known).sum(axis=0).tolist()
    assert counts.examples.tolist() == [10, 6, 10, 10]
    assert averages_of(found, "validation/averages")["ignored"] == 4

    series, tensors = found["test/weighted/class_counts"]
    assert tensors[2].dtype == np.float64
    weights = (np.arange(50) % 3 + 1) / 4
    counts = schema.decode_class_counts_tensor(series, tensors[2])
    truth = np.arange(150).reshape(50, 3) % 3 == 0
    assert counts.support.tolist() == (weights @ truth).tolist()
    assert counts.examples.tolist() == [weights.sum()] * 3

    series, blobs = found["test/many/class_counts"]
    assert (series.task, series.num_classes) == (Task.MULTILABEL, 80)
    counts = schema.decode_blob(series, blobs[1])
    truth = np.arange(4_000).reshape(50, 80) % 3 == 0
    guess = np.arange(4_000).reshape(50, 80) % 4 == 0
    assert counts.true_positives.tolist() == (truth & guess).sum(axis=0).tolist()
    assert counts.examples.tolist() == [50] * 80
    assert averages_of(found, "test/many/averages")["accuracy"] == (truth == guess).all(1).mean()

    series, blobs = found["validation/scores"]
    assert (series.task, series.num_classes, series.bins) == (Task.MULTILABEL, 3, 100)
    assert schema.decode_blob(series, blobs[2]).counts.sum() == 60


def test_fit_rows_made_of_two_calls_and_given_by_hand():
    found = read("fit_by_hand")
    series, rows = found["loss/fit"]
    columns = schema.decode_rows(series.columns, [rows[step] for step in (1, 2, 3, 4)])
    np.testing.assert_equal(columns["train"].tolist(), [1, 0.5, np.nan, 0.25])
    assert columns["train_logged"].tolist() == [1, 1, 1, 1]
    assert columns["validation_logged"].tolist() == [1, 0, 1, 1]
    assert columns["train_n"].tolist() == [400] * 4
    np.testing.assert_equal(columns["validation_se"].tolist(), [0.02, np.nan, 0.02, 0.02])
    np.testing.assert_equal(columns["paired_mean"].tolist(), [0.25, np.nan, 0.25, 0.25])
    np.testing.assert_equal(columns["paired_se"].tolist(), [0.125, np.nan, 0.125, 0.125])
    assert columns["ordinal"].tolist() == [1, 2, 3, 4]
    assert columns["best_step"].tolist() == [1, 1, 3, 4]

    series, rows = found["perplexity/fit"]
    columns = schema.decode_rows(series.columns, [rows[4]])
    assert (columns["train_step"], columns["train_n"], columns["validation_n"]) == (3, 7, 9)


def test_averages_of_the_golden_matrix_are_what_metrics_say_today():
    series, rows = read("confusion")["val/top/averages"]
    today = metrics.averages(metrics.ConfusionMatrix.from_array(MATRIX))
    row = schema.decode_rows(series.columns, [rows[1]])
    for column in ("accuracy", "f1_macro", "precision_weighted", "f1_macro_se"):
        assert row[column] == pytest.approx(today[column], rel=1e-12)
