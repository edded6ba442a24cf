"""Intervals against scipy's quantiles, and how often they cover."""

import math
import time

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.proportion import proportion_confint

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import (
    ConfusionMatrix,
    Margins,
    averages,
    f1_interval,
    macro_f1_interval,
    mean_interval,
    wilson_interval,
)
from tb_monitor_writer.metrics.beta_quantile import beta_interval

COUNTS = np.array([*range(41), 64, 100, 500, 1_000, 10_000, 1_000_000])


def margins_of(hits, wrong):
    """Margins with these true positives and fp + fn."""
    hits, wrong = np.asarray(hits), np.asarray(wrong)
    return Margins(hits, hits + wrong // 2, hits + wrong - wrong // 2)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_wilson_is_that_of_scipy(confidence):
    trials = 17
    low, high = wilson_interval(np.arange(trials + 1), trials, confidence)
    for successes in range(trials + 1):
        expected = scipy.stats.binomtest(successes, trials).proportion_ci(confidence, "wilson")
        assert low[successes] == pytest.approx(expected.low, abs=1e-14)
        assert high[successes] == pytest.approx(expected.high, abs=1e-14)


@pytest.mark.parametrize("confidence", [0.5, 0.95, 0.999])
def test_wilson_is_that_of_statsmodels_for_large_and_effective_counts(confidence):
    trials = np.array([1, 2.5, 40, 1e3, 1e6, 1e12])
    for share in (0.001, 0.25, 0.5, 0.999):
        expected = proportion_confint(share * trials, trials, 1 - confidence, method="wilson")
        found = wilson_interval(share * trials, trials, confidence)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-14)


def test_wilson_ends_at_0_and_1_exactly_and_is_undefined_without_trials():
    low, high = wilson_interval([0, 7, 0], [7, 7, 0])
    np.testing.assert_array_equal(low, [0, low[1], math.nan])
    np.testing.assert_array_equal(high, [high[0], 1, math.nan])
    assert low[1] > 0
    assert high[0] < 1


def test_wilson_takes_effective_counts():
    low, high = wilson_interval(2.5, 7.25)
    assert 0 < low < 2.5 / 7.25 < high < 1


@pytest.mark.parametrize(
    ("confidence", "tolerance"),
    [(0.5, 1e-6), (0.8, 1e-6), (0.95, 1e-5), (0.99, 2e-5), (0.999, 1e-4)],
)
def test_beta_quantiles_are_those_of_scipy(confidence, tolerance):
    tail = (1 - confidence) / 2
    # Halves from counts, and the shapes between that weights give.
    shapes = np.concatenate([COUNTS + 0.5, [0.6, 0.75, 0.9, 1.1, 1.3, 2.2, 3.7, 1e8]])
    a, b = (axis.reshape(-1) for axis in np.meshgrid(shapes, shapes))
    low, high = beta_interval(a, b, -scipy.stats.norm.ppf(tail))
    np.testing.assert_allclose(low, scipy.stats.beta.ppf(tail, a, b), rtol=0, atol=tolerance)
    np.testing.assert_allclose(high, scipy.stats.beta.isf(tail, a, b), rtol=0, atol=tolerance)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_f1_ends_are_those_of_the_posterior_of_the_jaccard_index(confidence):
    hits, wrong = (axis.reshape(-1) for axis in np.meshgrid(COUNTS, COUNTS))
    low, high = f1_interval(margins_of(hits, wrong), confidence)
    tail = (1 - confidence) / 2
    jaccard = scipy.stats.beta(hits + 0.5, wrong + 0.5)
    expected_low = np.where(hits == 0, 0, 2 * jaccard.ppf(tail) / (1 + jaccard.ppf(tail)))
    expected_high = np.where(wrong == 0, 1, 2 * jaccard.isf(tail) / (1 + jaccard.isf(tail)))
    known = hits + wrong > 0
    np.testing.assert_allclose(low[known], expected_low[known], rtol=0, atol=3e-5)
    np.testing.assert_allclose(high[known], expected_high[known], rtol=0, atol=3e-5)
    assert np.isnan(low[~known]).all()
    assert np.isnan(high[~known]).all()
    f1 = 2 * hits[known] / (2 * hits[known] + wrong[known])
    assert (low[known] <= f1).all()
    assert (f1 <= high[known]).all()


def test_f1_intervals_of_scaled_weights_are_those_of_the_examples():
    plain = margins_of([5, 0, 30], [3, 2, 0])
    weighted = Margins(*(column * 2.5 for column in plain))
    for mine, other in zip(f1_interval(weighted, scale=1 / 2.5), f1_interval(plain), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12)


def test_f1_intervals_are_unknown_where_the_size_of_the_weights_is():
    for ends in f1_interval(margins_of([5, 0, 30, 0], [3, 2, 0, 0]), scale=math.nan):
        assert np.isnan(ends).all()


@pytest.mark.parametrize(
    ("precision", "recall", "support"),
    [(0.9, 0.8, 40), (0.5, 0.6, 60), (0.97, 0.95, 200), (0.7, 0.9, 1_000)],
)
def test_f1_intervals_cover_what_they_claim(precision, recall, support):
    rng = np.random.default_rng(0)
    total = 20 * support
    # Cells of one class: hit, missed, wrongly predicted, neither.
    shares = np.array([recall, 1 - recall, recall / precision - recall]) * support / total
    cells = rng.multinomial(total, [*shares, 1 - shares.sum()], 20_000)
    hits = cells[:, 0]
    low, high = f1_interval(Margins(hits, hits + cells[:, 1], hits + cells[:, 2]))
    truth = 2 * shares[0] / (2 * shares[0] + shares[1] + shares[2])
    assert 0.93 <= np.mean((low <= truth) & (truth <= high)) <= 0.97


@pytest.mark.parametrize("right", [0.7, 0.9, 0.99])
def test_intervals_of_averages_cover_what_they_claim(right):
    rng = np.random.default_rng(1)
    shares = np.full((3, 3), (1 - right) / 2) + np.eye(3) * (right - (1 - right) / 2)
    shares *= np.array([0.5, 0.3, 0.2])[:, None]
    truth = averages(ConfusionMatrix.from_array((shares * 1e15).round()))
    covered = dict.fromkeys(("accuracy", "f1_macro", "recall_macro", "f1_weighted"), 0)
    for cells in rng.multinomial(300, shares.reshape(-1), 1_000):
        row = averages(ConfusionMatrix.from_array(cells.reshape(3, 3)))
        for name in covered:
            low, high = mean_interval(row[name], row[f"{name}_se"], 300)
            covered[name] += int(low <= truth[name] <= high)
    for name, times in covered.items():
        assert 0.92 <= times / 1_000 <= 0.98, name


def test_the_interval_of_an_accuracy_is_wilsons():
    ends = mean_interval(0.9, math.sqrt(0.9 * 0.1 / 50), 50)
    np.testing.assert_allclose(ends, wilson_interval(45, 50))


def test_no_error_seen_is_not_no_error():
    low, high = mean_interval([1.0, 0.0], [0.0, 0.0], 50)
    np.testing.assert_allclose(low, wilson_interval([50, 0], 50)[0])
    np.testing.assert_allclose(high, wilson_interval([50, 0], 50)[1])


def test_without_a_number_of_examples_no_error_is_a_point():
    assert mean_interval(0.5, 0.0) == (0.5, 0.5)
    np.testing.assert_allclose(mean_interval(0.5, 0.1), mean_interval(0.5, 0.1, 1e9))


def test_what_is_unknown_stays_unknown():
    for value, error, examples in [(math.nan, 0.1, 9), (0.5, math.nan, 9), (0.5, 0.1, math.nan)]:
        assert np.isnan(mean_interval(value, error, examples)).all()
    assert np.isnan(mean_interval(0.5, 0.1, 0)).all()


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95, math.nan])
def test_a_confidence_that_is_no_probability_is_refused(confidence):
    for interval in (
        lambda: wilson_interval(1, 2, confidence),
        lambda: f1_interval(margins_of([1], [1]), confidence),
        lambda: mean_interval(0.5, 0.1, 10, confidence),
    ):
        with pytest.raises(InvalidInput) as caught:
            interval()
        assert str(caught.value) == f"confidence must be in (0, 1), got {confidence}"


@pytest.mark.parametrize(
    ("num_classes", "per_class", "right"),
    [(3, 30, 0.9), (10, 30, 0.6), (30, 20, 0.8), (100, 10, 0.75), (100, 50, 0.9)],
)
def test_intervals_of_macro_f1_cover_what_they_claim(num_classes, per_class, right):
    rng = np.random.default_rng(2)
    shares = right * np.eye(num_classes)
    shares += (1 - right) * rng.dirichlet(np.full(num_classes, 0.3), num_classes)
    shares *= rng.dirichlet(np.full(num_classes, 3.0))[:, None]
    truth = averages(ConfusionMatrix.from_array((shares * 1e15).round()))["f1_macro"]
    examples = num_classes * per_class
    covered, covered_as_it_is = 0, 0
    for cells in rng.multinomial(examples, shares.reshape(-1), 400):
        matrix = ConfusionMatrix.from_array(cells.reshape(shares.shape))
        row = averages(matrix)
        low, high = macro_f1_interval(matrix.margins, row["f1_macro_se"], examples)
        covered += low <= truth <= high
        low, high = mean_interval(row["f1_macro"], row["f1_macro_se"], examples)
        covered_as_it_is += low <= truth <= high
    assert 0.92 <= covered / 400 <= 0.98
    assert covered >= covered_as_it_is - 4
    if (num_classes, per_class) == (100, 10):
        assert covered_as_it_is / 400 < 0.85


def test_the_interval_of_macro_f1_is_that_of_the_mean_where_counts_are_large():
    matrix = ConfusionMatrix.from_array(np.array([[8, 1, 1], [2, 6, 2], [0, 3, 7]]) * 10**7)
    row = averages(matrix)
    found = macro_f1_interval(matrix.margins, row["f1_macro_se"], row["n"])
    expected = mean_interval(row["f1_macro"], row["f1_macro_se"], row["n"])
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_the_interval_of_macro_f1_is_shifted_and_widened_as_documented():
    # Two classes with J = 1/2 of 10 examples and J = 3/4 of 20; F1 = 2/3 and 6/7.
    margins = margins_of([5, 15], [5, 5])
    bias = np.array([0.5 / (9 * 1.5**3), 0.375 / (19 * 1.75**3)])
    weights = np.array([0.25 / 1.5**4, 0.1875 / 1.75**4])
    wider = math.sqrt((weights / [9, 19]).sum() / (weights / [10, 20]).sum())
    expected = mean_interval((2 / 3 + 6 / 7 + bias.sum()) / 2, 0.05 * wider, 1_000)
    np.testing.assert_allclose(macro_f1_interval(margins, 0.05, 1_000), expected)


def test_the_interval_of_macro_f1_takes_effective_counts():
    margins = margins_of([5, 0, 30], [3, 2, 0])
    weighted = Margins(*(column * 2.5 for column in margins))
    assert macro_f1_interval(weighted, 0.1, 40, scale=0.4) == pytest.approx(
        macro_f1_interval(margins, 0.1, 40)
    )


def test_macro_f1_without_examples_or_errors_of_known_size_has_no_interval():
    empty = Margins(*(np.zeros(3, np.int64),) * 3)
    assert np.isnan(macro_f1_interval(empty, 0.1)).all()
    assert np.isnan(macro_f1_interval(margins_of([3], [1]), math.nan)).all()


def test_10_000_classes_take_no_longer_than_a_few_numpy_passes():
    rng = np.random.default_rng(2)
    margins = margins_of(rng.integers(0, 50, 10_000), rng.integers(0, 50, 10_000))
    f1_interval(margins)

    def fastest(function):
        taken = []
        for _ in range(30):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
        return min(taken)

    # Relative to this machine, at this load: an exponential of the same size.
    exponential = fastest(lambda: np.exp(margins.support / 100))
    assert fastest(lambda: f1_interval(margins)) < 60 * exponential
