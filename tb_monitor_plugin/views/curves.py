"""Curves: thinned for a sparkline, summed up at their end."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_plugin import limits
from tb_monitor_plugin.sources.records import Rows

Floats = npt.NDArray[np.float64]


_ALWAYS_LOGGED = 3  # values in a row from the first on that make a gap after them a NaN


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

    A row has NaN both for what was not logged at its step and for what was not a number; the
    columns `train_logged` and `validation_logged` tell which. Where a row of an early writer
    lacks them, NaN counts as a value that was not a number

    * where the other side has none either (a row with nothing in it is never written), on
      each side that has a value anywhere;
    * where this side had a value in each of the rows before, at least 3 of them: who logs
      validation values less often than train values does so from the beginning.

    The best validation value rides along in each row: if TensorBoard's sampling has lost its
    step, it is put back.
    """
    train, validation = rows.column("train"), rows.column("validation")
    step = rows.steps.astype(np.float64)
    measured = rows.column("train_step")
    train_step = np.where(np.isnan(measured), step, measured)
    has_train = _is_logged(rows.column("train_logged"), train, validation)
    has_validation = _is_logged(rows.column("validation_logged"), validation, train)
    return FitCurves(
        Curve(train_step[has_train], rows.wall_times[has_train], train[has_train]),
        _with_best(
            Curve(
                step[has_validation], rows.wall_times[has_validation], validation[has_validation]
            ),
            rows,
        ),
    )


def _is_logged(told: Floats, value: Floats, other: Floats) -> npt.NDArray[np.bool_]:
    """Which rows have a value of this side, NaN or not; `told` is NaN where nobody says."""
    return np.where(np.isnan(told), _looks_logged(value, other), told > 0)


def _looks_logged(value: Floats, other: Floats) -> npt.NDArray[np.bool_]:
    missing, other_missing = np.isnan(value), np.isnan(other)
    neither = missing & other_missing
    if missing.all():
        return neither if other_missing.all() else ~missing
    if int(np.argmax(missing)) >= _ALWAYS_LOGGED:  # the place of the first that is missing
        return np.ones_like(missing)
    return ~missing | neither


def _with_best(curve: Curve, rows: Rows) -> Curve:
    step, value = rows.column("best_step"), rows.column("best_value")
    known = np.flatnonzero(np.isfinite(step) & np.isfinite(value))
    if not len(known) or not len(curve.step):
        return curve
    best_step, best_value = step[known[-1]], value[known[-1]]
    place = int(np.searchsorted(curve.step, best_step))
    if best_step in curve.step[place : place + 1] or best_step > curve.step[-1]:
        return curve
    when = np.interp(best_step, curve.step, curve.wall_time)
    return Curve(
        np.insert(curve.step, place, best_step),
        np.insert(curve.wall_time, place, when),
        np.insert(curve.value, place, best_value),
    )


class NotNumbers(NamedTuple):
    """Values of a curve that are NaN or infinite.

    Attributes:
      times: How many, at least 1.
      since_step: The step from which on all are, None if the last value is a number.
    """

    times: int
    since_step: float | None


def not_numbers(curve: Curve) -> NotNumbers | None:
    """Counts the values that are not numbers; None if all are."""
    bad = ~np.isfinite(curve.value)
    if not bad.any():
        return None
    good = np.flatnonzero(~bad)
    start = int(good[-1]) + 1 if len(good) else 0
    since = float(curve.step[start]) if start < len(curve.step) else None
    return NotNumbers(int(bad.sum()), since)


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
    places = evenly(len(curve.step), points, keep)
    return {"step": curve.step[places], "value": curve.value[places]}


def evenly(length: int, points: int, keep: Iterable[int] = ()) -> npt.NDArray[np.intp]:
    """Places of at most `points` out of `length`: evenly, the first, the last and `keep`."""
    if length <= points:
        return np.arange(length)
    kept = sorted(set(keep))
    even = np.linspace(0, length - 1, points - len(kept)).round().astype(np.intp)
    return np.unique(np.concatenate([even, np.array(kept, np.intp)]))


def points_each(curves: int) -> int:
    """Points that each of so many curves may have in one answer."""
    return min(limits.MAX_STEPS, limits.MAX_POINTS // max(1, curves))


def cut_of(*sentences: str | None) -> str | None:
    """Joins the sentences that say what was left out; None if nothing was."""
    return " ".join(filter(None, sentences)) or None


def thinned_sentence(longest: int, points: int) -> str | None:
    """Says that curves were thinned, if the longest of them was."""
    if longest <= points:
        return None
    return f"Curves of more than {points:,} steps are thinned evenly to that many."
