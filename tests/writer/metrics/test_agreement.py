"""MCC and Cohen's kappa against scikit-learn's, PyCM's and exact integers."""

import decimal
import fractions
import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics
from references import NASTY, counted, pycm_matrix, within_ulps, without_warnings

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import (
    ConfusionMatrix,
    Margins,
    MultilabelCounts,
    cohen_kappa_score,
    matthews_corrcoef,
)

WEIGHTS = [None, "linear", "quadratic"]
PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)
MATRICES = st.integers(2, 4).flatmap(
    lambda size: st.lists(
        st.integers(0, 2**60 // 16), min_size=size * size, max_size=size * size
    ).map(lambda cells: np.array(cells).reshape(size, size))
)


def exact_mcc(matrix):
    """By its definition over all triples of cells, to 60 digits; None if undefined."""
    cells = [[int(cell) for cell in row] for row in matrix]
    size = range(len(cells))
    support = [sum(row) for row in cells]
    predicted = [sum(cells[i][j] for i in size) for j in size]
    n = sum(support)
    together = sum(
        cells[k][k] * cells[m][other] - cells[other][k] * cells[k][m]
        for k in size
        for other in size
        for m in size
    )
    truth = sum(count * (n - count) for count in support)
    prediction = sum(count * (n - count) for count in predicted)
    if not truth or not prediction:
        return None
    with decimal.localcontext() as context:
        context.prec = 60
        return decimal.Decimal(together) / (decimal.Decimal(truth) * prediction).sqrt()


def exact_kappa(matrix, weights):
    """By its definition over all cells, as a fraction; None if undefined."""
    size = range(len(matrix))
    power = {None: 0, "linear": 1, "quadratic": 2}[weights]
    distance = [[abs(i - j) ** power if i != j else 0 for j in size] for i in size]
    support = [sum(int(cell) for cell in row) for row in matrix]
    predicted = [sum(int(matrix[i][j]) for i in size) for j in size]
    observed = sum(int(matrix[i][j]) * distance[i][j] for i in size for j in size)
    by_chance = sum(support[i] * predicted[j] * distance[i][j] for i in size for j in size)
    return 1 - fractions.Fraction(sum(support) * observed, by_chance) if by_chance else None


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("case", NASTY)
def test_they_are_those_of_scikit_learn(case, weighted):
    y_true, y_pred = NASTY[case]
    sample_weight = np.random.default_rng(1).exponential(size=len(y_true)) if weighted else None
    matrix = counted(y_true, y_pred, 5, sample_weight)
    expected = without_warnings(
        sklearn.metrics.matthews_corrcoef, y_true, y_pred, sample_weight=sample_weight
    )
    found = matthews_corrcoef(matrix, zero_division=0)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)
    for weights in WEIGHTS:
        expected = without_warnings(
            sklearn.metrics.cohen_kappa_score,
            y_true,
            y_pred,
            labels=range(5),
            weights=weights,
            sample_weight=sample_weight,
        )
        found = cohen_kappa_score(matrix, weights)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-15, nan_ok=True)


def test_they_are_those_of_pycm():
    counts = np.random.default_rng(5).integers(1, 50, (6, 6))
    witness = pycm_matrix(counts)
    assert matthews_corrcoef(counts) == pytest.approx(witness.overall_stat["Overall MCC"])
    assert cohen_kappa_score(counts) == pytest.approx(witness.overall_stat["Kappa"])
    for weights in ("linear", "quadratic"):
        distance = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
        distance = distance if weights == "linear" else distance**2
        cells = {i: {j: int(distance[i, j]) for j in range(6)} for i in range(6)}
        assert cohen_kappa_score(counts, weights) == pytest.approx(witness.weighted_kappa(cells))


def test_a_matrix_that_float32_gets_wrong_is_right():
    # torchmetrics says 0.667.
    counts = [[900_000_000, 40], [90, 60]]
    assert matthews_corrcoef(counts) == pytest.approx(0.48989788, abs=1e-8)
    assert matthews_corrcoef(np.array(counts, float)) == matthews_corrcoef(counts)
    assert matthews_corrcoef(ConfusionMatrix.from_array(counts)) == matthews_corrcoef(counts)


@hypothesis.given(MATRICES)
def test_mcc_is_that_of_exact_integers_up_to_2_to_the_60(matrix):
    exact = exact_mcc(matrix)
    found = matthews_corrcoef(matrix)
    if exact is None:
        assert math.isnan(found)
    else:
        assert within_ulps(found, fractions.Fraction(exact), ulps=3)


@hypothesis.given(MATRICES, st.sampled_from(WEIGHTS))
def test_kappa_is_the_nearest_float_of_exact_integers_up_to_2_to_the_60(matrix, weights):
    exact = exact_kappa(matrix, weights)
    found = cohen_kappa_score(matrix, weights)
    if exact is None:
        assert math.isnan(found)
    else:
        assert found == float(exact)


@hypothesis.given(PAIRS)
def test_perfect_agreement_is_one_to_the_last_bit(pairs):
    y_true, _ = np.array(pairs).T
    weights = np.random.default_rng(len(pairs)).exponential(size=len(pairs))
    for matrix in (counted(y_true, y_true), counted(y_true, y_true, 5, weights)):
        if len(set(y_true)) > 1:
            assert matthews_corrcoef(matrix) == 1
            assert [cohen_kappa_score(matrix, weighting) for weighting in WEIGHTS] == [1, 1, 1]
        else:
            assert math.isnan(matthews_corrcoef(matrix))
            assert math.isnan(cohen_kappa_score(matrix))


@hypothesis.given(PAIRS, st.permutations(range(5)))
def test_permuting_classes_changes_neither(pairs, order):
    y_true, y_pred = np.array(pairs).T
    before = counted(y_true, y_pred)
    after = counted(np.array(order)[y_true], np.array(order)[y_pred])
    for score in (matthews_corrcoef, cohen_kappa_score):
        np.testing.assert_array_equal(score(after), score(before))


@hypothesis.given(PAIRS)
def test_an_unused_class_changes_neither(pairs):
    y_true, y_pred = np.array(pairs).T
    few, many = counted(y_true, y_pred, 5), counted(y_true, y_pred, 9)
    np.testing.assert_array_equal(matthews_corrcoef(few), matthews_corrcoef(many))
    for weights in WEIGHTS:
        np.testing.assert_array_equal(
            cohen_kappa_score(few, weights), cohen_kappa_score(many, weights)
        )


def test_sparse_cells_give_the_same_kappa_as_dense_ones():
    rng = np.random.default_rng(8)
    y_true = rng.integers(0, 100, 5_000)
    y_pred = np.where(rng.random(5_000) < 0.7, y_true, rng.integers(0, 100, 5_000))
    sparse = ConfusionMatrix(100, sparse=True)
    sparse.update(y_true, y_pred)
    for weights in WEIGHTS:
        expected = sklearn.metrics.cohen_kappa_score(y_true, y_pred, weights=weights)
        assert cohen_kappa_score(sparse, weights) == pytest.approx(expected, rel=1e-12)
        assert cohen_kappa_score(sparse.to_array(), weights) == cohen_kappa_score(sparse, weights)


def test_distances_of_a_hundred_thousand_classes_do_not_overflow():
    last = 99_999
    y_true = np.array([0, 0, last, last, 5])
    matrix = ConfusionMatrix(last + 1)
    for _ in range(3):
        matrix.merge(matrix.copy())
        matrix.update(np.repeat(y_true, 1_000), np.repeat([0, last, last, 0, 5], 1_000))
    assert np.count_nonzero(matrix.margins.support) == 3
    for weights, power in (("linear", 1), ("quadratic", 2)):
        n = int(matrix.total)
        part = n // 5
        far, near, middle = last**power, 5**power, (last - 5) ** power
        observed = 2 * part * far
        by_chance = 2 * (2 * part) ** 2 * far + 2 * (2 * part) * part * (near + middle)
        expected = float(1 - fractions.Fraction(n * observed, by_chance))
        assert cohen_kappa_score(matrix, weights) == expected


@pytest.mark.parametrize("zero_division", [0, 1, math.nan])
def test_one_class_alone_is_undefined(zero_division):
    for counts in ([[5, 0], [0, 0]], [[0, 0], [0, 3]], [[0, 0], [0, 0]]):
        for score in (matthews_corrcoef, cohen_kappa_score):
            np.testing.assert_equal(score(counts, zero_division=zero_division), zero_division)
    # Truth or prediction alone of one class: no correlation, but agreement as by chance.
    for counts in ([[5, 2], [0, 0]], [[5, 0], [2, 0]], [[0, 5], [0, 0]]):
        np.testing.assert_equal(
            matthews_corrcoef(counts, zero_division=zero_division), zero_division
        )
        assert [cohen_kappa_score(counts, weights) for weights in WEIGHTS] == [0, 0, 0]


def test_margins_are_enough_without_weights_and_refused_with_them():
    matrix = ConfusionMatrix.from_array([[5, 1, 0], [2, 7, 1], [0, 3, 4]])
    assert matthews_corrcoef(matrix.margins) == matthews_corrcoef(matrix)
    assert cohen_kappa_score(matrix.margins) == cohen_kappa_score(matrix)
    with pytest.raises(InvalidInput) as caught:
        cohen_kappa_score(matrix.margins, "linear")
    assert str(caught.value) == (
        "weights='linear' needs the cells of the matrix, got Margins; pass the matrix"
    )


def test_cells_within_an_error_bound_are_refused_with_weights():
    rng = np.random.default_rng(9)
    matrix = ConfusionMatrix(5_000, max_cells=64)
    matrix.update(rng.integers(0, 5_000, 20_000), rng.integers(0, 5_000, 20_000))
    assert matrix.error_bound > 0
    assert -1 < cohen_kappa_score(matrix) < 1
    with pytest.raises(InvalidInput, match="weights='quadratic' needs exact cells, got a matrix"):
        cohen_kappa_score(matrix, "quadratic")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: cohen_kappa_score(np.eye(3), "cubic"),
            "weights must be None, 'linear' or 'quadratic', got 'cubic'",
        ),
        (
            lambda: cohen_kappa_score(np.eye(3), zero_division=0.5),
            "zero_division must be 0, 1 or nan, got 0.5",
        ),
        (
            lambda: matthews_corrcoef(np.eye(3), zero_division="warn"),
            "zero_division must be 0, 1 or nan, got 'warn'",
        ),
        (
            lambda: matthews_corrcoef(MultilabelCounts(2)),
            "matthews_corrcoef needs one label per example, got MultilabelCounts",
        ),
        (
            lambda: cohen_kappa_score(MultilabelCounts(2), "linear"),
            "cohen_kappa_score needs one label per example, got MultilabelCounts",
        ),
        (
            lambda: matthews_corrcoef(Margins(*np.zeros((3, 2)))[0]),
            "confusion must be square [n_classes, n_classes], got shape (2,)",
        ),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, message):
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value).startswith(message)
