"""The multi-label metric against scikit-learn, on its own, in a model and in the callback."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import multilabel_confusion_matrix, precision_recall_fscore_support

from tb_monitor_writer import InvalidInput, MonitorWriter
from tests.crash.logs import events, files, fit_rows
from tests.integrations.keras_models import NUMPY_COPIES, keras, series

from tb_monitor_writer.integrations.keras import (  # isort: skip  after Keras is told to be quiet
    LeftOut,
    MonitorCallback,
    MultilabelPrecisionRecallFScore,
)

pytestmark = pytest.mark.filterwarnings(NUMPY_COPIES)
ops = keras.ops
LABELS = ["amazed", "happy", "calm", "sad"]


def reference(y_true, y_pred, average="macro", zero_division=0.0, **more):
    return precision_recall_fscore_support(
        y_true, y_pred, average=average, zero_division=zero_division, **more
    )[:3]


def read(metric):
    return metric.precision, metric.recall, metric.f1


def scored(examples=200, seed=0):
    """0 or 1 of four labels of unlike frequency, and scores that are right in part."""
    random = np.random.default_rng(seed)
    truth = (random.random((examples, 4)) < [0.5, 0.3, 0.2, 0.05]).astype(int)
    scores = np.clip(0.3 * truth + random.random((examples, 4)) * 0.7, 0, 1).astype("float32")
    return truth, scores


def emotions(examples=240, seed=0):
    """x `[n, 6]` and four labels that depend on it."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(examples, 6)).astype("float32")
    y = (x[:, :4] + 0.5 * random.normal(size=(examples, 4)) > [0, 0.5, 1, 1.2]).astype("float32")
    return x, y


def classifier(*metrics, **compiled):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, activation="sigmoid")])
    model.compile(
        keras.optimizers.SGD(0.5),
        "binary_crossentropy",
        metrics=list(metrics) or [MultilabelPrecisionRecallFScore(4)],
        **compiled,
    )
    return model


@given(
    entries=st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=20),
    average=st.sampled_from(["weighted", "macro", "micro"]),
    zero_division=st.sampled_from([0.0, 1.0, math.nan]),
)
@settings(max_examples=40, deadline=None)
def test_every_average_of_the_labels_that_occur_is_scikit_learns(entries, average, zero_division):
    truth, predicted = np.split(np.array(entries, int), 2, axis=1)
    metric = MultilabelPrecisionRecallFScore(3, average, zero_division=zero_division)
    metric.update_state(truth, predicted)
    occurs = np.flatnonzero((truth | predicted).any(axis=0))
    if not len(occurs):
        np.testing.assert_array_equal(read(metric), [zero_division] * 3)
        return
    expected = reference(truth, predicted, average, zero_division, labels=occurs)
    np.testing.assert_allclose(read(metric), expected, rtol=1e-12)


@pytest.mark.parametrize("form", ["int", "float32", "bool", "list", "tensor"])
def test_labels_of_every_form_count_the_same(form):
    truth, scores = scored()
    given = {"list": truth.tolist(), "tensor": ops.convert_to_tensor(truth)}.get(form)
    metric = MultilabelPrecisionRecallFScore(4, class_names=LABELS)
    metric.update_state(truth.astype(form) if given is None else given, scores)
    counts = metric.counts
    np.testing.assert_array_equal(
        counts.to_array(), multilabel_confusion_matrix(truth, scores >= 0.5)
    )
    assert counts.exact_matches == np.sum((truth == (scores >= 0.5)).all(axis=1))
    assert (counts.total, counts.sum_squared_weights) == (200, 200)
    assert counts.margins.support.dtype == np.int64
    assert counts.class_names == tuple(LABELS)


def test_a_threshold_of_a_logit_is_zero():
    truth, scores = scored()
    metric = MultilabelPrecisionRecallFScore(4, threshold=0.0)
    metric.update_state(truth, scores - 0.4)
    np.testing.assert_allclose(read(metric), reference(truth, scores - 0.4 >= 0))


def test_weights_weigh_as_in_scikit_learn_and_their_squares_are_kept():
    truth, scores = scored()
    weights = np.random.default_rng(3).random(len(truth))
    metric = MultilabelPrecisionRecallFScore(4, "weighted", sample_weighted=True)
    for half in (slice(0, 90), slice(90, None)):
        metric.update_state(truth[half], scores[half], weights[half])
    expected = reference(truth, scores >= 0.5, "weighted", sample_weight=weights)
    np.testing.assert_allclose(read(metric), expected, rtol=1e-9)
    counts = metric.counts
    assert counts.total == pytest.approx(weights.sum())
    assert counts.sum_squared_weights == pytest.approx((weights**2).sum())


def test_sequences_count_each_step_but_those_a_mask_hides():
    truth, scores = (part.reshape(5, 40, 4) for part in scored())
    mask = np.arange(40) < np.array([[40], [3], [1], [0], [7]])
    masked = ops.convert_to_tensor(scores)
    masked._keras_mask = ops.convert_to_tensor(mask)
    metric = MultilabelPrecisionRecallFScore(4)
    metric.update_state(truth, masked)
    np.testing.assert_array_equal(
        metric.counts.to_array(), multilabel_confusion_matrix(truth[mask], scores[mask] >= 0.5)
    )
    assert metric.counts.total == mask.sum()


def test_unknown_labels_and_nan_scores_are_left_out_entry_by_entry():
    truth, scores = np.array([[1, -1], [0, 1], [-1, -1]]), np.full((3, 2), 0.9, "float32")
    scores[1, 0] = np.nan
    metric = MultilabelPrecisionRecallFScore(2, ignore_index=-1)
    metric.update_state(truth, scores)
    assert metric.left_out == LeftOut(ignored=3, out_of_range=0, nan=1)
    counts = metric.counts
    assert counts.examples.tolist() == [1, 1]
    assert (counts.total, counts.exact_matches, counts.ignored, counts.nan) == (2, 2, 3, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_labels": 0}, "num_labels must be"),
        ({"average": "binary"}, "average must be macro, weighted or micro of labels"),
        ({"average": "samples"}, "average must be one of"),
        ({"ignore_index": 1}, "ignore_index must be an integer other than 0 and 1, got 1"),
        ({"threshold": math.nan}, "threshold must be finite"),
        ({"class_names": ["a"]}, "must name all 3 classes, got 1"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        MultilabelPrecisionRecallFScore(**{"num_labels": 3, **arguments})


@pytest.mark.parametrize(
    ("y_true", "y_pred", "message"),
    [
        (np.zeros((4, 3)), np.zeros((4, 2)), r"y_pred must have a last axis of num_labels=3"),
        (np.zeros(4), np.zeros((4, 3)), r"y_true must have a last axis of num_labels=3, got shape"),
        (np.zeros((3, 3)), np.zeros((4, 3)), "same length, got 3 and 4"),
        ([[0, 0.5, 1]], np.zeros((1, 3)), r"y_true\[0, 1\] is 0.5: labels must be 0 or 1 \(1 ent"),
    ],
)
def test_what_does_not_fit_is_named(y_true, y_pred, message):
    metric = MultilabelPrecisionRecallFScore(3)
    with pytest.raises(InvalidInput, match=message):
        metric.update_state(y_true, y_pred)
    assert metric.counts.total == 0


def test_weights_of_a_metric_that_counts_examples_are_refused():
    with pytest.raises(InvalidInput, match=r"sample_weight must be None.*sample_weighted=True"):
        MultilabelPrecisionRecallFScore(4).update_state(*scored(), np.ones(200))


def test_the_config_makes_the_same_metric_again():
    metric = MultilabelPrecisionRecallFScore(
        4, "micro", "mine", class_names=LABELS, threshold=0.3, zero_division=1.0, ignore_index=-1,
        sample_weighted=True, prefix="head_",
    )  # fmt: skip
    config = keras.saving.serialize_keras_object(metric)
    again = keras.saving.deserialize_keras_object(config)
    assert again.get_config() == metric.get_config()
    assert (again.quantity, again.num_labels) == ("f1_micro", 4)


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_fit_reports_and_the_callback_logs_what_the_model_predicts(tmp_path, jit_compile):
    x, y = emotions()
    model = classifier(jit_compile=jit_compile)
    history = model.fit(
        x, y, validation_split=0.25, epochs=3, batch_size=50, verbose=0,
        callbacks=[MonitorCallback(tmp_path, class_names=LABELS)],
    ).history  # fmt: skip
    predicted = model.predict(x[180:], verbose=0) >= 0.5
    expected = reference(y[180:], predicted)
    for name, value in zip(("precision", "recall", "f1"), expected, strict=True):
        assert history[f"val_{name}"][-1] == pytest.approx(value, abs=1e-12)

    described = series(tmp_path)
    assert described["validation/class_counts"].task == "multilabel"
    assert described["validation/class_counts"].class_names == tuple(LABELS)
    assert "validation/confusion" not in described
    hits = np.sum(predicted & (y[180:] == 1), axis=0)
    assert class_counts(tmp_path, "validation", 2)[0].tolist() == hits.tolist()
    rows = fit_rows(tmp_path, "f1_macro")
    assert [row["validation"] for _, row in rows] == history["val_f1"]


def class_counts(logdir, split, step):
    """`[4, L]` as they were logged."""
    (found,) = [
        np.frombuffer(value.tensor.tensor_content, "<i8").reshape(4, -1)
        for path in files(logdir)
        for event in events(path)
        for value in event.summary.value
        if value.tag == f"{split}/class_counts" and event.step == step
    ]
    return found


def test_entries_left_out_are_told(tmp_path, caplog):
    x, y = emotions()
    x[:3] = np.nan
    y[5, 1] = 7
    classifier().evaluate(x, y, verbose=0, callbacks=[MonitorCallback(tmp_path)])
    said = [record.getMessage() for record in caplog.records if record.name == "tb_monitor_writer"]
    assert any("test: 12 entries with NaN scores were left out" in sentence for sentence in said)
    assert any("test: 1 labels are not 0 or 1 and were left out" in sentence for sentence in said)


def test_the_counts_are_what_the_writer_counts_itself(tmp_path):
    truth, scores = scored()
    metric = MultilabelPrecisionRecallFScore(4)
    metric.update_state(truth, scores)
    with MonitorWriter(tmp_path) as monitor:
        monitor.predictions("validation", truth, (scores >= 0.5).astype(int), step=0)
        monitor.confusion_matrix("test", metric.counts, step=0)
    np.testing.assert_array_equal(
        class_counts(tmp_path, "validation", 0), class_counts(tmp_path, "test", 0)
    )
