"""cross_validate: what it logs beside what scikit-learn returns."""

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import confusion_matrix, make_scorer, mean_absolute_error
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.model_selection import cross_validate as sklearn_cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from tb_monitor_writer import InvalidInput, MonitorWriter
from tb_monitor_writer.integrations.sklearn import cross_validate, log_cross_validation
from tb_monitor_writer.integrations.sklearn.scoring import mean_over_folds
from tests.crash.logs import files, fit_rows
from tests.integrations.runs import matrices, series

X, Y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "tb_monitor_writer"]


@pytest.mark.parametrize(
    "model",
    [
        SVC(C=0.1),
        make_pipeline(StandardScaler(), LogisticRegression()),
        GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 15]}, cv=3),
    ],
    ids=["estimator", "pipeline", "search"],
)
def test_the_folds_and_all_of_them_are_logged_with_labels_as_class_names(tmp_path, model):
    y = NAMES[Y]
    with MonitorWriter(tmp_path, framework="sklearn") as monitor:
        result = cross_validate(monitor, model, X, y, cv=FOLDS, scoring="f1_macro")
    expected = sklearn_cross_validate(model, X, y, cv=FOLDS, scoring="f1_macro")
    assert sorted(result) == sorted(expected)
    np.testing.assert_array_equal(result["test_score"], expected["test_score"])

    found = matrices(tmp_path)
    assert sorted(found) == [("validation", 4), *(("validation/folds", fold) for fold in range(5))]
    predicted = cross_val_predict(model, X, y, cv=FOLDS)
    np.testing.assert_array_equal(found["validation", 4], confusion_matrix(y, predicted))
    for fold, (_, held_out) in enumerate(FOLDS.split(X, y)):
        np.testing.assert_array_equal(
            found["validation/folds", fold],
            confusion_matrix(y[held_out], predicted[held_out], labels=NAMES),
        )
    described = series(tmp_path)["validation/folds/confusion"]
    assert (described.class_names, described.head) == (tuple(NAMES), "folds")
    assert described.framework == "sklearn"


def test_scores_are_logged_in_their_own_sign_with_examples_and_the_corrected_error(tmp_path):
    scoring = ["accuracy", "neg_log_loss"]
    with MonitorWriter(tmp_path) as monitor:
        result = cross_validate(
            monitor, LogisticRegression(C=0.01), X, Y, cv=FOLDS, scoring=scoring,
            return_train_score=True,
        )  # fmt: skip
    for quantity, key, sign in (("accuracy", "accuracy", 1), ("log_loss", "neg_log_loss", -1)):
        ((step, row),) = fit_rows(tmp_path, f"{quantity}/cross-validation")
        scores = result[f"test_{key}"]
        assert step == 4
        assert row["validation"] == pytest.approx(sign * scores.mean(), abs=1e-12)
        assert row["train"] == pytest.approx(sign * result[f"train_{key}"].mean(), abs=1e-12)
        assert (row["train_n"], row["validation_n"]) == (120, 150)
        assert row["validation_se"] == pytest.approx(scores.std(ddof=1) * (1 / 5 + 1 / 4) ** 0.5)
        assert np.isnan(row["train_se"])
        described = series(tmp_path)[f"{quantity}/cross-validation/fit"]
        assert described.higher_is_better == (sign == 1)


def test_the_error_over_folds_covers_what_the_naive_one_does_not():
    """Nadeau and Bengio's interval of the mean against the naive one, on many data sets."""
    random = np.random.default_rng(0)
    n, folds = 60, 5
    covered = {"corrected": 0, "naive": 0}
    draws = 400
    for _ in range(draws):
        # The model is the mean of its training examples, the score its squared error.
        y = random.normal(size=n)
        parts = np.split(np.arange(n), folds)
        scores = [np.mean((y[part] - np.delete(y, part).mean()) ** 2) for part in parts]
        truth = 1 + 1 / (n - n // folds)
        found = mean_over_folds(scores, 1 / (folds - 1))
        naive = np.std(scores, ddof=1) / folds**0.5
        covered["corrected"] += abs(found.value - truth) <= 2.776 * found.se  # t of 4 degrees
        covered["naive"] += abs(found.value - truth) <= 2.776 * naive
    assert covered["corrected"] > covered["naive"]
    assert covered["corrected"] >= 0.95 * draws


def test_keys_and_scorers_name_the_quantity(tmp_path):
    scoring = {"cost": make_scorer(mean_absolute_error, greater_is_better=False), "r2": "r2"}
    with MonitorWriter(tmp_path) as monitor:
        result = cross_validate(monitor, LinearRegression(), X, X[:, 0], scoring=scoring)
    assert matrices(tmp_path) == {}  # of a regressor
    ((_, row),) = fit_rows(tmp_path, "cost/cross-validation")
    assert row["validation"] == pytest.approx(-result["test_cost"].mean())
    assert not series(tmp_path)["cost/cross-validation/fit"].higher_is_better
    assert series(tmp_path)["r2/cross-validation/fit"].higher_is_better


@pytest.mark.parametrize(
    ("model", "y", "scoring", "quantity"),
    [
        (SVC(), Y, None, "accuracy"),
        (make_pipeline(StandardScaler(), SVC()), Y, None, "accuracy"),
        (LinearRegression(), X[:, 0], None, "r2"),
        (GridSearchCV(SVC(), {"C": [1]}, cv=2, scoring="f1_macro"), Y, None, "f1_macro"),
        (GridSearchCV(SVC(), {"C": [1]}, cv=2), Y, None, "accuracy"),
        (LinearRegression(), X[:, 0], make_scorer(mean_absolute_error), "mean_absolute_error"),
    ],
)
def test_without_a_name_the_score_is_called_what_it_is(tmp_path, model, y, scoring, quantity):
    with MonitorWriter(tmp_path) as monitor:
        cross_validate(monitor, model, X, y, cv=2, scoring=scoring)
    assert f"{quantity}/cross-validation/fit" in series(tmp_path)


@pytest.mark.parametrize(
    ("given", "labels", "order"),
    [
        (["setosa", "versicolor", "virginica"], NAMES, [0, 1, 2]),
        (["virginica", "setosa", "versicolor"], NAMES, [2, 0, 1]),
        (["a", "b", "c"], np.array([0, 1, 2]), [0, 1, 2]),
        (["a", "b", "c"], np.array([2, 5, 9]), [0, 1, 2]),
        (["none", "a", "b", "c"], np.array([1, 2, 3]), None),
    ],
    ids=["names", "names in another order", "indices", "sorted labels", "a class never seen"],
)
def test_the_names_of_the_writer_hold(tmp_path, given, labels, order):
    y = labels[Y]
    model = DecisionTreeClassifier(max_depth=1, random_state=0)
    with MonitorWriter(tmp_path, class_names=given) as monitor:
        cross_validate(monitor, model, X, y, cv=FOLDS)
    assert series(tmp_path)["validation/confusion"].class_names == tuple(given)
    expected = confusion_matrix(y, cross_val_predict(model, X, y, cv=FOLDS), labels=labels)
    found = matrices(tmp_path)["validation", 4]
    if order is None:
        np.testing.assert_array_equal(found[1:, 1:], expected)
        assert found[0].sum() == found[:, 0].sum() == 0
    else:
        place = np.array(order) if given[0] != "virginica" else np.array([2, 0, 1])
        np.testing.assert_array_equal(found, expected[np.ix_(place, place)])


def test_labels_that_fit_no_names_are_refused_before_anything_is_run(tmp_path):
    with MonitorWriter(tmp_path, class_names=["a", "b"]) as monitor:
        with pytest.raises(InvalidInput, match=r"as many classes as the MonitorWriter's 2.*got 3"):
            cross_validate(monitor, SVC(C=-1), X, NAMES[Y])
        with pytest.raises(InvalidInput, match="monitor must be a MonitorWriter, got str"):
            cross_validate("logs", SVC(), X, Y)
        with pytest.raises(InvalidInput, match=r"one weight per example \[150\], got shape \(1,\)"):
            cross_validate(monitor, SVC(C=-1), X, Y % 2, sample_weight=[1.0])
    assert files(tmp_path) == []


def test_weights_weigh_the_counts(tmp_path):
    weights = np.random.default_rng(0).random(len(Y))
    model = DecisionTreeClassifier(max_depth=1, random_state=0)
    with MonitorWriter(tmp_path) as monitor:
        cross_validate(
            monitor, model, X, Y, cv=FOLDS, sample_weight=weights, params={"sample_weight": weights}
        )
    predicted = cross_val_predict(model, X, Y, cv=FOLDS, params={"sample_weight": weights})
    expected = confusion_matrix(Y, predicted, sample_weight=weights)
    np.testing.assert_allclose(matrices(tmp_path)["validation", 4], expected)


def test_a_fold_whose_fit_fails_is_left_out_and_told(tmp_path, caplog):
    class Fails(LogisticRegression):
        def fit(self, X, y):
            if X[:, 0].max() < 7.8:
                raise ValueError("no such luck")
            return super().fit(X, y)

    with MonitorWriter(tmp_path) as monitor, pytest.warns(match="1 fits failed"):
        result = cross_validate(monitor, Fails(), X, Y, cv=FOLDS)
    (failed,) = np.flatnonzero(np.isnan(result["test_score"]))
    found = matrices(tmp_path)
    assert len(found) == 5
    assert found["validation", 4].sum() == 120
    assert ("validation/folds", failed) not in found
    ((_, row),) = fit_rows(tmp_path, "accuracy/cross-validation")
    assert row["validation"] == pytest.approx(np.nanmean(result["test_score"]))
    assert [f"fold {failed} is left out" in sentence for sentence in said(caplog)] == [True]


def test_examples_tested_more_than_once_are_told(tmp_path, caplog):
    with MonitorWriter(tmp_path) as monitor:
        cross_validate(
            monitor, DummyClassifier(), X, Y,
            cv=RepeatedStratifiedKFold(n_splits=2, n_repeats=3, random_state=0),
        )  # fmt: skip
    assert any("150 examples were tested 450 times" in sentence for sentence in said(caplog))
    ((_, row),) = fit_rows(tmp_path, "score/cross-validation")
    assert row["validation_n"] == 150


def test_several_labels_per_example_are_counted_label_by_label(tmp_path):
    x, y = make_multilabel_classification(120, n_classes=4, random_state=0)
    model = RandomForestClassifier(5, random_state=0)
    with MonitorWriter(tmp_path) as monitor:
        cross_validate(monitor, model, x, y, cv=3)
    described = series(tmp_path)["validation/class_counts"]
    assert (described.task, described.num_classes) == ("multilabel", 4)
    assert "validation/confusion" not in series(tmp_path)


def test_pandas_and_groups_go_through(tmp_path):
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame(X, columns=list("abcd"))
    y = pandas.Series(NAMES[Y]).astype("category")
    groups = np.arange(len(y)) % 6
    with MonitorWriter(tmp_path) as monitor:
        cross_validate(monitor, SVC(), x, y, cv=GroupKFold(3), groups=groups)
    expected = cross_val_predict(SVC(), x, y, cv=GroupKFold(3), groups=groups)
    np.testing.assert_array_equal(
        matrices(tmp_path)["validation", 2], confusion_matrix(y, expected)
    )


def test_a_kernel_that_is_computed_before_is_split_on_both_sides(tmp_path):
    kernel = X @ X.T
    with MonitorWriter(tmp_path) as monitor:
        cross_validate(monitor, SVC(kernel="precomputed"), kernel, Y, cv=FOLDS)
    expected = cross_val_predict(SVC(kernel="linear"), X, Y, cv=FOLDS)
    np.testing.assert_array_equal(
        matrices(tmp_path)["validation", 4], confusion_matrix(Y, expected)
    )


def test_what_was_asked_for_stays_in_the_result(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        result = cross_validate(monitor, SVC(), X, Y, return_estimator=True, return_indices=True)
        assert len(result["estimator"]) == len(result["indices"]["test"]) == 5
        log_cross_validation(monitor, result, X, Y, name="again")
        with pytest.raises(InvalidInput, match=r"result must have 'estimator'.*return_indices"):
            log_cross_validation(monitor, {"test_score": [1.0]}, X, Y, name="third")
    found = matrices(tmp_path)
    np.testing.assert_array_equal(found["again", 4], found["validation", 4])


def test_a_second_call_in_one_run_is_refused_before_it_erases_the_first(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        cross_validate(monitor, DummyClassifier(), X, Y)
        with pytest.raises(InvalidInput, match=r"'validation/folds' must be new in this run"):
            cross_validate(monitor, DummyClassifier(), X, Y)
    assert len(matrices(tmp_path)) == 6


def test_a_failing_writer_does_not_cost_the_result(tmp_path, caplog, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(MonitorWriter, "confusion_matrix", fail)
    with MonitorWriter(tmp_path) as monitor:
        result = cross_validate(monitor, DummyClassifier(), X, Y)
    assert len(result["test_score"]) == 5
    assert any("cross_validate could not be logged" in sentence for sentence in said(caplog))
