"""Curves: thinned for a sparkline, summed up at their end."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_plugin.sources.records import Rows

Floats = npt.NDArray[np.float64]


class Curve(NamedTuple):
    """One value per evaluation; NaN = the value was not a number.

    Attributes:
      step: float64 `[n]`, ascending.
      wall_time: Seconds since the epoch, `[n]`.
      value: `[n]`.
    """

    step: Floats
    wall_time: Floats
    value: Floats


class FitCurves(NamedTuple):
    """Train and validation values of one quantity."""

    train: Curve
    validation: Curve


def fit_curves(rows: Rows) -> FitCurves:
    """Separates the two curves of a fit series.

    A row holds what was logged at its step, and NaN both for what was not logged and for what
    was not a number. NaN in both columns can only be a value that was no number (a row with
    nothing in it is never written): it belongs to each side that is logged at all.
    """
    train, validation = rows.column("train"), rows.column("validation")
    both = np.isnan(train) & np.isnan(validation)
    has_train = bool((~np.isnan(train)).any())
    has_validation = bool((~np.isnan(validation)).any())
    neither = not has_train and not has_validation
    step = rows.steps.astype(np.float64)
    measured = rows.column("train_step")
    train_step = np.where(np.isnan(measured), step, measured)
    return FitCurves(
        _present(train_step, rows.wall_times, train, both & (has_train or neither)),
        _present(step, rows.wall_times, validation, both & (has_validation or neither)),
    )


def _present(
    step: Floats, wall_time: Floats, value: Floats, not_a_number: npt.NDArray[np.bool_]
) -> Curve:
    logged = ~np.isnan(value) | not_a_number
    return Curve(step[logged], wall_time[logged], value[logged])


def mean_of_last_tenth(curve: Curve) -> float:
    """Mean of the last tenth of the values, at least one of them; NaN without any."""
    if not len(curve.value):
        return math.nan
    with np.errstate(invalid="ignore", over="ignore"):
        return float(curve.value[-max(1, len(curve.value) // 10) :].mean())


def value_at(curve: Curve, step: float) -> float:
    """Value at a step, interpolated between its neighbours; NaN outside the curve."""
    finite = np.isfinite(curve.value)
    if not finite.any():
        return math.nan
    found = np.interp(step, curve.step[finite], curve.value[finite], left=np.nan, right=np.nan)
    return float(found)


def thinned(curve: Curve, points: int, keep: Iterable[int] = ()) -> dict[str, Floats]:
    """Takes at most `points` of a curve, evenly, its first and last and those of `keep`."""
    length = len(curve.step)
    if length <= points:
        return {"step": curve.step, "value": curve.value}
    kept = sorted(set(keep))
    even = np.linspace(0, length - 1, points - len(kept)).round().astype(np.intp)
    places = np.unique(np.concatenate([even, np.array(kept, np.intp)]))
    return {"step": curve.step[places], "value": curve.value[places]}
