"""Each row of "Where others say another number" in docs/metrics.md is run and compared."""

import math
import pathlib
import re

import numpy as np
import pytest
import sklearn.metrics
from references import counted, without_warnings

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import (
    ConfusionMatrix,
    MultilabelCounts,
    ScoreHistogram,
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    expected_calibration_error,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_score,
    roc_auc_score,
)

keras = pytest.importorskip("keras")
tensorflow = pytest.importorskip("tensorflow")
torch = pytest.importorskip("torch")
torchmetrics = pytest.importorskip("torchmetrics")
tensor = torch.tensor

DOCS = pathlib.Path(__file__).parents[3] / "docs" / "metrics.md"
TRUTH, PREDICTION = [0, 1], [0, 2]
HUGE = [[900_000_000, 40], [90, 60]]
RARE = [0, 0, 0, 1], [0, 0, 0, 0]
THREE = [0, 0, 1, 1, 2], [0, 1, 1, 1, 2]
LABELS = np.array([[1, 0], [1, 0]]), np.array([[1, 0], [0, 0]])
CONFIDENT = [1, 1], np.array([[0.5, 0.3, 0.2], [0.2, 0.6, 0.2]])
NEAR_0 = np.array([0, 0, 0, 1, 1, 1]), np.array([0.0001, 0.0002, 0.0008, 0.0007, 0.0011, 0.9])
NEVER_TRUE = np.array([[1, 0], [0, 0], [1, 0]]), np.array([[0.9, 0.1], [0.3, 0.2], [0.2, 0.3]])
NO_POSITIVES = np.zeros(4, int), np.array([0.1, 0.2, 0.3, 0.4])


def one_hot(labels, num_classes):
    return np.eye(num_classes, dtype=np.float32)[labels]


def keras_f1(truth, prediction, num_classes, average):
    metric = keras.metrics.F1Score(average=average)
    metric.update_state(one_hot(truth, num_classes), one_hot(prediction, num_classes))
    return metric.result()


def keras_auc(truth, scores):
    metric = keras.metrics.AUC()
    metric.update_state(truth, scores)
    return metric.result()


def keras_counts_beyond_2_to_the_24():
    metric = keras.metrics.TruePositives()
    metric.update_state([1.0], [1.0], sample_weight=[2.0**24])
    metric.update_state([1.0], [1.0])
    return metric.result()


def counts_beyond_2_to_the_24():
    matrix = ConfusionMatrix(2)
    matrix.update([1], [1], [2.0**24])
    matrix.update([1], [1])
    return matrix.margins.true_positives[1]


def torchmetrics_mcc(matrix):
    metric = torchmetrics.classification.BinaryMatthewsCorrCoef()
    metric.update(tensor([0]), tensor([0]))
    metric.confmat = tensor(matrix)
    return metric.compute()


def tensorflow_cell(weight):
    return tensorflow.math.confusion_matrix([0, 0], [0, 0], weights=[weight, weight])[0, 0]


def cell(weight):
    matrix = ConfusionMatrix(1)
    matrix.update([0, 0], [0, 0], [weight, weight])
    return matrix.to_array()[0, 0]


def histogram_of(truth, scores, num_labels=1, bins=None):
    histogram = ScoreHistogram(num_labels, bins=bins)
    histogram.update(truth, scores)
    return histogram


def labels_of(truth, prediction):
    counts = MultilabelCounts(2)
    counts.update(truth, prediction)
    return counts


def without_class_0(truth, prediction):
    matrix = ConfusionMatrix(3)
    matrix.update(truth, prediction, ignore_index=0)
    return matrix


def functional(name):
    return getattr(torchmetrics.functional.classification, name)


# row of the page -> (what we say, what the other one says)
ROWS = {
    "macro F1, 4 classes of which one is absent: Keras": (
        lambda: f1_score(counted(TRUTH, PREDICTION, 4), "macro", 0),
        lambda: keras_f1(TRUTH, PREDICTION, 4, "macro"),
    ),
    "the same: scikit-learn, `labels=range(4)`": (
        lambda: f1_score(counted(TRUTH, PREDICTION, 4), "macro", 0),
        lambda: sklearn.metrics.f1_score(
            TRUTH, PREDICTION, labels=range(4), average="macro", zero_division=0
        ),
    ),
    "macro F1 of two labels, one never occurs: scikit-learn": (
        lambda: f1_score(labels_of(*LABELS), "macro", 0),
        lambda: sklearn.metrics.f1_score(*LABELS, average="macro", zero_division=0),
    ),
    "precision, never predicted: scikit-learn": (
        lambda: precision_score(counted(*RARE, 2)),
        lambda: sklearn.metrics.precision_score(*RARE),
    ),
    "micro precision without class 0: scikit-learn, `labels=[1, 2]`": (
        lambda: precision_score(without_class_0(*THREE), "micro"),
        lambda: sklearn.metrics.precision_score(*THREE, labels=[1, 2], average="micro"),
    ),
    "accuracy: torchmetrics, `MulticlassAccuracy`": (
        lambda: accuracy_score(counted(*RARE, 2)),
        lambda: functional("multiclass_accuracy")(tensor(RARE[1]), tensor(RARE[0]), num_classes=2),
    ),
    "recall of the scores 0.3 and 1.2: torchmetrics": (
        lambda: histogram_of([1, 1], [0.3, 1.2]),
        lambda: functional("binary_recall")(tensor([0.3, 1.2]), tensor([1, 1])),
    ),
    "cell (1, 1), a prediction of 4 among 3 classes: torchmetrics, `validate_args=False`": (
        lambda: counted([0, 0], [0, 4], 3),
        lambda: functional("multiclass_confusion_matrix")(
            tensor([0, 4]), tensor([0, 0]), num_classes=3, validate_args=False
        )[1, 1],
    ),
    "a prediction outside of `labels=[0, 1]`, examples counted: scikit-learn": (
        lambda: counted([0, 1], [0, 2], 2),
        lambda: sklearn.metrics.confusion_matrix([0, 1], [0, 2], labels=[0, 1]).sum(),
    ),
    "true positives, 16777216 and 1 more: Keras": (
        counts_beyond_2_to_the_24,
        keras_counts_beyond_2_to_the_24,
    ),
    "a cell, 1073741824 twice: `tf.math.confusion_matrix`": (
        lambda: cell(2**30),
        lambda: tensorflow_cell(2**30),
    ),
    "MCC of [[900000000, 40], [90, 60]]: torchmetrics": (
        lambda: matthews_corrcoef(HUGE),
        lambda: torchmetrics_mcc(HUGE),
    ),
    "MCC, all of one class: scikit-learn": (
        lambda: matthews_corrcoef([[3, 0], [0, 0]]),
        lambda: without_warnings(sklearn.metrics.matthews_corrcoef, [0, 0, 0], [0, 0, 0]),
    ),
    "MCC, all of one class: torchmetrics": (
        lambda: matthews_corrcoef([[3, 0], [0, 0]]),
        lambda: functional("binary_matthews_corrcoef")(tensor([0, 0, 0]), tensor([0, 0, 0])),
    ),
    "balanced accuracy, adjusted, one true class: scikit-learn": (
        lambda: balanced_accuracy_score([[1, 1], [0, 0]], adjusted=True),
        lambda: sklearn.metrics.balanced_accuracy_score([0, 0], [0, 1], adjusted=True),
    ),
    "AUROC of scores near 0: Keras, `AUC`": (
        lambda: roc_auc_score(histogram_of(*NEAR_0, bins=10_000)),
        lambda: keras_auc(*NEAR_0),
    ),
    "macro AUROC, one of two labels never true: scikit-learn": (
        lambda: roc_auc_score(histogram_of(*NEVER_TRUE, 2)),
        lambda: sklearn.metrics.roc_auc_score(*NEVER_TRUE),
    ),
    "AUROC of a label never true: torchmetrics": (
        lambda: roc_auc_score(histogram_of(*NO_POSITIVES)),
        lambda: functional("binary_auroc")(tensor(NO_POSITIVES[1]), tensor(NO_POSITIVES[0])),
    ),
    "average precision of a label never true: scikit-learn": (
        lambda: average_precision_score(histogram_of(*NO_POSITIVES)),
        lambda: sklearn.metrics.average_precision_score(*NO_POSITIVES),
    ),
    "calibration error of 3 classes: torchmetrics": (
        lambda: expected_calibration_error(histogram_of(*CONFIDENT, 3)),
        lambda: functional("multiclass_calibration_error")(
            tensor(CONFIDENT[1]), tensor(CONFIDENT[0]), num_classes=3, n_bins=10
        ),
    ),
    "log loss, certain and wrong: Keras": (
        lambda: log_loss(histogram_of([1], [0.0])),
        lambda: keras.losses.binary_crossentropy(np.array([[1.0]]), np.array([[0.0]]))[0],
    ),
    "log loss, certain and wrong: `torch.nn.BCELoss`": (
        lambda: log_loss(histogram_of([1], [0.0])),
        lambda: torch.nn.BCELoss()(tensor([0.0]), tensor([1.0])),
    ),
}


def rows_of_the_page():
    (section,) = re.findall(
        r"^## Where others say another number\n(.*?)^## ", DOCS.read_text(), re.M | re.S
    )
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[1] != "here" and not cells[1].startswith("-"):
            yield cells[0], cells[1], cells[2]


PAGE = {what: (here, there) for what, here, there in rows_of_the_page()}


def said(function):
    """What a function says, or "error" where it refuses."""
    try:
        return float(without_warnings(function))
    except InvalidInput:
        return "error"


def is_written(number, text):
    """Whether a number is what stands on the page, to its last digit."""
    if number == "error" or text == "error":
        return number == text
    digits = len(text.partition(".")[2])
    return math.isnan(number) if text == "NaN" else text == f"{number:.{digits}f}"


@pytest.mark.parametrize("what", ROWS)
def test_both_numbers_of_a_row_are_those_that_the_page_gives(what):
    ours, theirs = (said(function) for function in ROWS[what])
    here, there = PAGE[what]
    assert is_written(ours, here), f"here {ours}"
    assert is_written(theirs, there), f"there {theirs}"
    assert here != there


def test_the_page_has_no_row_that_is_not_run():
    assert set(PAGE) == set(ROWS)
