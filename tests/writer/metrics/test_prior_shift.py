"""Another class mix, against samples that are really drawn with it."""

import math

import numpy as np
import pytest
import sklearn.metrics

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, averages, with_prevalence

MATRIX = np.array([[80, 15, 5], [10, 180, 10], [0, 5, 15]])


def test_rows_have_the_given_shares_and_keep_their_proportions():
    shares = [0.2, 0.3, 0.5]
    found = with_prevalence(MATRIX, shares)
    assert found.total == pytest.approx(MATRIX.sum())
    np.testing.assert_allclose(found.margins.support / found.total, shares)
    rows = found.to_array() / found.margins.support[:, None]
    np.testing.assert_allclose(rows, MATRIX / MATRIX.sum(axis=1)[:, None])


def test_its_averages_are_those_of_scikit_learn_with_such_weights():
    truth, prediction = np.divmod(np.repeat(np.arange(9), MATRIX.reshape(-1)), 3)
    shares = np.array([0.6, 0.1, 0.3])
    weights = (shares / MATRIX.sum(axis=1))[truth]
    found = with_prevalence(MATRIX, shares)
    for average in ("macro", "weighted", "micro"):
        expected = sklearn.metrics.precision_recall_fscore_support(
            truth, prediction, average=average, sample_weight=weights
        )
        np.testing.assert_allclose(found.result(average)[:3], expected[:3])
    by_weights = ConfusionMatrix(3)
    by_weights.update(truth, prediction, weights * MATRIX.sum())
    assert found.sum_squared_weights == pytest.approx(by_weights.sum_squared_weights)
    assert averages(found) == pytest.approx(averages(by_weights), nan_ok=True)


def test_its_own_mix_changes_nothing():
    found = with_prevalence(ConfusionMatrix.from_array(MATRIX), MATRIX.sum(axis=1))
    np.testing.assert_allclose(found.to_array(), MATRIX)
    assert found.sum_squared_weights == pytest.approx(MATRIX.sum())


def test_precision_under_the_new_mix_is_what_a_sample_of_it_gives():
    rng = np.random.default_rng(0)
    p = MATRIX / MATRIX.sum(axis=1)[:, None]
    sample = rng.multinomial(np.array([10_000, 30_000, 960_000]), p)
    found = with_prevalence(MATRIX, [0.01, 0.03, 0.96]).result()
    expected = ConfusionMatrix.from_array(sample).result()
    np.testing.assert_allclose(found.precision, expected.precision, rtol=0.03)
    np.testing.assert_allclose(found.recall, expected.recall, atol=0.01)


def test_fewer_effective_examples_are_left_the_more_the_mix_is_bent():
    left = [
        MATRIX.sum() ** 2 / with_prevalence(MATRIX, [1 - rare, 0, rare]).sum_squared_weights
        for rare in (0.2, 0.5, 0.9)
    ]
    assert left == sorted(left, reverse=True)
    assert left[-1] < 30


def test_names_and_sparse_cells_are_kept():
    named = ConfusionMatrix(2, class_names=["cat", "dog"])
    named.update([0, 1, 1], [0, 1, 0])
    assert with_prevalence(named, [0.5, 0.5]).class_names == ("cat", "dog")
    sparse = ConfusionMatrix(100_000)
    sparse.update([7, 99_999, 99_999], [7, 99_999, 5])
    shares = np.zeros(100_000)
    shares[[7, 99_999]] = 0.25, 0.75
    keys, counts = with_prevalence(sparse, shares).cells()
    assert keys.tolist() == [700_007, 9_999_900_005, 9_999_999_999]
    assert counts.tolist() == pytest.approx([0.75, 1.125, 1.125])


def test_a_weighted_matrix_has_an_unknown_number_of_examples_afterwards():
    weighted = ConfusionMatrix(2)
    weighted.update([0, 1], [0, 1], [0.5, 2])
    assert math.isnan(with_prevalence(weighted, [0.5, 0.5]).sum_squared_weights)


def test_bad_arguments_are_refused():
    for prevalence, message in [
        ([0.5, 0.5], "prevalence must have one share per class, [3], got shape (2,)"),
        ([0.5, -0.5, 1], "prevalence[1] is -0.5: every share must be finite and >= 0"),
        ([0.5, math.nan, 1], "prevalence[1] is nan: every share must be finite and >= 0"),
        ([0, 0, 0], "prevalence must have a share above 0, got only 0"),
    ]:
        with pytest.raises(InvalidInput) as caught:
            with_prevalence(MATRIX, prevalence)
        assert str(caught.value) == message
    with pytest.raises(InvalidInput) as caught:
        with_prevalence([[3, 1, 0], [0, 0, 0], [0, 1, 4]], [0.5, 0.25, 0.25])
    assert str(caught.value) == (
        "prevalence[1] is 0.25: class 1 has no true examples, so nothing is known of its "
        "predictions; pass 0 (1 classes)"
    )
