"""learning_curve and validation_curve: fit series over sizes and parameter values."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, ShuffleSplit, StratifiedKFold
from sklearn.model_selection import learning_curve as sklearn_learning_curve
from sklearn.model_selection import validation_curve as sklearn_validation_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from tb_monitor_writer import InvalidInput, MonitorWriter
from tb_monitor_writer.integrations.sklearn import (
    learning_curve,
    log_learning_curve,
    log_validation_curve,
    validation_curve,
)
from tests.crash.logs import files, fit_rows
from tests.integrations.runs import series

X, Y = load_iris(return_X_y=True)
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)


def columns(rows, name):
    return np.array([row[name] for _, row in rows])


def test_a_learning_curve_is_logged_over_training_sizes(tmp_path):
    sizes = [20, 50, 80, 120]
    asked = {"cv": FOLDS, "train_sizes": sizes, "shuffle": True, "random_state": 0}
    with MonitorWriter(tmp_path) as monitor:
        found, train, validation = learning_curve(monitor, SVC(), X, Y, **asked)
    expected = sklearn_learning_curve(SVC(), X, Y, **asked)
    for mine, theirs in zip((found, train, validation), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)

    rows = fit_rows(tmp_path, "accuracy/training size")
    assert [step for step, _ in rows] == sizes
    np.testing.assert_allclose(columns(rows, "train"), train.mean(1))
    np.testing.assert_allclose(columns(rows, "validation"), validation.mean(1))
    np.testing.assert_allclose(
        columns(rows, "validation_se"), validation.std(1, ddof=1) * (1 / 5 + 30 / 120) ** 0.5
    )
    assert columns(rows, "train_n").tolist() == sizes
    assert columns(rows, "validation_n").tolist() == [150] * 4
    described = series(tmp_path)["accuracy/training size/fit"]
    assert (described.quantity, described.head) == ("accuracy", "training size")
    assert described.higher_is_better


def test_a_random_splitter_is_asked_once_and_its_own_sizes_count(tmp_path):
    cv = ShuffleSplit(8, test_size=30, train_size=60)
    with MonitorWriter(tmp_path) as monitor:
        _, _, validation = learning_curve(monitor, SVC(), X, Y, cv=cv, train_sizes=[1.0])
    ((_, row),) = fit_rows(tmp_path, "accuracy/training size")
    expected = validation[0].std(ddof=1) * (1 / 8 + 30 / 60) ** 0.5
    assert row["validation_se"] == pytest.approx(expected)
    assert 100 < row["validation_n"] <= 150


@pytest.mark.parametrize(
    ("param_range", "head", "steps"),
    [
        ([0.01, 1.0, 100.0], "svc__C by index", [0, 1, 2]),
        ([1, 10, 100], "svc__C by value", [1, 10, 100]),
        ([10, 1], "svc__C by index", [0, 1]),
    ],
    ids=["floats", "ascending integers", "descending integers"],
)
def test_a_validation_curve_steps_by_value_where_it_can(tmp_path, param_range, head, steps):
    model = make_pipeline(StandardScaler(), SVC())
    asked = {"param_name": "svc__C", "param_range": param_range, "cv": FOLDS}
    with MonitorWriter(tmp_path) as monitor:
        train, validation = validation_curve(monitor, model, X, Y, **asked)
    expected = sklearn_validation_curve(model, X, Y, **asked)
    np.testing.assert_array_equal([train, validation], expected)
    rows = fit_rows(tmp_path, f"accuracy/{head}")
    assert [step for step, _ in rows] == steps
    np.testing.assert_allclose(columns(rows, "validation"), validation.mean(1))
    assert columns(rows, "train_n").tolist() == [120] * len(steps)


def test_a_negated_scorer_is_a_loss_again_and_the_best_value_its_minimum(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        _, validation = validation_curve(
            monitor, LogisticRegression(max_iter=1000), X, Y, param_name="C",
            param_range=[1e-4, 1e-2, 1.0], scoring="neg_log_loss", cv=FOLDS,
        )  # fmt: skip
    rows = fit_rows(tmp_path, "log_loss/C by index")
    assert not series(tmp_path)["log_loss/C by index/fit"].higher_is_better
    assert rows[-1][1]["best_value"] == pytest.approx(-validation.mean(1).max())
    assert rows[-1][1]["best_step"] == 2


def test_string_valued_and_mixed_parameters_are_numbered(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        validation_curve(
            monitor, DecisionTreeClassifier(random_state=0), X, Y, cv=3,
            param_name="max_features", param_range=[1, "sqrt", None],
        )  # fmt: skip
    assert len(fit_rows(tmp_path, "accuracy/max_features by index")) == 3


def test_curves_stand_beside_the_curves_of_training(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("accuracy", train=0.5, validation=0.5, step=0, higher_is_better=True)
        learning_curve(monitor, SVC(), X, Y, cv=3, train_sizes=[50, 100], shuffle=True)
        validation_curve(monitor, SVC(), X, Y, cv=3, param_name="C", param_range=[0.1, 1.0])
    assert set(series(tmp_path)) == {
        "accuracy/fit", "accuracy/training size/fit", "accuracy/C by index/fit",
    }  # fmt: skip
    assert monitor.status().dropped == 0


def test_groups_reach_the_splitter(tmp_path):
    groups = np.arange(len(Y)) % 5
    with MonitorWriter(tmp_path) as monitor:
        _, train, _ = learning_curve(
            monitor, SVC(), X, Y, cv=GroupKFold(5), groups=groups, train_sizes=[1.0]
        )
    expected = sklearn_learning_curve(
        SVC(), X, Y, cv=GroupKFold(5), groups=groups, train_sizes=[1.0]
    )
    np.testing.assert_array_equal(train, expected[1])


def test_results_at_hand_are_logged_as_of_k_folds(tmp_path):
    sizes, train, validation = sklearn_learning_curve(SVC(), X, Y, cv=FOLDS, train_sizes=[60, 120])
    values = [2, 4]
    scores = sklearn_validation_curve(
        DecisionTreeClassifier(random_state=0), X, Y, param_name="max_depth", param_range=values,
        cv=FOLDS, scoring="f1_macro",
    )  # fmt: skip
    with MonitorWriter(tmp_path) as monitor:
        log_learning_curve(monitor, sizes, train, validation, estimator=SVC())
        log_validation_curve(monitor, "max_depth", values, *scores, scoring="f1_macro")
    rows = fit_rows(tmp_path, "accuracy/training size")
    np.testing.assert_allclose(
        columns(rows, "validation_se"), validation.std(1, ddof=1) * (1 / 5 + 1 / 4) ** 0.5
    )
    assert np.isnan(columns(rows, "validation_n")).all()
    assert [step for step, _ in fit_rows(tmp_path, "f1_macro/max_depth by value")] == values


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda m: log_learning_curve(m, [2, 1], np.ones((2, 3)), np.ones((2, 3))),
            r"train_sizes must be ascending whole numbers \[n_points\], got \[2, 1\]",
        ),
        (
            lambda m: log_learning_curve(m, [1, 2], np.ones((2, 3)), np.ones((3, 3))),
            r"one row for each of 2 points, got shapes \(2, 3\) and \(3, 3\)",
        ),
        (
            lambda m: log_learning_curve(m, [1, 2], [0.5, 0.5], [0.5, 0.5]),
            r"train_scores must be scores \[n_points, n_folds\], got shape \(2,\)",
        ),
        (
            lambda m: log_validation_curve(m, "C", [], [[1.0]], [[1.0]]),
            "param_range must hold at least one value",
        ),
        (
            lambda m: log_validation_curve(m, 3, [1], [[1.0]], [[1.0]]),
            "param_name must be a string, got 3",
        ),
        (lambda _: log_learning_curve(3, [1], [[1.0]], [[1.0]]), "monitor must be a MonitorWriter"),
    ],
)
def test_results_that_make_no_sense_are_refused(tmp_path, call, message):
    with MonitorWriter(tmp_path) as monitor, pytest.raises(InvalidInput, match=message):
        call(monitor)
    assert files(tmp_path) == []
