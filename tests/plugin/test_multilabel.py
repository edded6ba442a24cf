"""Multi-label runs through every route: labels have counts of their own, and no cells."""

import numpy as np
import pytest
from event_files import EventFile, tensor_of
from in_process import InProcess
from sklearn.metrics import (
    accuracy_score,
    multilabel_confusion_matrix,
    precision_recall_fscore_support,
)

from tb_monitor_writer import MonitorWriter, schema
from tb_monitor_writer.metrics import MultilabelCounts
from tb_monitor_writer.schema import Kind, Series, Task

QUERY = {"run": "run", "name": "validation"}


def drawn(labels: int, examples: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(labels)
    truth = rng.random((examples, labels)) < np.linspace(0.5, 0.02, labels)
    wrong = rng.random((examples, labels)) < 0.1
    return truth.astype(int), (truth ^ wrong).astype(int)


def logged(root, labels: int, **options) -> InProcess:
    truth, prediction = drawn(labels)
    with MonitorWriter(root / "run") as monitor:
        for step, half in enumerate((slice(150), slice(None))):
            counts = MultilabelCounts(labels)
            counts.update(truth[half], prediction[half], **options)
            monitor.confusion_matrix("validation", counts, step=step)
    return InProcess(root)


# A tensor of few labels, a blob of many: two ways through the reader.
@pytest.fixture(scope="module", params=[6, 200])
def labels(request) -> int:
    return request.param


@pytest.fixture(scope="module")
def server(labels, tmp_path_factory) -> InProcess:
    return logged(tmp_path_factory.mktemp("logs"), labels)


def test_the_matrix_route_has_the_two_by_two_counts_of_every_label(server, labels):
    header, arrays = server.frame("matrix", QUERY)
    assert (header["task"], header["classes"], header["layout"]) == ("multilabel", labels, "none")
    assert "2 x 2" in header["layout_reason"]
    assert arrays == {}
    per_class = {key: np.array(header["per_class"][key]) for key in ("examples", "support")}
    hits = np.array(header["per_class"]["true_positives"])
    predicted = np.array(header["per_class"]["predicted"])
    rest = per_class["examples"] - per_class["support"] - predicted + hits
    cells = [rest, predicted - hits, per_class["support"] - hits, hits]
    expected = multilabel_confusion_matrix(*drawn(labels))
    np.testing.assert_array_equal(np.stack(cells, 1).reshape(-1, 2, 2), expected)


def test_the_scores_of_labels_are_scikit_learns(server, labels):
    header, _ = server.frame("matrix", QUERY)
    expected = precision_recall_fscore_support(*drawn(labels), zero_division=np.nan)
    for name, column in zip(("precision", "recall", "f1"), expected, strict=False):
        found = np.array(header["per_class"][name], np.float64)
        np.testing.assert_allclose(found, column)
        low = np.array(header["per_class"][f"{name}_low"], np.float64)
        assert (low[~np.isnan(low)] <= found[~np.isnan(low)]).all()


def test_accuracy_is_the_exact_match_ratio_with_an_interval_and_averages_have_none(server, labels):
    header, _ = server.frame("matrix", QUERY)
    accuracy = header["averages"]["accuracy"]
    assert accuracy["value"] == pytest.approx(accuracy_score(*drawn(labels)))
    assert accuracy["low"] <= accuracy["value"] < accuracy["high"]
    for average in ("macro", "micro", "weighted"):
        f1 = header["averages"][average]["f1"]
        assert (f1["low"], f1["high"]) == (None, None)
    assert "labels that occur" in header["passport"]["text"]
    assert (header["total"], header["normalised"], header["weighted"]) == (300, False, False)


def test_averages_are_not_given_the_interval_of_an_exact_match_ratio_of_one(tmp_path):
    truth, _ = drawn(3)
    with MonitorWriter(tmp_path / "run") as monitor:
        monitor.predictions("validation", truth, truth, step=0)
    header, _ = InProcess(tmp_path).frame("matrix", QUERY)
    assert header["averages"]["accuracy"]["low"] < 1
    assert header["averages"]["micro"]["f1"] == {"value": 1, "low": None, "high": None}


def test_curves_of_labels_and_of_the_exact_match_can_be_asked_for(server):
    query = {"name": "validation", "metric": "recall", "average": "micro", "class": "0,2"}
    header, arrays = server.frame("series", query)
    assert [(c["label"], c["length"]) for c in header["curves"]] == [
        ("micro", 2),
        ("0", 2),
        ("2", 2),
    ]
    matrix, _ = server.frame("matrix", QUERY)
    assert arrays["value"][3] == pytest.approx(matrix["per_class"]["recall"][0])
    exact, _ = server.frame("series", {"name": "validation", "metric": "accuracy"})
    assert [c["label"] for c in exact["curves"]] == ["exact match"]


def test_the_overview_says_that_a_row_is_multi_label(server):
    (row,) = server.json("overview")["rows"]
    assert (row["task"], row["examples"], row["top_k"]) == ("multilabel", 300, None)
    assert row["f1_macro"]["low"] is None
    assert row["accuracy"]["low"] is not None
    assert row["worst_class"]["read_as"] is None
    assert row["alerts"] == []


def test_steps_have_counts_and_never_a_matrix(server):
    steps = server.json("steps", QUERY)
    assert steps["has_matrix"] == [0, 0]
    assert steps["kept"] == {"averages": 2, "class_counts": 2}
    assert steps["cut"] is None


def test_labels_that_are_not_known_of_every_example_have_fewer(tmp_path):
    truth, prediction = drawn(3)
    truth[:120, 2] = -1
    with MonitorWriter(tmp_path / "run") as monitor:
        counts = MultilabelCounts(3)
        counts.update(truth, prediction, ignore_index=-1)
        monitor.confusion_matrix("validation", counts, step=0)
    header, _ = InProcess(tmp_path).frame("matrix", QUERY)
    assert header["per_class"]["examples"] == [300, 300, 180]
    assert (header["total"], header["ignored"]) == (300, 120)


def test_weights_are_summed_and_widen_the_intervals(tmp_path):
    plain, _ = logged(tmp_path / "a", 4).frame("matrix", QUERY)
    weights = np.random.default_rng(0).exponential(1, 300) ** 2
    truth, prediction = drawn(4)
    with MonitorWriter(tmp_path / "b" / "run") as monitor:
        monitor.predictions("validation", truth, prediction, sample_weight=weights, step=0)
    header, _ = InProcess(tmp_path / "b").frame("matrix", QUERY)
    assert header["weighted"]
    assert header["total"] == pytest.approx(weights.sum())

    def width(answer):
        return answer["per_class"]["recall_high"][0] - answer["per_class"]["recall_low"][0]

    assert width(header) > width(plain)


def test_where_only_the_counts_are_there_the_exact_match_is_not_made_up(tmp_path):
    series = Series(Kind.CLASS_COUNTS, "validation", task=Task.MULTILABEL, num_classes=2)
    table = np.array([[8, 1], [9, 2], [10, 3], [50, 40]])
    EventFile(tmp_path / "run").tensor(
        series.tag, 1, tensor_of(table), schema.encode_series(series)
    )
    header, _ = InProcess(tmp_path).frame("matrix", QUERY)
    assert header["averages"]["accuracy"]["value"] is None
    assert header["total"] == 50
    assert header["per_class"]["recall"] == pytest.approx([8 / 9, 0.5])


def test_counts_of_three_rows_for_a_multi_label_task_are_refused_with_the_reason(tmp_path):
    series = Series(Kind.CLASS_COUNTS, "validation", task=Task.MULTILABEL, num_classes=2)
    EventFile(tmp_path / "run").tensor(
        series.tag, 1, tensor_of(np.ones((3, 2), np.int64)), schema.encode_series(series)
    )
    server = InProcess(tmp_path)
    assert server.get("steps", QUERY).status_code in (200, 404)
    (problem,) = server.json("runs")["runs"][0]["unreadable"]
    assert "[4, 2]" in problem["reason"]
