"""Incremental fits: partial_fit, warm_start and the stages of boosting."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, SGDClassifier
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from tb_monitor_writer import InvalidInput, MonitorWriter
from tb_monitor_writer.integrations.sklearn import log_evaluation, log_stages
from tests.crash.logs import files, fit_rows, fit_steps
from tests.integrations.runs import matrices, series

x, y = load_iris(return_X_y=True)
y = np.array(["setosa", "versicolor", "virginica"])[y]
X, X_VALIDATION, Y, Y_VALIDATION = train_test_split(x, y, stratify=y, random_state=0)
TRAIN, VALIDATION = (X, Y), (X_VALIDATION, Y_VALIDATION)


@pytest.mark.parametrize(
    "model",
    [
        SGDClassifier(loss="log_loss", alpha=0.01, random_state=0),
        MLPClassifier((8,), random_state=0),
    ],
    ids=["SGD", "MLP"],
)
def test_each_epoch_of_partial_fit_is_logged(tmp_path, model):
    expected = {}
    with MonitorWriter(tmp_path) as monitor:
        for epoch in range(3):
            model.partial_fit(X, Y, classes=np.unique(Y))
            log_evaluation(monitor, model, train=TRAIN, validation=VALIDATION, step=epoch)
            expected[epoch] = model.predict(X_VALIDATION), model.predict_proba(X_VALIDATION)
    found = matrices(tmp_path)
    losses, accuracies = (dict(fit_rows(tmp_path, name)) for name in ("loss", "accuracy"))
    for epoch, (predicted, probabilities) in expected.items():
        np.testing.assert_array_equal(
            found["validation", epoch],
            confusion_matrix(Y_VALIDATION, predicted, labels=model.classes_),
        )
        loss = log_loss(Y_VALIDATION, probabilities, labels=model.classes_)
        assert losses[epoch]["validation"] == pytest.approx(loss, rel=1e-6)
        accuracy = accuracy_score(Y_VALIDATION, predicted)
        assert accuracies[epoch]["validation"] == pytest.approx(accuracy)
        assert (losses[epoch]["train_n"], losses[epoch]["validation_n"]) == (len(Y), 38)
        assert losses[epoch]["validation_se"] > 0
    assert np.isfinite(losses[2]["paired_mean"])
    assert {key for key in found if key[0] == "train"} == {("train", epoch) for epoch in range(3)}
    assert series(tmp_path)["train/confusion"].class_names == tuple(model.classes_)
    assert series(tmp_path)["accuracy/fit"].higher_is_better


def test_a_hinge_loss_has_no_probabilities_so_its_accuracy_stands_alone(tmp_path):
    model = SGDClassifier(random_state=0).fit(X, Y)
    with MonitorWriter(tmp_path) as monitor:
        log_evaluation(monitor, model, validation=VALIDATION, step=0)
    assert {tag for tag in series(tmp_path) if tag.endswith("/fit")} == {"accuracy/fit"}


def test_trees_that_are_added_by_warm_start_are_logged(tmp_path):
    model = RandomForestClassifier(warm_start=True, random_state=0)
    with MonitorWriter(tmp_path) as monitor:
        for trees in (1, 5, 10):
            model.set_params(n_estimators=trees).fit(X, Y)
            log_evaluation(monitor, model, train=TRAIN, validation=VALIDATION, step=trees)
    assert fit_steps(tmp_path) == [1, 5, 10]


@pytest.mark.parametrize(
    "model",
    [
        GradientBoostingClassifier(n_estimators=7, random_state=0),
        HistGradientBoostingClassifier(max_iter=7, min_samples_leaf=5),
        AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=7, random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_each_stage_of_boosting_is_logged(tmp_path, model):
    model.fit(X, Y)
    with MonitorWriter(tmp_path) as monitor:
        log_stages(monitor, model, train=TRAIN, validation=VALIDATION)
    stages = list(model.staged_predict_proba(X_VALIDATION))
    rows = fit_rows(tmp_path)
    assert [step for step, _ in rows] == list(range(1, len(stages) + 1))
    for (_, row), probabilities in zip(rows, stages, strict=True):
        loss = log_loss(Y_VALIDATION, probabilities, labels=model.classes_)
        assert row["validation"] == pytest.approx(loss, rel=1e-6)
    np.testing.assert_array_equal(
        matrices(tmp_path)["validation", len(stages)],
        confusion_matrix(Y_VALIDATION, model.predict(X_VALIDATION), labels=model.classes_),
    )


def test_every_third_stage_and_the_last_are_logged(tmp_path):
    model = GradientBoostingClassifier(n_estimators=10, random_state=0).fit(X, Y)
    with MonitorWriter(tmp_path) as monitor:
        log_stages(monitor, model, validation=VALIDATION, every=3)
    assert fit_steps(tmp_path) == [3, 6, 9, 10]


def test_regressors_are_logged_by_their_squared_errors(tmp_path):
    target = X[:, 0]
    model = GradientBoostingRegressor(n_estimators=5, random_state=0).fit(X, target)
    with MonitorWriter(tmp_path) as monitor:
        log_stages(monitor, model, train=(X, target), head="stages")
        log_evaluation(
            monitor, LinearRegression().fit(X, target), step=0,
            validation=(X_VALIDATION, X_VALIDATION[:, 0]),
        )  # fmt: skip
    rows = fit_rows(tmp_path, "loss/stages")
    expected = [np.mean((target - p) ** 2) for p in model.staged_predict(X)]
    np.testing.assert_allclose([row["train"] for _, row in rows], expected)
    assert fit_rows(tmp_path)[0][1]["validation"] == pytest.approx(0, abs=1e-12)
    assert matrices(tmp_path) == {}


def test_weighted_examples_are_counted_by_weight_and_averaged_by_it(tmp_path):
    weights = np.random.default_rng(0).random(len(Y_VALIDATION))
    model = DecisionTreeClassifier(max_depth=1, random_state=0).fit(X, Y)
    with MonitorWriter(tmp_path) as monitor:
        log_evaluation(
            monitor, model, train=TRAIN, validation=(*VALIDATION, weights), step=0, head="depth"
        )
    predicted = model.predict(X_VALIDATION)
    np.testing.assert_allclose(
        matrices(tmp_path)["validation/depth", 0],
        confusion_matrix(Y_VALIDATION, predicted, sample_weight=weights),
    )
    ((_, row),) = fit_rows(tmp_path, "accuracy/depth")
    expected = accuracy_score(Y_VALIDATION, predicted, sample_weight=weights)
    assert row["validation"] == pytest.approx(expected)
    assert np.isnan(row["validation_se"])
    assert row["train_se"] > 0
    ((_, row),) = fit_rows(tmp_path, "loss/depth")
    expected = log_loss(Y_VALIDATION, model.predict_proba(X_VALIDATION), sample_weight=weights)
    assert row["validation"] == pytest.approx(expected)


def test_a_class_that_was_not_learnt_costs_what_scikit_learn_charges(tmp_path):
    known = Y != "virginica"
    model = DecisionTreeClassifier().fit(X[known], Y[known])
    with MonitorWriter(tmp_path) as monitor:
        log_evaluation(monitor, model, validation=VALIDATION, step=0)
    absent = np.mean(Y_VALIDATION == "virginica")
    ((_, row),) = fit_rows(tmp_path)
    assert row["validation"] == pytest.approx(absent * -np.log(np.finfo(float).eps), rel=1e-6)
    assert matrices(tmp_path)["validation", 0][2].sum() == np.sum(Y_VALIDATION == "virginica")


def test_several_labels_per_example_are_counted_label_by_label(tmp_path):
    examples, labels = make_multilabel_classification(100, n_classes=4, random_state=0)
    model = RandomForestClassifier(3, random_state=0).fit(examples[:60], labels[:60])
    with MonitorWriter(tmp_path, class_names=list("abcd")) as monitor:
        log_evaluation(monitor, model, validation=(examples[60:], labels[60:]), step=0)
    described = series(tmp_path)["validation/class_counts"]
    assert (described.task, described.class_names) == ("multilabel", tuple("abcd"))
    ((_, row),) = fit_rows(tmp_path, "accuracy")
    expected = accuracy_score(labels[60:], model.predict(examples[60:]))
    assert row["validation"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, e: log_evaluation(m, e, step=0), "train or validation must be given"),
        (lambda m, e: log_evaluation(m, e, train=X, step=0), r"train must be \(X, y\) or"),
        (
            lambda m, e: log_evaluation(m, e, train=(X, Y, [1.0]), step=0),
            r"train must have one weight per example \[112\], got shape \(1,\)",
        ),
        (
            lambda m, e: log_evaluation(m, e, train=(X, X[:, 0]), step=0),
            r"train must have labels \[n\]",
        ),
        (
            lambda m, _: log_evaluation(m, KMeans(), train=TRAIN, step=0),
            "estimator must be a classifier or a regressor, got KMeans",
        ),
        (lambda m, e: log_evaluation(m, e, train=TRAIN, step=-1), r"step must be in \[0, 2\^63\)"),
        (
            lambda m, e: log_evaluation(m, e, train=TRAIN, step=0, head="a@b"),
            "head must not contain '@'",
        ),
        (lambda m, e: log_stages(m, e, train=TRAIN), "estimator must have staged_predict"),
        (lambda _, e: log_evaluation("logs", e, train=TRAIN, step=0), "monitor must be a Monitor"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(tmp_path, call, message):
    model = DecisionTreeClassifier().fit(X, Y)
    with MonitorWriter(tmp_path) as monitor, pytest.raises(InvalidInput, match=message):
        call(monitor, model)
    assert files(tmp_path) == []


def test_a_stage_number_below_one_is_refused(tmp_path):
    model = GradientBoostingClassifier(n_estimators=2).fit(X, Y)
    with (
        MonitorWriter(tmp_path) as monitor,
        pytest.raises(InvalidInput, match="every must be an integer >= 1, got 0"),
    ):
        log_stages(monitor, model, validation=VALIDATION, every=0)


def test_a_label_that_the_estimator_does_not_know_is_named_once(tmp_path, caplog):
    model = SGDClassifier(loss="log_loss", random_state=0).fit(X, Y)
    other = np.concatenate([Y_VALIDATION[:-1], ["rioja"]])
    with MonitorWriter(tmp_path) as monitor:
        log_evaluation(monitor, model, validation=VALIDATION, step=0)
        assert "not fitted" not in caplog.text
        for step in (1, 2):
            log_evaluation(monitor, model, validation=(X_VALIDATION, other), step=step)
    assert caplog.text.count("not fitted with: 'rioja'") == 1
