"""The one-line rule."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_monitor_writer.diagnostics import FitState, diagnose

FALLS = [2.0, 1.5, 1.1, 0.8, 0.6, 0.5, 0.45, 0.42, 0.41, 0.4]
RISES = [2.0, 1.2, 0.8, 0.6, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9]

finite = st.floats(-1e6, 1e6)
curves = st.lists(finite, min_size=8, max_size=40)


def test_a_loss_that_rises_after_its_best_value_rose():
    verdict = diagnose(RISES)
    assert verdict.state is FitState.ROSE
    assert (verdict.best_index, verdict.best_value) == (4, 0.5)
    assert verdict.recent_mean == pytest.approx(0.71)
    assert verdict.threshold == pytest.approx(0.525)
    assert verdict.rise == pytest.approx(0.42)
    assert (verdict.recent_count, verdict.evaluations) == (5, 10)


def test_a_loss_that_still_falls_steeply_has_not_risen():
    steep = [1 / step for step in range(1, 11)]
    assert np.mean(steep[-5:]) > 1.05 * min(steep)  # what the plain rule would call a rise
    verdict = diagnose(steep)
    assert verdict.state is FitState.NO_RISE
    assert verdict.recent_count == 0
    assert math.isnan(verdict.recent_mean)


def test_two_values_after_the_best_are_too_few_to_call_a_rise_and_three_are_not():
    two = diagnose([*FALLS, 0.6, 0.6])
    assert two.state is FitState.NO_RISE
    assert (two.recent_count, math.isnan(two.recent_mean)) == (2, True)
    assert diagnose([*FALLS, 0.6, 0.6, 0.6]).state is FitState.ROSE


def test_the_mirrored_curve_of_a_score_has_the_mirrored_verdict():
    scores = [1 - loss / 4 for loss in RISES]
    verdict = diagnose(scores, higher_is_better=True)
    assert verdict.best_index == 4
    assert verdict.state is FitState.ROSE
    assert verdict.threshold < verdict.best_value
    assert verdict.rise > 0
    assert diagnose(sorted(scores), higher_is_better=True).state is FitState.NO_RISE


@pytest.mark.parametrize("count", range(8))
def test_fewer_than_eight_evaluations_are_too_short(count):
    assert diagnose(RISES[-count:] if count else []).state is FitState.TOO_SHORT


def test_eight_evaluations_are_enough():
    assert diagnose(RISES[:8]).state is FitState.ROSE


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_curve_that_ends_in_no_number_rose_whatever_went_before(bad):
    verdict = diagnose([*FALLS, bad])
    assert verdict.state is FitState.ROSE
    assert verdict.best_value == 0.4
    assert math.isnan(verdict.recent_mean)


def test_one_nan_in_the_middle_does_not_spoil_the_mean():
    with_gap = [*RISES[:7], math.nan, *RISES[7:]]
    verdict = diagnose(with_gap)
    assert verdict.state is FitState.ROSE
    assert verdict.recent_mean == pytest.approx(np.mean([0.6, 0.7, 0.8, 0.9]))


def test_a_curve_without_any_number_rose_and_has_no_best():
    verdict = diagnose([math.nan] * 8)
    assert verdict.state is FitState.ROSE
    assert verdict.best_index is None
    assert math.isnan(verdict.threshold)


def test_a_best_value_next_to_zero_does_not_make_everything_a_rise():
    to_zero = [2.3, 1.0, 0.3, 0.05, 1e-3, 1e-5, 1e-6, 2e-6, 2e-6, 2e-6, 2e-6, 2e-6]
    assert diagnose(to_zero).state is FitState.NO_RISE
    assert diagnose([*to_zero, 0.01, 0.01, 0.01, 0.01, 0.01]).state is FitState.ROSE


def test_a_best_value_of_exactly_zero_has_no_relative_rise():
    verdict = diagnose([1.0, 0.5, 0.1, 0.0, 0.2, 0.3, 0.4, 0.4])
    assert verdict.state is FitState.ROSE
    assert math.isnan(verdict.rise)


def test_negative_losses_are_judged_by_their_size():
    log_likelihoods = [-1.0, -5.0, -9.0, -10.0, -9.9, -9.8, -9.9, -9.8, -9.9]
    assert diagnose(log_likelihoods).state is FitState.NO_RISE
    assert diagnose([*log_likelihoods, -8.0, -8.0, -8.0, -8.0, -8.0]).state is FitState.ROSE


@given(curves, st.floats(0.001, 1000))
def test_the_unit_of_the_loss_does_not_matter(curve, factor):
    one, other = diagnose(curve), diagnose(np.array(curve) * factor)
    # Values at the very threshold may fall on either side of it after rounding.
    if abs(one.recent_mean - one.threshold) > 1e-6 * abs(one.threshold):
        assert one.state is other.state


@given(curves)
def test_a_curve_that_only_falls_never_rose(curve):
    assert diagnose(sorted(curve, reverse=True)).state is FitState.NO_RISE


@given(st.lists(st.floats() | finite, max_size=40))
def test_no_curve_raises_or_warns(curve):
    verdict = diagnose(curve)
    assert verdict.evaluations == len(curve)
    assert verdict.recent_count <= 5
    if verdict.best_index is not None:
        assert (
            curve[verdict.best_index]
            == verdict.best_value
            == min(value for value in curve if math.isfinite(value))
        )
