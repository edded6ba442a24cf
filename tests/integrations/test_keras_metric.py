"""The Keras metric against scikit-learn, in a model and on its own."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from tb_monitor_writer import InvalidInput
from tests.integrations.keras_models import CLASSES, NUMPY_COPIES, classifier, keras, problem

from tb_monitor_writer.integrations.keras import (  # isort: skip  after Keras is told to be quiet
    LeftOut,
    PrecisionRecallFScore,
)

pytestmark = pytest.mark.filterwarnings(NUMPY_COPIES)
ops = keras.ops


def read(metric):
    return metric.precision, metric.recall, metric.f1


def reference(y_true, y_pred, average="weighted", zero_division=0.0, **more):
    return precision_recall_fscore_support(
        y_true, y_pred, average=average, zero_division=zero_division, **more
    )[:3]


def scored(examples=200, num_classes=5, seed=0):
    """Labels in which the last class does not occur, and scores that are right in part."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, num_classes - 1, examples)
    scores = random.random((examples, num_classes)).astype("float32")
    scores[np.arange(examples), labels] += 0.4
    return labels, scores


@given(
    labels=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=40),
    average=st.sampled_from(["weighted", "macro", "micro"]),
    zero_division=st.sampled_from([0.0, 1.0, math.nan]),
)
@settings(max_examples=60, deadline=None)
def test_every_average_of_any_labels_is_scikit_learns(labels, average, zero_division):
    y_true, y_pred = (np.array(column, int) for column in zip(*[(0, 0), *labels], strict=True))
    metric = PrecisionRecallFScore(5, average, zero_division=zero_division)
    metric.update_state(y_true, y_pred)
    expected = reference(y_true, y_pred, average, zero_division)
    np.testing.assert_allclose(read(metric), expected, rtol=1e-12)


def one_hot(labels):
    return np.eye(5, dtype="float32")[labels]


@pytest.mark.parametrize(
    "form",
    [
        lambda labels: labels,
        lambda labels: labels[:, None],
        lambda labels: labels.tolist(),
        lambda labels: labels.astype("uint8"),
        lambda labels: labels.astype("float32"),
        lambda labels: one_hot(labels),
        lambda labels: one_hot(labels).astype(bool),
        lambda labels: 0.9 * one_hot(labels) + 0.02,
        lambda labels: ops.convert_to_tensor(labels),
    ],
    ids=["indices", "column", "list", "uint8", "float", "one-hot", "bool", "smoothed", "tensor"],
)
def test_labels_of_every_form_count_the_same(form):
    labels, scores = scored()
    metric = PrecisionRecallFScore(5)
    metric.update_state(form(labels), scores)
    counted = metric.confusion_matrix.to_array()
    expected = confusion_matrix(labels, scores.argmax(1), labels=range(5))
    np.testing.assert_array_equal(counted, expected)
    assert counted.dtype == np.int64
    assert metric.left_out == LeftOut(0, 0, 0)


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("threshold", [0.5, 0.25])
def test_one_score_per_example_is_compared_with_the_threshold(shape, threshold):
    labels, scores = scored(num_classes=3)  # of which 0 and 1 occur
    score = scores[:, 1] / 1.5
    score[:2] = threshold  # is enough
    metric = PrecisionRecallFScore(2, "binary", threshold=threshold)
    metric.update_state(labels.reshape(shape), score.reshape(shape))
    np.testing.assert_allclose(read(metric), reference(labels, score >= threshold, "binary"))


def test_pos_label_chooses_the_class_of_the_binary_average():
    labels, scores = scored(num_classes=3)
    metric = PrecisionRecallFScore(2, "binary", pos_label=0)
    metric.update_state(labels, scores[:, :2])
    expected = reference(labels, scores[:, :2].argmax(1), "binary", pos_label=0)
    np.testing.assert_allclose(read(metric), expected)


def test_sample_weights_weigh_as_in_scikit_learn():
    labels, scores = scored()
    weights = np.random.default_rng(3).random(len(labels))
    metric = PrecisionRecallFScore(5, sample_weighted=True)
    metric.update_state(labels, scores, weights)
    expected = reference(labels, scores.argmax(1), sample_weight=weights)
    np.testing.assert_allclose(read(metric), expected, rtol=1e-12)
    assert metric.confusion_matrix.weighted


def test_weights_that_add_up_to_ones_are_not_taken_for_ratios():
    metric = PrecisionRecallFScore(2, sample_weighted=True)
    metric.update_state([0, 0, 1], [0, 1, 1], [0.5, 0.5, 1.0])
    assert not metric.confusion_matrix.normalised
    assert metric.confusion_matrix.total == 2.0


def test_weights_of_a_metric_that_counts_examples_are_refused():
    labels, scores = scored()
    with pytest.raises(InvalidInput, match=r"sample_weight must be None.*sample_weighted=True"):
        PrecisionRecallFScore(5).update_state(labels, scores, np.ones(len(labels)))


def test_counts_beyond_2_to_the_24_and_to_the_31_stay_exact():
    metric = PrecisionRecallFScore(2)
    metric._confusion.assign([[2**24, 2**31], [2**53 - 1, 7]])
    metric.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    counted = metric.confusion_matrix.to_array().tolist()
    assert counted == [[2**24 + 1, 2**31 + 1], [2**53, 8]]


def test_batches_add_up_until_reset():
    labels, scores = scored()
    metric = PrecisionRecallFScore(5)
    for start in range(0, len(labels), 32):
        metric.update_state(labels[start : start + 32], scores[start : start + 32])
    whole = PrecisionRecallFScore(5)
    assert metric.f1 == pytest.approx(float(whole(labels, scores)["f1"]), abs=0)
    metric.reset_state()
    assert metric.confusion_matrix.total == 0
    assert read(metric) == (0.0, 0.0, 0.0)


def test_sequences_count_each_step_but_those_a_mask_hides():
    labels, scores = scored(examples=24)
    labels, scores = labels.reshape(4, 6), scores.reshape(4, 6, 5)
    mask = np.arange(6) < np.array([[6], [3], [1], [0]])
    masked = ops.convert_to_tensor(scores)
    masked._keras_mask = ops.convert_to_tensor(mask)
    metric = PrecisionRecallFScore(5, sample_weighted=True)
    metric.update_state(labels, masked, np.array([1.0, 2.0, 4.0, 8.0]))
    expected = confusion_matrix(
        labels[mask],
        scores.argmax(-1)[mask],
        labels=range(5),
        sample_weight=np.broadcast_to([[1], [2], [4], [8]], mask.shape)[mask],
    )
    np.testing.assert_array_equal(metric.confusion_matrix.to_array(), expected)


def test_ignored_labels_are_counted_apart():
    metric = PrecisionRecallFScore(3, ignore_index=-100)
    metric.update_state([0, -100, 2, -100], [0, 1, 2, 2])
    assert metric.left_out == LeftOut(ignored=2, out_of_range=0, nan=0)
    assert metric.confusion_matrix.total == 2
    assert metric.confusion_matrix.ignored == 2


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 3], r"y_true\[1\] is 3: labels must be whole numbers in \[0, 3\) \(1 of 2 are not\)"),
        ([-1, 0], r"y_true\[0\] is -1"),
        ([0.0, 0.5], r"y_true\[1\] is"),
        ([[0, 0, 0], [0, 1, 0]], r"y_true\[0\] is"),
    ],
)
def test_bad_labels_at_hand_are_named(labels, message):
    metric = PrecisionRecallFScore(3)
    with pytest.raises(InvalidInput, match=message):
        metric.update_state(labels, np.eye(3)[:2])
    assert metric.confusion_matrix.total == 0


def test_bad_labels_in_tensors_and_nan_scores_are_left_out_and_told():
    scores = np.eye(3)[[0, 1, 2, 0]]
    scores[3, 1] = np.nan
    metric = PrecisionRecallFScore(3)
    metric.update_state(ops.convert_to_tensor([0, 3, 2, 0]), scores)
    assert metric.left_out == LeftOut(ignored=0, out_of_range=1, nan=1)
    assert metric.confusion_matrix.to_array().tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": 1}, r"num_classes must be an integer in \[2, 2048\], got 1"),
        ({"num_classes": 2049}, "MonitorWriter.predictions"),
        ({"num_classes": 2.5}, "got 2.5"),
        ({"average": None}, "average must be one of weighted, macro, micro, binary, got None"),
        ({"average": "binary"}, "average='binary' needs num_classes=2, got 3"),
        ({"pos_label": 2}, "pos_label must be 0 or 1, got 2"),
        ({"zero_division": 0.5}, "zero_division must be 0.0, 1.0 or nan, got 0.5"),
        ({"threshold": math.inf}, "threshold must be finite"),
        ({"class_names": ["a", "a", "b"]}, "distinct"),
        ({"class_names": ["a"]}, "must name all 3 classes, got 1"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        PrecisionRecallFScore(**{"num_classes": 3, **arguments})


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        ((4,), (4, 2), r"y_pred must have a last axis of num_classes=3, got shape \(4, 2\)"),
        ((1,), (4, 3), "y_true and y_pred must have the same length, got 1 and 4"),
        ((4, 2), (4, 3), r"y_true must hold class indices of shape \(4,\) or one-hot rows of"),
    ],
)
def test_shapes_that_do_not_fit_are_named(y_true, y_pred, message):
    with pytest.raises(InvalidInput, match=message):
        PrecisionRecallFScore(3).update_state(np.zeros(y_true, int), np.zeros(y_pred, "float32"))


def test_the_config_makes_the_same_metric_again():
    metric = PrecisionRecallFScore(
        2, "binary", "mine", class_names=["no", "yes"], pos_label=0, threshold=0.3,
        zero_division=1.0, ignore_index=-1, sample_weighted=True, prefix="head_",
    )  # fmt: skip
    config = keras.saving.serialize_keras_object(metric)
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == metric.get_config()
    assert (again.name, again.pos_label, again.class_names) == ("mine", 0, ("no", "yes"))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_and_evaluate_report_what_scikit_learn_says_of_the_predictions(jit_compile):
    x, y = problem()
    model = classifier(jit_compile=jit_compile)
    history = model.fit(x, y, validation_split=0.25, epochs=2, batch_size=50, verbose=0).history
    expected = reference(y[180:], model.predict(x[180:], verbose=0).argmax(1))
    for name, value in zip(("precision", "recall", "f1"), expected, strict=True):
        assert history[f"val_{name}"][-1] == pytest.approx(value, abs=1e-12)
        assert 0 < history[name][-1] <= 1
    told = model.evaluate(x[180:], y[180:], verbose=0, return_dict=True)
    assert told["f1"] == pytest.approx(expected[2], abs=1e-12)
    loss, *rest = model.evaluate(x[180:], y[180:], verbose=0)
    assert rest == [told["f1"], told["precision"], told["recall"]]
    assert loss == told["loss"]


def test_one_hot_labels_and_class_weights_go_through_fit():
    x, y = problem()
    metric = PrecisionRecallFScore(3, sample_weighted=True)
    model = classifier(loss="categorical_crossentropy", weighted_metrics=[metric])
    weights = {0: 1.0, 1: 2.0, 2: 4.0}
    model.fit(x, keras.utils.to_categorical(y), class_weight=weights, epochs=1, verbose=0)
    np.testing.assert_allclose(
        metric.confusion_matrix.margins.support,
        [np.sum(y == label) * weight for label, weight in weights.items()],
    )


def test_weights_given_to_a_counting_metric_in_fit_are_refused_in_words():
    x, y = problem()
    model = classifier("accuracy", weighted_metrics=[PrecisionRecallFScore(3)])
    with pytest.raises(InvalidInput, match="sample_weighted=True"):
        model.fit(x, y, sample_weight=np.ones(len(y)), verbose=0)


def test_a_sigmoid_output_and_a_logit_output_agree():
    x, labels = problem()
    y = (labels > 0).astype("float32")
    found = []
    for activation, threshold in (("sigmoid", 0.5), (None, 0.0)):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, activation=activation)])
        model.compile(
            "sgd",
            keras.losses.BinaryCrossentropy(from_logits=activation is None),
            metrics=[PrecisionRecallFScore(2, "binary", threshold=threshold)],
        )
        found.append(model.evaluate(x, y, verbose=0, return_dict=True)["f1"])
        score = model.predict(x, verbose=0)[:, 0]
        assert found[-1] == pytest.approx(reference(y, score >= threshold, "binary")[2], abs=1e-12)
    assert found[0] == found[1]


def test_early_stopping_and_checkpoints_watch_f1(tmp_path):
    x, y = problem()
    model = classifier()
    stopper = keras.callbacks.EarlyStopping(monitor="val_f1", mode="max", patience=2)
    best = tmp_path / "best.keras"
    checkpoint = keras.callbacks.ModelCheckpoint(
        best, monitor="val_f1", mode="max", save_best_only=True
    )
    history = model.fit(
        x, y, validation_split=0.5, epochs=60, verbose=0, callbacks=[stopper, checkpoint]
    ).history["val_f1"]
    assert len(history) < 60
    assert stopper.best == max(history)
    assert len(history) == int(np.argmax(history)) + 3
    restored = keras.saving.load_model(best)
    told = restored.evaluate(x[120:], y[120:], verbose=0, return_dict=True)
    assert told["f1"] == pytest.approx(max(history), abs=1e-12)


def test_a_first_epoch_without_a_hit_does_not_blind_early_stopping():
    metric = PrecisionRecallFScore(3)
    assert metric.f1 == 0.0
    assert math.isnan(PrecisionRecallFScore(3, zero_division=math.nan).f1)


def test_a_saved_model_is_loaded_with_its_metric(tmp_path):
    x, y = problem()
    model = classifier(PrecisionRecallFScore(3, "macro", class_names=CLASSES))
    model.fit(x, y, verbose=0)
    before = model.evaluate(x, y, verbose=0, return_dict=True)
    model.save(tmp_path / "model.keras")
    after = keras.saving.load_model(tmp_path / "model.keras")
    assert after.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(before)
    (metric,) = [m for m in after._compile_metrics.metrics if m.name == "precision_recall_fscore"]
    assert metric.class_names == tuple(CLASSES)


def test_outputs_are_told_apart_by_their_prefix():
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
            "colour": [PrecisionRecallFScore(3, prefix="colour_")],
            "size": [PrecisionRecallFScore(2, prefix="size_")],
        },
    )
    targets = {"colour": y, "size": (y > 0).astype(int)}
    told = model.evaluate(x, targets, verbose=0, return_dict=True)
    for name, scores in model.predict(x, verbose=0).items():
        expected = reference(targets[name], scores.argmax(1))[2]
        assert told[f"{name}_f1"] == pytest.approx(expected, abs=1e-12)
