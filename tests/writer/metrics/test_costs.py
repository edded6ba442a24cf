"""Expected cost of matrices and thresholds, against the costs of single examples."""

import math

import numpy as np
import pytest

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, ScoreHistogram, cost_curve, expected_cost

MATRIX = np.array([[80, 15, 5], [10, 180, 10], [0, 5, 15]])
COST = np.array([[0, 1, 5], [2, 0, 1], [20, 10, -1]])


def test_the_mean_and_its_error_are_those_of_the_costs_of_the_examples():
    costs = np.repeat(COST.reshape(-1), MATRIX.reshape(-1))
    found = expected_cost(MATRIX, COST)
    assert found.mean == pytest.approx(costs.mean())
    assert found.standard_error == pytest.approx(costs.std() / math.sqrt(len(costs)))
    np.testing.assert_allclose(found.by_class, (MATRIX * COST).sum(axis=1) / MATRIX.sum(axis=1))


def test_under_another_mix_it_is_the_stratified_mean():
    shares = np.array([0.1, 0.2, 0.7])
    found = expected_cost(MATRIX, COST, prevalence=shares * 3)
    rows = [np.repeat(COST[i], MATRIX[i]) for i in range(3)]
    assert found.mean == pytest.approx(sum(s * r.mean() for s, r in zip(shares, rows, strict=True)))
    variance = sum(s**2 * r.var() / len(r) for s, r in zip(shares, rows, strict=True))
    assert found.standard_error == pytest.approx(math.sqrt(variance))


@pytest.mark.parametrize("prevalence", [None, [0.2, 0.3, 0.5]])
def test_twice_the_standard_error_covers_the_true_cost(prevalence):
    rng = np.random.default_rng(0)
    p = MATRIX / MATRIX.sum()
    rows = p / p.sum(axis=1)[:, None]
    true_cost = (p * COST).sum()
    if prevalence:
        true_cost = prevalence @ (rows * COST).sum(axis=1)
    covered = 0
    for cells in rng.multinomial(3_000, p.reshape(-1), 1_000):
        found = expected_cost(cells.reshape(3, 3), COST, prevalence)
        covered += abs(found.mean - true_cost) <= 1.96 * found.standard_error
    assert 0.93 <= covered / 1_000 <= 0.97


def test_an_error_that_costs_1_is_the_error_rate():
    found = expected_cost(MATRIX, 1 - np.eye(3))
    assert found.mean == pytest.approx(1 - MATRIX.trace() / MATRIX.sum())


def test_large_costs_lose_no_digits():
    offset = 1e8
    shifted = expected_cost(MATRIX, COST + offset)
    assert shifted.standard_error == pytest.approx(expected_cost(MATRIX, COST).standard_error)


def test_weights_and_sparse_cells_cost_what_they_should():
    truth, prediction = np.divmod(np.repeat(np.arange(9), MATRIX.reshape(-1)), 3)
    heavy, sparse = ConfusionMatrix(3), ConfusionMatrix(3, sparse=True)
    heavy.update(truth, prediction, np.full(len(truth), 2.5))
    sparse.update(truth, prediction)
    for matrix in (heavy, sparse):
        for prevalence in (None, [0.2, 0.2, 0.6]):
            found = expected_cost(matrix, COST, prevalence)
            expected = expected_cost(MATRIX, COST, prevalence)
            assert found[:2] == pytest.approx(expected[:2])
    unknown = expected_cost(MATRIX * 0.5, COST)
    assert unknown.mean == pytest.approx(expected_cost(MATRIX, COST).mean)
    assert math.isnan(unknown.standard_error)


def test_classes_without_examples_cost_nothing_and_no_examples_nothing_known():
    found = expected_cost([[3, 1], [0, 0]], [[0, 4], [9, 0]])
    assert found.mean == 1
    assert math.isnan(found.by_class[1])
    empty = expected_cost(ConfusionMatrix(2), [[0, 4], [9, 0]])
    assert math.isnan(empty.mean)
    assert math.isnan(empty.standard_error)


def scores_of(rng, positives=300, negatives=1_700):
    truth = np.repeat([0, 1], [negatives, positives])
    scores = np.concatenate([rng.beta(2, 5, negatives), rng.beta(4, 2, positives)])
    histogram = ScoreHistogram(bins=50)
    histogram.update(truth, scores)
    return histogram, truth, scores


@pytest.mark.parametrize("prevalence", [None, 0.02])
def test_every_threshold_costs_what_its_decisions_cost(prevalence):
    histogram, truth, scores = scores_of(np.random.default_rng(1))
    cost = np.array([[0.5, 2], [30, -3]])
    found = cost_curve(histogram, cost, prevalence)
    share = np.array([1 - prevalence, prevalence]) if prevalence else np.bincount(truth) / 2_000
    for threshold, mean, error in zip(
        found.thresholds, found.cost, found.standard_error, strict=True
    ):
        costs = cost[truth, (scores >= threshold).astype(int)]
        groups = costs[truth == 0], costs[truth == 1]
        assert mean == pytest.approx(share @ [group.mean() for group in groups])
        if prevalence:
            parts = [s**2 * g.var() / len(g) for s, g in zip(share, groups, strict=True)]
            assert error == pytest.approx(math.sqrt(sum(parts)))
        else:
            assert error == pytest.approx(costs.std() / math.sqrt(2_000))
    assert found.cost[found.best] == found.cost.min()
    assert found.best_threshold == found.thresholds[found.best]


def test_calibrated_scores_are_cut_where_theory_says():
    rng = np.random.default_rng(2)
    scores = rng.random(400_000)
    histogram = ScoreHistogram(bins=100)
    histogram.update((rng.random(400_000) < scores).astype(int), scores)
    for cost in ([[0, 1], [4, 0]], [[0, 1], [1, 0]], [[0, 9], [1, 0]]):
        theory = cost[0][1] / (cost[0][1] + cost[1][0])
        assert cost_curve(histogram, cost).best_threshold == pytest.approx(theory, abs=0.03)


def test_between_separated_scores_the_middle_is_taken():
    histogram = ScoreHistogram(bins=10)
    histogram.update([0, 0, 1, 1], [0.05, 0.15, 0.85, 0.95])
    found = cost_curve(histogram, [[0, 1], [1, 0]])
    assert found.cost[found.best] == 0
    assert found.best_threshold == 0.5


def test_nothing_is_positive_where_alarms_cost_too_much():
    histogram = ScoreHistogram(bins=10)
    histogram.update([0, 1, 1, 0], [0.2, 0.9, 0.95, 1.0])
    found = cost_curve(histogram, [[0, 1e9], [1, 0]])
    assert found.best_threshold == math.inf
    assert found.cost[-1] == 0.5


def test_one_label_of_many_can_be_asked_for():
    rng = np.random.default_rng(4)
    many = ScoreHistogram(3, bins=20)
    truth, scores = rng.integers(0, 2, (200, 3)), rng.random((200, 3))
    many.update(truth, scores)
    one = ScoreHistogram(bins=20)
    one.update(truth[:, 2], scores[:, 2])
    for mine, other in zip(
        cost_curve(many, [[0, 1], [2, 0]], label=2), cost_curve(one, [[0, 1], [2, 0]]), strict=True
    ):
        np.testing.assert_array_equal(mine, other)


def test_bad_arguments_are_refused():
    histogram, *_ = scores_of(np.random.default_rng(5))
    one_sided = ScoreHistogram()
    one_sided.update([1, 1], [0.2, 0.3])
    cost = [[0, 1], [1, 0]]
    cut = ConfusionMatrix(9, sparse=True, max_cells=2)
    cut.update([0, 0, 1, 2, 2], [1, 1, 2, 4, 4])
    for call, message in [
        (lambda: expected_cost(MATRIX, cost), "cost must have shape [3, 3], got (2, 2)"),
        (lambda: expected_cost([[1, 2], [3, 4]], [[0, math.inf], [1, 0]]),
         "cost[0, 1] is inf: every cost must be finite"),
        (lambda: expected_cost([[1, 2], [3, 4]], cost, [1, 2, 3]),
         "prevalence must have one share per class, [2], got shape (3,)"),
        (lambda: expected_cost(cut, np.ones((9, 9))),
         "matrix must have kept every cell, got one with an error bound of 1; count with a larger "
         "max_cells"),
        (lambda: cost_curve(MATRIX, cost), "histogram must be a ScoreHistogram, got ndarray"),
        (lambda: cost_curve(histogram, cost, 1.0), "prevalence must be in (0, 1), got 1.0"),
        (lambda: cost_curve(histogram, cost, label=1), "label must be in [0, 1), got 1"),
        (lambda: cost_curve(one_sided, cost),
         "histogram must hold positives and negatives of label 0, got 2 and 0"),
    ]:  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            call()
        assert str(caught.value) == message
