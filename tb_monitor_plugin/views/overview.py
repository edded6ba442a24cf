"""GET /overview: which of my runs needs me?"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tb_monitor_plugin import limits
from tb_monitor_plugin.sources.listing import RunListing, Track
from tb_monitor_plugin.sources.records import Rows
from tb_monitor_plugin.views.curves import (
    Curve,
    FitCurves,
    fit_curves,
    mean_of_last_tenth,
    not_numbers,
    thinned,
    value_at,
)
from tb_monitor_plugin.views.estimates import estimate, is_normalised, is_weighted, top_k
from tb_monitor_plugin.views.verdicts import Judged, is_of_one_training, judge, lacks_direction
from tb_monitor_writer.diagnostics import FitState
from tb_monitor_writer.schema import Kind, Series, Task

REASONS = {
    "f1_macro": "not logged",
    "accuracy": "not logged",
    "top_k": "hits among the k best scores were not counted",
    "worst_class": "not logged",
    "examples": "not logged, or only rates were",
    "verdict": "judged on the validation row only",
    "loss": "no loss on this split",
    "gap": "train or validation value not logged",
    "gap_at_best": "no train value at the best step",
    "best": "no validation value that is a number",
}

_SPLITS = ("validation", "test", "train", "production")  # in this order, then by name


class RunRecords(NamedTuple):
    """What the overview reads of one run.

    Attributes:
      listing: What it has logged.
      rows: Of its tracks of averages and fit values, those that could be read.
      matrices_kept: Steps of the confusion matrices kept, by series name, where they are
        sampled apart from the averages.
      unreadable: Reasons by tag.
    """

    listing: RunListing
    rows: Mapping[Track, Rows]
    matrices_kept: Mapping[str, int]
    unreadable: Mapping[str, str]


class _Fit(NamedTuple):
    track: Track
    rows: Rows
    curves: FitCurves
    judged: Judged


class _Attention(NamedTuple):
    severity: tuple[float, ...]  # the greatest first
    wire: Mapping[str, object]


class RunOverview(NamedTuple):
    """One run's part of the answer; it changes only when the run has news.

    Attributes:
      rows: As on the wire.
      attention: What needs someone.
      tier: The worst of its verdicts.
    """

    rows: Sequence[Mapping[str, object]]
    attention: Sequence[_Attention]
    tier: str

    @property
    def size_bytes(self) -> int:
        """About what it takes: 3 curves of 60 points, and as much again for the rest."""
        return 20_000 * len(self.rows)


def overview_of_run(run: RunRecords) -> RunOverview:
    """Composes one run's part."""
    attention: list[_Attention] = []
    rows = _rows_of_run(run, attention)
    return RunOverview(rows, attention, _tier_of_run(rows))


def overview(token: str, runs: Sequence[RunOverview]) -> object:
    """Composes the answer."""
    rows = [row for run in runs for row in run.rows]
    attention = [item for run in runs for item in run.attention]
    counts = {"act": 0, "fine": 0, "unknown": 0}
    for run in runs:
        counts[run.tier] += 1
    cut = None
    if len(rows) > limits.MAX_OVERVIEW_ROWS:
        cut = (
            f"The first {limits.MAX_OVERVIEW_ROWS:,} of {len(rows):,} rows are shown: filter "
            f"the runs."
        )
    attention.sort(key=lambda item: item.severity, reverse=True)
    return {
        "version": 1,
        "token": token,
        "counts": counts,
        "attention": [item.wire for item in attention[: limits.MAX_ATTENTION]],
        "rows": rows[: limits.MAX_OVERVIEW_ROWS],
        "reasons": REASONS,
        "cut": cut,
    }


def _tier_of_run(rows: Iterable[Mapping[str, object]]) -> str:
    tiers = {row["verdict"]["tier"] for row in rows if row["verdict"]}  # type: ignore[index]
    return next((tier for tier in ("act", "fine") if tier in tiers), "unknown")


def _rows_of_run(run: RunRecords, attention: list[_Attention]) -> list[dict[str, object]]:
    latest = _latest_generations(run.listing)
    fits = _fit_by_head(run)
    plans: list[tuple[str, Series | None, _Fit | None]] = []
    for name, latest_series in latest.items():
        is_judged = latest_series.split == "validation"
        fit = fits.pop(latest_series.head, None) if is_judged else None
        plans.append((name, latest_series, fit))
    # What has fit values but no validation counts gets a row of its own.
    plans += [("", None, fit) for fit in fits.values()]
    plans.sort(key=_place)
    if not plans:
        plans = [("", None, None)]
    found = []
    for index, (name, series, fit) in enumerate(plans):
        row = _row(run, name, series, fit)
        row["first_of_run"] = index == 0
        row["alerts"] = _alerts(run, name, series, fit, first_of_run=index == 0)
        found.append(row)
        attention += _attention(run.listing.run, name, fit, row["alerts"])  # type: ignore[arg-type]
    return found


def _place(plan: tuple[str, Series | None, _Fit | None]) -> tuple[int, str, str]:
    name, series, fit = plan
    split = series.split if series else "validation"
    head = series.head if series else fit.track.series.head if fit else ""
    order = _SPLITS.index(split) if split in _SPLITS else len(_SPLITS)
    return order, head, name


def _latest_generations(listing: RunListing) -> dict[str, Series]:
    """The series of each name in its latest generation: the earlier ones are on the page."""
    latest: dict[str, tuple[str, Series]] = {}
    for shown, kinds in listing.counts.items():
        if set(kinds) == {Kind.SCORES}:
            continue  # has no page yet
        series = next(iter(kinds.values())).series
        before = latest.get(series.name)
        if before is None or before[1].generation < series.generation:
            latest[series.name] = (shown, series)
    return dict(latest.values())


def _fit_by_head(run: RunRecords) -> dict[str, _Fit]:
    """One fit series per head, in its latest generation: the loss, else one that is like it."""

    def preference(track: Track) -> tuple[bool, bool, bool, str, int]:
        series = track.series
        return (
            series.quantity != "loss",
            lacks_direction(series.quantity, higher_is_better=series.higher_is_better),
            series.higher_is_better,
            series.quantity,
            -series.generation,
        )

    found: dict[str, _Fit] = {}
    for track in sorted(run.listing.fits.values(), key=preference):
        rows = run.rows.get(track)
        head = track.series.head
        if rows is None or head in found:
            continue
        curves = fit_curves(rows)
        judged = judge(
            curves.validation,
            track.series.quantity,
            higher_is_better=track.series.higher_is_better,
            head=head,
        )
        found[head] = _Fit(track, rows, curves, judged)
    return found


def _row(run: RunRecords, name: str, series: Series | None, fit: _Fit | None) -> dict[str, object]:
    kinds = run.listing.counts.get(name, {})
    averages = kinds.get(Kind.AVERAGES)
    rows = None if averages is None else run.rows.get(averages)
    last = None if rows is None or not len(rows.steps) else rows.row_at(int(rows.steps[-1]))
    curves: dict[str, object] = {"f1_macro": None, "train": None, "validation": None}
    if rows is not None:
        macro = Curve(rows.steps.astype(np.float64), rows.wall_times, rows.column("f1_macro"))
        best = [int(np.nanargmax(macro.value))] if np.isfinite(macro.value).any() else []
        curves["f1_macro"] = thinned(macro, limits.SPARKLINE_POINTS, best)
    tracks = [*kinds.values(), *([fit.track] if fit else [])]
    fit_series = fit.track.series if fit else None
    shown = series or fit_series
    task = series.task if series else Task.UNSPECIFIED
    multilabel = task is Task.MULTILABEL
    only_rates = (
        last is not None
        and series is not None
        and not multilabel
        and is_normalised(last, series.num_classes)
    )
    return {
        "run": run.listing.run,
        "name": name,
        "split": series.split if series else "validation" if fit else "",
        "head": shown.head if shown else "",
        "generation": series.generation if series else 1,
        "task": task.value,
        "first_of_run": False,
        "examples": None if last is None or only_rates else last.get("n"),
        "weighted": last is not None and not only_rates and is_weighted(last),
        "verdict": _short(fit.judged.wire) if fit else None,
        "f1_macro": estimate(last, "f1", "macro", multilabel=multilabel) if last else None,
        "accuracy": estimate(last, "accuracy", None) if last else None,
        "top_k": top_k(last),
        "worst_class": _worst_class(last, series) if last and series else None,
        **_fit_columns(fit, curves),
        "last_step": max((track.last_step for track in tracks), default=None),
        "last_wall_time": max((track.last_wall_time for track in tracks), default=None),
        "curves": curves,
        "alerts": [],
    }


def _short(verdict: Mapping[str, object]) -> dict[str, object]:
    kept = ("state", "tier", "label", "quantity", "since_step", "rise")
    return {key: verdict[key] for key in kept}


def _worst_class(row: Mapping[str, float], series: Series) -> dict[str, object] | None:
    index = row.get("worst_class", math.nan)
    if not 0 <= index < series.num_classes:
        return None
    read_as = row.get("worst_class_read_as", math.nan)
    known = 0 <= read_as < series.num_classes
    return {
        "index": int(index),
        "name": _class_name(series, int(index)),
        "f1": row.get("worst_class_f1"),
        "read_as": _class_name(series, int(read_as)) if known else None,
        "read_as_share": row.get("worst_class_read_as_share") if known else None,
    }


def _class_name(series: Series, index: int) -> str:
    return series.class_names[index] if series.class_names else str(index)


def _fit_columns(fit: _Fit | None, curves: dict[str, object]) -> dict[str, object]:
    if fit is None:
        return {"loss": None, "gap": None, "gap_at_best": None, "best": None}
    train, validation = fit.curves
    place = fit.judged.rule.best_index
    keep = [] if place is None else [place]
    if len(train.step):
        curves["train"] = thinned(train, limits.SPARKLINE_POINTS)
    if len(validation.step):
        curves["validation"] = thinned(validation, limits.SPARKLINE_POINTS, keep)
    end = {"train": mean_of_last_tenth(train), "validation": mean_of_last_tenth(validation)}
    best_step, best_value = fit.judged.best_step, fit.judged.rule.best_value
    best = gap_at_best = None
    if best_step is not None:
        best = {"step": best_step, "value": best_value}
        gap_at_best = best_value - value_at(train, best_step)
    return {
        "loss": end,
        "gap": end["validation"] - end["train"],
        "gap_at_best": gap_at_best,
        "best": best,
    }


def _alerts(
    run: RunRecords, name: str, series: Series | None, fit: _Fit | None, *, first_of_run: bool
) -> list[dict[str, str]]:
    alerts = []
    if fit is not None:
        alerts += _not_a_number(fit)
    kinds = run.listing.counts.get(name, {})
    # Each record carries how many its writer could not write so far, of any kind.
    dropped = max((rows.dropped for rows in run.rows.values()), default=0)
    if first_of_run and dropped:
        records = "record" if dropped == 1 else "records"
        alerts.append(_alert("dropped", f"{dropped:,} {records} not written"))
    if first_of_run and run.unreadable:
        tag, reason = min(run.unreadable.items())
        more = len(run.unreadable) - 1
        also = f" (and {more} more)" if more else ""
        alerts.append(_alert("unreadable", f"{tag} cannot be read: {reason}{also}"))
    averages = kinds.get(Kind.AVERAGES)
    if averages is not None and averages in run.rows and Kind.CONFUSION in kinds:
        rows = run.rows[averages]
        kept, logged = run.matrices_kept.get(name, len(rows.steps)), rows.logged
        if kept < logged:
            alerts.append(_alert("sampled", f"{kept:,} of {logged:,} matrices kept"))
    alerts += _nan_scores(averages, run)
    if series is not None and series.generation > 1:
        alerts.append(_alert("classes_changed", f"classes changed {series.generation - 1} x"))
    return alerts


def _nan_scores(averages: Track | None, run: RunRecords) -> list[dict[str, str]]:
    """Says how many examples of the last evaluation were left out, as their scores were NaN."""
    rows = None if averages is None else run.rows.get(averages)
    if averages is None or rows is None or not len(rows.steps):
        return []
    count = rows.column("nan")[-1]
    if not count > 0:
        return []
    multilabel = averages.series.task is Task.MULTILABEL
    one, many = ("label", "labels") if multilabel else ("example", "examples")
    return [_alert("nan_scores", f"{count:,.0f} {one if count == 1 else many} with NaN scores")]


def _alert(kind: str, text: str) -> dict[str, str]:
    return {"kind": kind, "text": text}


def _not_a_number(fit: _Fit) -> list[dict[str, str]]:
    """Says since when, or how often, the loss was not a number."""
    quantity = fit.track.series.quantity
    found = [bad for bad in map(not_numbers, fit.curves) if bad]
    since = [bad.since_step for bad in found if bad.since_step is not None]
    if since:
        return [_alert("nan_loss", f"NaN {quantity} since step {min(since):,.0f}")]
    times = len({float(s) for c in fit.curves for s in c.step[~np.isfinite(c.value)]})
    if times:
        return [_alert("nan_loss", f"NaN {quantity} at {times:,} step{'s' * (times > 1)}")]
    return []


def _attention(
    run: str, name: str, fit: _Fit | None, alerts: Sequence[Mapping[str, str]]
) -> list[_Attention]:
    found = []
    kinds = {alert["kind"]: alert["text"] for alert in alerts}

    def add(severity: tuple[float, ...], page: str, state: str, text: str, advice: str) -> None:
        shown = fit.track.name if fit and page == "fit" else name
        found.append(
            _Attention(
                severity,
                {
                    "run": run,
                    "name": shown,
                    "page": page,
                    "state": state,
                    "text": text,
                    "advice": advice,
                },
            )
        )

    if fit is not None and is_of_one_training(fit.track.series.head):
        rule, best, head = fit.judged.rule, fit.judged.best_step, fit.track.series.head
        of_head = f" of {head}" if head else ""
        keep = f"Keep step {best:,}{of_head}." if best is not None else ""
        quantity = f"{fit.track.series.quantity}{of_head}"
        if "since" in kinds.get("nan_loss", ""):
            step = kinds["nan_loss"].rpartition(" ")[2]
            advice = (
                f"{keep} Restart there with a smaller learning rate."
                if keep
                else ("Restart with a smaller learning rate.")
            )
            add((3,), "fit", "nan_loss", f"{quantity} is not a number since step {step}.", advice)
        elif fit.judged.wire["state"] == FitState.ROSE.value:
            add((2, _or_zero(rule.rise)), "fit", "rose", _rose(fit, quantity), keep)
    if "nan_scores" in kinds:
        text = f"{kinds['nan_scores']} at the last step: they are in none of its counts."
        advice = "Look for what overflows in the model's output."
        add((2.5,), "classes", "nan_scores", text, advice)
    if "dropped" in kinds:
        text = f"{kinds['dropped']}: gaps in the curves are not the model's."
        add((1,), "classes" if name else "fit", "dropped", text, "Look at the training job's log.")
    if "unreadable" in kinds:
        add((0,), "classes" if name else "fit", "unreadable", f"{kinds['unreadable']}.", "")
    return found


def _rose(fit: _Fit, quantity: str) -> str:
    rule, series = fit.judged.rule, fit.track.series
    verb, side = ("fell", "below") if series.higher_is_better else ("rose", "above")
    count = rule.recent_count
    if math.isfinite(rule.rise):
        size = f"{100 * rule.rise:,.0f} %"
    else:
        size = f"{abs(rule.recent_mean - rule.best_value):.3g}"
    return f"validation {quantity} {verb}: its last {count} values are {size} {side} its best."


def _or_zero(value: float) -> float:
    return value if math.isfinite(value) else 0.0
