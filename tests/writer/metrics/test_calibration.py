"""Calibration error against torchmetrics', Brier score and log loss against scikit-learn's."""

import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.special
import sklearn.metrics

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import (
    ScoreHistogram,
    brier_score_loss,
    expected_calibration_error,
    log_loss,
)

torch = pytest.importorskip("torch")
calibration = pytest.importorskip("torchmetrics.functional.classification")


def histogram_of(y_true, scores, **keywords):
    histogram = ScoreHistogram(**keywords)
    histogram.update(y_true, scores)
    return histogram


def overconfident(examples, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=examples) * 2
    return (rng.random(examples) < scipy.special.expit(logits)).astype(int), scipy.special.expit(
        2 * logits
    )


def classes(examples, num_classes, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(examples, num_classes)) * 2
    y_true = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return y_true, scipy.special.softmax(1.5 * logits, axis=1)


def one_hot(y_true, num_classes):
    return np.eye(num_classes)[y_true]


def error_of(y_true, scores, n_bins):
    """By its definition, from all scores."""
    bins = np.minimum((scores * n_bins).astype(int), n_bins - 1)
    return sum(abs((y_true - scores)[bins == b].sum()) for b in range(n_bins)) / len(scores)


@pytest.mark.parametrize("n_bins", [5, 10, 20, 100])
def test_the_error_of_a_binary_task_is_within_5e_4_of_torchmetrics(n_bins):
    y_true, scores = overconfident(20_000)
    theirs = calibration.binary_calibration_error(
        torch.tensor(scores, dtype=torch.float64), torch.tensor(y_true), n_bins=n_bins
    )
    found = expected_calibration_error(histogram_of(y_true, scores), n_bins)
    assert found == pytest.approx(float(theirs), abs=5e-4)
    assert found > 0.05  # there is something to measure


def test_the_error_of_the_largest_probability_is_that_of_a_histogram_of_hits():
    y_true, scores = classes(20_000, 4)
    theirs = calibration.multiclass_calibration_error(
        torch.tensor(scores), torch.tensor(y_true), num_classes=4, n_bins=20
    )
    confidence = histogram_of(scores.argmax(axis=1) == y_true, scores.max(axis=1))
    found = expected_calibration_error(confidence, 20)
    assert found == pytest.approx(float(theirs), abs=5e-4)
    assert found > 0.05


def test_the_error_of_classes_is_that_of_each_against_the_rest():
    y_true, scores = classes(20_000, 4)
    histogram = histogram_of(y_true, scores, num_labels=4)
    expected = [error_of(y_true == label, scores[:, label], 10) for label in range(4)]
    found = expected_calibration_error(histogram, 10, None)
    np.testing.assert_allclose(found, expected, atol=5e-3)
    assert expected_calibration_error(histogram) == pytest.approx(found.mean())
    weighted = np.average(found, weights=np.bincount(y_true))
    assert expected_calibration_error(histogram, average="weighted") == pytest.approx(weighted)
    together = error_of(one_hot(y_true, 4).reshape(-1), scores.reshape(-1), 10)
    found = expected_calibration_error(histogram, average="micro")
    assert found == pytest.approx(together, abs=5e-3)


@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 19)), min_size=1, max_size=60),
    st.sampled_from([1, 2, 4, 5, 10, 20]),
)
def test_the_error_is_exact_for_scores_in_the_middle_of_a_bin(pairs, n_bins):
    y_true, index = np.array(pairs).T
    scores = (index + 0.5) / 20
    found = expected_calibration_error(histogram_of(y_true, scores, bins=20), n_bins)
    assert found == pytest.approx(error_of(y_true, scores, n_bins), abs=1e-12)


@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), min_size=1, max_size=60),
    st.sampled_from([1, 2, 4, 5, 10, 20]),
)
def test_the_error_is_never_farther_off_than_half_a_bin(pairs, n_bins):
    y_true, scores = np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])
    # The same bins as the histogram has, not those of a rounded product.
    bins = np.digitize(scores, np.arange(1, n_bins) / n_bins)
    exact = sum(abs((y_true - scores)[bins == b].sum()) for b in range(n_bins)) / len(scores)
    found = expected_calibration_error(histogram_of(y_true, scores, bins=20), n_bins)
    assert found == pytest.approx(exact, abs=1 / 40 + 1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("examples", [1, 15, 16, 17, 1_000, 40_000])
def test_binary_losses_are_those_of_scikit_learn(examples, dtype):
    y_true, scores = overconfident(examples, 1)
    scores = scores.astype(dtype)
    scores[: examples // 10] = y_true[: examples // 10]  # certain and right
    scores[:1] = 1 - y_true[:1]  # certain and wrong
    histogram = histogram_of(y_true, scores)
    # Theirs adds up in the dtype of the scores.
    tolerance = 1e-12 if dtype == np.float64 else 1e-3
    expected = sklearn.metrics.log_loss(y_true, scores, labels=[0, 1])
    assert log_loss(histogram) == pytest.approx(expected, rel=tolerance)
    wide = scores.astype(np.float64)
    expected = sklearn.metrics.brier_score_loss(y_true, wide, pos_label=1)
    assert brier_score_loss(histogram) == pytest.approx(expected, rel=1e-12)


def test_losses_of_classes_are_those_of_scikit_learn():
    y_true, scores = classes(3_000, 5)
    histogram = histogram_of(y_true, scores, num_labels=5)
    assert log_loss(histogram) == pytest.approx(sklearn.metrics.log_loss(y_true, scores), rel=1e-12)
    squares = ((scores - one_hot(y_true, 5)) ** 2).sum(axis=1)
    assert brier_score_loss(histogram) == pytest.approx(squares.mean(), rel=1e-12)


def test_losses_of_labels_are_means_over_labels():
    rng = np.random.default_rng(3)
    y_true, scores = rng.integers(0, 2, (2_000, 3)), rng.random((2_000, 3))
    histogram = histogram_of(y_true, scores, num_labels=3)
    for ours, theirs in (
        (log_loss, sklearn.metrics.log_loss),
        (brier_score_loss, sklearn.metrics.brier_score_loss),
    ):
        expected = np.mean([theirs(y_true[:, label], scores[:, label]) for label in range(3)])
        assert ours(histogram) == pytest.approx(expected, rel=1e-12)


def test_losses_of_logits_are_those_of_their_probabilities():
    rng = np.random.default_rng(4)
    logits, y_true = rng.normal(size=(500, 3)).astype(np.float32) * 4, rng.integers(0, 3, 500)
    histogram = ScoreHistogram(3)
    histogram.update(y_true, logits, from_logits=True)
    expected = sklearn.metrics.log_loss(y_true, scipy.special.softmax(logits.astype(float), axis=1))
    assert log_loss(histogram) == pytest.approx(expected, rel=1e-12)


def test_a_loss_in_bins_would_be_wrong_where_scores_are_certain():
    # 99.99 % sure and right: 1,000 bins know only that it is above 99.9 %.
    histogram = histogram_of([1] * 100, [0.9999] * 100)
    assert log_loss(histogram) == pytest.approx(-math.log(0.9999), rel=1e-12)
    assert brier_score_loss(histogram) == pytest.approx(1e-8, rel=1e-9)


@pytest.mark.parametrize("num_labels", [1, 3])
def test_merged_parts_have_the_losses_of_all_examples_at_once(num_labels):
    y_true, scores = overconfident(999) if num_labels == 1 else classes(999, 3)
    keywords = {"num_labels": num_labels}
    whole = histogram_of(y_true, scores, **keywords)
    merged = ScoreHistogram(num_labels)
    for part in range(3):
        merged.merge(histogram_of(y_true[part::3], scores[part::3], **keywords).copy())
    for loss in (log_loss, brier_score_loss, expected_calibration_error):
        assert loss(merged) == pytest.approx(loss(whole), rel=1e-12)


def test_examples_with_nan_scores_are_no_part_of_a_loss():
    histogram = histogram_of([0, 1, 1], [0.25, np.nan, 0.5])
    assert brier_score_loss(histogram) == pytest.approx((1 / 16 + 1 / 4) / 2)
    assert log_loss(histogram) == pytest.approx(-(math.log(0.75) + math.log(0.5)) / 2)


def test_losses_are_forgotten_and_copied_with_the_counts():
    histogram = histogram_of([0, 1], [0.2, 0.7])
    copy = histogram.copy()
    histogram.reset()
    assert math.isnan(log_loss(histogram))
    assert histogram.multiclass is None
    assert brier_score_loss(copy) == pytest.approx((0.04 + 0.09) / 2)
    copy.squared_errors[:] = 7
    copy.log_losses[:] = 7
    assert brier_score_loss(copy) == pytest.approx((0.04 + 0.09) / 2)


@pytest.mark.parametrize("metric", [log_loss, brier_score_loss, expected_calibration_error])
def test_a_metric_of_nothing_is_undefined(metric):
    assert math.isnan(metric(ScoreHistogram()))
    assert math.isnan(metric(ScoreHistogram(3)))


def test_both_forms_of_truth_are_not_mixed():
    histogram = histogram_of([0, 2], np.full((2, 3), 0.5), num_labels=3)
    labels = histogram_of(np.zeros((2, 3), int), np.full((2, 3), 0.5), num_labels=3)
    assert (histogram.multiclass, labels.multiclass, ScoreHistogram(3).multiclass) == (
        True, False, None,
    )  # fmt: skip
    with pytest.raises(InvalidInput) as caught:
        histogram.update(np.zeros((2, 3), int), np.full((2, 3), 0.5))
    assert str(caught.value) == (
        "y_true must hold class indices as before, got 0 or 1 of each label; "
        "use one ScoreHistogram for each"
    )
    with pytest.raises(InvalidInput, match="other must hold class indices as before, got 0 or 1"):
        histogram.merge(labels)
    assert histogram.total == 2
    histogram.merge(ScoreHistogram(3))
    empty = ScoreHistogram(3)
    empty.merge(histogram)
    assert (empty.multiclass, empty.total) == (True, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: expected_calibration_error(ScoreHistogram(), 15),
            "n_bins must be a divisor of the histogram's 1000 bins, got 15",
        ),
        (
            lambda: expected_calibration_error(ScoreHistogram(), 2.0),
            "n_bins must be a divisor of the histogram's 1000 bins, got 2.0",
        ),
        (
            lambda: expected_calibration_error(ScoreHistogram(), average="l2"),
            "average must be None, 'macro', 'micro' or 'weighted', got 'l2'",
        ),
        (lambda: log_loss([0.5]), "histogram must be a ScoreHistogram, got list; count scores"),
        (lambda: brier_score_loss(None), "histogram must be a ScoreHistogram, got NoneType; "),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, message):
    with pytest.raises(InvalidInput) as caught:
        call()
    assert str(caught.value).startswith(message)
