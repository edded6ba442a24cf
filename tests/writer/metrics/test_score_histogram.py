"""Histograms of scores against numpy's and scikit-learn's."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.special

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ScoreHistogram


def binary(y_true, scores, **keywords):
    histogram = ScoreHistogram(**keywords)
    histogram.update(y_true, scores)
    return histogram


def expected_counts(y_true, scores, bins):
    """[2, B] by numpy's exact histogram over the edges b / B."""
    y_true, scores = np.asarray(y_true), np.asarray(scores, np.float64)
    return [np.histogram(scores[y_true == side], np.arange(bins + 1) / bins)[0] for side in (0, 1)]


def labelled(examples, seed=0, separation=1.0):
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, 2, examples)
    return y_true, scipy.special.expit(rng.normal(size=examples) + separation * (2 * y_true - 1))


@pytest.mark.parametrize("bins", [2, 3, 7, 10, 100, 1_000, 9_999])
def test_every_edge_falls_in_the_bin_that_it_opens(bins):
    edges = np.arange(bins + 1) / bins
    scores = np.concatenate([edges, np.nextafter(edges[1:], 0), np.nextafter(edges[:-1], 1)])
    histogram = binary(np.ones(len(scores), int), scores, bins=bins)
    np.testing.assert_array_equal(histogram.counts[0], expected_counts(
        np.ones(len(scores), int), scores, bins))  # fmt: skip
    # By definition: edges[b] <= score < edges[b + 1].
    np.testing.assert_array_equal(histogram.counts[0, 1, 1:-1], 3)
    assert histogram.counts[0, 1, -1] == 4  # and 1.0 too


@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), max_size=30),
    st.integers(2, 200),
)
def test_bins_are_those_of_numpy(pairs, bins):
    y_true = np.array([pair[0] for pair in pairs], int)
    scores = np.array([pair[1] for pair in pairs], float)
    histogram = binary(y_true, scores, bins=bins)
    np.testing.assert_array_equal(histogram.counts[0], expected_counts(y_true, scores, bins))
    assert histogram.total == len(pairs)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_scores_of_any_width_are_binned_by_their_value(dtype):
    y_true, scores = labelled(2_000)
    scores = scores.astype(dtype)
    np.testing.assert_array_equal(
        binary(y_true, scores).counts[0], expected_counts(y_true, scores, 1_000)
    )


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.float32, np.float64])
def test_binary_truth_of_any_dtype_counts(dtype):
    y_true, scores = labelled(500)
    expected = expected_counts(y_true, scores, 1_000)
    np.testing.assert_array_equal(binary(y_true.astype(dtype), scores).counts[0], expected)
    columns = ScoreHistogram()
    columns.update(y_true.astype(dtype)[:, None], scores[:, None])
    np.testing.assert_array_equal(columns.counts[0], expected)


def test_class_indices_count_one_class_against_the_rest():
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, 4, 1_000)
    scores = scipy.special.softmax(rng.normal(size=(1_000, 4)), axis=1)
    histogram = binary(y_true, scores, num_labels=4)
    assert histogram.counts.shape == (4, 2, 100)
    for label in range(4):
        np.testing.assert_array_equal(
            histogram.counts[label], expected_counts(y_true == label, scores[:, label], 100)
        )


def test_multi_label_truth_counts_every_label_by_itself():
    rng = np.random.default_rng(2)
    y_true, scores = rng.integers(0, 2, (50_000, 3)), rng.random((50_000, 3))
    histogram = binary(y_true, scores, num_labels=3, bins=50)
    for label in range(3):
        np.testing.assert_array_equal(
            histogram.counts[label], expected_counts(y_true[:, label], scores[:, label], 50)
        )
    assert histogram.total == 50_000


def test_logits_become_probabilities_as_scipy_computes_them():
    rng = np.random.default_rng(3)
    logits = np.concatenate([rng.normal(size=500) * 5, [-np.inf, np.inf, 1e4, -1e4, 0]])
    y_true = rng.integers(0, 2, len(logits))
    histogram = ScoreHistogram()
    histogram.update(y_true, logits, from_logits=True)
    near = scipy.special.expit(logits)
    np.testing.assert_array_equal(histogram.counts[0], expected_counts(y_true, near, 1_000))

    classes = ScoreHistogram(3)
    logits, y_true = rng.normal(size=(500, 3)) * 300, rng.integers(0, 3, 500)
    classes.update(y_true, logits, from_logits=True)
    near = scipy.special.softmax(logits, axis=1)
    for label in range(3):
        np.testing.assert_array_equal(
            classes.counts[label], expected_counts(y_true == label, near[:, label], 100)
        )


def test_nan_scores_are_counted_apart_and_never_binned():
    histogram = binary([0, 1, 1, 0], [0.2, np.nan, 0.9, np.nan])
    assert (histogram.nan, histogram.total, histogram.counts.sum()) == (2, 2, 2)
    histogram.update([1], [np.nan])
    assert (histogram.nan, histogram.total) == (3, 2)
    # An example with one NaN says nothing about its other labels either.
    classes = binary([0, 1], [[0.5, np.nan], [0.5, 0.5]], num_labels=2)
    assert (classes.nan, classes.total, classes.counts.sum()) == (1, 1, 2)


def test_infinite_logits_of_one_row_are_counted_as_nan():
    histogram = ScoreHistogram(2)
    histogram.update([0, 1], [[np.inf, np.inf], [0.0, 0.0]], from_logits=True)
    assert (histogram.nan, histogram.total) == (1, 1)


def test_a_softmax_that_rounds_above_1_is_1():
    counts = binary([1, 0], np.float32([1.0000001, -1e-9])).counts[0]
    assert (counts[1, -1], counts[0, 0]) == (1, 1)


@pytest.mark.parametrize(
    ("keywords", "y_true", "scores", "message"),
    [
        (
            {},
            [0, 1, 1],
            [0.5, 3.25, -2.0],
            "scores[1] is 3.25: scores must be in [0, 1] (2 of 3 are not); "
            "pass from_logits=True if they are logits",
        ),
        (
            {},
            [0, 1],
            [np.nan, np.inf],
            "scores[1] is inf: scores must be in [0, 1] (1 of 2 are not); "
            "pass from_logits=True if they are logits",
        ),
        (
            {"num_labels": 2},
            [0, 1],
            [[0.5, 0.5], [-0.5, 0.5]],
            "scores[1, 0] is -0.5: scores must be in [0, 1] (1 of 4 are not); "
            "pass from_logits=True if they are logits",
        ),
        ({}, [0, 2], [0.5, 0.5], "y_true[1] is 2: it must be 0 or 1 (1 of 2 are not)"),
        ({}, [0, -1], [0.5, 0.5], "y_true[1] is -1: it must be 0 or 1 (1 of 2 are not)"),
        ({}, [0.0, 0.5], [0.5, 0.5], "y_true[1] is 0.5: it must be 0 or 1 (1 of 2 are not)"),
        (
            {"num_labels": 2},
            [[0, 1], [1, 3]],
            np.full((2, 2), 0.5),
            "y_true[1, 1] is 3: it must be 0 or 1 (1 of 4 are not)",
        ),
        (
            {"num_labels": 3},
            [0, 3],
            np.full((2, 3), 0.5),
            "y_true[1] is 3: labels must be in [0, 3) (1 of 2 are not); pass ignore_index=3",
        ),
        (
            {},
            np.zeros(1000, int),
            np.zeros(999),
            "y_true and scores must have the same length, got 1000 and 999",
        ),
        (
            {"num_labels": 2},
            np.zeros(1000, int),
            np.zeros((999, 2)),
            "y_true and scores must have the same length, got 1000 and 999",
        ),
        (
            {},
            [0, 1],
            np.full((2, 2), 0.5),
            "scores must have shape [n], got (2, 2); pass scores[:, 1]",
        ),
        (
            {},
            [0, 1],
            np.full((2, 5), 0.5),
            "scores must have shape [n], got (2, 5); use num_labels=5",
        ),
        (
            {"num_labels": 3},
            [0, 1],
            [0.5, 0.5],
            "scores must have shape [n, 3], got (2,)",
        ),
        (
            {"num_labels": 3},
            np.zeros((2, 2), int),
            np.full((2, 3), 0.5),
            "y_true must have shape [n] or that of scores, got (2, 2) with scores (2, 3)",
        ),
        (
            {},
            np.zeros((2, 2), int),
            [0.5, 0.5],
            "y_true must have shape [n] or that of scores, got (2, 2) with scores (2,)",
        ),
        (
            {},
            ["a", "b"],
            [0.5, 0.5],
            "y_true must hold numbers, got dtype <U1, first value 'a'; "
            "map class names to their indices",
        ),
    ],
)
def test_a_bad_batch_is_refused_by_name_and_changes_nothing(keywords, y_true, scores, message):
    histogram = ScoreHistogram(**keywords)
    with pytest.raises(InvalidInput) as caught:
        histogram.update(y_true, scores)
    assert str(caught.value).startswith(message)
    assert (histogram.counts.sum(), histogram.total, histogram.nan) == (0, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "keywords", "message"),
    [
        ((0,), {}, "num_labels must be an integer in [1, 2147483648], got 0"),
        ((101,), {}, "num_labels must be at most 100, got 101; log the scores of the labels that"),
        ((1,), {"bins": 1}, "bins must be an integer in [2, 10000], got 1"),
        ((1,), {"bins": 2.5}, "bins must be an integer in [2, 10000], got 2.5"),
        ((2,), {"class_names": ["a"]}, "class_names must name all 2 classes, got 1"),
    ],
)
def test_a_bad_constructor_argument_is_refused_by_name(arguments, keywords, message):
    with pytest.raises(InvalidInput) as caught:
        ScoreHistogram(*arguments, **keywords)
    assert str(caught.value).startswith(message)


def test_merging_parts_equals_one_update_in_any_order():
    y_true, scores = labelled(3_000, 6)
    scores[::100] = np.nan
    whole = binary(y_true, scores)
    parts = [binary(y_true[k::3], scores[k::3]) for k in range(3)]
    for first, second, third in ((0, 1, 2), (2, 0, 1)):
        merged = parts[first].copy()
        merged.merge(parts[second])
        merged.merge(parts[third])
        np.testing.assert_array_equal(merged.counts, whole.counts)
        assert (merged.nan, merged.total) == (whole.nan, whole.total) == (30, 2_970)
    assert parts[0].total == 990  # a copy was merged into


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (ScoreHistogram(3), "other must have 2 labels and 100 bins, got 3 and 100"),
        (ScoreHistogram(2, bins=50), "other must have 2 labels and 100 bins, got 2 and 50"),
        (
            ScoreHistogram(2, class_names=["b", "a"]),
            "other must have the same class_names in the same order",
        ),
        (np.zeros(3), "other must be a ScoreHistogram, got ndarray"),
    ],
)
def test_a_histogram_of_another_form_is_not_merged(other, message):
    with pytest.raises(InvalidInput) as caught:
        ScoreHistogram(2, class_names=["a", "b"]).merge(other)
    assert str(caught.value) == message


def test_reset_forgets_examples():
    histogram = binary([0, 1], [0.5, np.nan])
    histogram.reset()
    assert (histogram.total, histogram.nan, histogram.counts.sum()) == (0, 0, 0)


def test_what_is_read_is_not_the_state():
    histogram = binary([0, 1], [0.5, 0.5])
    histogram.counts[:] = 7
    assert histogram.counts.sum() == 2


def test_an_empty_batch_counts_nothing():
    histogram = binary([], [])
    assert histogram.total == 0
    ScoreHistogram(2).update([], np.zeros((0, 2)))


def test_it_says_what_it_holds():
    text = repr(binary([0, 1], [0.1, 0.2], bins=50))
    assert text == "ScoreHistogram(num_labels=1, bins=50, total=2)"
