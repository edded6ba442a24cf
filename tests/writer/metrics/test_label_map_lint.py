"""Label maps: what is found in good models with wrong labels, and never in bad models."""

import itertools
import math

import numpy as np
import pytest
import scipy.stats

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, lint_label_map
from tb_monitor_writer.metrics.label_map_lint import (
    _binomial_tail,
    _cyclic_tail,
    _distinct_tail,
    _evidence,
)


def trained(rng, num_classes, right, per_class):
    spread = rng.dirichlet(np.full(num_classes, 0.05), num_classes)
    p = right * np.eye(num_classes) + (1 - right) * spread
    return rng.multinomial(np.full(num_classes, per_class), p)


def independent(rng, size):
    return rng.multinomial(np.full(size, 50), np.tile(rng.dirichlet(np.full(size, 0.5)), (size, 1)))


def weak(rng, size):
    p = 0.85 * rng.dirichlet(np.ones(size), size) + 0.15 * np.eye(size)
    return rng.multinomial(np.full(size, rng.integers(2, 100)), p)


def untrained(rng, size):
    """A random linear classifier of well separated clusters."""
    means, weights = 3 * rng.normal(size=(size, 16)), rng.normal(size=(16, size))
    inputs = means[:, None] + rng.normal(size=(size, 50, 16))
    predictions = (inputs @ weights).argmax(axis=-1)
    return np.array([np.bincount(row, minlength=size) for row in predictions])


def random_map(rng, size):
    """Each class is answered with another one at random, 9 times of 10."""
    p = np.full((size, size), 0.1 / size)
    p[np.arange(size), rng.integers(0, size, size)] += 0.9
    return rng.multinomial(np.full(size, 50), p)


def biased(rng, size):
    """Luce's choice model with strong biases, and rare classes."""
    bias = np.exp(rng.normal(0, 2, size))
    alike = np.exp(-rng.exponential(2, (size, size)))
    alike = np.triu(alike, 1) + np.triu(alike, 1).T + np.eye(size)
    p = bias * alike
    return rng.multinomial(rng.integers(2, 100, size), p / p.sum(axis=1, keepdims=True))


def ordinal(rng, size):
    """A regression that answers too high or low, shrunk to the middle."""
    truth = np.repeat(np.arange(size), 50)
    answers = truth * rng.uniform(0.5, 1) + 0.3 * rng.normal() + rng.normal(
        0, rng.uniform(0.5, 3), len(truth)
    )  # fmt: skip
    matrix = np.zeros((size, size), dtype=int)
    np.add.at(matrix, (truth, np.clip(answers.round(), 0, size - 1).astype(int)), 1)
    return matrix


@pytest.mark.parametrize("size", [2, 3, 5, 7, 10, 40])
@pytest.mark.parametrize(
    "bad_model",
    [independent, weak, untrained, random_map, biased, ordinal],
    ids=lambda f: f.__name__,
)
def test_a_bad_model_is_accused_in_at_most_2_of_100_cases(bad_model, size):
    rng = np.random.default_rng(0)
    alarms = sum(len(lint_label_map(bad_model(rng, size))) > 0 for _ in range(300))
    assert alarms / 300 <= 0.02 + 2 * math.sqrt(0.02 * 0.98 / 300)


@pytest.mark.parametrize(
    ("size", "right", "per_class"),
    [(10, 0.95, 20), (10, 0.7, 200), (100, 0.9, 5), (100, 0.6, 30), (1_000, 0.76, 10)],
)
def test_a_permutation_of_the_labels_is_found_and_named(size, right, per_class):
    rng = np.random.default_rng(1)
    for _ in range(5):
        order = rng.permutation(size)
        (found,) = lint_label_map(trained(rng, size, right, per_class)[order])
        assert found.kind == "permutation"
        known = found.predicted_as >= 0
        assert known.mean() >= 0.75
        np.testing.assert_array_equal(found.predicted_as[known], order[known])
        np.testing.assert_array_equal(
            found.moved, np.flatnonzero(known & (order != np.arange(size)))
        )
        assert found.right_after > 0.7 * right > found.right_before
        assert found.chance <= 0.01


def test_classes_sorted_as_strings_are_found():
    rng = np.random.default_rng(2)
    order = np.argsort([str(index) for index in range(100)])
    (found,) = lint_label_map(trained(rng, 100, 0.9, 50)[order])
    assert found.kind == "permutation"
    np.testing.assert_array_equal(found.predicted_as, order)


@pytest.mark.parametrize("shift", [-1, 1])
@pytest.mark.parametrize("around", [False, True])
def test_labels_that_start_at_1_are_found(shift, around):
    rng = np.random.default_rng(3)
    right = trained(rng, 10, 0.6, 50)
    if around:
        matrix = np.roll(right, shift, axis=1)
    else:  # an eleventh class that has no examples
        matrix = np.zeros((11, 11), dtype=int)
        rows, columns = ((1, 11), (0, 10)) if shift == -1 else ((0, 10), (1, 11))
        matrix[slice(*rows), slice(*columns)] = right
    (found,) = lint_label_map(matrix)
    assert found.kind == "shift"
    moved = found.moved
    np.testing.assert_array_equal(found.predicted_as[moved], (moved + shift) % len(matrix))
    assert len(moved) == 10
    assert found.right_after == pytest.approx(right.trace() / right.sum())


def test_a_reversed_order_is_found():
    rng = np.random.default_rng(4)
    (found,) = lint_label_map(trained(rng, 10, 0.7, 30)[::-1])
    assert found.kind == "reversed"
    np.testing.assert_array_equal(found.predicted_as, np.arange(10)[::-1])


def test_two_swapped_classes_of_many_are_found_and_a_confused_pair_is_not():
    rng = np.random.default_rng(5)
    matrix = trained(rng, 50, 0.8, 40)
    swapped = matrix.copy()
    swapped[[7, 12]] = swapped[[12, 7]]
    (found,) = lint_label_map(swapped)
    assert found.kind == "permutation"
    assert found.moved.tolist() == [7, 12]
    assert found.predicted_as[[7, 12]].tolist() == [12, 7]
    assert found.right_after == pytest.approx(matrix.trace() / matrix.sum())

    confused = matrix.copy()
    confused[7] = confused[12] = 0
    confused[7, 7], confused[7, 12] = 2, 38  # 12 swallows 7
    confused[12, 12], confused[12, 7] = 19, 21  # and the noise of one cell closes the cycle
    assert lint_label_map(confused) == ()


def test_two_classes_need_a_model_that_is_known_to_have_learned():
    matrix = [[5, 95], [90, 10]]
    assert lint_label_map(matrix) == ()
    (found,) = lint_label_map(matrix, learned=True)
    assert found.predicted_as.tolist() == [1, 0]
    assert found.chance == pytest.approx(0.25)
    assert (found.right_before, found.right_after) == (15 / 200, 185 / 200)
    assert lint_label_map([[49, 51], [52, 48]], learned=True) == ()


def test_a_transposed_matrix_is_seen_by_the_supports_alone():
    rng = np.random.default_rng(6)
    p = trained(rng, 10, 0.7, 10_000) / 10_000
    support = rng.integers(50, 500, 10)
    matrix = rng.multinomial(support, p)
    assert lint_label_map(matrix) == lint_label_map(matrix.T) == ()
    assert lint_label_map(matrix, true_counts=support) == ()
    (found,) = lint_label_map(matrix.T, true_counts=support)
    assert found.kind == "transposed"
    assert found.chance < 1e-6
    # Another sample of the same mix will do, and one of another mix says nothing.
    other = rng.multinomial(3_000, support / support.sum())
    assert [finding.kind for finding in lint_label_map(matrix.T, true_counts=other)] == [
        "transposed"
    ]
    assert lint_label_map(matrix.T, true_counts=np.ones(10)) == ()
    assert lint_label_map(matrix, true_counts=np.zeros(10)) == ()


def test_a_good_matrix_has_no_findings_whatever_its_size_and_form():
    rng = np.random.default_rng(7)
    for size, per_class in ((2, 10), (10, 3), (100, 50), (500, 5)):
        assert lint_label_map(trained(rng, size, 0.7, per_class), learned=True) == ()
    assert lint_label_map(ConfusionMatrix(5)) == ()
    assert lint_label_map(ConfusionMatrix(5), true_counts=np.ones(5), learned=True) == ()


def test_sparse_cells_give_what_a_dense_array_gives():
    rng = np.random.default_rng(8)
    matrix = trained(rng, 60, 0.8, 30)[rng.permutation(60)]
    truth, prediction = np.divmod(np.repeat(np.arange(3_600), matrix.reshape(-1)), 60)
    sparse = ConfusionMatrix(600_000)
    sparse.update(truth * 9_999, prediction * 9_999)
    (found,), (expected,) = lint_label_map(sparse), lint_label_map(matrix)
    np.testing.assert_array_equal(found.moved, expected.moved * 9_999)
    np.testing.assert_array_equal(
        found.predicted_as[found.moved], expected.predicted_as[expected.moved] * 9_999
    )
    assert found[3:] == pytest.approx(expected[3:])


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_the_chances_are_those_of_all_random_maps(size):
    maps = np.array(list(itertools.product(range(size), repeat=size)))
    distinct = np.array([len(set(one)) for one in maps.tolist()])
    on_cycles = np.zeros(len(maps), dtype=int)
    for place, one in enumerate(maps.tolist()):
        reached = set(range(size))
        for _ in range(size):
            reached = {one[index] for index in reached}
        on_cycles[place] = len(reached)
    for least in range(size + 1):
        assert _distinct_tail(least, size) == pytest.approx(np.mean(distinct >= least))
        assert _cyclic_tail(least, size) == pytest.approx(np.mean(on_cycles >= least))


def test_the_approximate_chance_of_many_classes_goes_on_from_the_exact_one():
    for distinct in (640, 655, 670):
        exact = _distinct_tail(distinct, 1_000)
        assert _distinct_tail(distinct + 1, 1_001) == pytest.approx(exact, rel=0.25)


def test_bounds_of_binomial_tails_are_above_them():
    for trials, share in ((10, 0.1), (40, 0.5), (200, 0.01)):
        for hits in range(1, trials + 1):
            tail = scipy.stats.binom.sf(hits - 1, trials, share)
            assert tail * (1 - 1e-9) <= _binomial_tail(hits, trials, share) <= 1
    for hits in range(51):
        tail = scipy.stats.binom.sf(hits - 1, 50, 0.5)
        assert np.exp(-_evidence(hits, 50 - hits)) >= tail * (1 - 1e-9)


def test_bad_arguments_are_refused():
    matrix = np.eye(3, dtype=int)
    for call, message in [
        (lambda: lint_label_map(matrix, false_alarm_rate=1),
         "false_alarm_rate must be in (0, 1), got 1"),
        (lambda: lint_label_map(matrix, true_counts=[1, 2]),
         "true_counts must have one number per class, [3], got shape (2,)"),
        (lambda: lint_label_map(matrix, true_counts=[1, -2, 3]),
         "true_counts[1] is -2: every count must be finite and >= 0"),
        (lambda: lint_label_map([[1.5, 2], [3, 4]]),
         "matrix must tell how many examples its weights stand for, got weighted counts without "
         "sum_squared_weights; pass the ConfusionMatrix that counted them"),
    ]:  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            call()
        assert str(caught.value) == message
