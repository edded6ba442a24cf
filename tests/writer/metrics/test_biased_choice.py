"""Bias and similarity, recovered from what the choice model itself generates."""

import numpy as np
import pytest
import scipy.optimize

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, bias_or_ambiguity


def model(rng, num_classes, spread=0.8, similarity=0.02):
    """Biases, similarities and p(j | i) of a random model of Luce."""
    bias = rng.normal(0, spread, num_classes)
    bias -= bias.mean()
    eta = np.exp(rng.normal(np.log(similarity), 1, (num_classes, num_classes)))
    eta = np.triu(eta, 1) + np.triu(eta, 1).T + np.eye(num_classes)
    p = np.exp(bias) * eta
    return bias, eta, p / p.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("num_classes", [3, 10, 60])
def test_the_model_is_recovered_from_its_own_expected_counts(num_classes):
    rng = np.random.default_rng(0)
    bias, eta, p = model(rng, num_classes)
    support = rng.integers(1, 100, num_classes) * 10**9  # any class mix
    found = bias_or_ambiguity(np.round(support[:, None] * p).astype(np.int64))
    assert found.converged
    np.testing.assert_allclose(found.bias, bias, atol=1e-5)
    np.testing.assert_allclose(found.similarity, eta[found.first, found.second], rtol=1e-4)
    np.testing.assert_allclose(found.logit_offsets, -found.bias)
    assert (np.diff(found.similarity) <= 0).all()
    assert found.degrees_of_freedom == (num_classes - 1) * (num_classes - 2) / 2
    assert found.pearson < 0.01 * found.degrees_of_freedom


def test_offsets_make_the_confusions_of_the_model_symmetric():
    rng = np.random.default_rng(1)
    _, eta, p = model(rng, 6)
    found = bias_or_ambiguity(np.round(1e9 * p).astype(np.int64))
    logits = np.log(p) + found.logit_offsets
    mended = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(mended, eta / eta.sum(axis=1, keepdims=True), rtol=1e-4)


@pytest.mark.parametrize(("num_classes", "per_class"), [(10, 200), (10, 2_000), (50, 500)])
def test_biases_lie_within_two_standard_errors_and_the_fit_is_as_good_as_it_should(
    num_classes, per_class
):
    rng = np.random.default_rng(2)
    deviates, fits = [], []
    for _ in range(60):
        bias, _, p = model(rng, num_classes, spread=0.5)
        support = rng.integers(per_class // 2, 2 * per_class, num_classes)
        found = bias_or_ambiguity(rng.multinomial(support, p))
        known = ~np.isnan(found.bias)
        error = found.bias - (bias - bias[known].mean())
        deviates.append((error / found.bias_se)[known])
        fits.append(found.pearson / found.degrees_of_freedom)
    assert 0.92 <= np.mean(np.abs(np.concatenate(deviates)) < 1.96) <= 0.98
    assert 0.9 < np.mean(fits) < 1.1


def test_the_maximum_is_that_of_a_general_optimiser():
    rng = np.random.default_rng(3)
    matrix = rng.multinomial(np.full(5, 300), model(rng, 5, similarity=0.2)[2])
    right = np.log(matrix.diagonal())

    def loss(strength):
        """Minus the log posterior of the errors given the errors of each pair."""
        value = np.sum(np.logaddexp(0, strength) - 0.5 * strength)
        for i in range(5):
            for j in range(i + 1, 5):
                odds = strength[j] - right[j] - strength[i] + right[i]
                value += matrix[i, j] * np.logaddexp(0, -odds)
                value += matrix[j, i] * np.logaddexp(0, odds)
        return value

    best = scipy.optimize.minimize(loss, np.zeros(5), tol=1e-12).x / 2
    np.testing.assert_allclose(bias_or_ambiguity(matrix).bias, best - best.mean(), atol=1e-5)


def test_a_class_that_swallows_others_is_told_from_two_that_are_alike():
    matrix = np.diag([1_000] * 6)
    matrix[:, 0] += 100  # everything is read as class 0
    matrix[3, 4] += 150  # 3 and 4 are alike
    matrix[4, 3] += 150
    matrix += 5
    found = bias_or_ambiguity(matrix)
    assert found.bias.argmax() == 0
    assert found.bias[0] > 0.9
    assert (found.bias[0] > found.bias[1:] + 5 * found.bias_se[1:]).all()
    assert (found.first[0], found.second[0]) == (3, 4)
    assert found.similarity[0] > 3 * found.similarity[1]
    assert np.abs(found.bias[3] - found.bias[4]) < 1e-6


def test_confusions_in_circles_do_not_fit():
    matrix = np.diag([1_000] * 4)
    for i in range(4):
        matrix[i, (i + 1) % 4] = 90
        matrix[(i + 1) % 4, i] = 10
    found = bias_or_ambiguity(matrix)
    np.testing.assert_allclose(found.bias, 0, atol=1e-9)
    assert found.degrees_of_freedom == 1
    assert found.pearson == pytest.approx(4 * 2 * 40**2 / 50)


def test_classes_without_data_have_no_bias_and_leave_the_others_as_they_are():
    rng = np.random.default_rng(4)
    matrix = rng.multinomial(np.full(6, 400), model(rng, 6)[2])
    alone = bias_or_ambiguity(matrix)
    wide = np.zeros((9, 9), dtype=int)
    wide[:6, :6] = matrix
    wide[6, 6] = 50  # always right; 7 does not occur; 8 is only ever predicted
    wide[2, 8] = 1
    found = bias_or_ambiguity(wide)
    assert found.converged
    assert np.isnan(found.bias[6:]).all()
    assert np.isnan(found.bias_se[6:]).all()
    assert (found.logit_offsets[6:] == 0).all()
    np.testing.assert_allclose(found.bias[:6], alone.bias, atol=0.02)
    assert np.isnan(found.similarity[-1])
    assert (found.first[-1], found.second[-1]) == (2, 8)


def test_errors_one_way_only_stay_finite_and_in_their_direction():
    found = bias_or_ambiguity([[5, 3, 0], [0, 4, 0], [0, 0, 0]])
    assert found.converged
    assert np.isfinite(found.bias[:2]).all()
    assert found.bias[1] > 0 > found.bias[0]
    assert found.bias[1] < 2 * found.bias_se[1]


@pytest.mark.parametrize("seed", range(20))
def test_it_converges_on_whatever_it_is_given(seed):
    rng = np.random.default_rng(seed)
    size = int(rng.integers(2, 40))
    shares = rng.dirichlet(np.full(size, 0.05), size) * 10 ** rng.uniform(0, 7, (size, 1))
    found = bias_or_ambiguity(np.round(shares).astype(int))
    assert found.converged
    assert found.iterations <= 30
    assert (np.isfinite(found.bias) | np.isnan(found.bias)).all()
    assert np.isfinite(found.pearson)


def test_a_weight_of_its_own_on_all_examples_changes_nothing():
    rng = np.random.default_rng(5)
    plain = rng.multinomial(np.full(5, 100), model(rng, 5, similarity=0.2)[2])
    truth, prediction = np.divmod(np.repeat(np.arange(25), plain.reshape(-1)), 5)
    heavy = ConfusionMatrix(5)
    heavy.update(truth, prediction, np.full(len(truth), 0.01))
    found, expected = bias_or_ambiguity(heavy), bias_or_ambiguity(plain)
    np.testing.assert_allclose(found.bias, expected.bias, atol=1e-9)
    np.testing.assert_allclose(found.bias_se, expected.bias_se, rtol=1e-6)
    np.testing.assert_allclose(found.errors, expected.errors * 0.01)


def test_sparse_cells_give_what_a_dense_array_gives():
    rng = np.random.default_rng(6)
    matrix = rng.multinomial(np.full(30, 200), model(rng, 30)[2])
    truth, prediction = np.divmod(np.repeat(np.arange(900), matrix.reshape(-1)), 30)
    sparse = ConfusionMatrix(30_000)
    sparse.update(truth * 999, prediction * 999)
    found, expected = bias_or_ambiguity(sparse), bias_or_ambiguity(matrix)
    places = np.arange(30) * 999
    np.testing.assert_allclose(found.bias[places], expected.bias, atol=1e-6)
    np.testing.assert_allclose(found.similarity, expected.similarity, rtol=1e-5)
    assert np.isnan(np.delete(found.bias, places)).all()
    assert found.degrees_of_freedom == expected.degrees_of_freedom


def test_without_errors_nothing_is_known():
    for matrix in (np.diag([3, 0, 4]), ConfusionMatrix(3), ConfusionMatrix(5_000)):
        found = bias_or_ambiguity(matrix)
        assert found.converged
        assert np.isnan(found.bias).all()
        assert (len(found.first), found.pearson, found.degrees_of_freedom) == (0, 0, 0)


def test_weighted_sums_of_unknown_examples_are_refused():
    with pytest.raises(InvalidInput, match="matrix must tell how many examples its weights"):
        bias_or_ambiguity([[1.5, 2], [3, 4]])
