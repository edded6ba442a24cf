"""The exact test of two shares, against scipy's hypergeometric distribution."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from tb_monitor_writer.metrics.two_proportions import (
    log_factorial,
    smallest_p_value,
    two_proportions_p_value,
)


def mid_p(x, n, y, m):
    """Twice the tail of the hypergeometric distribution, half of P(X = x) in it."""
    if x * m == y * n:
        return 1
    first = scipy.stats.hypergeom(n + m, n, x + y)
    beyond = first.sf(x) if x * m > y * n else first.cdf(x - 1)
    return min(1, 2 * (beyond + first.pmf(x) / 2))


def random_tables(seed, count, smallest=1, largest=1e6):
    """Counts of two groups, with one share or two, from tiny to close to 1."""
    rng = np.random.default_rng(seed)
    n, m = np.exp(rng.uniform(np.log(smallest), np.log(largest), (2, count))).astype(int)
    share = 10 ** rng.uniform(-4, 0, count)
    other = np.where(
        rng.random(count) < 0.5, share, np.minimum(1, share * 10 ** rng.normal(0, 0.2, count))
    )
    flipped = rng.random(count) < 0.3
    share, other = np.where(flipped, 1 - share, share), np.where(flipped, 1 - other, other)
    return rng.binomial(n, share), n, rng.binomial(m, other), m


@pytest.mark.parametrize(("seed", "smallest"), [(0, 1), (1, 200)])
def test_p_values_are_those_of_the_hypergeometric_distribution(seed, smallest):
    tables = random_tables(seed, 2_000, smallest)
    expected = np.array([mid_p(*table) for table in zip(*tables, strict=True)])
    found = two_proportions_p_value(*tables)
    few = np.minimum.reduce([tables[0], tables[2], tables[1] - tables[0], tables[3] - tables[2]])
    summed, reachable = few < 40, expected > 1e-12
    assert (summed & reachable).sum() > 200
    assert (~summed & reachable).sum() > 200
    np.testing.assert_allclose(found[summed & reachable], expected[summed & reachable], rtol=1e-7)
    rest = ~summed & reachable & (expected < 0.9)
    np.testing.assert_allclose(found[rest], expected[rest], rtol=1e-3)
    np.testing.assert_allclose(found, expected, atol=0.02)


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 30), st.integers(1, 30))
def test_small_tables_are_exact_and_alike_from_either_side(x, more, y, other_more):
    n, m = x + more, y + other_more
    found = two_proportions_p_value([x], [n], [y], [m])[0]
    assert found == pytest.approx(mid_p(x, n, y, m), rel=1e-8)
    assert found == pytest.approx(two_proportions_p_value([y], [m], [x], [n])[0], rel=1e-8)
    assert found == pytest.approx(two_proportions_p_value([n - x], [n], [m - y], [m])[0], rel=1e-8)


def test_a_group_without_trials_says_nothing():
    assert two_proportions_p_value([0, 3], [0, 5], [3, 0], [5, 0]).tolist() == [1, 1]
    assert two_proportions_p_value([], [], [], []).shape == (0,)


def test_no_split_is_surer_than_the_bound_for_its_total():
    x, n, y, m = random_tables(2, 500, largest=300)
    bound = smallest_p_value(x + y, n, m)
    for k, size, other, lowest in zip(x + y, n, m, bound, strict=True):
        splits = np.arange(max(0, k - other), min(k, size) + 1)
        p = two_proportions_p_value(
            splits, np.full(len(splits), size), k - splits, np.full(len(splits), other)
        )
        assert lowest <= p.min() * (1 + 1e-9)


def test_log_factorials_are_those_of_the_gamma_function():
    counts = np.concatenate([np.arange(200), 10.0 ** np.arange(3, 13)])
    expected = [math.lgamma(count + 1) for count in counts]
    np.testing.assert_allclose(log_factorial(counts), expected, rtol=1e-13, atol=1e-11)


def test_false_alarms_stay_near_the_nominal_rate_where_those_of_z_run_away():
    # A share of 0.5 % in 200 examples beside 20,000: the tail of the z test is far too thin.
    rng = np.random.default_rng(3)
    count = 200_000
    x, y = rng.binomial(200, 0.005, count), rng.binomial(20_000, 0.005, count)
    p = two_proportions_p_value(x, np.full(count, 200), y, np.full(count, 20_000))
    share = (x + y) / 20_200
    z = (x / 200 - y / 20_000) / np.sqrt(share * (1 - share) * (1 / 200 + 1 / 20_000))
    of_z = 2 * scipy.stats.norm.sf(np.abs(z))
    assert np.mean(p <= 1e-3) <= 1.5e-3
    assert np.mean(of_z <= 1e-3) > 4e-3
