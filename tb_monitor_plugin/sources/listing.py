"""Which series there are: what TensorBoard lists, decoded, folded and grouped by run."""

import dataclasses
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from tb_monitor_plugin.sources.boundary import Unreadable
from tb_monitor_writer.schema import Kind, Series

# Where MonitorWriter goes when a foreign event file stands in the run's directory, or in a
# forked child: "<run>/tb_monitor", "<run>/tb_monitor-<pid>-<n>".
_OWN_SUB_RUN = re.compile(r"(?:(?P<run>.*)/)?tb_monitor(?:-\d+)*", re.DOTALL)


class Part(NamedTuple):
    """One tag of one run, as TensorBoard has it.

    Attributes:
      run: Its name in TensorBoard, sub-run included.
      tag: The summary tag.
      plugin_name: Under which it is stored.
      last_step: Greatest step.
      last_wall_time: Of any of its records, seconds since the epoch.
    """

    run: str
    tag: str
    plugin_name: str
    last_step: int
    last_wall_time: float

    @property
    def version(self) -> tuple[int, float]:
        """Changes when the tag has news."""
        return self.last_step, self.last_wall_time


@dataclasses.dataclass(frozen=True, eq=False)
class Track:
    """The records of one kind of one series, which may lie in several parts.

    Attributes:
      run: The run that it is shown under.
      series: What is fixed for it.
      parts: At least one; the one with the newest record last.
    """

    run: str
    series: Series
    parts: tuple[Part, ...]

    @property
    def name(self) -> str:
        """What it is called on the wire: `validation`, `validation@2`."""
        return shown_name(self.series)

    @property
    def last_step(self) -> int:
        """Greatest step."""
        return max(part.last_step for part in self.parts)

    @property
    def last_wall_time(self) -> float:
        """Seconds since the epoch."""
        return max(part.last_wall_time for part in self.parts)


@dataclasses.dataclass(frozen=True, eq=False)
class RunListing:
    """What one run has logged.

    Attributes:
      run: Its name.
      counts: Series of counts by name, then by kind.
      fits: Series of fit values by name.
      unreadable: Reasons by tag.
      token: Changes when the run has news.
    """

    run: str
    counts: Mapping[str, Mapping[Kind, Track]]
    fits: Mapping[str, Track]
    unreadable: Mapping[str, str]
    token: str

    @property
    def tracks(self) -> list[Track]:
        """All of them."""
        found = [track for kinds in self.counts.values() for track in kinds.values()]
        return [*found, *self.fits.values()]


@dataclasses.dataclass(frozen=True, eq=False)
class Listing:
    """What an experiment has logged.

    Attributes:
      runs: In the order of their names.
      token: Changes when anything does; begins with `names_token`.
      names_token: Changes when the list of runs does.
      refused: Plugin name, run and tag of what must not even be read.
      problem: Why the list is not complete, or None.
    """

    runs: tuple[RunListing, ...]
    token: str
    names_token: str
    refused: frozenset[tuple[str, str, str]] = frozenset()
    problem: str | None = None

    def find(self, run: str) -> RunListing | None:
        """Returns a run by its name."""
        return next((found for found in self.runs if found.run == run), None)


class Found(NamedTuple):
    """One tag as listed, before it is grouped: its metadata decoded, or the reason why not."""

    part: Part
    series: Series | Unreadable


def shown_name(series: Series) -> str:
    """`validation`, or `validation@2` for the second generation."""
    return series.name if series.generation == 1 else f"{series.name}@{series.generation}"


def parent_of_sub_run(run: str) -> str | None:
    """The run that a sub-run made by our writer belongs to, None for any other run.

    The parent of a top-level one is the log directory itself, which TensorBoard calls ".".
    """
    own = _OWN_SUB_RUN.fullmatch(run)
    return (own["run"] or ".") if own else None


def group(
    found: Iterable[Found], all_runs: Collection[str] = (), problem: str | None = None
) -> Listing:
    """Groups tags to tracks and tracks to runs, in the order of their names.

    Args:
      found: What was listed.
      all_runs: Every run that TensorBoard has; sub-runs are folded into parents among them.
      problem: Why the list is not complete, or None.
    """
    by_run: dict[str, list[Found]] = {}
    refused = set()
    for item in found:
        if isinstance(item.series, Unreadable):
            refused.add((item.part.plugin_name, item.part.run, item.part.tag))
        parent = parent_of_sub_run(item.part.run)
        shown = item.part.run if parent not in all_runs else parent
        by_run.setdefault(shown or item.part.run, []).append(item)
    runs = tuple(_group_run(run, by_run[run]) for run in sorted(by_run))
    names_token = _digest(run.run for run in runs)
    return Listing(
        runs=runs,
        token=f"{names_token}-{_digest(run.token for run in runs)}",
        names_token=names_token,
        refused=frozenset(refused),
        problem=problem,
    )


def _group_run(run: str, found: list[Found]) -> RunListing:
    by_kind: dict[tuple[bool, str], dict[Kind, Track]] = {}
    unreadable: dict[str, str] = {}
    # The newest record last, so that it wins where two parts hold the same step.
    for part, series in sorted(found, key=lambda item: (item.part.last_wall_time, item.part)):
        if isinstance(series, Unreadable):
            unreadable[part.tag] = series.reason
            continue
        is_fit = series.kind is Kind.FIT
        kinds = by_kind.setdefault((is_fit, shown_name(series)), {})
        before = kinds.get(series.kind)
        if before is None:
            kinds[series.kind] = Track(run, series, (part,))
        elif _fit_together(before.series, series):
            both = dataclasses.replace(series, columns=before.series.columns)
            kinds[series.kind] = Track(run, both, (*before.parts, part))
        else:
            unreadable[part.tag] = (
                f"run {part.run!r} has other classes or columns than {before.parts[-1].run!r} "
                f"for the same series"
            )
    return RunListing(
        run=run,
        counts={name: kinds for (is_fit, name), kinds in sorted(by_kind.items()) if not is_fit},
        fits={name: kinds[Kind.FIT] for (is_fit, name), kinds in sorted(by_kind.items()) if is_fit},
        unreadable=dict(sorted(unreadable.items())),
        token=_digest(
            repr((item.part, _reason(item.series))) for item in sorted(found, key=_place)
        ),
    )


def _fit_together(one: Series, other: Series) -> bool:
    """Whether the later one goes on where the earlier one stopped; columns are only appended."""
    return (
        one.num_classes == other.num_classes
        and one.class_names == other.class_names
        and one.columns == other.columns[: len(one.columns)]
        and one.bins == other.bins
        and one.higher_is_better == other.higher_is_better
    )


def _place(item: Found) -> tuple[str, str, str]:
    return item.part.run, item.part.tag, item.part.plugin_name


def _reason(series: Series | Unreadable) -> str:
    return series.reason if isinstance(series, Unreadable) else ""


def _digest(texts: Iterable[str]) -> str:
    state = hashlib.blake2b(digest_size=4)
    for text in texts:
        state.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return state.hexdigest()
