"""Single ratios against scikit-learn's, PyCM's, and exact fractions."""

import fractions
import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics
from references import NASTY, by_class, counted, pycm_matrix, within_ulps, without_warnings

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import (
    ConfusionMatrix,
    Margins,
    MultilabelCounts,
    f1_score,
    fbeta_score,
    jaccard_score,
    negative_predictive_value,
    precision_recall_fscore,
    precision_score,
    recall_score,
    specificity,
)

AVERAGES = [None, "macro", "micro", "weighted"]
OURS = {
    "precision": precision_score,
    "recall": recall_score,
    "f1": f1_score,
    "f2": lambda matrix, *options, **more: fbeta_score(matrix, 2, *options, **more),
    "jaccard": jaccard_score,
}
THEIRS = {
    "precision": sklearn.metrics.precision_score,
    "recall": sklearn.metrics.recall_score,
    "f1": sklearn.metrics.f1_score,
    "f2": lambda *labels, **options: sklearn.metrics.fbeta_score(*labels, beta=2, **options),
    "jaccard": sklearn.metrics.jaccard_score,
}
NEW = [jaccard_score, specificity, negative_predictive_value]
RATIOS = [*NEW, precision_score, recall_score, f1_score]
PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


def one_against_the_rest(matrix):
    """tp, fp, fn, tn of each class, by adding up cells."""
    matrix = np.asarray(matrix)
    for index in range(len(matrix)):
        mine = np.arange(len(matrix)) == index
        yield (
            matrix[mine][:, mine].sum(),
            matrix[~mine][:, mine].sum(),
            matrix[mine][:, ~mine].sum(),
            matrix[~mine][:, ~mine].sum(),
        )


@pytest.mark.parametrize("zero_division", [0, 1])  # its jaccard_score knows no NaN
@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("score", OURS)
@pytest.mark.parametrize("case", NASTY)
def test_scores_are_those_of_scikit_learn(case, score, weighted, average, zero_division):
    y_true, y_pred = NASTY[case]
    weights = np.random.default_rng(1).exponential(size=len(y_true)) if weighted else None
    matrix = counted(y_true, y_pred, 5, weights)
    for classes, labels in (("present", None), ("all", range(5))):
        expected = without_warnings(
            THEIRS[score],
            y_true,
            y_pred,
            sample_weight=weights,
            labels=labels,
            average=average,
            zero_division=zero_division,
        )
        found = OURS[score](matrix, average, zero_division, classes=classes)
        if average is None and labels is None:
            found = found[np.union1d(y_true, y_pred).astype(int)]
        np.testing.assert_allclose(found, expected, rtol=1e-13)


@pytest.mark.parametrize("pos_label", [0, 1])
@pytest.mark.parametrize("score", OURS)
def test_the_default_is_the_positive_class_of_two(score, pos_label):
    y_true, y_pred = NASTY["bool"]
    found = OURS[score](counted(y_true, y_pred, 2), pos_label=pos_label)
    assert found == pytest.approx(THEIRS[score](y_true, y_pred, pos_label=pos_label), rel=1e-13)


@pytest.mark.parametrize("case", NASTY)
def test_specificity_and_npv_are_recall_and_precision_of_the_other_classes(case):
    y_true, y_pred = NASTY[case]
    for pos_label in range(5):
        negative_true, negative_pred = y_true != pos_label, y_pred != pos_label
        for ours, theirs in (
            (specificity, sklearn.metrics.recall_score),
            (negative_predictive_value, sklearn.metrics.precision_score),
        ):
            expected = without_warnings(
                theirs, negative_true, negative_pred, zero_division=math.nan
            )
            found = ours(counted(y_true, y_pred, 5), None)[pos_label]
            assert found == pytest.approx(expected, rel=1e-13, nan_ok=True)
            binary = counted(y_true == pos_label, y_pred == pos_label, 2)
            assert ours(binary) == pytest.approx(expected, rel=1e-13, nan_ok=True)


def test_ratios_are_those_of_pycm():
    counts = np.random.default_rng(5).integers(1, 50, (6, 6))
    witness = pycm_matrix(counts)
    for ours, statistic in (
        (jaccard_score, "J"),
        (specificity, "TNR"),
        (negative_predictive_value, "NPV"),
        (f1_score, "F1"),
    ):
        expected = by_class(witness.class_stat[statistic])
        np.testing.assert_allclose(ours(counts, None), expected, rtol=1e-12)
        assert ours(counts, "macro") == pytest.approx(expected.mean())
        weights = counts.sum(axis=1)
        assert ours(counts, "weighted") == pytest.approx(np.average(expected, weights=weights))
    assert specificity(counts, "micro") == pytest.approx(witness.overall_stat["TNR Micro"])
    assert negative_predictive_value(counts, "micro") == pytest.approx(
        witness.overall_stat["NPV Micro"]
    )


@hypothesis.given(
    st.integers(2, 3).flatmap(
        lambda size: st.lists(st.integers(0, 2**48), min_size=size * size, max_size=size * size)
    )
)
def test_class_ratios_are_within_one_ulp_of_exact_fractions(cells):
    size = math.isqrt(len(cells))
    matrix = np.array(cells).reshape(size, size)
    found = [ratio(matrix, None) for ratio in RATIOS]
    for index, counts in enumerate(one_against_the_rest(matrix)):
        tp, fp, fn, tn = (int(count) for count in counts)
        ratios = [
            (tp, tp + fp + fn), (tn, tn + fp), (tn, tn + fn),
            (tp, tp + fp), (tp, tp + fn), (2 * tp, 2 * tp + fp + fn),
        ]  # fmt: skip
        for (numerator, denominator), values in zip(ratios, found, strict=True):
            if denominator == 0:
                assert math.isnan(values[index])
            else:
                assert within_ulps(values[index], fractions.Fraction(numerator, denominator))


@hypothesis.given(PAIRS, st.permutations(range(5)), st.sampled_from(RATIOS))
def test_permuting_classes_permutes_ratios_and_keeps_averages(pairs, order, ratio):
    y_true, y_pred = np.array(pairs).T
    before = counted(y_true, y_pred)
    after = counted(np.array(order)[y_true], np.array(order)[y_pred])
    np.testing.assert_array_equal(ratio(after, None)[list(order)], ratio(before, None))
    for average in AVERAGES[1:]:
        np.testing.assert_allclose(ratio(after, average), ratio(before, average), rtol=1e-13)


@hypothesis.given(PAIRS, st.sampled_from(RATIOS), st.sampled_from([0, 1, math.nan]))
def test_an_unused_class_changes_no_macro_or_weighted_ratio(pairs, ratio, zero_division):
    y_true, y_pred = np.array(pairs).T
    for average in ("macro", "weighted"):
        found = [ratio(counted(y_true, y_pred, size), average, zero_division) for size in (5, 9)]
        np.testing.assert_allclose(*found, rtol=1e-13)


@hypothesis.given(PAIRS, st.integers(0, 40), st.sampled_from(RATIOS))
def test_merged_parts_score_like_all_examples_at_once(pairs, cut, ratio):
    y_true, y_pred = np.array(pairs).T
    merged = counted(y_true[:cut], y_pred[:cut])
    merged.merge(counted(y_true[cut:], y_pred[cut:]))
    np.testing.assert_array_equal(ratio(merged, None), ratio(counted(y_true, y_pred), None))


def test_weights_that_do_not_add_up_to_the_last_bit_leave_undefined_what_is_undefined():
    weights = np.random.default_rng(6).exponential(size=1_000)
    truth = np.arange(1_000) % 3
    always = counted(truth, np.full(1_000, 2), 3, weights)
    never_true = counted(np.full(1_000, 2), truth, 3, weights)
    assert math.isnan(negative_predictive_value(always, None)[2])
    assert math.isnan(specificity(never_true, None)[2])
    assert specificity(always, None)[2] == 0
    assert (
        (specificity(never_true, None)[:2] <= 1) & (specificity(never_true, None)[:2] > 0)
    ).all()


def test_multi_label_ratios_count_the_true_negatives_of_each_label():
    rng = np.random.default_rng(7)
    y_true, y_pred = rng.integers(0, 2, (300, 4)), rng.integers(0, 2, (300, 4))
    counts = MultilabelCounts(4)
    counts.update(y_true, y_pred)
    for average in AVERAGES:
        for ours, theirs in (
            (specificity, sklearn.metrics.recall_score),
            (negative_predictive_value, sklearn.metrics.precision_score),
        ):
            expected = theirs(1 - y_true, 1 - y_pred, average=average)
            if average == "weighted":  # by the support of the positives, as every other ratio
                expected = np.average(
                    theirs(1 - y_true, 1 - y_pred, average=None), weights=y_true.sum(axis=0)
                )
            np.testing.assert_allclose(ours(counts, average), expected, rtol=1e-13)
        np.testing.assert_allclose(
            jaccard_score(counts, average),
            sklearn.metrics.jaccard_score(y_true, y_pred, average=average),
            rtol=1e-13,
        )


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_matrix_of_one_class_and_an_empty_one_are_undefined_where_they_must(ratio):
    assert math.isnan(ratio(ConfusionMatrix(3), "macro"))
    assert ratio(ConfusionMatrix(3), "micro", 1) == 1
    one = counted([0, 0], [0, 0], 1)
    negatives_are_missing = ratio in (specificity, negative_predictive_value)
    np.testing.assert_array_equal(ratio(one, None), [math.nan if negatives_are_missing else 1.0])


@pytest.mark.parametrize("ratio", RATIOS)
def test_an_array_a_matrix_and_its_margins_score_alike(ratio):
    counts = [[5, 1, 0], [2, 7, 1], [0, 0, 4]]
    matrix = ConfusionMatrix.from_array(counts)
    for form in (counts, np.array(counts, np.float32), matrix.margins, Margins(*matrix.margins)):
        np.testing.assert_array_equal(ratio(form, None), ratio(matrix, None))


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "average='binary' needs 2 classes, got 3; use 'macro', 'micro', 'weighted' or None"),
        (
            {"average": "samples"},
            "average must be None, 'macro', 'micro', 'weighted' or 'binary', got 'samples'",
        ),
        ({"average": None, "zero_division": 2}, "zero_division must be 0, 1 or nan, got 2"),
        ({"average": None, "classes": 3}, "classes must be 'present' or 'all', got 3"),
    ],
)
def test_a_bad_option_is_refused_by_name(ratio, options, message):
    with pytest.raises(InvalidInput) as caught:
        ratio(np.eye(3, dtype=int), **options)
    assert str(caught.value) == message


@pytest.mark.parametrize("ratio", [*RATIOS, precision_recall_fscore])
def test_two_labels_are_not_two_classes(ratio):
    with pytest.raises(InvalidInput) as caught:
        ratio(MultilabelCounts(2), average="binary")
    assert str(caught.value) == (
        "average='binary' needs one label per example, got MultilabelCounts; use 'macro', "
        "'micro', 'weighted' or None"
    )
