"""Accuracies against scikit-learn's and PyCM's."""

import math

import numpy as np
import pytest
import sklearn.metrics
from references import NASTY, counted, pycm_matrix, without_warnings

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import (
    ConfusionMatrix,
    Margins,
    MultilabelCounts,
    accuracy_score,
    balanced_accuracy_score,
    top_k_accuracy_score,
)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", NASTY)
def test_accuracies_are_those_of_scikit_learn(case, weighted):
    y_true, y_pred = NASTY[case]
    weights = np.random.default_rng(2).exponential(size=len(y_true)) if weighted else None
    matrix = counted(y_true, y_pred, 5, weights)
    expected = sklearn.metrics.accuracy_score(y_true, y_pred, sample_weight=weights)
    assert accuracy_score(matrix) == pytest.approx(expected, rel=1e-12)
    for adjusted in (False, True):
        expected = without_warnings(
            sklearn.metrics.balanced_accuracy_score,
            y_true,
            y_pred,
            sample_weight=weights,
            adjusted=adjusted,
        )
        if math.isinf(expected):  # (recall - 1) / 0 where one class is true
            expected = math.nan
        found = balanced_accuracy_score(matrix, adjusted=adjusted)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-15, nan_ok=True)


def test_accuracy_is_that_of_pycm():
    counts = [[5, 1, 0], [2, 7, 1], [0, 3, 4]]
    assert accuracy_score(counts) == pytest.approx(pycm_matrix(counts).overall_stat["Overall ACC"])
    assert balanced_accuracy_score(counts) == pytest.approx(
        pycm_matrix(counts).overall_stat["TPR Macro"]
    )


def test_the_accuracy_of_multi_label_counts_is_the_exact_match_ratio():
    rng = np.random.default_rng(3)
    y_true, y_pred = rng.integers(0, 2, (200, 3)), rng.integers(0, 2, (200, 3))
    counts = MultilabelCounts(3)
    counts.update(y_true, y_pred)
    assert accuracy_score(counts) == sklearn.metrics.accuracy_score(y_true, y_pred)


def test_accuracies_of_nothing_are_undefined():
    for empty in (ConfusionMatrix(2), Margins(*np.zeros((3, 2), int)), np.zeros((2, 2))):
        assert math.isnan(accuracy_score(empty))
        assert math.isnan(balanced_accuracy_score(empty))
    assert math.isnan(accuracy_score(MultilabelCounts(2)))


def test_balanced_accuracy_of_one_class_has_no_chance_to_be_adjusted_by():
    assert balanced_accuracy_score([[3, 1], [0, 0]]) == 0.75
    assert math.isnan(balanced_accuracy_score([[3, 1], [0, 0]], adjusted=True))


def test_balanced_accuracy_of_labels_is_refused():
    with pytest.raises(InvalidInput) as caught:
        balanced_accuracy_score(MultilabelCounts(2))
    assert str(caught.value) == (
        "balanced_accuracy_score needs one label per example, got MultilabelCounts; score a label "
        "by itself with to_array()[label]"
    )


@pytest.mark.parametrize("k", [1, 2, 3])
def test_top_k_accuracy_is_that_of_scikit_learn(k):
    rng = np.random.default_rng(4)
    y_true, scores = rng.integers(0, 5, 400), rng.random((400, 5))
    matrix = ConfusionMatrix(5, top_k=k)
    matrix.update_from_scores(y_true[:150], scores[:150])
    matrix.update_from_scores(y_true[150:], scores[150:])
    expected = sklearn.metrics.top_k_accuracy_score(y_true, scores, k=k)
    assert top_k_accuracy_score(matrix) == pytest.approx(expected, rel=1e-12)


def test_top_k_accuracy_of_a_matrix_without_scores_is_refused():
    with pytest.raises(InvalidInput) as caught:
        top_k_accuracy_score(ConfusionMatrix(5))
    assert str(caught.value) == (
        "confusion must be made with ConfusionMatrix(num_classes, top_k=k) and count scores with "
        "update_from_scores, got one without top_k"
    )
    with pytest.raises(InvalidInput, match="got one without top_k"):
        top_k_accuracy_score(np.eye(3))
    assert math.isnan(top_k_accuracy_score(ConfusionMatrix(5, top_k=2)))
