"""The row of averages: its columns, its numbers, and its standard errors."""

import math
import warnings

import numpy as np
import pytest
import sklearn.metrics

from tb_monitor_writer import schema
from tb_monitor_writer.metrics import ConfusionMatrix, Margins, averages, precision_recall_fscore

RATIOS = (
    "accuracy",
    "precision_macro",
    "recall_macro",
    "f1_macro",
    "precision_weighted",
    "recall_weighted",
    "f1_weighted",
)


def random_matrix(seed, num_classes=6, examples=400):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(num_classes, 0.5), num_classes) + 2 * np.eye(num_classes)
    shares *= rng.dirichlet(np.full(num_classes, 2.0))[:, None]
    return rng.multinomial(examples, (shares / shares.sum()).reshape(-1)).reshape(shares.shape)


def ratios_of(matrix):
    """The averages of a float matrix, by their definitions alone."""
    hits, support, predicted = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    present = support + predicted > 0
    precision, recall, f1 = (
        np.divide(numerator, denominator, out=np.zeros(len(hits)), where=denominator > 0)
        for numerator, denominator in (
            (hits, predicted), (hits, support), (2 * hits, support + predicted),
        )
    )  # fmt: skip
    share = support / support.sum()
    return {
        "accuracy": hits.sum() / matrix.sum(),
        "precision_macro": precision[present].mean(),
        "recall_macro": recall[present].mean(),
        "f1_macro": f1[present].mean(),
        "precision_weighted": share @ precision,
        "recall_weighted": share @ recall,
        "f1_weighted": share @ f1,
    }


def test_it_gives_every_column_of_the_record_but_its_place_in_the_series():
    row = averages(ConfusionMatrix.from_array(random_matrix(0)))
    assert set(row) == set(schema.AVERAGES_COLUMNS) - {"ordinal", "dropped"}
    assert all(type(value) is float for value in row.values())
    assert set(averages(ConfusionMatrix(3))) == set(row)


@pytest.mark.parametrize("weighted", [False, True])
def test_ratios_are_those_of_scikit_learn_with_its_defaults(weighted):
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.zipf(1.5, (2, 200)) % 7
    weights = rng.exponential(size=200) if weighted else None
    matrix = ConfusionMatrix(9)
    matrix.update(y_true, y_pred, weights)
    row = averages(matrix)
    for average in ("macro", "micro", "weighted"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = sklearn.metrics.precision_recall_fscore_support(
                y_true, y_pred, average=average, sample_weight=weights
            )
        for name, value in zip(("precision", "recall", "f1"), expected[:3], strict=True):
            assert row[f"{name}_{average}"] == pytest.approx(value, rel=1e-12)
    assert row["accuracy"] == pytest.approx(
        sklearn.metrics.accuracy_score(y_true, y_pred, sample_weight=weights)
    )
    assert row["n"] == pytest.approx(200 if weights is None else weights.sum())
    squares = 200 if weights is None else (weights**2).sum()
    assert row["sum_squared_weights"] == pytest.approx(squares)
    assert row["classes_present"] == len(np.union1d(y_true, y_pred))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_standard_errors_are_the_delta_method_with_numerical_derivatives(seed, sparse):
    counts = random_matrix(seed).astype(np.float64)
    if seed == 4:
        counts[2] = counts[:, 2] = 0  # a class that does not occur
    matrix = ConfusionMatrix(len(counts), sparse=sparse)
    y_true, y_pred = (np.repeat(a, counts.astype(int).reshape(-1)) for a in np.divmod(
        np.arange(counts.size), len(counts)))  # fmt: skip
    matrix.update(y_true, y_pred)
    row, total = averages(matrix), counts.sum()
    slopes = {name: np.zeros_like(counts) for name in RATIOS}
    for cell in zip(*np.nonzero(counts), strict=True):
        up, down = counts.copy(), counts.copy()
        up[cell] += 1e-4
        down[cell] -= 1e-4
        above, below = ratios_of(up), ratios_of(down)
        for name in RATIOS:
            slopes[name][cell] = (above[name] - below[name]) / 2e-4
    for name in RATIOS:
        mean = (counts * slopes[name]).sum()
        variance = (counts * slopes[name] ** 2).sum() - mean**2 / total
        assert row[f"{name}_se"] == pytest.approx(math.sqrt(variance), rel=1e-5), name


def test_standard_errors_are_the_spread_over_repeated_samples():
    rng = np.random.default_rng(2)
    shares = random_matrix(3).astype(np.float64) + 5
    shares /= shares.sum()
    rows = [
        averages(ConfusionMatrix.from_array(rng.multinomial(800, shares.reshape(-1)).reshape(6, 6)))
        for _ in range(600)
    ]
    for name in RATIOS:
        spread = np.std([row[name] for row in rows])
        claimed = np.mean([row[f"{name}_se"] for row in rows])
        # The spread of 600 samples is itself uncertain by 3 %.
        assert claimed == pytest.approx(spread, rel=0.1), name


def test_weights_of_one_size_leave_the_errors_and_unequal_ones_widen_them():
    rng = np.random.default_rng(3)
    y_true, y_pred = rng.integers(0, 4, (2, 300))
    plain, scaled, unequal = (ConfusionMatrix(4) for _ in range(3))
    plain.update(y_true, y_pred)
    scaled.update(y_true, y_pred, np.full(300, 2.5))
    weights = rng.exponential(size=300)
    unequal.update(y_true, y_pred, weights)
    for name in RATIOS:
        error = averages(plain)[f"{name}_se"]
        assert averages(scaled)[f"{name}_se"] == pytest.approx(error, rel=1e-12)
    accuracy = averages(unequal)["accuracy"]
    effective = weights.sum() ** 2 / (weights**2).sum()
    assert averages(unequal)["accuracy_se"] == pytest.approx(
        math.sqrt(accuracy * (1 - accuracy) / effective)
    )


def test_errors_are_unknown_where_the_number_of_examples_is():
    for counts in ([[0.9, 0.1], [0.2, 0.8]], [[1.5, 0.25], [0.0, 2.0]]):
        row = averages(ConfusionMatrix.from_array(counts))
        assert row["f1_macro"] > 0.5
        assert math.isnan(row["f1_macro_se"])
        assert math.isnan(row["accuracy_se"])


def test_a_perfect_model_has_no_error_and_no_misses():
    row = averages(ConfusionMatrix.from_array(np.diag([4, 9, 2])))
    for name in RATIOS:
        assert row[name] == 1
        assert row[f"{name}_se"] == 0
    assert (row["worst_class"], row["worst_class_f1"]) == (1, 1.0)
    assert math.isnan(row["worst_class_read_as"])
    assert math.isnan(row["worst_class_read_as_share"])


@pytest.mark.parametrize("sparse", [False, True])
def test_the_worst_class_and_what_it_is_read_as(sparse):
    counts = np.array([[9, 1, 0, 0], [0, 8, 2, 0], [1, 5, 4, 0], [0, 0, 0, 0]])
    matrix = ConfusionMatrix(4, sparse=sparse)
    matrix.merge(ConfusionMatrix.from_array(counts))
    row = averages(matrix)
    assert row["worst_class"] == 2
    assert row["worst_class_f1"] == pytest.approx(8 / 16)
    assert row["worst_class_read_as"] == 1
    assert row["worst_class_read_as_share"] == pytest.approx(0.5)
    assert row["classes_present"] == 3


def test_of_equally_bad_classes_the_one_with_most_examples_is_the_worst():
    counts = np.array([[0, 1, 0], [0, 50, 0], [0, 7, 0]])
    row = averages(ConfusionMatrix.from_array(counts))
    assert (row["worst_class"], row["worst_class_f1"]) == (2, 0.0)
    assert (row["worst_class_read_as"], row["worst_class_read_as_share"]) == (1, 1.0)


def test_a_worst_class_without_true_examples_was_read_as_nothing():
    row = averages(ConfusionMatrix.from_array([[5, 3], [0, 0]]))
    assert row["worst_class"] == 1
    assert math.isnan(row["worst_class_read_as"])


def test_an_empty_matrix_has_numbers_for_its_size_alone():
    row = averages(ConfusionMatrix(3))
    known = {name: value for name, value in row.items() if not math.isnan(value)}
    sizes = ("n", "sum_squared_weights", "classes_present", "ignored", "nan")
    assert known == dict.fromkeys(sizes, 0.0)


def brute_force_errors(counts):
    """Standard errors by the delta method, slope by slope, from the definitions alone."""
    total = counts.sum()
    hits, support, predicted = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    both = support + predicted
    present = (both > 0).sum()
    with np.errstate(all="ignore"):
        f1, precision = np.nan_to_num(2 * hits / both), np.nan_to_num(hits / predicted)
    variances = dict.fromkeys(("f1_macro", "precision_weighted", "f1_weighted"), 0.0)
    share, means = support / total, {"f1": f1 @ support / total, "p": precision @ support / total}
    for i, j in zip(*np.nonzero(counts), strict=True):
        hit = i == j
        of_row, of_column = (2 * hit - f1[i]) / both[i], -f1[j] / both[j]
        slopes = {
            "f1_macro": (of_row + of_column) / present,
            "precision_weighted": (precision[i] - means["p"]) / total
            + share[j] * (hit - precision[j]) / predicted[j],
            "f1_weighted": (f1[i] - means["f1"]) / total + share[i] * of_row + share[j] * of_column,
        }
        for name, slope in slopes.items():
            variances[name] += counts[i, j] * slope**2
    return {f"{name}_se": math.sqrt(variance) for name, variance in variances.items()}


@pytest.mark.parametrize(
    ("num_classes", "filled"), [(2, 1.0), (10, 0.5), (64, 0.2), (65, 0.5), (65, 0.05), (150, 0.3)]
)
@pytest.mark.parametrize("seed", range(3))
def test_errors_are_the_same_in_every_form_that_the_cells_have(num_classes, filled, seed):
    rng = np.random.default_rng(seed)
    counts = rng.zipf(1.7, (num_classes, num_classes)).clip(max=10_000)
    counts[rng.random(counts.shape) > filled] = 0
    counts[0, 0] = 1
    if num_classes > 2:
        counts[1] = counts[:, 1] = 0
    for matrix in (ConfusionMatrix.from_array(counts), ConfusionMatrix(num_classes, sparse=True)):
        if not matrix.total:
            matrix.merge(ConfusionMatrix.from_array(counts))
        row = averages(matrix)
        for name, expected in brute_force_errors(counts.astype(np.float64)).items():
            assert row[name] == pytest.approx(expected, rel=1e-9, abs=1e-15), name
        assert averages(matrix, matrix.cells()) == row
        worst = int(row["worst_class"])
        misses = np.where(np.arange(num_classes) == worst, 0, counts[worst])
        assert row["worst_class_read_as"] == misses.argmax()
        assert row["worst_class_read_as_share"] == misses.max() / counts[worst].sum()


@pytest.mark.parametrize("classes", [10, 100])
def test_what_the_caller_made_of_floating_point_events_does_not_reach_the_averages(classes):
    matrix = ConfusionMatrix(classes)
    matrix.update([0, 1, 2, 2], [0, 1, 1, 2], np.array([1e-308, 1e-320, 1e-310, 1.0]))
    with np.errstate(all="raise"):
        row = averages(matrix)
    assert row["accuracy"] == 1.0
    assert row["recall_macro"] == pytest.approx(1)
    assert row["f1_macro"] < 0.9


def test_100_000_classes_are_averaged():
    num_classes = 100_000
    rng = np.random.default_rng(4)
    y_true = rng.integers(0, num_classes, 50_000)
    y_pred = np.where(rng.random(50_000) < 0.7, y_true, rng.integers(0, num_classes, 50_000))
    matrix = ConfusionMatrix(num_classes)
    matrix.update(y_true, y_pred)
    row = averages(matrix)
    assert row["accuracy"] == pytest.approx((y_true == y_pred).mean())
    assert row["f1_macro"] == pytest.approx(
        precision_recall_fscore(Margins(*matrix.margins), average="macro", zero_division=0).fscore
    )
    assert 0 < row["f1_macro_se"] < 0.01
