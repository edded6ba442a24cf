"""What a caller may hand to a log call, checked before anything is written."""

import math
import operator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_writer import limits, metrics
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.arrays import AnyArray
from tb_monitor_writer.metrics.labels import check_labels
from tb_monitor_writer.schema import Task


class Measurement(NamedTuple):
    """A mean, and what is known of its error.

    Attributes:
      value: The mean; NaN and infinities are legal.
      n: Examples behind it, NaN = unknown.
      se: Standard error of the mean, NaN = unknown.
      losses: Per example, float32 `[n]`, if they were handed in and few enough to keep.
    """

    value: float
    n: float = math.nan
    se: float = math.nan
    losses: npt.NDArray[np.float32] | None = None


def check_step(argument: str, step: object) -> int:
    """Checks a step: an integer of any type, 0 <= step < 2^63."""
    try:
        if step is None or isinstance(step, (bool, np.bool_)):
            raise TypeError
        found = operator.index(step)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InvalidInput(
            f"{argument} must be an integer, got {type(step).__name__} {step!r:.40}"
            if step is not None
            else f"{argument} must be an integer, got None"
        ) from None
    if not 0 <= found <= limits.MAX_STEP:
        raise InvalidInput(f"{argument} must be in [0, 2^63), got {found}")
    return found


def check_pos_label(pos_label: object) -> int:
    """Checks the index of a positive class: 0 or 1."""
    if isinstance(pos_label, bool) or pos_label not in (0, 1):
        raise InvalidInput(f"pos_label must be 0 or 1, got {pos_label!r:.40}")
    return int(pos_label)


def as_counts(
    matrix: object, class_names: tuple[str, ...]
) -> metrics.ConfusionMatrix | metrics.MultilabelCounts:
    """Accepts a ConfusionMatrix, MultilabelCounts, or counts `[C, C]`.

    Args:
      matrix: One of them.
      class_names: For one that bears none itself; () = none.

    Raises:
      InvalidInput: it is neither, or the names are not as many as its classes.
    """
    if isinstance(matrix, metrics.MultilabelCounts):
        if not matrix.class_names:
            check_number_of_names(class_names, matrix.num_labels)
        return matrix
    if not isinstance(matrix, metrics.ConfusionMatrix):
        matrix = metrics.ConfusionMatrix.from_array(matrix)
    if not matrix.class_names:
        check_number_of_names(class_names, matrix.num_classes)
    return matrix


def are_one_hot(found: AnyArray) -> bool:
    """Whether each row of 0 and 1 `[n, L]` holds a single 1."""
    return bool(((found == 1).sum(axis=1) == 1).all())


def are_multilabel(y_true: AnyArray, y_pred: AnyArray, ignore_index: object) -> bool:
    """Whether truth and predictions are label indicators, `[n, L]` of 0 and 1 both.

    As in scikit-learn, one-hot rows are taken for them; probabilities are not.
    """
    if y_true.ndim != 2 or y_true.shape[1] < 2 or y_true.shape != y_pred.shape:
        return False
    truth_is = (y_true == 0) | (y_true == 1) | (y_true == ignore_index)
    return bool(truth_is.all() and ((y_pred == 0) | (y_pred == 1)).all())


def refuse_scores(argument: str, predictions: AnyArray) -> None:
    """Refuses scores where predicted classes belong, and names where scores belong."""
    if predictions.ndim == 2 and predictions.shape[1] > 1 and predictions.dtype.kind == "f":
        raise InvalidInput(
            f"{argument} has shape {predictions.shape}: pass {argument}.argmax(axis=1), count "
            f"scores with ConfusionMatrix.update_from_scores(), or log them with scores()"
        )


def classes_seen(y_true: AnyArray, y_pred: AnyArray, ignore_index: object) -> int:
    """Returns how many classes there must be: one more than the greatest label.

    Raises:
      InvalidInput: no labels, or so large a one that it may be stray.
    """
    truth = check_labels("y_true", y_true)
    prediction = check_labels("y_pred", y_pred)
    if ignore_index is not None:
        truth = truth[truth != ignore_index]
    if not truth.size or not prediction.size:
        raise InvalidInput(
            f"y_true must hold at least one label, got {truth.size}: give class_names= or "
            f"num_classes=, and an evaluation without examples is logged as one"
        )
    seen = int(max(truth.max(), prediction.max())) + 1
    if seen > limits.MAX_GUESSED_CLASSES:
        raise InvalidInput(
            f"y_true and y_pred hold labels up to {seen - 1}, got neither class_names= nor "
            f"num_classes=: give one of them if there are that many classes"
        )
    return seen


def as_histogram(
    y_true: object, scores: object, *, from_logits: bool, class_names: tuple[str, ...]
) -> tuple[metrics.ScoreHistogram, tuple[str, ...], Task]:
    """Accepts a ScoreHistogram, or truth and scores.

    Returns:
      The histogram, the names of its labels (of the positive class if it is binary), the task.

    Raises:
      InvalidInput: it is neither, or they do not fit each other.
    """
    if isinstance(y_true, metrics.ScoreHistogram):
        if scores is not None:
            raise InvalidInput("scores must be left out beside a ScoreHistogram")
        histogram = y_true
    else:
        if scores is None:
            raise InvalidInput("scores must be given, got None")
        found = metrics.as_numpy("scores", scores)
        num_labels = found.shape[1] if found.ndim == 2 else 1
        histogram = metrics.ScoreHistogram(max(1, num_labels))
        histogram.update(y_true, found, from_logits=from_logits)
    if histogram.num_labels == 1:
        names = histogram.class_names
        if not names and class_names:
            check_number_of_names(class_names, 2)
            names = class_names[1:]
        return histogram, names, Task.BINARY
    if not histogram.class_names:
        check_number_of_names(class_names, histogram.num_labels)
    tasks = {True: Task.MULTICLASS, False: Task.MULTILABEL, None: Task.UNSPECIFIED}
    return histogram, histogram.class_names or class_names, tasks[histogram.multiclass]


def check_number_of_names(class_names: tuple[str, ...], num_classes: int) -> None:
    """Checks that names, if there are any, are as many as the classes."""
    if class_names and len(class_names) != num_classes:
        raise InvalidInput(
            f"class_names must name all {num_classes} classes, got {len(class_names)}; "
            f"give the ConfusionMatrix its own class_names if it has other classes"
        )


def as_measurement(argument: str, value: object, n: object, se: object) -> Measurement:
    """Accepts a number, or one loss per example.

    Args:
      argument: What the caller calls it.
      value: A number, or per-example values `[n]`.
      n: Examples behind a number, None = unknown.
      se: Standard error of a number, None = unknown.

    Raises:
      InvalidInput: neither, or `n` or `se` beside per-example values, or out of range.
    """
    found = metrics.as_numpy(argument, value)
    if found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    if found.ndim == 0:
        return Measurement(float(found), check_number("n", n, 1), check_number("se", se, 0))
    if found.ndim != 1 or not len(found):
        raise InvalidInput(
            f"{argument} must be a number or one value per example [n], got shape {found.shape}"
        )
    for name, given in (("n", n), ("se", se)):
        if given is not None:
            raise InvalidInput(
                f"{name} must be left out beside per-example values, got {given!r:.40}: "
                f"it is computed from them"
            )
    wide = found.astype(np.float64)
    with np.errstate(all="ignore"):
        mean = float(wide.mean())
        error = float(wide.std(ddof=1)) / math.sqrt(len(wide)) if len(wide) > 1 else math.nan
        kept = found[:: -(-len(found) // limits.PAIRED_LOSSES)].astype(np.float32)
    return Measurement(mean, float(len(wide)), error, kept)


def as_fit_row(
    *,
    train: object,
    validation: object,
    n: object,
    se: object,
    paired: object,
    target: object,
    train_step: object,
) -> tuple[dict[str, float], Measurement | None]:
    """Accepts what a fit call takes; see `MonitorWriter.fit`.

    Returns:
      Those columns of the row that were given, and the validation measurement if it was.

    Raises:
      InvalidInput: an argument is out of its range, or neither value is given.
    """
    if train is None and validation is None:
        raise InvalidInput("train or validation must be given, got neither")
    row: dict[str, float] = {}
    if target is not None:
        row["target"] = check_number("target", target)
    if train_step is not None:
        row["train_step"] = float(check_step("train_step", train_step))
    alone = validation is None
    train_n, validation_n = _of_each("n", n, train_alone=alone)
    train_se, validation_se = _of_each("se", se, train_alone=alone)
    measured = None
    if train is not None:
        found = as_measurement("train", train, train_n, train_se)
        row |= {
            "train": found.value,
            "train_n": found.n,
            "train_se": found.se,
            "train_logged": 1.0,
        }
    if validation is not None:
        found = measured = as_measurement("validation", validation, validation_n, validation_se)
        row |= {
            "validation": found.value,
            "validation_n": found.n,
            "validation_se": found.se,
            "validation_logged": 1.0,
        }
    if paired is not None:
        mean, error = _pair("paired", paired)
        row["paired_mean"] = check_number("paired", mean)
        row["paired_se"] = check_number("paired", error, 0)
    return row, measured


def check_number(argument: str, value: object, minimum: float = -math.inf) -> float:
    """Checks a finite number of at least `minimum`; None is NaN, for unknown."""
    if value is None:
        return math.nan
    array = metrics.as_numpy(argument, value)
    found = float(array) if array.ndim == 0 else math.nan
    if not math.isfinite(found) or found < minimum:
        bound = f" >= {minimum:g}" if math.isfinite(minimum) else ""
        raise InvalidInput(f"{argument} must be a finite number{bound}, got {value!r:.60}")
    return found


def _of_each(argument: str, given: object, *, train_alone: bool) -> tuple[object, object]:
    """What belongs to train, and what to validation."""
    if isinstance(given, (tuple, list)):
        return _pair(argument, given)
    return (given, None) if train_alone else (None, given)


def _pair(argument: str, given: object) -> tuple[object, object]:
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise InvalidInput(f"{argument} must be a pair of numbers, got {given!r:.60}")
    return given[0], given[1]
