"""Precision, recall, F-score against scikit-learn and against exact fractions."""

import fractions
import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics
from references import NASTY, counted, within_ulps, without_warnings

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import (
    ConfusionMatrix,
    Margins,
    accuracy_score,
    precision_recall_fscore,
)


def reference(y_true, y_pred, *, weights=None, labels=None, **keywords):
    return without_warnings(
        sklearn.metrics.precision_recall_fscore_support,
        y_true,
        y_pred,
        sample_weight=weights,
        labels=labels,
        **keywords,
    )


def assert_same(ours, theirs):
    for mine, other in zip(ours, theirs, strict=True):
        if other is None:
            assert mine is None
        else:
            np.testing.assert_allclose(mine, other, rtol=1e-13, atol=0)


@pytest.mark.parametrize("zero_division", [0, 1, math.nan])
@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", NASTY)
def test_averages_are_those_of_scikit_learn(case, weighted, average, zero_division):
    y_true, y_pred = NASTY[case]
    weights = np.random.default_rng(1).exponential(size=len(y_true)) if weighted else None
    matrix = counted(y_true, y_pred, 5, weights)
    for beta in (0, 0.5, 1, 2, math.inf):
        options = {"beta": beta, "average": average, "zero_division": zero_division}
        assert_same(
            precision_recall_fscore(matrix, **options),
            reference(y_true, y_pred, weights=weights, **options),
        )
        everything = reference(y_true, y_pred, weights=weights, labels=range(5), **options)
        assert_same(precision_recall_fscore(matrix, **options, classes="all"), everything)


@pytest.mark.parametrize("zero_division", [0, 1, math.nan])
@pytest.mark.parametrize("case", NASTY)
def test_classes_are_those_of_scikit_learn(case, zero_division):
    y_true, y_pred = NASTY[case]
    matrix = counted(y_true, y_pred)
    for beta in (0, 0.5, 1, 2, math.inf):
        theirs = reference(y_true, y_pred, beta=beta, zero_division=zero_division, labels=range(5))
        assert_same(precision_recall_fscore(matrix, beta, None, zero_division), theirs)
        assert_same(matrix.result(beta=beta, zero_division=zero_division), theirs)


@pytest.mark.parametrize("pos_label", [0, 1])
def test_binary_scores_one_class_of_two(pos_label):
    y_true, y_pred = NASTY["bool"]
    ours = precision_recall_fscore(
        counted(y_true, y_pred, 2), average="binary", pos_label=pos_label
    )
    assert_same(ours, reference(y_true, y_pred, average="binary", pos_label=pos_label))


def test_macro_says_another_number_when_absent_classes_count():
    # METRICS.md: 0.489 against 0.293 on one small example; here it is 1/2 against 1/4.
    matrix = counted([0, 1], [0, 2], 4)
    present = precision_recall_fscore(matrix, average="macro", zero_division=0)
    everything = precision_recall_fscore(matrix, average="macro", zero_division=0, classes="all")
    assert present.fscore == pytest.approx(1 / 3)
    assert everything.fscore == pytest.approx(1 / 4)


def test_f1_is_undefined_only_where_a_class_neither_occurs_nor_is_predicted():
    scores = precision_recall_fscore(counted([0, 1], [0, 2], 4))
    np.testing.assert_array_equal(scores.fscore, [1, 0, 0, math.nan])
    np.testing.assert_array_equal(scores.precision, [1, math.nan, 0, math.nan])
    np.testing.assert_array_equal(scores.recall, [1, 0, math.nan, math.nan])


@pytest.mark.parametrize("average", ["macro", "micro", "weighted", None])
@pytest.mark.parametrize("zero_division", [0, 1, math.nan])
def test_an_empty_matrix_is_zero_division_throughout(average, zero_division):
    scores = precision_recall_fscore(ConfusionMatrix(3), 1, average, zero_division)
    for score in scores[:3]:
        np.testing.assert_array_equal(score, np.full_like(score, zero_division))


def test_macro_f1_is_not_the_f1_of_the_means():
    scores = precision_recall_fscore([[8, 2], [6, 4]], average="macro")
    precision, recall = scores.precision, scores.recall
    assert scores.fscore == pytest.approx((16 / 24 + 8 / 16) / 2)
    assert scores.fscore != pytest.approx(2 * precision * recall / (precision + recall))


@hypothesis.given(
    st.lists(st.integers(0, 2**50), min_size=4, max_size=4),
)
def test_class_scores_are_within_one_ulp_of_exact_fractions(cells):
    matrix = np.array(cells).reshape(2, 2)
    scores = precision_recall_fscore(matrix)
    for index in (0, 1):
        hits = int(matrix[index, index])
        support, predicted = int(matrix[index].sum()), int(matrix[:, index].sum())
        for score, numerator, denominator in [
            (scores.precision, hits, predicted),
            (scores.recall, hits, support),
            (scores.fscore, 2 * hits, support + predicted),
        ]:
            value = float(score[index])
            if denominator == 0:
                assert math.isnan(value)
                continue
            exact = fractions.Fraction(numerator, denominator)
            assert within_ulps(value, exact)


@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40),
    st.sampled_from(["macro", "micro", "weighted"]),
    st.sampled_from([0, 1, math.nan]),
)
def test_an_unused_class_changes_no_average(pairs, average, zero_division):
    y_true, y_pred = np.array(pairs).T
    scores = [
        precision_recall_fscore(counted(y_true, y_pred, size), 1, average, zero_division)
        for size in (5, 9)
    ]
    assert_same(*scores)


@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)
)
def test_micro_scores_equal_accuracy_when_every_label_counts(pairs):
    y_true, y_pred = np.array(pairs).T
    matrix = counted(y_true, y_pred)
    right = accuracy_score(matrix)
    assert right == pytest.approx(sklearn.metrics.accuracy_score(y_true, y_pred))
    assert precision_recall_fscore(matrix, average="micro")[:3] == (right, right, right)


def test_margins_an_array_and_a_matrix_score_alike():
    counts = [[5, 1, 0], [2, 7, 1], [0, 0, 4]]
    matrix = ConfusionMatrix.from_array(counts)
    for form in (counts, np.array(counts, np.float32), matrix.margins, Margins(*matrix.margins)):
        assert_same(precision_recall_fscore(form), matrix.result())


def test_counts_beyond_int64_in_their_sum_do_not_overflow():
    huge = np.array([2**62])
    scores = precision_recall_fscore(Margins(huge, huge, huge))
    assert scores.fscore.tolist() == [1.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"beta": -1}, "beta must be >= 0, got -1"),
        ({"beta": math.nan}, "beta must be >= 0, got nan"),
        ({"zero_division": 0.5}, "zero_division must be 0, 1 or nan, got 0.5"),
        ({"zero_division": "warn"}, "zero_division must be 0, 1 or nan, got 'warn'"),
        ({"classes": "some"}, "classes must be 'present' or 'all', got 'some'"),
        (
            {"average": "samples"},
            "average must be None, 'macro', 'micro', 'weighted' or 'binary', got 'samples'",
        ),
        (
            {"average": "binary"},
            "average='binary' needs 2 classes, got 3; use 'macro', 'micro', 'weighted' or None",
        ),
    ],
)
def test_a_bad_option_is_refused_by_name(options, message):
    with pytest.raises(InvalidInput) as caught:
        precision_recall_fscore(np.eye(3, dtype=int), **options)
    assert str(caught.value) == message


def test_a_positive_label_that_is_none_of_two_is_refused():
    with pytest.raises(InvalidInput) as caught:
        precision_recall_fscore(np.eye(2, dtype=int), average="binary", pos_label=2)
    assert str(caught.value) == "pos_label must be 0 or 1, got 2"
