"""The Keras callback: what it logs, read back from the event file."""

import copy
import logging

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from tb_monitor_writer import InvalidInput, MonitorWriter
from tests.crash.logs import files, fit_rows, fit_steps
from tests.integrations.keras_models import (
    CLASSES,
    NUMPY_COPIES,
    averages,
    classifier,
    keras,
    matrices,
    problem,
    series,
)

from tb_monitor_writer.integrations.keras import (  # isort: skip  after Keras is told to be quiet
    MonitorCallback,
    PrecisionRecallFScore,
)

pytestmark = pytest.mark.filterwarnings(NUMPY_COPIES)


class Predictions(keras.callbacks.Callback):
    """Predicts a split with the weights as they are when its epoch ends."""

    def __init__(self, x):
        super().__init__()
        self._x = x
        self.of_epoch = {}

    def on_epoch_end(self, epoch, logs=None):
        self.of_epoch[epoch] = self.model.predict(self._x, verbose=0).argmax(1)


def said(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "tb_monitor_writer"]


def test_matrices_and_losses_of_every_epoch_are_on_disk(tmp_path):
    x, y = problem()
    predictions = Predictions(x[180:])
    model = classifier("accuracy", PrecisionRecallFScore(3))
    callback = MonitorCallback(tmp_path, class_names=CLASSES, model="dense")
    history = model.fit(
        x, y, validation_split=0.25, epochs=3, verbose=0, callbacks=[callback, predictions]
    ).history

    found = matrices(tmp_path)
    assert sorted(found) == [(s, e) for s in ("train", "validation") for e in range(3)]
    for epoch, predicted in predictions.of_epoch.items():
        expected = confusion_matrix(y[180:], predicted)
        np.testing.assert_array_equal(found["validation", epoch], expected)
        train = found["train", epoch]
        np.testing.assert_array_equal(train.sum(1), np.bincount(y[:180]))
        assert train.trace() / 180 == pytest.approx(history["accuracy"][epoch], abs=1e-6)

    for name, key in (("loss", "loss"), ("accuracy", "accuracy"), ("f1_weighted", "f1")):
        steps, rows = zip(*fit_rows(tmp_path, name), strict=True)
        assert steps == (0, 1, 2)
        assert [row["train"] for row in rows] == history[key]
        assert [row["validation"] for row in rows] == history[f"val_{key}"]
    logged = series(tmp_path)
    assert {tag: s.higher_is_better for tag, s in logged.items() if s.kind == "fit"} == {
        "loss/fit": False,
        "accuracy/fit": True,
        "f1_weighted/fit": True,
    }
    assert logged["validation/confusion"].class_names == tuple(CLASSES)
    assert (logged["train/confusion"].framework, logged["loss/fit"].model) == ("keras", "dense")
    assert callback.writer.status().dropped == 0


def test_the_names_of_the_metric_win_over_those_of_the_callback(tmp_path):
    x, y = problem()
    model = classifier(PrecisionRecallFScore(3, class_names=["a", "b", "c"]))
    model.fit(x, y, verbose=0, callbacks=[MonitorCallback(tmp_path, class_names=CLASSES)])
    assert series(tmp_path)["train/confusion"].class_names == ("a", "b", "c")


def test_without_validation_the_train_matrix_is_logged_when_the_epoch_ends(tmp_path):
    x, y = problem()
    classifier().fit(x, y, epochs=2, verbose=0, callbacks=[MonitorCallback(tmp_path)])
    found = matrices(tmp_path)
    assert sorted(found) == [("train", 0), ("train", 1)]
    assert [matrix.sum() for matrix in found.values()] == [len(y)] * 2
    assert np.isnan(fit_rows(tmp_path)[0][1]["validation"])


def test_with_rarer_validation_train_is_logged_every_epoch(tmp_path):
    x, y = problem()
    classifier().fit(
        x, y, validation_split=0.5, validation_freq=2, epochs=4, verbose=0,
        callbacks=[MonitorCallback(tmp_path)],
    )  # fmt: skip
    steps = [step for split, step in sorted(matrices(tmp_path)) if split == "train"]
    assert steps == [0, 1, 2, 3]
    assert sorted(matrices(tmp_path))[4:] == [("validation", 1), ("validation", 3)]
    assert matrices(tmp_path)["train", 0].sum() == 120


def test_without_the_metric_losses_are_logged_and_it_is_said_once(tmp_path, caplog):
    x, y = problem()
    classifier("accuracy").fit(
        x, y, validation_split=0.5, epochs=3, verbose=0, callbacks=[MonitorCallback(tmp_path)]
    )
    assert matrices(tmp_path) == {}
    assert fit_steps(tmp_path) == [0, 1, 2]
    (sentence,) = said(caplog)
    assert "no PrecisionRecallFScore is compiled into the model: losses only" in sentence


def test_a_second_fit_goes_on_counting(tmp_path, caplog):
    x, y = problem()
    model, callback = classifier(), MonitorCallback(tmp_path)
    for _ in range(2):
        model.fit(x, y, validation_split=0.5, epochs=2, verbose=0, callbacks=[callback])
    assert fit_steps(tmp_path) == [0, 1, 2, 3]
    assert len(matrices(tmp_path)) == 8
    assert said(caplog) == []


def test_a_resumed_fit_keeps_the_numbers_of_its_epochs(tmp_path):
    x, y = problem()
    model, callback = classifier(), MonitorCallback(tmp_path)
    model.fit(x, y, epochs=2, verbose=0, callbacks=[callback])
    model.fit(x, y, initial_epoch=5, epochs=7, verbose=0, callbacks=[callback])
    assert fit_steps(tmp_path) == [0, 1, 5, 6]


def test_evaluate_is_logged_as_test_at_the_step_of_the_last_epoch(tmp_path):
    x, y = problem()
    model, callback = classifier(), MonitorCallback(tmp_path)
    model.fit(x, y, validation_split=0.5, epochs=2, verbose=0, callbacks=[callback])
    for _ in range(2):
        model.evaluate(x, y, verbose=0, callbacks=[callback])
    found = matrices(tmp_path)
    assert [step for split, step in found if split == "test"] == [1, 2]
    expected = confusion_matrix(y, model.predict(x, verbose=0).argmax(1))
    np.testing.assert_array_equal(found["test", 1], expected)


def test_evaluate_in_another_process_makes_nothing_stale(tmp_path):
    x, y = problem()
    model = classifier()
    model.fit(x, y, epochs=3, verbose=0, callbacks=[MonitorCallback(tmp_path)])
    later = MonitorCallback(tmp_path, evaluate_as="holdout")
    model.evaluate(x, y, verbose=0, callbacks=[later])
    assert max(matrices(tmp_path)) == ("train", 2)
    assert [step for split, step in matrices(tmp_path) if split == "holdout"] == [2]


def test_an_interrupted_fit_does_not_turn_evaluate_into_validation(tmp_path):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    x, y = problem()
    model, callback = classifier(), MonitorCallback(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, verbose=0, callbacks=[callback, Interrupt()])
    model.evaluate(x, y, verbose=0, callbacks=[callback])
    assert list(matrices(tmp_path)) == [("test", 0)]


def test_counts_that_another_callback_has_overwritten_are_not_logged(tmp_path, caplog):
    class Evaluates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.evaluate(x[:50], y[:50], verbose=0)

    x, y = problem()
    callbacks = [Evaluates(), MonitorCallback(tmp_path)]
    classifier().fit(x, y, epochs=2, verbose=0, callbacks=callbacks)
    assert matrices(tmp_path) == {}
    (sentence,) = said(caplog)
    assert "put MonitorCallback before it" in sentence


def test_outputs_become_heads(tmp_path):
    x, y = problem()
    inputs = keras.Input((4,))
    outputs = {
        name: keras.layers.Dense(classes, activation="softmax", name=name)(inputs)
        for name, classes in (("colour", 3), ("size", 2))
    }
    model = keras.Model(inputs, outputs)
    model.compile(
        "sgd",
        "sparse_categorical_crossentropy",
        metrics={
            "colour": [PrecisionRecallFScore(3, prefix="colour_"), "accuracy"],
            "size": [PrecisionRecallFScore(2, "binary", prefix="size_", pos_label=0), "accuracy"],
        },
    )
    targets = {"colour": y, "size": (y > 0).astype(int)}
    model.fit(x, targets, validation_split=0.5, verbose=0, callbacks=[MonitorCallback(tmp_path)])
    assert {tag for tag, s in series(tmp_path).items() if s.kind in ("confusion", "fit")} == {
        "train/colour/confusion", "train/size/confusion",
        "validation/colour/confusion", "validation/size/confusion",
        "loss/fit", "loss/colour/fit", "loss/size/fit",
        "accuracy/colour/fit", "accuracy/size/fit", "f1_weighted/colour/fit",
        "f1/size/fit",
    }  # fmt: skip
    assert series(tmp_path)["validation/size/confusion"].pos_label == 0
    assert series(tmp_path)["validation/colour/confusion"].pos_label is None


def test_a_weighted_metric_logs_sums_of_weights_and_their_standard_errors(tmp_path):
    x, y = problem()
    weights = np.random.default_rng(0).random(len(y))
    model = classifier(
        "accuracy", weighted_metrics=[PrecisionRecallFScore(3, sample_weighted=True)]
    )
    model.fit(
        x[:180], y[:180], sample_weight=weights[:180], verbose=0,
        validation_data=(x[180:], y[180:], weights[180:]), callbacks=[MonitorCallback(tmp_path)],
    )  # fmt: skip
    found = matrices(tmp_path)
    np.testing.assert_allclose(
        found["train", 0].sum(1), np.bincount(y[:180], weights[:180]), rtol=1e-6
    )
    predicted = model.predict(x[180:], verbose=0).argmax(1)
    np.testing.assert_allclose(
        found["validation", 0], confusion_matrix(y[180:], predicted, sample_weight=weights[180:])
    )
    row = averages(tmp_path, "validation")
    assert row["n"] == pytest.approx(weights[180:].sum())
    assert row["sum_squared_weights"] == pytest.approx((weights[180:] ** 2).sum())
    assert 0 < row["f1_macro_se"] < 0.5


def test_two_metrics_of_one_prefix_are_told(tmp_path, caplog):
    x, y = problem()
    model = classifier(
        PrecisionRecallFScore(3), PrecisionRecallFScore(3, "macro", "precision_recall_macro")
    )
    model.fit(x, y, verbose=0, callbacks=[MonitorCallback(tmp_path)])
    assert len(matrices(tmp_path)) == 1
    assert any("several PrecisionRecallFScore have prefix=''" in s for s in said(caplog))


def test_names_that_fit_no_metric_are_told_and_the_counts_logged(tmp_path, caplog):
    x, y = problem()
    classifier().fit(x, y, verbose=0, callbacks=[MonitorCallback(tmp_path, class_names=["a"])])
    assert series(tmp_path)["train/confusion"].class_names == ()
    (sentence,) = said(caplog)
    assert "class_names must name all 3 classes, got 1: logged without names" in sentence


def test_nan_scores_are_told(tmp_path, caplog):
    x, y = problem()
    x[:3] = np.nan
    classifier().evaluate(x, y, verbose=0, callbacks=[MonitorCallback(tmp_path)])
    assert matrices(tmp_path)["test", 0].sum() == len(y) - 3
    assert any("test: 3 examples with NaN scores were left out" in s for s in said(caplog))


def test_a_regression_model_is_logged_as_curves(tmp_path):
    x, y = problem()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(x, y, validation_split=0.5, verbose=0, callbacks=[MonitorCallback(tmp_path)])
    logged = series(tmp_path)
    assert {tag: s.higher_is_better for tag, s in logged.items()} == {
        "loss/fit": False,
        "mae/fit": False,
    }


def test_a_failing_writer_does_not_stop_training(tmp_path, caplog, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(MonitorWriter, "confusion_matrix", fail)
    x, y = problem()
    history = classifier().fit(
        x, y, validation_split=0.5, epochs=3, verbose=0, callbacks=[MonitorCallback(tmp_path)]
    )
    assert len(history.epoch) == 3
    assert fit_steps(tmp_path) == [0, 1, 2]
    assert [s for s in said(caplog) if "no such luck" in s] == said(caplog)
    assert len(said(caplog)) == 2  # train and evaluation, once each

    strict = MonitorCallback(tmp_path / "strict", on_error="raise")
    with pytest.raises(RuntimeError, match="no such luck"):
        classifier().fit(x, y, verbose=0, callbacks=[strict])


def test_a_run_directory_that_cannot_be_made_costs_records_only(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    x, y = problem()
    callback = MonitorCallback(tmp_path / "file" / "run")
    history = classifier().fit(x, y, epochs=2, verbose=0, callbacks=[callback])
    assert len(history.epoch) == 2
    assert callback.writer.status().written == 0
    assert said(caplog)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"log_dir": "s3://bucket/run"}, "where must be a local directory"),
        ({"class_names": ["a", "a"]}, "class_names must be distinct"),
        ({"evaluate_as": "te@st"}, "evaluate_as must not contain '@'"),
        ({"model": 3}, "model must be a string, got int"),
        ({"on_error": "panic"}, "on_error must be 'warn' or 'raise', got 'panic'"),
    ],
)
def test_bad_arguments_are_refused_at_once(tmp_path, arguments, message):
    with pytest.raises(InvalidInput, match=message):
        MonitorCallback(**{"log_dir": tmp_path, **arguments})


def test_tuners_can_copy_a_callback(tmp_path):
    callback = MonitorCallback(tmp_path, class_names=CLASSES, evaluate_as="holdout")
    copied = copy.deepcopy(callback)
    x, y = problem()
    classifier().evaluate(x, y, verbose=0, callbacks=[copied])
    assert list(matrices(tmp_path)) == [("holdout", 0)]
    assert series(tmp_path)["holdout/confusion"].class_names == tuple(CLASSES)


def test_it_stands_beside_keras_own_tensorboard_callback(tmp_path, caplog):
    x, y = problem()
    callbacks = [MonitorCallback(tmp_path), keras.callbacks.TensorBoard(tmp_path)]
    with caplog.at_level(logging.WARNING, "tb_monitor_writer"):
        classifier().fit(x, y, validation_split=0.5, epochs=2, verbose=0, callbacks=callbacks)
    assert said(caplog) == []
    runs = {path.parent.relative_to(tmp_path).as_posix() for path in files(tmp_path)}
    assert runs == {".", "train", "validation"}
    assert fit_steps(tmp_path) == [0, 1]
