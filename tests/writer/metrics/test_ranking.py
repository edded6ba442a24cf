"""Areas of score histograms against scikit-learn's areas of the scores themselves."""

import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.special
import sklearn.metrics

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ScoreHistogram, average_precision_score, roc_auc_score

AREAS = {
    roc_auc_score: sklearn.metrics.roc_auc_score,
    average_precision_score: sklearn.metrics.average_precision_score,
}


def histogram_of(y_true, scores, **keywords):
    histogram = ScoreHistogram(**keywords)
    histogram.update(y_true, scores)
    return histogram


def labelled(examples, seed=0, separation=1.0):
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, 2, examples)
    return y_true, scipy.special.expit(rng.normal(size=examples) + separation * (2 * y_true - 1))


def on_edges(shape, seed, bins=20):
    """Labels, and scores that are lower edges of bins: their areas are exact."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, shape), rng.integers(0, bins, shape) / bins


@pytest.mark.parametrize("separation", [0.0, 0.3, 1.0, 2.0])
def test_roc_auc_is_within_3e_6_of_that_of_all_scores(separation):
    y_true, scores = labelled(200_000, 4, separation)
    expected = sklearn.metrics.roc_auc_score(y_true, scores)
    assert roc_auc_score(histogram_of(y_true, scores)) == pytest.approx(expected, abs=3e-6)


def test_average_precision_is_near_that_of_all_scores():
    y_true, scores = labelled(200_000, 5)
    expected = sklearn.metrics.average_precision_score(y_true, scores)
    assert average_precision_score(histogram_of(y_true, scores)) == pytest.approx(
        expected, abs=5e-4
    )


@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 19)), min_size=1, max_size=60)
)
def test_areas_are_exact_for_scores_that_are_edges(pairs):
    y_true, twentieths = np.array(pairs).T
    histogram = histogram_of(y_true, twentieths / 20, bins=20)
    if 0 < y_true.sum() < len(y_true):
        expected = sklearn.metrics.roc_auc_score(y_true, twentieths)
        assert roc_auc_score(histogram) == pytest.approx(expected, abs=1e-12)
    else:
        assert math.isnan(roc_auc_score(histogram))
    if y_true.any():
        expected = sklearn.metrics.average_precision_score(y_true, twentieths)
        assert average_precision_score(histogram) == pytest.approx(expected, abs=1e-12)
    else:
        assert math.isnan(average_precision_score(histogram))


@pytest.mark.parametrize("average", [None, "macro", "micro", "weighted"])
@pytest.mark.parametrize("area", AREAS)
def test_averages_over_labels_are_those_of_scikit_learn(area, average):
    y_true, scores = on_edges((300, 4), 6)
    y_true[:250, 1] = 0  # so that weights differ
    found = area(histogram_of(y_true, scores, num_labels=4, bins=20), average)
    np.testing.assert_allclose(found, AREAS[area](y_true, scores, average=average), rtol=1e-12)
    assert average is None or type(found) is float


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_classes_are_ranked_one_against_the_rest(average):
    rng = np.random.default_rng(7)
    y_true, scores = (
        rng.integers(0, 4, 2_000),
        scipy.special.softmax(rng.normal(size=(2_000, 4)), 1),
    )
    found = roc_auc_score(histogram_of(y_true, scores, num_labels=4, bins=10_000), average)
    expected = sklearn.metrics.roc_auc_score(y_true, scores, average=average, multi_class="ovr")
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("area", AREAS)
def test_labels_without_positives_are_left_out_of_averages(area):
    y_true, scores = on_edges((100, 3), 8)
    y_true[:, 1] = 0
    found = histogram_of(y_true, scores, num_labels=3, bins=20)
    rest = AREAS[area](y_true[:, [0, 2]], scores[:, [0, 2]])
    assert math.isnan(area(found, None)[1])
    assert area(found) == pytest.approx(rest, rel=1e-12)


@pytest.mark.parametrize("area", AREAS)
def test_areas_of_nothing_are_undefined(area):
    assert np.isnan(area(ScoreHistogram(3), None)).all()
    assert [math.isnan(area(ScoreHistogram(3), a)) for a in ("macro", "micro", "weighted")]


@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.eye(2),), "histogram must be a ScoreHistogram, got ndarray; count scores with "),
        (
            (ScoreHistogram(), "samples"),
            "average must be None, 'macro', 'micro' or 'weighted', got 'samples'",
        ),
    ],
)
def test_a_bad_argument_is_refused_by_name(area, arguments, message):
    with pytest.raises(InvalidInput) as caught:
        area(*arguments)
    assert str(caught.value).startswith(message)
