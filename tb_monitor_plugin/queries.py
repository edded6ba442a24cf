"""What is asked: query parameters, checked, as values.

A query that makes no sense is refused with a sentence that names the parameter, its rule and
what was given.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tb_monitor_plugin import limits
from tb_monitor_plugin.sources.listing import Listing, RunListing

METRICS = ("precision", "recall", "f1", "accuracy")
AVERAGES = ("macro", "micro", "weighted")

_RANGES = re.compile(r"\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?)*", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)


class Refusal(Exception):  # noqa: N818  answers a request: it is the client's error, not ours
    """A request that is not answered with what it asked for.

    Attributes:
      code: HTTP status.
      sentence: Why.
    """

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class SeriesQuery(NamedTuple):
    """Which curves.

    Attributes:
      name: Of the series.
      metric: One of `METRICS`.
      averages: Of `AVERAGES`.
      classes: Indices.
    """

    name: str
    metric: str
    averages: tuple[str, ...]
    classes: tuple[int, ...]


def text(args: Mapping[str, str], name: str) -> str:
    """Returns a parameter that must be there."""
    value = args.get(name)
    if value is None:
        raise Refusal(400, f"{name}= must be given")
    return value


def step(args: Mapping[str, str]) -> int | None:
    """Returns the step asked for, None for the last one."""
    value = args.get("step")
    if value is None:
        return None
    if not _WHOLE.fullmatch(value):
        raise Refusal(400, f"step must be a whole number, got {value!r:.80}")
    return int(value)


def series_query(args: Mapping[str, str]) -> SeriesQuery:
    """Reads the parameters of /series that do not select runs."""
    metric = args.get("metric", "f1")
    if metric not in METRICS:
        raise Refusal(400, f"metric must be one of {', '.join(METRICS)}, got {metric!r:.80}")
    averages = _listed(args.get("average", ""))
    for average in averages:
        if average not in AVERAGES:
            raise Refusal(400, f"average must be of {', '.join(AVERAGES)}, got {average!r:.80}")
    classes = _listed(args.get("class", ""))
    for index in classes:
        if not index.isascii() or not index.isdigit() or len(index) > 10:
            raise Refusal(400, f"class must be class indices, got {index!r:.80}")
    if len(classes) > limits.MAX_CLASS_CURVES:
        raise Refusal(
            400, f"class must be at most {limits.MAX_CLASS_CURVES} indices, got {len(classes)}"
        )
    if classes and metric == "accuracy":
        raise Refusal(400, "class cannot be given with metric=accuracy: it has no classes")
    return SeriesQuery(
        name=text(args, "name"),
        metric=metric,
        averages=tuple(dict.fromkeys(averages)),
        classes=tuple(dict.fromkeys(map(int, classes))),
    )


def select_runs(args: Mapping[str, str], listing: Listing) -> Sequence[RunListing]:
    """Returns the runs that `runs=` and `token=` select; all without `runs`.

    The indices stay valid as long as the list of names does, so a token is stale only once a
    run has come or gone, not at each new step.
    """
    shown = listing.runs[: limits.MAX_RUNS]
    ranges = args.get("runs")
    if ranges is None:
        return shown
    token = args.get("token")
    if token is None:
        raise Refusal(400, "token= of the list of runs must be given with runs=")
    if token.partition("-")[0] != listing.names_token:
        raise Refusal(409, "the list of runs has changed: ask /runs for its new token")
    if not ranges:
        return ()
    if not _RANGES.fullmatch(ranges):
        raise Refusal(400, f"runs must be index ranges like 0-3,7, got {ranges!r:.80}")
    chosen: set[int] = set()
    for item in ranges.split(","):
        first, _, last = item.partition("-")
        start, end = int(first), int(last or first)
        if end < start or end >= len(shown):
            raise Refusal(400, f"runs must be ranges within 0-{len(shown) - 1}, got {item!r}")
        chosen.update(range(start, end + 1))
    return [shown[index] for index in sorted(chosen)]


def _listed(value: str) -> list[str]:
    return [item for item in value.split(",") if item]
