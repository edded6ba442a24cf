"""GET /fit: train and validation curves of one quantity, and what the rule says of each."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_plugin import limits
from tb_monitor_plugin.frame import Frame
from tb_monitor_plugin.sources.listing import Track
from tb_monitor_plugin.sources.records import Rows
from tb_monitor_plugin.views.curves import (
    Curve,
    cut_of,
    evenly,
    fit_curves,
    mean_of_last_tenth,
    not_numbers,
    points_each,
    thinned_sentence,
    value_at,
)
from tb_monitor_plugin.views.verdicts import axis_of, judge

REASONS = {
    "gap": "train or validation value not logged",
    "gap_at_best": "no train value at the best step",
    "train": "not logged, or not a number at the end",
    "validation": "not logged, or not a number at the end",
    "best": "no validation value that is a number",
    "rise": "the last values are not numbers, or the best one is 0",
    "recent_mean": "the last values are not numbers",
}

_COLUMNS = ("step", "wall_time", "value")


class FitTrack(NamedTuple):
    """A fit series and its rows."""

    track: Track
    rows: Rows


def choose_quantity(wanted: str | None, quantities: Sequence[str]) -> str | None:
    """Chooses what to show: what is asked for, else the loss, else the first; None: nothing."""
    if wanted is not None:
        return wanted
    if "loss" in quantities:
        return "loss"
    return quantities[0] if quantities else None


def fit(
    quantity: str, quantities: Sequence[str], tracks: Sequence[FitTrack], left_out: int
) -> Frame:
    """Composes the answer.

    Args:
      quantity: The one shown.
      quantities: All that the selected runs have.
      tracks: Of that quantity, by run.
      left_out: Tracks beyond what one answer holds.
    """
    points = points_each(2 * len(tracks))
    train, validation = _Pile(points), _Pile(points)
    curves = [_curve(track, rows, train, validation) for track, rows in tracks]
    longest = max((len(rows.steps) for _, rows in tracks), default=0)
    beyond = None
    if left_out:
        beyond = (
            f"The first {len(tracks)} of {len(tracks) + left_out} curves are shown "
            f"(at most {limits.MAX_CURVES}): select fewer runs."
        )
    header = {
        "version": 1,
        "quantity": quantity,
        "quantities": list(quantities),
        "curves": curves,
        "reasons": REASONS,
        "cut": cut_of(beyond, thinned_sentence(longest, points)),
    }
    arrays = {**train.arrays("train"), **validation.arrays("validation")}
    return Frame(header, arrays, compress=False)


def _curve(track: Track, rows: Rows, train: "_Pile", validation: "_Pile") -> dict[str, object]:
    series = track.series
    curves = fit_curves(rows)
    over = axis_of(series.head)
    judged = judge(
        curves.validation,
        series.quantity,
        higher_is_better=series.higher_is_better,
        head=series.head,
    )
    end_train, end_validation = map(mean_of_last_tenth, (curves.train, curves.validation))
    best = gap_at_best = None
    if judged.best_step is not None:
        best = {"step": judged.best_step, "value": judged.rule.best_value}
        gap_at_best = judged.rule.best_value - value_at(curves.train, judged.best_step)
    return {
        "run": track.run,
        "name": track.name,
        "head": series.head,
        "over": over,
        "generation": series.generation,
        "higher_is_better": series.higher_is_better,
        "train": train.add(curves.train),
        "validation": validation.add(curves.validation, judged.rule.best_index),
        "best": best,
        "end": {
            "train": end_train,
            "validation": end_validation,
            "gap": end_validation - end_train if math.isfinite(end_train) else math.nan,
        },
        "gap_at_best": gap_at_best,
        "not_numbers": {
            side: bad and {"times": bad.times, "since_step": bad.since_step}
            for side, bad in zip(curves._fields, map(not_numbers, curves), strict=True)
        },
        "verdict": judged.wire,
        "kept": len(rows.steps),
        "logged": rows.logged,
        "dropped": rows.dropped,
    }


class _Pile:
    """Curves, one after the other."""

    def __init__(self, points: int) -> None:
        self._points = points
        self._curves: list[Curve] = []
        self._length = 0

    def add(self, curve: Curve, keep: int | None = None) -> dict[str, int]:
        """Adds a curve, thinned if it is too long, and returns where it lies."""
        places = evenly(len(curve.step), self._points, [] if keep is None else [keep])
        span = {"start": self._length, "length": len(places)}
        self._curves.append(Curve(*(column[places] for column in curve)))
        self._length += len(places)
        return span

    def arrays(self, side: str) -> dict[str, npt.NDArray[np.generic]]:
        """Returns what was added, by the names of the wire."""
        return {
            f"{side}_{column}": np.concatenate(
                [np.empty(0), *(getattr(curve, column) for curve in self._curves)]
            )
            for column in _COLUMNS
        }
