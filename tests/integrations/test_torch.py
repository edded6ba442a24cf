"""Evaluating a model in a plain PyTorch loop."""

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, multilabel_confusion_matrix, roc_auc_score
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from tb_monitor_writer import InvalidInput, MonitorWriter, MultilabelCounts, metrics
from tb_monitor_writer.integrations.torch import Evaluation, evaluate, log_evaluation
from tests.crash.logs import fit_rows
from tests.integrations.runs import matrices, series

per_example = torch.nn.CrossEntropyLoss(reduction="none")


def problem(examples=200, classes=3, seed=0):
    random = torch.Generator().manual_seed(seed)
    return (
        torch.randn(examples, 4, generator=random),
        torch.randint(classes, (examples,), generator=random),
    )


def linear(outputs=3):
    torch.manual_seed(0)
    return torch.nn.Linear(4, outputs)


def batches(x, y, size=32):
    return DataLoader(TensorDataset(x, y), batch_size=size)


def area(evaluation):
    """Area under the ROC curve of each label, `[L]`."""
    return metrics.roc_auc_score(evaluation.histogram, None)


def test_counts_and_losses_are_those_of_the_whole_data_set_at_once():
    x, y = problem()
    model = linear()
    evaluation = evaluate(model, batches(x, y), num_classes=3, loss=per_example)
    logits = model(x).detach()
    np.testing.assert_array_equal(
        evaluation.counts.to_array(), confusion_matrix(y, logits.argmax(1))
    )
    expected = per_example(logits, y)
    np.testing.assert_allclose(evaluation.losses, expected, rtol=1e-6)
    assert evaluation.loss == pytest.approx(expected.mean().item(), rel=1e-6)
    assert repr(evaluation).startswith("Evaluation(ConfusionMatrix(num_classes=3, total=200)")


def test_modes_are_put_back_module_by_module_even_after_an_error():
    class Breaks(torch.nn.Module):
        def forward(self, x):
            raise RuntimeError("no such luck")

    frozen = torch.nn.BatchNorm1d(4).eval()
    model = torch.nn.Sequential(frozen, torch.nn.Dropout(0.9), linear())
    before = frozen.running_mean.clone()
    x, y = problem()
    first = evaluate(model, batches(x, y), num_classes=3).counts.to_array()
    np.testing.assert_array_equal(
        first, evaluate(model, batches(x, y), num_classes=3).counts.to_array()
    )  # no dropout
    assert (frozen.training, model[1].training, model.training) == (False, True, True)
    assert frozen.running_mean.equal(before)
    broken = torch.nn.Sequential(frozen, Breaks())
    with pytest.raises(RuntimeError, match="no such luck"):
        evaluate(broken, batches(x, y), num_classes=3)
    assert (frozen.training, broken[1].training) == (False, True)


def test_no_gradients_are_recorded():
    seen = []

    class Watched(torch.nn.Linear):
        def forward(self, x):
            seen.append((torch.is_grad_enabled(), self.training))
            return super().forward(x)

    evaluate(Watched(4, 3), batches(*problem()), num_classes=3)
    assert set(seen) == {(False, False)}


def test_scores_of_a_binary_task_come_with_a_histogram():
    x, y = problem(classes=2)
    model = linear(1)
    for from_logits in (True, False):
        final = model if from_logits else torch.nn.Sequential(model, torch.nn.Sigmoid())
        evaluation = evaluate(
            final, batches(x, y), class_names=["no", "yes"], from_logits=from_logits
        )
        logits = model(x).detach()[:, 0]
        np.testing.assert_array_equal(evaluation.counts.to_array(), confusion_matrix(y, logits > 0))
        auc = area(evaluation)[0]
        assert auc == pytest.approx(roc_auc_score(y, logits), abs=2e-3)
        assert evaluation.histogram.class_names == ("yes",)


def test_two_columns_of_logits_give_the_score_of_their_softmax():
    x, y = problem(classes=2)
    model = linear(2)
    evaluation = evaluate(model, batches(x, y), num_classes=2)
    positive = model(x).detach().softmax(1)[:, 1]
    assert area(evaluation)[0] == pytest.approx(roc_auc_score(y, positive), abs=2e-3)
    expected = np.histogram(positive[y == 1], 1000, (0, 1))[0]
    assert np.abs(evaluation.histogram.counts[0, 1] - expected).sum() <= 2  # rounding of softmax


def test_a_multilabel_task_is_counted_label_by_label():
    x, _ = problem()
    y = (x[:, :3] + x[:, 1:] > 0).float()
    model = linear(3)
    loss = torch.nn.BCEWithLogitsLoss(reduction="none")
    evaluation = evaluate(
        model, batches(x, y), class_names=["a", "b", "c"], multilabel=True, loss=loss
    )
    logits = model(x).detach()
    assert isinstance(evaluation.counts, MultilabelCounts)
    np.testing.assert_array_equal(
        evaluation.counts.to_array(), multilabel_confusion_matrix(y, logits > 0)
    )
    np.testing.assert_allclose(evaluation.losses, loss(logits, y).mean(1), rtol=1e-5)
    for label, auc in enumerate(area(evaluation)):
        assert auc == pytest.approx(roc_auc_score(y[:, label], logits[:, label]), abs=0.02)


@pytest.mark.parametrize("classes_last", [False, True])
def test_pixels_or_tokens_are_examples_and_the_ignored_have_no_loss(classes_last):
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 3, 5, 4, generator=random)
    y = torch.randint(3, (6, 5, 4), generator=random)
    y[:, 0] = -100
    y[2] = -100  # an image without any label
    losses = functional.cross_entropy(logits, y, reduction="none")
    evaluation = Evaluation(3, ignore_index=-100)
    evaluation.update(y, logits.movedim(1, -1) if classes_last else logits, losses)
    known = y != -100
    np.testing.assert_array_equal(
        evaluation.counts.to_array(), confusion_matrix(y[known], logits.argmax(1)[known])
    )
    assert evaluation.counts.ignored == (~known).sum()
    expected = [image[mask].mean() for image, mask in zip(losses, known, strict=True) if mask.any()]
    np.testing.assert_allclose(evaluation.losses, expected, rtol=1e-6)
    assert len(evaluation.losses) == 5


def test_a_nan_score_is_an_example_apart_whatever_the_task():
    nan = float("nan")
    several = Evaluation(3)
    several.update([0, 1], torch.tensor([[0.0, 1.0, 2.0], [0.0, nan, 9.0]]))
    binary = Evaluation(2)
    binary.update([0, 1], torch.tensor([nan, 2.0]))
    for evaluation in (several, binary):
        assert (evaluation.counts.total, evaluation.counts.nan) == (1, 1)
    assert (binary.histogram.total, binary.histogram.nan) == (1, 1)


def test_integers_are_taken_for_predictions():
    evaluation = Evaluation(3)
    evaluation.update(torch.tensor([[0, 1], [2, 2]]), torch.tensor([[0, 2], [2, 1]]))
    assert evaluation.counts.to_array().tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 1]]
    labels = Evaluation(2, multilabel=True)
    labels.update(torch.tensor([[1, 0]]), torch.tensor([[True, True]]))
    assert labels.counts.margins.predicted.tolist() == [1, 1]
    assert labels.histogram.total == 0


def test_low_precision_and_gradients_are_no_obstacle():
    x, y = problem()
    model = linear()
    with torch.autocast("cpu", torch.bfloat16):
        evaluation = evaluate(model, batches(x, y), num_classes=3, loss=per_example)
    assert evaluation.counts.total == 200
    assert evaluation.losses.dtype == np.float64
    evaluation = Evaluation(3)
    logits = model(x).half()
    assert logits.requires_grad
    evaluation.update(y, logits, per_example(logits.float(), y))
    assert evaluation.counts.total == len(evaluation.losses) == 200


def test_without_classes_there_are_losses_only():
    x, _ = problem()
    y = x.sum(1, keepdim=True)
    model = linear(1)
    loss = torch.nn.MSELoss(reduction="none")
    evaluation = evaluate(model, batches(x, y), loss=loss)
    assert evaluation.counts is None
    np.testing.assert_allclose(evaluation.losses, loss(model(x), y).detach()[:, 0], rtol=1e-5)
    assert Evaluation().losses is None
    assert Evaluation().loss is None


def test_other_batches_say_how_the_model_takes_them():
    x, y = problem()
    model = linear()
    whole = [{"x": [x[:100]], "y": y[:100]}, {"x": [x[100:]], "y": y[100:]}]
    evaluation = evaluate(
        model, whole, num_classes=3, forward=lambda model, b: (model(b["x"][0]), b["y"])
    )
    assert evaluation.counts.total == 200
    for batch, got in ((whole[0], "dict"), ((x, y, y), "tuple of 3")):
        with pytest.raises(InvalidInput, match=f"batches must give pairs .*, got {got}"):
            evaluate(model, [batch], num_classes=3)


def test_what_is_logged_can_be_read_back(tmp_path):
    x, y = problem(classes=2)
    evaluation = evaluate(linear(2), batches(x, y), class_names=["no", "yes"], loss=per_example)
    with MonitorWriter(tmp_path) as monitor:
        log_evaluation(monitor, "val/depth", evaluation, step=3, train_loss=0.25)
        log_evaluation(monitor, "test", evaluation, step=3)
    expected = evaluation.counts.to_array()
    np.testing.assert_array_equal(matrices(tmp_path)["val/depth", 3], expected)
    np.testing.assert_array_equal(matrices(tmp_path)["test", 3], expected)
    ((step, row),) = fit_rows(tmp_path, "loss/depth")
    assert (step, row["train"], row["validation_n"]) == (3, 0.25, 200)
    assert row["validation"] == pytest.approx(evaluation.loss)
    described = series(tmp_path)
    assert described["val/depth/scores"].class_names == ("yes",)
    assert [tag for tag in described if tag.endswith("/fit")] == ["loss/depth/fit"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"num_classes": 1}, "num_classes must be at least 2, got 1"),
        ({"num_classes": 0}, "num_classes must be"),
        ({"num_classes": 2, "class_names": ["a"]}, "class_names must"),
    ],
)
def test_bad_arguments_are_refused(given, message):
    with pytest.raises(InvalidInput, match=message):
        evaluate(linear(), [], **given)


@pytest.mark.parametrize(
    ("y_true", "scores", "losses", "message"),
    [
        (
            [0, 1],
            [[1.0, 2.0]],
            None,
            r"scores must have shape \[n, 3\] .*, got \(1, 2\) for \(2,\)",
        ),
        ([[0] * 3] * 3, np.zeros((3, 3, 3)), None, "may have their classes second or last"),
        ([0, 1], [[1, 2, 3]] * 2, None, "integers must be predictions of the shape of y_true"),
        ([0, 1], np.zeros((2, 3)), 0.5, r"losses must be one per example, \[2, ...\], got shape "),
        ([0, 1], np.zeros((2, 3)), [0.5], "use reduction='none'"),
        ([0, 3], np.zeros((2, 3)), None, r"y_true\[1\] is 3"),
        (None, np.zeros((2, 3)), None, "y_true and scores must be given, got None"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_and_changes_nothing(y_true, scores, losses, message):
    evaluation = Evaluation(3)
    with pytest.raises(InvalidInput, match=message):
        evaluation.update(y_true, scores, losses)
    assert evaluation.counts.total == 0
    assert evaluation.losses is None


def test_a_label_out_of_range_is_refused_before_the_loss_sees_it():
    batches = [(torch.randn(2, 3), torch.tensor([0, 5]))]
    loss = torch.nn.CrossEntropyLoss(reduction="none")
    with pytest.raises(InvalidInput, match="y_true"):
        evaluate(torch.nn.Linear(3, 3), batches, num_classes=3, loss=loss)
