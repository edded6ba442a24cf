"""What a caller may hand in as labels, weights and class names."""

import functools
import operator
from collections.abc import Sized

import numpy as np
import numpy.typing as npt

from tb_monitor_writer import limits
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.arrays import AnyArray, as_numpy


def check_num_classes(argument: str, num_classes: object) -> int:
    """Checks a number of classes: an integer of at least 1, at most `limits.MAX_CLASSES`."""
    return check_count(argument, num_classes, limits.MAX_CLASSES)


def check_labels(argument: str, value: object) -> AnyArray:
    """Checks the form of labels, not yet their range.

    Returns:
      A flat integer array `[n]` of whatever width it came in.

    Raises:
      InvalidInput: more than one value per example, or not integers.
    """
    labels = as_numpy(argument, value)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]  # Keras hands out labels as a column
    if labels.ndim != 1:
        raise InvalidInput(_wrong_shape(argument, labels))
    if labels.dtype.kind == "b":
        return labels.view(np.uint8)
    if labels.dtype.kind == "f":
        if labels.size:
            raise InvalidInput(
                f"{argument} must hold class indices, got dtype {labels.dtype}; cast whole numbers "
                f"with .astype(int), compare probabilities with a threshold, or log them "
                f"with scores()"
            )
        return labels.astype(np.int64)
    return labels


_PLAIN_LABELS = 512
"""Labels up to which one call that checks and multiplies at once beats a pass for each."""

_INT64 = np.dtype(np.int64)


def plain_keys(y_true: object, y_pred: object, num_classes: int) -> npt.NDArray[np.intp] | None:
    """Checks a small batch of int64 arrays in one pass.

    Returns:
      `y_true * num_classes + y_pred`, `[n]`; None if the batch is not of this form, or wrong
      somewhere, so that the careful way has to look at it.
    """
    if (
        type(y_true) is not np.ndarray
        or type(y_pred) is not np.ndarray
        or y_true.dtype is not _INT64
        or y_pred.dtype is not _INT64
        or y_true.ndim != 1
        or y_true.shape != y_pred.shape
        or len(y_true) > _PLAIN_LABELS
    ):
        return None
    try:
        keys: npt.NDArray[np.intp] = np.ravel_multi_index(
            (y_true, y_pred), (num_classes, num_classes)
        )
    except ValueError:  # a label is out of range
        return None
    return keys


def check_same_length(first: str, one: Sized, second: str, other: Sized) -> None:
    """Checks that two arrays speak of the same examples."""
    if len(one) != len(other):
        raise InvalidInput(
            f"{first} and {second} must have the same length, got {len(one)} and {len(other)}"
        )


def check_ignore_index(ignore_index: object) -> int | None:
    """Checks `ignore_index`: an integer, or None."""
    if ignore_index is None:
        return None
    try:
        if isinstance(ignore_index, bool):
            raise TypeError
        return operator.index(ignore_index)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidInput(
            f"ignore_index must be an integer or None, got {ignore_index!r:.40}"
        ) from None


def check_count(argument: str, value: object, most: int | None = None) -> int:
    """Checks a number of things: an integer of at least 1, and at most `most`."""
    try:
        found = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        found = 0
    if isinstance(value, bool) or found < 1 or (most is not None and found > most):
        allowed = ">= 1" if most is None else f"in [1, {most}]"
        raise InvalidInput(f"{argument} must be an integer {allowed}, got {value!r:.40}")
    return found


def not_ignored(labels: AnyArray, ignore_index: object) -> npt.NDArray[np.bool_] | None:
    """Returns which labels count, `[n]`; None if all of them do."""
    ignored = check_ignore_index(ignore_index)
    if ignored is None:
        return None
    counted: npt.NDArray[np.bool_] = labels != ignored
    return None if counted.all() else counted


def in_range(labels: AnyArray, num_classes: int) -> bool:
    """Whether all labels lie in [0, num_classes), in one pass."""
    if not labels.size:
        return True
    # Seen as unsigned, a negative label is greater than every other of its width.
    unsigned, limit = _as_unsigned(labels.dtype)
    return int(labels.view(unsigned).max()) < min(num_classes, limit)


@functools.lru_cache(maxsize=32)
def _as_unsigned(dtype: np.dtype[np.generic]) -> tuple[np.dtype[np.generic], int]:
    """The unsigned dtype of the same width, and one more than the greatest label."""
    bits = 8 * dtype.itemsize - (dtype.kind == "i")
    return np.dtype(dtype.str.replace("i", "u")), 1 << bits


def out_of_range(
    argument: str,
    labels: AnyArray,
    num_classes: int,
    counted: npt.NDArray[np.bool_] | None,
    *,
    named: bool = False,
) -> InvalidInput:
    """The error that names the first label outside [0, num_classes).

    Args:
      argument: `y_true` or `y_pred`.
      labels: All of them, as the caller handed them in.
      num_classes: C.
      counted: Which of them count (`ignore_index` left out the rest), or None for all.
      named: Whether it was names that told how many classes there are.
    """
    numbers = labels.astype(object) if labels.dtype == np.uint64 else labels.astype(np.int64)
    bad = (numbers < 0) | (numbers >= num_classes)
    if counted is not None:
        bad &= counted
    places = np.flatnonzero(bad)
    first = int(labels[places[0]])
    considered = len(labels) if counted is None else int(counted.sum())
    good = numbers[~bad] if counted is None else numbers[counted & ~bad]
    if set(numbers[bad]) == {num_classes} and (not good.size or good.min() >= 1):
        way_out = "classes are counted from 0, subtract 1"
    else:
        more = "more class_names" if named else "more num_classes"
        way_out = f"pass {more}"
        if argument == "y_true":
            way_out = f"pass ignore_index={first} to leave such examples out, or {more}"
    return InvalidInput(
        f"{argument}[{places[0]}] is {first}: labels must be in [0, {num_classes}) "
        f"({len(places)} of {considered} are not); {way_out}"
    )


def check_weights(value: object, labels: AnyArray) -> tuple[npt.NDArray[np.float64], float]:
    """Checks sample weights: one finite number >= 0 per example.

    Returns:
      The weights as float64 `[n]`, and the sum of their squares.
    """
    weights = as_numpy("sample_weight", value)
    if weights.ndim == 2 and weights.shape[1] == 1:
        weights = weights[:, 0]
    if weights.ndim != 1:
        raise InvalidInput(
            f"sample_weight must have one weight per example, got shape {weights.shape}"
        )
    check_same_length("sample_weight", weights, "y_true", labels)
    wide = weights.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        sum_squared = float(np.dot(wide, wide))
    if np.isfinite(sum_squared) and not (wide.size and wide.min() < 0):
        return wide, sum_squared
    bad = np.flatnonzero(~(wide >= 0) | ~np.isfinite(wide))
    if not bad.size:
        raise InvalidInput(
            f"sample_weight must have squares that add up to a finite number, got weights "
            f"up to {wide.max():g}"
        )
    raise InvalidInput(
        f"sample_weight[{bad[0]}] is {wide[bad[0]]:g}: every weight must be a finite number >= 0 "
        f"({len(bad)} of {len(wide)} are not)"
    )


def _wrong_shape(argument: str, labels: AnyArray) -> str:
    shape = labels.shape
    if labels.ndim == 2 and (labels.dtype.kind == "f" or argument == "y_pred"):
        return (
            f"{argument} has shape {shape}: count scores with update_from_scores(), or pass "
            f"{argument}.argmax(axis=1)"
        )
    if labels.ndim == 2:
        return (
            f"{argument} has shape {shape}: pass one label per example; if it is one-hot, "
            f"{argument}.argmax(axis=1)"
        )
    return f"{argument} has shape {shape}: pass one label per example, as {argument}.reshape(-1)"
