"""Gains of macro F1, against matrices that are really rebuilt."""

import numpy as np
import pytest
import sklearn.metrics

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, fix_first, precision_recall_fscore


def macro_f1(matrix):
    return precision_recall_fscore(matrix, average="macro", zero_division=0).fscore


def resolved(matrix, i, j):
    """The matrix with the errors between i and j made right."""
    new = matrix.copy()
    new[i, i] += new[i, j]
    new[j, j] += new[j, i]
    new[i, j] = new[j, i] = 0
    return new


def merged(matrix, i, j):
    """The matrix with j counted as i, in rows and columns."""
    new = matrix.copy()
    new[i] += new[j]
    new[:, i] += new[:, j]
    return np.delete(np.delete(new, j, axis=0), j, axis=1)


def in_all_orders(found):
    return {
        (i, j): (a, b, gain, other)
        for i, j, a, b, gain, other in zip(
            found.first.tolist(), found.second.tolist(), found.first_as_second,
            found.second_as_first, found.gain_if_resolved, found.gain_if_merged, strict=True,
        )
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_every_gain_is_that_of_the_rebuilt_matrix(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 7))
    # Few counts: classes that never occur, or only as a wrong prediction.
    matrix = rng.poisson(rng.exponential(0.8, (size, size)))
    matrix[0, 1] += 1
    found = fix_first(matrix)
    now = macro_f1(matrix)
    assert found.macro_f1 == pytest.approx(now, rel=1e-14)
    pairs = in_all_orders(found)
    assert set(pairs) == {
        (i, j) for i in range(size) for j in range(i + 1, size) if matrix[i, j] + matrix[j, i]
    }
    for (i, j), (a, b, gain, gain_of_merging) in pairs.items():
        assert (a, b) == (matrix[i, j], matrix[j, i])
        assert gain == pytest.approx(macro_f1(resolved(matrix, i, j)) - now, abs=1e-12)
        assert gain_of_merging == pytest.approx(macro_f1(merged(matrix, i, j)) - now, abs=1e-12)
    assert (np.diff(found.gain_if_resolved) <= 0).all()


def test_weights_may_have_any_size():
    rng = np.random.default_rng(0)
    matrix = rng.exponential(1e-3, (5, 5))
    matrix[2] = 0
    matrix[:, 2] = 0
    matrix[3, 2] = 1.7e-3  # a class that is only predicted, by one pair
    counted = ConfusionMatrix(5)
    truth, prediction = np.nonzero(matrix)
    counted.update(truth, prediction, matrix[truth, prediction])
    pairs = in_all_orders(fix_first(counted))
    for (i, j), (_, _, gain, gain_of_merging) in pairs.items():
        now = macro_f1(matrix)
        assert gain == pytest.approx(macro_f1(resolved(matrix, i, j)) - now, abs=1e-12)
        assert gain_of_merging == pytest.approx(macro_f1(merged(matrix, i, j)) - now, abs=1e-12)


def test_a_class_that_was_only_predicted_is_gone_once_its_pair_is_resolved():
    matrix = np.array([[8, 2, 0], [0, 0, 0], [0, 0, 5]])
    found = fix_first(matrix)
    assert found.macro_f1 == pytest.approx((16 / 18 + 0 + 1) / 3)
    assert found.gain_if_resolved.tolist() == pytest.approx([1 - found.macro_f1])


def test_what_to_fix_first_is_not_the_largest_count():
    matrix = np.diag([10_000, 10_000, 20, 20])
    matrix[0, 1], matrix[2, 3] = 1_000, 10
    found = fix_first(matrix)
    assert (found.first[0], found.second[0]) == (2, 3)
    assert found.errors.tolist() == [10, 1_000]
    assert found.gain_if_resolved[0] > 3 * found.gain_if_resolved[1]


def test_merging_a_pair_that_is_better_than_the_average_lowers_macro_f1():
    matrix = np.array([[99, 1, 0], [0, 100, 0], [60, 0, 40]])
    found = fix_first(matrix)
    gain = in_all_orders(found)[0, 1][3]
    assert gain == pytest.approx(macro_f1(merged(matrix, 0, 1)) - macro_f1(matrix))
    assert gain < 0


def test_the_best_few_are_the_first_of_all():
    rng = np.random.default_rng(1)
    matrix = rng.poisson(1.0, (40, 40)) + np.diag(rng.integers(0, 100, 40))
    every = fix_first(matrix)
    for top in (1, 7, 300, 10_000):
        found = fix_first(matrix, top=top)
        assert len(found.first) == min(top, len(every.first))
        np.testing.assert_allclose(
            found.gain_if_resolved, every.gain_if_resolved[:top], rtol=0, atol=0
        )
        gains = in_all_orders(every)
        assert all(gains[pair] == values for pair, values in in_all_orders(found).items())


def test_sparse_cells_give_what_a_dense_array_gives():
    rng = np.random.default_rng(2)
    matrix = rng.poisson(0.7, (60, 60)) + np.diag(rng.integers(0, 30, 60))
    truth, prediction = np.nonzero(matrix)
    counts = matrix[truth, prediction]
    sparse = ConfusionMatrix(1_000_000)
    sparse.update(np.repeat(truth * 9_999, counts), np.repeat(prediction * 9_999, counts))
    found, expected = in_all_orders(fix_first(sparse)), in_all_orders(fix_first(matrix))
    assert {(i // 9_999, j // 9_999) for i, j in found} == set(expected)
    for (i, j), values in found.items():
        assert values == pytest.approx(expected[i // 9_999, j // 9_999], abs=1e-12)


def test_macro_f1_is_that_of_scikit_learn():
    rng = np.random.default_rng(3)
    truth, prediction = rng.zipf(1.6, (2, 300)) % 8
    matrix = ConfusionMatrix(8)
    matrix.update(truth, prediction)
    expected = sklearn.metrics.f1_score(truth, prediction, average="macro", zero_division=0)
    assert fix_first(matrix).macro_f1 == pytest.approx(expected)


def test_without_errors_there_is_nothing_to_fix():
    for matrix in (np.diag([3, 0, 4]), ConfusionMatrix(3), ConfusionMatrix(5_000)):
        assert len(fix_first(matrix).first) == 0
    assert fix_first(np.diag([3, 0, 4])).macro_f1 == 1
    assert np.isnan(fix_first(ConfusionMatrix(3)).macro_f1)


def test_bad_arguments_are_refused():
    for call, message in [
        (lambda: fix_first(np.eye(3, dtype=int), top=0), "top must be at least 1 or None, got 0"),
        (lambda: fix_first([[0.9, 0.1], [0.2, 0.8]]),
         "matrix must hold counts, got ratios; pass the counts they came from"),
        (lambda: fix_first([1, 2]), "matrix must be square [n_classes, n_classes], got shape (2,)"),
    ]:  # fmt: skip
        with pytest.raises(InvalidInput) as caught:
            call()
        assert str(caught.value) == message
