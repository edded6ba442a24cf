"""Bad labels, weights and matrices: the message by its text, and nothing counted."""

import numpy as np
import pytest

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix

BAD_UPDATES = {
    "lengths": (
        (np.zeros(1000, int), np.zeros(999, int)),
        "y_true and y_pred must have the same length, got 1000 and 999",
    ),
    "probabilities": (
        (np.zeros(1000, int), np.zeros((1000, 10))),
        "y_pred has shape (1000, 10): count scores with update_from_scores(), or pass "
        "y_pred.argmax(axis=1)",
    ),
    "one-hot truth": (
        (np.eye(10, dtype=int), np.zeros(10, int)),
        "y_true has shape (10, 10): pass one label per example; if it is one-hot, "
        "y_true.argmax(axis=1)",
    ),
    "images": (
        (np.zeros((4, 8, 8), int), np.zeros((4, 8, 8), int)),
        "y_true has shape (4, 8, 8): pass one label per example, as y_true.reshape(-1)",
    ),
    "a number": ((3, 3), "y_true has shape (): pass one label per example, as y_true.reshape(-1)"),
    "floats": (
        ([0.0, 1.0], [0, 1]),
        "y_true must hold class indices, got dtype float64; cast whole numbers with .astype(int), "
        "compare probabilities with a threshold, or log them with scores()",
    ),
    "text": (
        (["cat", "dog"], [0, 1]),
        "y_true must hold numbers, got dtype <U3, first value 'cat'; map class names to their "
        "indices",
    ),
    "minus one": (
        ([0, 3, -1, 2], [0, 1, 2, 3]),
        "y_true[2] is -1: labels must be in [0, 10) (1 of 4 are not); pass ignore_index=-1 to "
        "leave such examples out, or more num_classes",
    ),
    "minus one in an array": (
        (np.array([0, 3, -1, 2]), np.array([0, 1, 2, 3])),
        "y_true[2] is -1: labels must be in [0, 10) (1 of 4 are not); pass ignore_index=-1 to "
        "leave such examples out, or more num_classes",
    ),
    "predicted in an array": (
        (np.array([0, 3]), np.array([0, 10])),
        "y_pred[1] is 10: labels must be in [0, 10) (1 of 2 are not); pass more num_classes",
    ),
    "predicted -1 in an array": (
        (np.array([9, 3]), np.array([-1, 0])),
        "y_pred[0] is -1: labels must be in [0, 10) (1 of 2 are not); pass more num_classes",
    ),
    "255": (
        (np.array([0, 255, 255], np.uint8), [0, 1, 2]),
        "y_true[1] is 255: labels must be in [0, 10) (2 of 3 are not); pass ignore_index=255 to "
        "leave such examples out, or more num_classes",
    ),
    "counted from 1": (
        ([1, 2, 10], [1, 2, 3]),
        "y_true[2] is 10: labels must be in [0, 10) (1 of 3 are not); classes are counted from "
        "0, subtract 1",
    ),
    "C with zeros": (
        ([0, 2, 10], [1, 2, 3]),
        "y_true[2] is 10: labels must be in [0, 10) (1 of 3 are not); pass ignore_index=10 to "
        "leave such examples out, or more num_classes",
    ),
    "predicted": (
        ([0, 2], [1, 12]),
        "y_pred[1] is 12: labels must be in [0, 10) (1 of 2 are not); pass more num_classes",
    ),
    "negative int8": (
        (np.array([0, -128], np.int8), [0, 0]),
        "y_true[1] is -128: labels must be in [0, 10) (1 of 2 are not); pass ignore_index=-128 "
        "to leave such examples out, or more num_classes",
    ),
    "huge uint64": (
        (np.array([0, 2**64 - 1], np.uint64), [0, 0]),
        "y_true[1] is 18446744073709551615: labels must be in [0, 10) (1 of 2 are not); pass "
        "ignore_index=18446744073709551615 to leave such examples out, or more num_classes",
    ),
    "weights' length": (
        ([0, 1], [0, 1], [1.0]),
        "sample_weight and y_true must have the same length, got 1 and 2",
    ),
    "weights' shape": (
        ([0, 1], [0, 1], np.ones((2, 2))),
        "sample_weight must have one weight per example, got shape (2, 2)",
    ),
    "negative weight": (
        ([0, 1], [0, 1], [1.0, -0.5]),
        "sample_weight[1] is -0.5: every weight must be a finite number >= 0 (1 of 2 are not)",
    ),
    "NaN weight": (
        ([0, 1], [0, 1], [np.nan, np.inf]),
        "sample_weight[0] is nan: every weight must be a finite number >= 0 (2 of 2 are not)",
    ),
    "weight overflows": (
        ([0, 1], [0, 1], [1e200, 1]),
        "sample_weight must have squares that add up to a finite number, got weights up to 1e+200",
    ),
}


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("case", BAD_UPDATES)
def test_a_bad_batch_is_refused_by_name_and_changes_nothing(case, sparse):
    arguments, message = BAD_UPDATES[case]
    matrix = ConfusionMatrix(10, sparse=sparse)
    matrix.update([1, 2, 3], [1, 2, 2])
    before = matrix.to_array()
    with pytest.raises(InvalidInput) as caught:
        matrix.update(*arguments)
    assert str(caught.value) == message
    np.testing.assert_array_equal(matrix.to_array(), before)
    assert matrix.to_array().dtype == np.int64
    assert (matrix.total, matrix.ignored, matrix.sum_squared_weights) == (3, 0, 3.0)
    assert matrix.margins.support.sum() == 3


def test_whoever_named_the_classes_is_told_to_name_more():
    matrix = ConfusionMatrix(3, class_names=["a", "b", "c"])
    with pytest.raises(InvalidInput) as caught:
        matrix.update([0, 5], [0, 1])
    assert str(caught.value) == (
        "y_true[1] is 5: labels must be in [0, 3) (1 of 2 are not); pass ignore_index=5 to leave "
        "such examples out, or more class_names"
    )
    with pytest.raises(InvalidInput, match=r"are not\); pass more class_names$"):
        matrix.update([0, 1], [0, 5])


BAD_SCORES = {
    "lengths": (
        ([0, 1], np.zeros((3, 4))),
        "y_true and scores must have the same length, got 2 and 3",
    ),
    "too few columns": (
        ([0, 1], np.zeros((2, 3))),
        "scores must be [n, 4], one column per class, got shape (2, 3)",
    ),
    "labels": (
        ([0, 1], [0, 1]),
        "scores must be [n, 4], one column per class, got shape (2,); count labels with update()",
    ),
    "a column of labels": (
        ([0, 1], [[0], [1]]),
        "scores must be [n, 4], one column per class, got shape (2, 1); count labels with update()",
    ),
    "images": (
        ([0, 1], np.zeros((2, 4, 8, 8))),
        "scores must be [n, 4], one column per class, got shape (2, 4, 8, 8)",
    ),
    "text": (
        ([0], [["a", "b", "c", "d"]]),
        "scores must hold numbers, got dtype <U1, first value 'a'; map class names to their "
        "indices",
    ),
    "one-hot truth": (
        (np.eye(4, dtype=int), np.eye(4)),
        "y_true has shape (4, 4): pass one label per example; if it is one-hot, "
        "y_true.argmax(axis=1)",
    ),
    "a label beside NaN": (
        ([0, 4], [[0, 0, 0, 1], [np.nan] * 4]),
        "y_true[1] is 4: labels must be in [0, 4) (1 of 2 are not); pass ignore_index=4 to "
        "leave such examples out, or more num_classes",
    ),
    "weights": (
        ([0, 1], np.zeros((2, 4)), [1, -1]),
        "sample_weight[1] is -1: every weight must be a finite number >= 0 (1 of 2 are not)",
    ),
}


@pytest.mark.parametrize("case", BAD_SCORES)
def test_bad_scores_are_refused_by_name_and_change_nothing(case):
    arguments, message = BAD_SCORES[case]
    matrix = ConfusionMatrix(4, top_k=2)
    matrix.update_from_scores([1], [[0, 1, 0, np.inf]])
    before = matrix.to_array()
    with pytest.raises(InvalidInput) as caught:
        matrix.update_from_scores(*arguments)
    assert str(caught.value) == message
    np.testing.assert_array_equal(matrix.to_array(), before)
    assert (matrix.total, matrix.nan, matrix.ignored, matrix.sum_squared_weights) == (1, 0, 0, 1)
    assert (matrix.top_k_hits, matrix.top_k_total) == (1, 1)


@pytest.mark.parametrize(
    ("ignore_index", "message"),
    [
        (1.5, "ignore_index must be an integer or None, got 1.5"),
        (True, "ignore_index must be an integer or None, got True"),
        ("a", "ignore_index must be an integer or None, got 'a'"),
    ],
)
def test_ignore_index_must_be_an_integer(ignore_index, message):
    with pytest.raises(InvalidInput) as caught:
        ConfusionMatrix(3).update([0], [0], ignore_index=ignore_index)
    assert str(caught.value) == message


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", ">i2"])
def test_a_negative_label_is_no_large_one(dtype, sparse):
    # Read as unsigned, -1 of int8 would be class 255.
    matrix = ConfusionMatrix(70_000, sparse=True) if sparse else ConfusionMatrix(300)
    with pytest.raises(InvalidInput, match=r"^y_true\[1\] is -1: labels must be in \[0, "):
        matrix.update(np.array([0, -1], dtype), [0, 0])
    assert matrix.total == 0


@pytest.mark.parametrize("ignore_index", [-1, 255, 300, -(2**70), 2**70])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u8", "i8", "?"])
def test_an_ignore_index_outside_the_dtype_ignores_nothing(dtype, ignore_index):
    matrix = ConfusionMatrix(2)
    matrix.update(np.array([0, 1], dtype), [0, 0], ignore_index=ignore_index)
    assert (matrix.total, matrix.ignored) == (2, 0)


def test_the_place_of_a_bad_label_is_that_in_the_whole_batch():
    matrix = ConfusionMatrix(3)
    with pytest.raises(InvalidInput) as caught:
        matrix.update([255, 255, 0, 7], [0, 0, 0, 0], ignore_index=255)
    assert str(caught.value) == (
        "y_true[3] is 7: labels must be in [0, 3) (1 of 2 are not); pass ignore_index=7 to leave "
        "such examples out, or more num_classes"
    )
    with pytest.raises(InvalidInput, match=r"^y_pred\[2\] is 9: labels must be in \[0, 3\) \(1 of"):
        matrix.update([255, 255, 0, 1], [9, 9, 9, 0], ignore_index=255)
    assert (matrix.total, matrix.ignored) == (0, 0)


BAD_MATRICES = {
    "2x3": (
        np.zeros((2, 3)),
        "confusion must be square [n_classes, n_classes], got shape (2, 3)",
    ),
    "flat": (
        [1, 2, 3],
        "confusion must be square [n_classes, n_classes], got shape (3,)",
    ),
    "empty": (
        np.zeros((0, 0)),
        "confusion must be square [n_classes, n_classes], got shape (0, 0)",
    ),
    "negative": (
        [[3, 0], [-2, -1]],
        "confusion[1, 0] is -2: every cell must be a finite count >= 0 (2 of 4 cells are not)",
    ),
    "NaN": (
        [[3, np.nan], [0, 1]],
        "confusion[0, 1] is nan: every cell must be a finite count >= 0 (1 of 4 cells are not)",
    ),
    "infinite": (
        [[3, 0], [0, np.inf]],
        "confusion[1, 1] is inf: every cell must be a finite count >= 0 (1 of 4 cells are not)",
    ),
    "object": (
        np.array([[1, None], [0, 1]], object),
        "confusion must hold numbers, got dtype object, first value 1",
    ),
    "text": (
        [["3", "1"], ["0", "5"]],
        "confusion must hold numbers, got dtype <U1, first value '3'; map class names to their "
        "indices",
    ),
    "too many": (
        np.full((2, 2), 2**62),
        "confusion must sum to less than 2^63, got 1.84467e+19",
    ),
    "huge floats": (
        np.full((2, 2), 1e308),
        "confusion must sum to less than 2^63, got inf",
    ),
}


@pytest.mark.parametrize("case", BAD_MATRICES)
def test_a_bad_matrix_is_refused_by_name(case):
    matrix, message = BAD_MATRICES[case]
    with pytest.raises(InvalidInput) as caught:
        ConfusionMatrix.from_array(matrix)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((0,), {}, "num_classes must be an integer in [1, 2147483648], got 0"),
        ((-3,), {}, "num_classes must be an integer in [1, 2147483648], got -3"),
        ((2.0,), {}, "num_classes must be an integer in [1, 2147483648], got 2.0"),
        ((True,), {}, "num_classes must be an integer in [1, 2147483648], got True"),
        (("3",), {}, "num_classes must be an integer in [1, 2147483648], got '3'"),
        ((2**31 + 1,), {}, "num_classes must be an integer in [1, 2147483648], got 2147483649"),
        ((2,), {"class_names": ["a"]}, "class_names must name all 2 classes, got 1"),
        (
            (4,),
            {"class_names": list("abcab")},
            "class_names must be distinct: 'a' stands at 0 and 3",
        ),
        ((4,), {"class_names": list("abcde")}, "class_names must name all 4 classes, got 5"),
        (
            (2,),
            {"class_names": [0, 1]},
            "class_names[0] must be a string, got int 0; use [str(name) for name in class_names]",
        ),
        (
            (3,),
            {"class_names": "cat"},
            "class_names must be a sequence of names, got one string 'cat'",
        ),
        ((3,), {"class_names": 3}, "class_names must be a sequence of names, got int"),
        ((11_586,), {"sparse": False}, "sparse=False needs num_classes <= 11585, got 11586"),
        ((3,), {"top_k": 4}, "top_k must be an integer in [1, 3], got 4"),
        ((3,), {"top_k": 0}, "top_k must be an integer in [1, 3], got 0"),
        ((3,), {"top_k": 1.5}, "top_k must be an integer in [1, 3], got 1.5"),
        ((3,), {"top_k": True}, "top_k must be an integer in [1, 3], got True"),
        ((3,), {"max_cells": 0}, "max_cells must be an integer >= 1, got 0"),
    ],
)
def test_a_bad_constructor_argument_is_refused_by_name(arguments, keywords, message):
    with pytest.raises(InvalidInput) as caught:
        ConfusionMatrix(*arguments, **keywords)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ConfusionMatrix(4), "other must have 3 classes, got 4"),
        (lambda: np.eye(3), "other must be a ConfusionMatrix, got ndarray"),
        (
            lambda: ConfusionMatrix(3, class_names=["a", "c", "b"]),
            "other must have the same class_names, got 'c' for class 1, expected 'b'",
        ),
        (lambda: ConfusionMatrix(3, top_k=3), "other must have top_k=2, got 3"),
        (
            lambda: ConfusionMatrix.from_array(np.full((3, 3), 1 / 3)),
            "other cannot be merged: ratios do not add up; merge counts",
        ),
    ],
)
def test_a_matrix_of_other_classes_is_not_merged(make, message):
    matrix = ConfusionMatrix(3, class_names=["a", "b", "c"], top_k=2)
    with pytest.raises(InvalidInput) as caught:
        matrix.merge(make())
    assert str(caught.value) == message
    assert matrix.total == 0


def test_labels_cannot_be_counted_into_ratios():
    matrix = ConfusionMatrix.from_array([[0.5, 0.5], [0.25, 0.75]])
    for count in (matrix.update, matrix.update_from_scores):
        with pytest.raises(InvalidInput) as caught:
            count([0], [0])
        assert str(caught.value) == "y_true cannot be counted into ratios; use from_array on counts"


def test_a_sparse_matrix_too_large_for_an_array_says_how_large():
    with pytest.raises(InvalidInput) as caught:
        ConfusionMatrix(100_000).to_array()
    assert str(caught.value) == "to_array needs 74.5 GiB for 100000 classes; use cells()"
