"""MultilabelCounts against scikit-learn, and what it refuses."""

import fractions
import itertools
import math
import warnings

import numpy as np
import pytest
import sklearn.metrics
import tensorflow as tf
import torch
from hypothesis import given
from hypothesis import strategies as st

from tb_monitor_writer import InvalidInput, MultilabelCounts
from tb_monitor_writer.metrics import averages

LABELS = 5


def batch(n=200, labels=LABELS, seed=0):
    random = np.random.default_rng(seed)
    truth = random.random((n, labels)) < np.linspace(0.05, 0.6, labels)
    return truth, truth ^ (random.random((n, labels)) < 0.15)


def counts_of(truth, prediction, **options):
    counts = MultilabelCounts(truth.shape[1])
    counts.update(truth, prediction, **options)
    return counts


def same(one, other):
    return (
        np.array_equal(one.to_array(), other.to_array())
        and (one.total, one.exact_matches, one.ignored, one.nan)
        == (other.total, other.exact_matches, other.ignored, other.nan)
        and one.sum_squared_weights == other.sum_squared_weights
    )


@given(seed=st.integers(0, 10_000), n=st.integers(1, 60), labels=st.integers(2, 8))
def test_counts_and_scores_are_scikit_learns(seed, n, labels):
    truth, prediction = batch(n, labels, seed)
    counts = counts_of(truth, prediction)
    expected = sklearn.metrics.multilabel_confusion_matrix(truth, prediction)
    assert np.array_equal(counts.to_array(), expected)
    assert counts.exact_matches / counts.total == sklearn.metrics.accuracy_score(truth, prediction)
    for average in (None, "micro", "weighted"):
        ours = counts.result(average, zero_division=0)
        theirs = sklearn.metrics.precision_recall_fscore_support(
            truth, prediction, average=average, zero_division=0
        )
        for one, other in zip(ours[:3], theirs[:3], strict=True):
            assert np.allclose(one, other, rtol=1e-14, atol=0)


def test_macro_leaves_out_a_label_that_never_occurs_where_scikit_learn_counts_it_as_0():
    truth, prediction = batch()
    wider = np.pad(truth, ((0, 0), (0, 1))), np.pad(prediction, ((0, 0), (0, 1)))
    assert counts_of(*wider).result("macro") == counts_of(truth, prediction).result("macro")
    theirs = sklearn.metrics.f1_score(*wider, average="macro", zero_division=0)
    ours = counts_of(truth, prediction).result("macro").fscore
    assert theirs == pytest.approx(ours * LABELS / (LABELS + 1))


def test_weights_are_scikit_learns():
    truth, prediction = batch()
    weights = np.random.default_rng(1).random(len(truth))
    counts = counts_of(truth, prediction, sample_weight=weights)
    expected = sklearn.metrics.multilabel_confusion_matrix(truth, prediction, sample_weight=weights)
    assert np.allclose(counts.to_array(), expected)
    assert counts.weighted
    assert counts.sum_squared_weights == pytest.approx(np.square(weights).sum())
    exact = sklearn.metrics.accuracy_score(truth, prediction, sample_weight=weights)
    assert counts.exact_matches / counts.total == pytest.approx(exact)


@given(cuts=st.lists(st.integers(0, 200), max_size=4))
def test_merging_parts_in_any_order_is_counting_the_whole(cuts):
    truth, prediction = batch()
    truth = truth.astype(int)
    truth[::7, 2] = -1
    edges = [0, *sorted(cuts), len(truth)]
    parts = [
        counts_of(truth[a:b], prediction[a:b], ignore_index=-1)
        for a, b in itertools.pairwise(edges)
    ]
    merged = MultilabelCounts(LABELS)
    for part in reversed(parts):
        merged.merge(part)
    assert same(merged, counts_of(truth, prediction, ignore_index=-1))


def test_an_unknown_entry_is_left_out_for_its_label_alone():
    truth = np.array([[1, -1], [0, 1], [-1, -1]])
    prediction = np.array([[1, 1], [1, 1], [1, 0]])
    counts = counts_of(truth, prediction, ignore_index=-1)
    assert counts.examples.tolist() == [2, 1]
    assert counts.to_array().tolist() == [[[0, 1], [0, 1]], [[0, 0], [0, 1]]]
    assert (counts.total, counts.exact_matches, counts.ignored) == (2, 1, 3)
    assert counts.sum_squared_weights == 2


def test_nan_scores_are_counted_apart_and_never_compared():
    truth = np.array([[1, 0], [0, 1]])
    counts = MultilabelCounts(2)
    counts.update_from_scores(truth, [[0.9, math.nan], [0.2, 0.5]])
    assert (counts.nan, counts.ignored, counts.total) == (1, 0, 2)
    assert counts.examples.tolist() == [2, 1]
    assert counts.exact_matches == 2


def test_an_entry_both_unknown_and_nan_is_ignored_once():
    counts = MultilabelCounts(2)
    counts.update_from_scores([[-1, 0]], [[math.nan, 0.1]], ignore_index=-1)
    assert (counts.nan, counts.ignored, counts.examples.tolist()) == (0, 1, [0, 1])


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        lambda array: torch.tensor(array, requires_grad=True),
        lambda array: torch.tensor(array).bfloat16(),
        tf.constant,
        np.ndarray.tolist,
    ],
    ids=["numpy", "torch", "bfloat16", "tensorflow", "list"],
)
@pytest.mark.parametrize("from_logits", [False, True])
def test_scores_of_any_framework_are_compared_with_the_threshold(convert, from_logits):
    truth, _ = batch()
    # eighths are exact in bfloat16, and 0.5 itself is positive
    scores = np.random.default_rng(2).integers(1, 8, truth.shape).astype(np.float32) / 8
    given_scores = scores * 8 - 4 if from_logits else scores
    counts = MultilabelCounts(LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        counts.update_from_scores(truth, convert(given_scores), from_logits=from_logits)
    assert same(counts, counts_of(truth, scores >= 0.5))


def test_one_label_may_come_as_a_flat_array():
    counts = MultilabelCounts(1)
    counts.update([1, 0, 1], [1, 1, 0])
    assert counts.to_array().tolist() == [[[0, 1], [1, 1]]]


def test_precision_recall_and_f1_are_within_an_ulp_of_fractions():
    truth, prediction = batch(999)
    counts = counts_of(truth, prediction)
    scores = counts.result()
    for label, ((_, fp), (fn, tp)) in enumerate(counts.to_array().tolist()):
        exact = float(fractions.Fraction(2 * tp, 2 * tp + fp + fn))
        assert scores.fscore[label] == pytest.approx(exact, rel=2.3e-16)


def test_averages_name_the_worst_label_and_the_exact_matches():
    truth, prediction = batch()
    counts = counts_of(truth, prediction)
    row = averages(counts)
    f1 = sklearn.metrics.f1_score(truth, prediction, average=None)
    assert row["worst_class"] == np.argmin(f1)
    assert row["worst_class_f1"] == pytest.approx(f1.min())
    share = sklearn.metrics.accuracy_score(truth, prediction)
    assert row["accuracy"] == share
    assert row["accuracy_se"] == pytest.approx(math.sqrt(share * (1 - share) / len(truth)))
    assert row["n"] == len(truth)
    assert "f1_macro_se" not in row


def test_empty_counts_have_no_averages():
    row = averages(MultilabelCounts(3))
    assert row["n"] == 0
    assert row["classes_present"] == 0
    assert math.isnan(row["accuracy"])
    assert math.isnan(row["f1_macro"])


@pytest.mark.parametrize(
    ("truth", "prediction", "options", "sentence"),
    [
        ([[1, 0]], [[1, 2]], {}, r"y_pred\[0, 1\] is 2: it must be 0 or 1"),
        ([[1, 0]], [[0.3, 1]], {}, r"y_pred\[0, 0\] is 0.3.*update_from_scores"),
        ([[1, -1]], [[1, 1]], {}, r"y_true\[0, 1\] is -1.*ignore_index="),
        ([[1, 0]], [[1, 1], [0, 0]], {}, "same length, got 1 and 2"),
        ([[1, 0, 1]], [[1, 0, 1]], {}, r"y_pred must have shape \[n, 2\], got \(1, 3\)"),
        ([1, 0], [[1, 0]], {}, r"y_true must have shape \[n, 2\], got \(2,\)"),
        ([[1, 0]], [[1, 0]], {"ignore_index": 0}, "other than 0 and 1, got 0"),
        ([[1, 0]], [[1, 0]], {"sample_weight": [-1]}, r"sample_weight\[0\] is -1"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(truth, prediction, options, sentence):
    counts = counts_of(*batch(labels=2))
    before = counts.copy()
    with pytest.raises(InvalidInput, match=sentence):
        counts.update(truth, prediction, **options)
    assert same(counts, before)


@pytest.mark.parametrize("threshold", [0, 1, math.nan, "half"])
def test_a_threshold_lies_between_0_and_1(threshold):
    with pytest.raises(InvalidInput, match=r"threshold must be a number in \(0, 1\)"):
        MultilabelCounts(2).update_from_scores([[1, 0]], [[0.1, 0.2]], threshold=threshold)


def test_counts_of_other_labels_do_not_merge():
    with pytest.raises(InvalidInput, match="must have 2 labels, got 3"):
        MultilabelCounts(2).merge(MultilabelCounts(3))
    one = MultilabelCounts(2, class_names=["a", "b"])
    with pytest.raises(InvalidInput, match="same class_names"):
        one.merge(MultilabelCounts(2, class_names=["b", "a"]))
    with pytest.raises(InvalidInput, match="got ndarray"):
        one.merge(np.zeros((2, 2)))


@pytest.mark.parametrize("convert", [np.asarray, torch.tensor, tf.constant, np.ndarray.tolist])
def test_logits_that_nobody_called_so_are_refused(convert):
    counts = MultilabelCounts(2)
    logits = convert(np.array([[0.25, -2.0], [2.0, math.nan]]))
    with pytest.raises(InvalidInput, match=r"scores\[0, 1\] is -2.0.*2 of 4.*from_logits=True"):
        counts.update_from_scores([[1, 0], [1, 1]], logits)
    assert counts.total == 0
    counts.update_from_scores([[1, 0], [1, 1]], logits, from_logits=True)
    assert counts.margins.predicted.tolist() == [2, 0]
