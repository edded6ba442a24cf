"""One step of one series."""

import math
import time

import numpy as np
import pytest
from records import averages_rows, confusion_of, series_of
from sklearn.metrics import f1_score, precision_recall_fscore_support

from tb_monitor_plugin import limits
from tb_monitor_plugin.frame import decode_frame, encode_frame
from tb_monitor_plugin.views import matrix as view
from tb_monitor_writer import ConfusionMatrix
from tb_monitor_writer.metrics import averages
from tb_monitor_writer.schema import ClassCounts, Confusion, Kind

MATRIX = np.array([[50, 3, 0], [4, 40, 6], [0, 0, 7]])


def shown(matrix=MATRIX, **fields):
    """What is known of a step at which the matrix was logged whole."""
    matrix = np.asarray(matrix)
    known = view.Shown(
        run="run",
        name="validation",
        series=series_of(Kind.CONFUSION, classes=len(matrix)),
        step=5,
        wall_time=1e9,
        averages=averages_rows(matrix).row_at(0),
        confusion=confusion_of(matrix),
        counts=None,
        no_cells="",
        dropped=0,
    )
    return known._replace(**fields)


def answer(known):
    """The header and the arrays as a browser gets them."""
    return decode_frame(encode_frame(view.matrix(known)))


def dense(header, arrays):
    """The cells of an answer, put back into a matrix."""
    result = np.zeros((header["classes"],) * 2)
    for truth in range(header["classes"]):
        cells = slice(arrays["indptr"][truth], arrays["indptr"][truth + 1])
        result[truth, arrays["indices"][cells]] = arrays["counts"][cells]
    return result


@pytest.mark.parametrize("with_averages", [True, False], ids=["logged averages", "only cells"])
def test_every_number_is_scikit_learns(with_averages):
    known = shown() if with_averages else shown(averages=None)
    header, _ = answer(known)
    truth, prediction = (np.repeat(places, MATRIX.ravel()) for places in np.divmod(np.arange(9), 3))
    per_class = precision_recall_fscore_support(truth, prediction, zero_division=np.nan)
    for name, expected in zip(("precision", "recall", "f1", "support"), per_class, strict=True):
        assert header["per_class"][name] == pytest.approx(list(expected))
    for average in ("macro", "micro", "weighted"):
        expected = precision_recall_fscore_support(truth, prediction, average=average)
        for name, value in zip(("precision", "recall", "f1"), expected, strict=False):
            assert header["averages"][average][name]["value"] == pytest.approx(value)
    assert header["averages"]["accuracy"]["value"] == pytest.approx(97 / 110)
    assert header["total"] == 110
    every = f1_score(truth, prediction, average="macro", labels=range(3))
    assert header["passport"]["macro_f1_all_classes"] == pytest.approx(every)


def test_intervals_hold_their_value():
    header, _ = answer(shown())
    for name in ("precision", "recall", "f1"):
        low, value, high = (
            np.array(header["per_class"][f"{name}{end}"]) for end in ("_low", "", "_high")
        )
        assert (low <= value).all()
        assert (value <= high).all()
        assert (high - low > 0.01).all()
    for average in ("macro", "micro", "weighted"):
        estimate = header["averages"][average]["f1"]
        assert estimate["low"] < estimate["value"] < estimate["high"]


def test_the_cells_are_those_of_the_matrix():
    header, arrays = answer(shown())
    np.testing.assert_array_equal(dense(header, arrays), MATRIX)
    assert {name: array.dtype.str[1:] for name, array in arrays.items()} == {
        "indptr": "u4",
        "indices": "u2",
        "counts": "u1",
    }


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(255, "u1"), (256, "u2"), (65_536, "u4"), (1 << 32, "f8"), (0.5, "f8")],
)
def test_counts_take_the_smallest_type_that_holds_them(largest, dtype):
    _, arrays = answer(shown([[largest, 1], [0, 1]], averages=None))
    assert arrays["counts"].dtype.str[1:] == dtype
    assert arrays["counts"].max() == max(largest, 1)


def test_what_is_undefined_is_null_and_has_a_reason():
    header, _ = answer(shown([[5, 0, 0, 1], [2, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 3]]))
    per_class = header["per_class"]
    assert per_class["precision"][1:3] == [None, None]
    assert per_class["recall"][1:3] == [0, None]
    assert per_class["f1"][1:3] == [0, None]
    assert per_class["f1_low"][2] is per_class["f1_high"][2] is None
    for column in ("precision", "recall", "f1"):
        assert header["reasons"][column]
    assert header["passport"]["classes_present"] == 3
    assert "over the 3 classes that occur" in header["passport"]["text"]


def test_rates_have_no_support_and_no_intervals():
    header, arrays = answer(shown([[0.9, 0.1], [0.25, 0.75]]))
    assert header["normalised"]
    assert not header["weighted"]
    per_class = header["per_class"]
    for column in ("support", "predicted", "true_positives", "recall_low", "f1_high"):
        assert per_class[column] == [None, None]
    assert per_class["recall"] == pytest.approx([0.9, 0.75])
    assert header["averages"]["accuracy"] == {
        "value": pytest.approx(0.825),
        "low": None,
        "high": None,
    }
    assert dense(header, arrays)[0, 1] == pytest.approx(0.1)


def weighted_matrix() -> ConfusionMatrix:
    matrix = ConfusionMatrix(2)
    rng = np.random.default_rng(0)
    truth, wrong = rng.integers(0, 2, 200), rng.random(200) < 0.2
    matrix.update(truth, truth ^ wrong, rng.uniform(0.1, 5, 200))
    return matrix


def test_weights_widen_the_intervals_to_the_effective_number_of_examples():
    matrix = weighted_matrix()
    known = shown(matrix.to_array(), averages=averages(matrix))
    header, _ = answer(known)
    assert header["weighted"]
    assert not header["normalised"]
    per_class = header["per_class"]
    assert per_class["support"] == pytest.approx(list(matrix.margins.support))

    factor = matrix.total / matrix.sum_squared_weights
    half = per_class["recall_high"][0] - per_class["recall_low"][0]
    recall, effective = per_class["recall"][0], per_class["support"][0] * factor
    assert half == pytest.approx(2 * 1.96 * math.sqrt(recall * (1 - recall) / effective), rel=0.05)


def test_weights_of_unknown_size_have_no_intervals():
    header, _ = answer(shown(weighted_matrix().to_array(), averages=None))
    assert header["weighted"]
    assert header["per_class"]["recall_low"] == [None, None]
    assert header["averages"]["macro"]["f1"]["low"] is None


def test_counts_without_cells_give_every_class_and_the_reason_why_there_are_no_cells():
    counts = ClassCounts(MATRIX.diagonal(), MATRIX.sum(1), MATRIX.sum(0))
    header, arrays = answer(shown(confusion=None, counts=counts, no_cells="not kept"))
    assert (header["layout"], header["layout_reason"]) == ("none", "not kept")
    assert arrays == {}
    assert header["per_class"] == answer(shown())[0]["per_class"]


def test_averages_alone_leave_the_classes_undefined():
    header, _ = answer(shown(confusion=None, no_cells="damaged"))
    assert header["per_class"]["f1"] == [None] * 3
    assert header["averages"]["macro"]["f1"]["value"] > 0.8
    assert header["passport"]["macro_f1_all_classes"] is None


def test_an_empty_matrix_is_answered():
    header, arrays = answer(shown(np.zeros((2, 2), np.int64)))
    assert header["averages"]["macro"]["f1"]["value"] is None
    assert header["passport"]["f1_of_mean_precision_recall"] is None
    assert len(arrays["counts"]) == 0


def test_names_are_given_and_said_to_be_given():
    named = series_of(Kind.CONFUSION, class_names=("a", "<b>", "\u202e"))
    assert answer(shown(series=named))[0]["class_names"] == ["a", "<b>", "\u202e"]
    assert answer(shown(series=named))[0]["named"]
    header, _ = answer(shown())
    assert header["class_names"] == ["0", "1", "2"]
    assert not header["named"]


def test_where_the_record_comes_from_is_passed_on():
    known = shown(confusion=confusion_of(MATRIX, nan=2, ignored=30, dropped=4, error_bound=1.5))
    header, _ = answer(known)
    assert (header["nan"], header["ignored"], header["dropped"], header["error_bound"]) == (
        2,
        30,
        4,
        1.5,
    )


def test_where_cells_are_known_to_within_a_bound_the_sums_are_those_logged_apart():
    lower = np.where(np.eye(3, dtype=bool), MATRIX, np.maximum(MATRIX - 2, 0))
    counts = ClassCounts(MATRIX.diagonal(), MATRIX.sum(1), MATRIX.sum(0))
    known = shown(confusion=confusion_of(lower, error_bound=2), counts=counts)
    header, arrays = answer(known)
    assert header["per_class"] == answer(shown())[0]["per_class"]
    assert header["total"] == MATRIX.sum()
    np.testing.assert_array_equal(dense(header, arrays), lower)


def test_what_was_left_out_is_told_by_the_averages_where_the_cells_do_not():
    row = {**shown().averages, "nan": 3.0, "ignored": 7.0}
    header, _ = answer(shown(averages=row))
    assert (header["nan"], header["ignored"]) == (3, 7)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"top_k": 5.0, "top_k_accuracy": 0.93}, {"k": 5, "accuracy": 0.93}),
        ({"top_k": math.nan, "top_k_accuracy": math.nan}, None),
        ({}, None),
    ],
)
def test_hits_among_the_k_best_are_told_where_they_were_counted(columns, expected):
    header, _ = answer(shown(averages={**shown().averages, **columns}))
    assert header["top_k"] == expected


def sparse(classes: int, cells: int) -> Confusion:
    rng = np.random.default_rng(0)
    off = rng.integers(0, classes * classes, cells, dtype=np.uint64)
    diagonal = np.arange(classes, dtype=np.uint64) * np.uint64(classes + 1)
    keys = np.unique(np.concatenate([off, diagonal]))
    return Confusion(classes, keys, rng.integers(1, 50, len(keys)))


def test_twenty_thousand_classes_are_answered_whole():
    classes = 20_000
    cells = sparse(classes, 200_000)
    known = shown(averages=None, confusion=cells, series=series_of(Kind.CONFUSION, classes=classes))
    header, arrays = answer(known)
    assert header["cut"] is None
    assert len(header["per_class"]["f1"]) == classes
    assert arrays["indptr"][-1] == len(cells.keys)
    truth = np.repeat(np.arange(classes), np.diff(arrays["indptr"].astype(np.int64)))
    np.testing.assert_array_equal(truth * classes + arrays["indices"], cells.keys)


def test_more_classes_than_one_answer_holds_are_cut_and_said():
    classes = 100_000
    cells = sparse(classes, 50_000)
    known = shown(averages=None, confusion=cells, series=series_of(Kind.CONFUSION, classes=classes))
    header, arrays = answer(known)
    assert header["classes"] == len(header["class_names"]) == limits.MAX_CLASSES
    assert len(header["per_class"]["f1"]) == limits.MAX_CLASSES
    assert arrays["indices"].max() < limits.MAX_CLASSES
    assert len(arrays["indptr"]) == limits.MAX_CLASSES + 1
    assert header["cut"] == (
        "The first 65,536 of 100,000 classes are shown; averages are over all of them."
    )


def test_a_thousand_classes_are_quick():
    """A guard against another order of growth, not a benchmark: measured 7 ms."""
    known = shown(
        averages=None,
        confusion=sparse(1_000, 14_000),
        series=series_of(Kind.CONFUSION, classes=1_000),
    )
    best_s = math.inf
    for _ in range(5):
        start = time.perf_counter()
        encode_frame(view.matrix(known))
        best_s = min(best_s, time.perf_counter() - start)
    assert best_s < 0.3
