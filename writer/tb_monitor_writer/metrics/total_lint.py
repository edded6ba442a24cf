"""Lint of the total: do the counts hold each example of the evaluation set exactly once?

A wrong total is the only trace of three silent mistakes: samplers of distributed jobs repeat
examples until all ranks have the same number, a metric that nobody resets goes on counting over
evaluations, and a loader drops its last incomplete batch.
"""

import operator
from typing import Literal, NamedTuple, TypeAlias

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix

Cause: TypeAlias = Literal[
    "padded", "accumulated", "every_rank", "one_rank", "dropped", "unexplained"
]

# Tried where world_size or batch_size is not given: what people use, not whatever divides.
_LIKELY_RANKS = (2, 3, 4, 5, 6, 7, 8, 16, 32, 64)
_LIKELY_BATCHES = sorted(
    {2**power for power in range(2, 14)} | {m * 10**p for m in (1, 2, 5) for p in (1, 2, 3)}
)


class TotalFinding(NamedTuple):
    """Why a total may differ from the size of the evaluation set.

    Attributes:
      cause:
        "padded": a sampler repeated examples so that all ranks have the same number.
        "accumulated": several evaluations were counted into one.
        "every_rank": each rank evaluated the whole set, and the counts were added up.
        "one_rank": the counts of one rank only.
        "dropped": the last incomplete batch, or what did not divide by the ranks, is missing.
        "unexplained": none of these.
      explanation: The same in words, with its arithmetic.
      expected: Number of examples the set has.
      found: Number of examples counted.
    """

    cause: Cause
    explanation: str
    expected: int
    found: int


def lint_total(
    total: ConfusionMatrix | int,
    dataset_size: int,
    *,
    batch_size: int | None = None,
    world_size: int | None = None,
) -> tuple[TotalFinding, ...]:
    """Compares the examples counted with the size of the evaluation set.

    With n examples, w ranks and batches of b on each:

    * padded: ceil(n / w) w, or ceil(n / (w b)) w b (even batches);
    * one_rank: ceil(n / w), ceil(n / (w b)) b or floor(n / w);
    * every_rank: w n; accumulated: k n, or k times the padded total, k >= 2;
    * dropped: floor(n / m) m for m = b, w, or w b.

    What is not given is guessed among usual values only (w up to 8 and 16, 32, 64; b powers of two
    and 10, 20, 50, ...), and a guess is called one: "would fit if". Without `world_size` one rank
    is tried first.

    Args:
      total: A `ConfusionMatrix` (what it left out by `ignore_index` counts as seen), or the
        number of examples counted.
      dataset_size: Number of examples in the evaluation set, at least 1.
      batch_size: Examples in a batch of one rank.
      world_size: Ranks of the job.

    Returns:
      No finding if the total is right; else every cause that fits, those that guess least first, or
      one "unexplained".

    Raises:
      InvalidInput: an argument that is no such number, or weighted counts: the sum of weights
        says nothing of the number of examples.
    """
    found = _examples(total)
    n = _positive("dataset_size", dataset_size)
    b = None if batch_size is None else _positive("batch_size", batch_size)
    w = None if world_size is None else _positive("world_size", world_size)
    if found == n:
        return ()
    causes = list(_too_many(found, n, b, w)) if found > n else list(_too_few(found, n, b, w))
    if not causes:
        difference = f"{abs(found - n):,} {'more' if found > n else 'fewer'}"
        causes = [("unexplained", f"{found:,} examples were counted, {difference} than {n:,}")]
    return tuple(TotalFinding(cause, text, n, found) for cause, text in causes)


_Causes: TypeAlias = list[tuple[Cause, str]]


def _too_many(found: int, n: int, b: int | None, w: int | None) -> _Causes:
    causes: _Causes = []
    if found % n == 0:
        times = found // n
        if w == times:
            causes.append(
                ("every_rank", f"{found:,} = {times} * {n:,}: each of {w} ranks evaluated the "
                 f"whole set")
            )  # fmt: skip
        causes.append(
            ("accumulated", f"{found:,} = {times} * {n:,}: {times} evaluations were counted into "
             f"one; reset after each")
        )  # fmt: skip
    elif w and found % _up(n, w) == 0 and found > _up(n, w):
        times = found // _up(n, w)
        causes.append(
            ("accumulated", f"{found:,} = {times} * {_up(n, w):,}: {times} evaluations, each "
             f"padded for {w} ranks, were counted into one; reset after each")
        )  # fmt: skip
    padded = _padding(found, n, b, w)
    return [*causes, ("padded", padded)] if padded else causes


def _padding(found: int, n: int, b: int | None, w: int | None) -> str:
    """How repeated examples explain the total, with as few guesses as will do; or ''."""
    more = found - n
    if b and not w and _up(n, b) == found:
        return (
            f"{found:,} is {n:,} rounded up to whole batches of {b} on one rank: "
            f"{more:,} examples were repeated"
        )
    guess = "" if w else "would fit if the job had that many ranks: "
    ranks = [w] if w else [r for r in _LIKELY_RANKS if r <= n]
    for r in ranks:
        if r > 1 and _up(n, r) == found:
            return (
                f"{guess}ceil({n:,} / {r}) * {r} = {found:,}: the sampler repeated "
                f"{more:,} examples so that {r} ranks have the same number"
            )
    for r in ranks if b else []:
        if b and _up(n, r * b) == found:
            return (
                f"{guess}{found:,} is {n:,} rounded up to whole batches of {b} on "
                f"{r} rank{'s' if r > 1 else ''}: {more:,} examples were repeated"
            )
    return ""


def _too_few(found: int, n: int, b: int | None, w: int | None) -> _Causes:
    causes: _Causes = []
    missing = n - found
    sizes = {"whole batches": b, "ranks": w, "whole batches on all ranks": b and w and b * w}
    for what, size in sizes.items():
        if size and n // size * size == found:
            causes.append(
                ("dropped", f"floor({n:,} / {size}) * {size} = {found:,}: {missing:,} examples "
                 f"that make no {what} were dropped")
            )  # fmt: skip
            break
    for ranks in [w] if w else _LIKELY_RANKS:
        shares = {-(-n // ranks), n // ranks} | ({_up(n, ranks * b) // ranks} if b else set())
        if ranks > 1 and found and found in shares:
            causes.append(
                ("one_rank", f"{found:,} is the share of one of {ranks} ranks of {n:,}: the "
                 f"counts were not added up over the ranks (all_reduce)")
            )  # fmt: skip
            break
    fits = None if b or causes else _likely_batch(found, missing)
    if fits:
        causes.append(
            ("dropped", f"would fit if batches had {fits}: floor({n:,} / {fits}) * {fits} = "
             f"{found:,}: {missing:,} examples are missing, as if an incomplete batch were dropped")
        )  # fmt: skip
    return causes


def _up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def _likely_batch(found: int, missing: int) -> int | None:
    """The smallest usual batch: `found` examples are at least two of it, `missing` not one."""
    usual = (b for b in _LIKELY_BATCHES if missing < b <= found // 2)
    return next((b for b in usual if found % b == 0), None)


def _examples(total: ConfusionMatrix | int) -> int:
    if not isinstance(total, ConfusionMatrix):
        try:
            found = operator.index(total)
        except TypeError:
            found = -1
        if found < 0:
            raise InvalidInput(
                f"total must be a ConfusionMatrix or an integer >= 0, got {total!r:.40}"
            )
        return found
    if total.weighted or total.normalised:
        what = "ratios" if total.normalised else "weighted counts"
        raise InvalidInput(f"total must be a number of examples, got {what}; pass that number")
    return int(total.total) + total.ignored + int(getattr(total, "nan", 0))


def _positive(argument: str, value: int) -> int:
    try:
        found = operator.index(value)
    except TypeError:
        found = 0
    if found < 1:
        raise InvalidInput(f"{argument} must be an integer >= 1, got {value!r:.40}")
    return found
