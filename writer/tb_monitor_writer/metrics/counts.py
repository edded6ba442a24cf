"""Counts handed in as a matrix, and the three margins that the ratios need."""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer import limits
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.arrays import AnyArray, as_numpy

Counts: TypeAlias = npt.NDArray[np.int64 | np.float64]

_ROUNDED = 1e-3  # how far a row of ratios may be from 1: printed with three digits


class Margins(NamedTuple):
    """What precision, recall and F1 of every class need.

    Attributes:
      true_positives: The diagonal, `[C]`; int64, or float64 if examples were weighted.
      support: True examples of each class (row sums), `[C]`.
      predicted: Predictions of each class (column sums), `[C]`.
    """

    true_positives: Counts
    support: Counts
    predicted: Counts


def checked_matrix(argument: str, matrix: object) -> tuple[Counts, bool]:
    """Checks a confusion matrix: row = true class, column = predicted class.

    Args:
      argument: What the caller calls it.
      matrix: Array-like of shape `[C, C]`, counts or sums of weights.

    Returns:
      The matrix (a new array), int64 if all its cells are whole numbers, else float64; and
      whether it looks normalised: ratios whose rows, or whose columns, all sum to 1 or 0.

    Raises:
      InvalidInput: not square, not finite, negative somewhere, or too large to add up.
    """
    found = as_numpy(argument, matrix)
    if found.ndim != 2 or found.shape[0] != found.shape[1] or not found.size:
        raise InvalidInput(
            f"{argument} must be square [n_classes, n_classes], got shape {found.shape}"
        )
    if 8 * found.size > limits.MAX_ARRAY_BYTES:  # an array may declare more than it holds
        raise InvalidInput(
            f"{argument} must take at most {limits.MAX_ARRAY_BYTES} bytes as an array, got shape "
            f"{found.shape}; count labels with ConfusionMatrix({len(found)}).update"
        )
    wide = found.astype(np.float64)
    if not (np.isfinite(wide).all() and wide.min() >= 0):
        raise _bad_cell(argument, found, ~(wide >= 0) | ~np.isfinite(wide))
    with np.errstate(over="ignore"):
        total = float(wide.sum())
    if not total < 2.0**63:
        raise InvalidInput(f"{argument} must sum to less than 2^63, got {total:g}")
    if found.dtype.kind != "f":
        return found.astype(np.int64), False
    normalised = _sums_to_one(wide.sum(axis=1)) or _sums_to_one(wide.sum(axis=0))
    if not normalised and bool((wide == np.floor(wide)).all()):
        return wide.astype(np.int64), False
    return wide, normalised


def _sums_to_one(sums: npt.NDArray[np.float64]) -> bool:
    filled = sums[sums > 0]
    return len(filled) > 0 and bool((np.abs(filled - 1) <= _ROUNDED).all())


def _bad_cell(argument: str, matrix: AnyArray, bad: npt.NDArray[np.bool_]) -> InvalidInput:
    true, predicted = (int(place) for place in np.argwhere(bad)[0])
    return InvalidInput(
        f"{argument}[{true}, {predicted}] is {matrix[true, predicted]}: every cell must be a "
        f"finite count >= 0 ({int(bad.sum())} of {matrix.size} cells are not)"
    )
