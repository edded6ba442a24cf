"""What changed between two matrices, against brute force, planted changes and simulation."""

import math

import numpy as np
import pytest
import scipy.stats

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import (
    ConfusionMatrix,
    changed_cells,
    changed_classes,
    precision_recall_fscore,
)
from tb_monitor_writer.metrics.changes import benjamini_hochberg
from tb_monitor_writer.metrics.two_proportions import two_proportions_p_value


def rates(rng, num_classes, right=0.7):
    """Probabilities of a model: most right, the errors on a few others."""
    spread = rng.dirichlet(np.full(num_classes, 0.1), num_classes)
    return right * np.eye(num_classes) + (1 - right) * spread


def planted(rng, before, after):
    """Two samples of a 100-class model; p(9 | 4) is another in the second one."""
    p = rates(rng, 100)
    support = rng.integers(20, 400, 100)
    support[4] = 300
    changed = p.copy()
    for matrix, share in ((p, before), (changed, after)):
        matrix[4] *= (1 - share) / (1 - matrix[4, 9])
        matrix[4, 9] = share
    return rng.multinomial(support, p), rng.multinomial(support, changed)


def test_a_planted_change_in_10_000_cells_is_found_among_larger_noise():
    rng = np.random.default_rng(0)
    p = rates(rng, 100, right=0.8)
    support = rng.integers(5, 40, 100)
    support[4] = 4_000
    changed = p.copy()
    moved = 0.06  # from cell (4, 4) to (4, 9)
    changed[4, 4] -= moved
    changed[4, 9] += moved
    before, after = rng.multinomial(support, p), rng.multinomial(support, changed)
    found = changed_cells(before, after)
    assert set(zip(found.truth.tolist(), found.prediction.tolist(), strict=True)) == {
        (4, 4), (4, 9),
    }  # fmt: skip
    # The largest raw differences are all noise: those of small classes.
    raw = np.abs(before / before.sum(axis=1)[:, None] - after / after.sum(axis=1)[:, None])
    largest = np.argsort(-raw, axis=None)[:50]
    assert not set(largest.tolist()) & {404, 409}
    assert found.difference[found.prediction == 9] == pytest.approx(moved, abs=0.02)


def test_the_cell_alone_is_returned_when_what_it_gained_came_from_everywhere():
    before, after = planted(np.random.default_rng(1), 0.01, 0.12)
    found = changed_cells(before, after)
    assert (found.truth.tolist(), found.prediction.tolist()) == ([4], [9])
    assert found.before[0] == before[4, 9] / before[4].sum()
    assert found.after[0] == after[4, 9] / after[4].sum()
    assert found.difference[0] == found.after[0] - found.before[0]
    assert 0 < found.p_value[0] <= found.q_value[0] <= 0.05


@pytest.mark.parametrize("given", ["truth", "prediction"])
@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_the_list_is_what_testing_every_cell_one_by_one_gives(given, rate):
    rng = np.random.default_rng(2)
    p, q = rates(rng, 12), rates(rng, 12)
    before = rng.multinomial(np.full(12, 60), p)
    after = rng.multinomial(np.full(12, 150), np.where(rng.random((12, 1)) < 0.3, q, p))
    totals = [matrix.sum(axis=1 if given == "truth" else 0) for matrix in (before, after)]
    cells, p_values, tested = [], [], 0
    for i in range(12):
        for j in range(12):
            x, y = before[i, j], after[i, j]
            n, m = (total[i if given == "truth" else j] for total in totals)
            splits = [(a, x + y - a) for a in range(x + y + 1) if a <= n and x + y - a <= m]
            possible = [two_proportions_p_value([a], [n], [b], [m])[0] for a, b in splits]
            if not n or not m or min(possible) > rate:
                continue
            tested += 1
            cells.append((i, j))
            p_values.append(two_proportions_p_value([x], [n], [y], [m])[0])
    kept = scipy.stats.false_discovery_control(p_values) <= rate
    found = changed_cells(before, after, given=given, false_discovery_rate=rate)
    expected = {cell for cell, is_kept in zip(cells, kept, strict=True) if is_kept}
    assert expected
    assert set(zip(found.truth.tolist(), found.prediction.tolist(), strict=True)) == expected
    # The bound is a little below what the best split reaches.
    assert tested <= found.tested <= tested * 1.2


def test_adjusted_p_values_are_those_of_scipy():
    p = np.sort(np.random.default_rng(3).random(50) ** 3)
    expected = scipy.stats.false_discovery_control(np.append(p, np.ones(30)))
    np.testing.assert_allclose(benjamini_hochberg(p, 80), expected[:50])
    assert benjamini_hochberg(np.empty(0), 5).shape == (0,)


@pytest.mark.parametrize(("num_classes", "per_class", "ratio"), [(10, 1_000, 2), (40, 30, 10)])
def test_of_equal_models_a_change_is_reported_in_at_most_5_of_100_comparisons(
    num_classes, per_class, ratio
):
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(300):
        p = rates(rng, num_classes)
        support = rng.integers(per_class // 2, 2 * per_class, num_classes)
        found = changed_cells(rng.multinomial(support, p), rng.multinomial(ratio * support, p))
        alarms += len(found.truth) > 0
    assert alarms / 300 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 300)


def test_of_the_changes_reported_at_most_5_of_100_are_noise():
    rng = np.random.default_rng(5)
    reported = wrong = missed = changed = 0
    for _ in range(100):
        p = rates(rng, 30)
        support = rng.integers(50, 400, 30)
        q = p.copy()
        q[:8] = rates(rng, 30, right=0.5)[:8]  # the other 22 rows stay
        found = changed_cells(rng.multinomial(support, p), rng.multinomial(support, q))
        reported += len(found.truth)
        wrong += int((found.truth >= 8).sum())
        changed += 8
        missed += 8 - len(set(found.truth.tolist()) & set(range(8)))
    assert reported > 1_000
    assert wrong / reported <= 0.05
    assert missed / changed <= 0.2


def test_weights_count_as_the_examples_they_are_worth():
    rng = np.random.default_rng(6)
    alarms = naive_alarms = 0
    for _ in range(200):
        p = rates(rng, 10)
        matrices = []
        for _ in range(2):
            truth = rng.integers(0, 10, 2_000)
            prediction = (p.cumsum(axis=1)[truth] < rng.random((2_000, 1))).sum(axis=1).clip(0, 9)
            matrix = ConfusionMatrix(10)
            matrix.update(truth, prediction, rng.exponential(10, 2_000))
            matrices.append(matrix)
        alarms += len(changed_cells(*matrices).truth) > 0
        naive = (matrix.to_array().round().astype(int) for matrix in matrices)
        naive_alarms += len(changed_cells(*naive).truth) > 0
    assert alarms / 200 <= 0.05
    assert naive_alarms / 200 > 0.9


def test_a_weight_of_its_own_on_all_examples_changes_nothing():
    before, after = planted(np.random.default_rng(7), 0.01, 0.12)
    plain = changed_cells(before, after)
    heavy = []
    for matrix in (before, after):
        truth, prediction = np.divmod(np.repeat(np.arange(10_000), matrix.reshape(-1)), 100)
        heavy.append(ConfusionMatrix(100))
        heavy[-1].update(truth, prediction, np.full(len(truth), 2.5))
    found = changed_cells(*heavy)
    for mine, other in zip(found, plain, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-9)


def test_predictions_of_one_evaluation_set_are_judged_too_carefully_never_too_boldly():
    # The second model answers as the first on 95 % of the examples, at random on the others.
    rng = np.random.default_rng(8)
    alarms = 0
    for _ in range(200):
        p = rates(rng, 10)
        truth = rng.integers(0, 10, 3_000)
        draw = rng.random((2, 3_000, 1))
        draw[1] = np.where(rng.random((3_000, 1)) < 0.95, draw[0], draw[1])
        matrices = []
        for one in draw:
            prediction = (p.cumsum(axis=1)[truth] < one).sum(axis=1).clip(0, 9)
            matrices.append(ConfusionMatrix(10))
            matrices[-1].update(truth, prediction)
        alarms += len(changed_cells(*matrices).truth) > 0
    assert alarms == 0


def test_sparse_cells_give_what_a_dense_array_gives():
    before, after = planted(np.random.default_rng(9), 0.01, 0.12)
    dense = changed_cells(before, after)
    big = []
    for matrix in (before, after):  # the same cells among 100,000 classes, far apart
        truth, prediction = np.nonzero(matrix)
        big.append(ConfusionMatrix(100_000))
        counts = matrix[truth, prediction]
        big[-1].update(np.repeat(truth * 999, counts), np.repeat(prediction * 999, counts))
    found = changed_cells(*big)
    assert (found.truth.tolist(), found.prediction.tolist()) == ([4 * 999], [9 * 999])
    for mine, other in zip(found[2:], dense[2:], strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12)


def test_what_a_matrix_may_lack_is_no_change():
    rng = np.random.default_rng(12)
    truth = np.repeat(np.arange(300), 100)
    matrices = []
    for _ in range(2):  # 30,000 pairs of equal chance: what is kept is chance, too
        prediction = rng.integers(0, 100, len(truth))
        prediction[(truth == 7) & (rng.random(len(truth)) < 0.9)] = 8  # but for one
        matrices.append(ConfusionMatrix(300, sparse=True, max_cells=500))
        matrices[-1].update(truth, prediction)
    assert min(matrix.error_bound for matrix in matrices) > 1
    whole = ConfusionMatrix(300, sparse=True)
    whole.update(truth, rng.integers(0, 100, len(truth)))
    assert len(changed_cells(*matrices).truth) == 0
    found = changed_cells(matrices[0], whole)
    assert (found.truth.tolist(), found.prediction.tolist()) == ([7], [8])


@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_a_class_that_got_worse_is_found_in_the_metric_that_got_worse(metric):
    rng = np.random.default_rng(10)
    p = np.full((20, 20), 0.2 / 19) + (0.8 - 0.2 / 19) * np.eye(20)
    q = p.copy()
    q[3, 3] -= 0.3
    q[3] += 0.3 / 20
    support = np.full(20, 300)
    before, after = rng.multinomial(support, p), rng.multinomial(support, q)
    if metric == "precision":  # that of the transposed matrix is the recall
        before, after = before.T, after.T
    found = changed_classes(before, after, metric)
    assert found.class_index[0] == 3
    assert (found.class_index == 3).sum() == 1
    place = {"precision": 0, "recall": 1, "f1": 2}[metric]
    for column, matrix in ((found.before, before), (found.after, after)):
        expected = precision_recall_fscore(matrix)[place][found.class_index]
        np.testing.assert_allclose(column, expected, rtol=1e-12)
    np.testing.assert_allclose(found.difference, found.after - found.before)
    assert found.tested == 20


def test_classes_of_equal_models_are_reported_in_at_most_5_of_100_comparisons():
    rng = np.random.default_rng(11)
    alarms = dict.fromkeys(("precision", "recall", "f1"), 0)
    for _ in range(150):
        p = rates(rng, 20)
        before, after = rng.multinomial(np.full(20, 80), p), rng.multinomial(np.full(20, 80), p)
        for metric in alarms:
            alarms[metric] += len(changed_classes(before, after, metric).class_index) > 0
    assert max(alarms.values()) / 150 <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 150)


def test_empty_matrices_and_equal_ones_have_no_changes():
    matrix = np.eye(3, dtype=int) * 50
    for pair in ((np.zeros((3, 3)), matrix), (matrix, matrix), (ConfusionMatrix(3),) * 2):
        assert len(changed_cells(*pair).truth) == 0
        assert len(changed_classes(*pair, "precision").class_index) == 0
    assert changed_cells(ConfusionMatrix(3), matrix).tested == 0


def test_what_could_not_be_sure_whatever_its_split_is_not_tested():
    before, after = np.diag([50, 50, 50]), np.diag([50, 50, 50])
    assert changed_cells(before, after).tested == 0  # always right: no failure to split
    after[0] = [49, 1, 0]
    assert changed_cells(before, after).tested == 0
    after[0] = [40, 10, 0]  # both cells of this row
    assert changed_cells(before, after).tested == 2


def test_what_cannot_be_compared_is_refused():
    named = [ConfusionMatrix(2, class_names=names) for names in (["a", "b"], ["b", "a"])]
    weighted = [[1.5, 2], [3, 4]]
    two = [[1, 2], [3, 4]]
    for call, message in [
        (lambda: changed_cells(two, np.eye(3, dtype=int)),
         "after must have the 2 classes of before, got 3"),
        (lambda: changed_cells(*named),
         "after must have the same class_names as before, in the same order"),
        (lambda: changed_cells(two, two, given="row"),
         "given must be 'truth' or 'prediction', got 'row'"),
        (lambda: changed_cells(two, two, false_discovery_rate=5),
         "false_discovery_rate must be in (0, 1), got 5"),
        (lambda: changed_classes(two, two, "accuracy"),
         "metric must be 'precision', 'recall' or 'f1', got 'accuracy'"),
        (lambda: changed_cells(two, weighted),
         "after must tell how many examples its weights stand for, got weighted counts without "
         "sum_squared_weights; pass the ConfusionMatrix that counted them"),
        (lambda: changed_cells([[0.5, 0.5], [0.2, 0.8]], two),
         "before must hold counts, got ratios; pass the counts they came from"),
    ]:  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            call()
        assert str(caught.value) == message
