"""GET /steps: what the scrubber of one series can reach."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from tb_monitor_plugin import limits
from tb_monitor_plugin.views.curves import cut_of, evenly
from tb_monitor_writer.schema import Kind


class Kept(NamedTuple):
    """The steps of one kind.

    Attributes:
      steps: int64 `[T]`, ascending.
      wall_times: Seconds since the epoch, `[T]`.
      logged: Records that were logged, of which T are kept.
    """

    steps: npt.NDArray[np.int64]
    wall_times: npt.NDArray[np.float64]
    logged: int


def steps(
    run: str, name: str, kinds: Mapping[Kind, Kept], dropped: int, unreadable: Mapping[Kind, str]
) -> object:
    """Composes the answer.

    Args:
      run: Name of the run.
      name: Of the series.
      kinds: What is kept of each kind that can be read.
      dropped: Records that were not written.
      unreadable: Why kinds cannot be read.
    """
    wall_time_at: dict[int, float] = {}
    for kept in kinds.values():
        wall_time_at |= dict(zip(kept.steps.tolist(), kept.wall_times.tolist(), strict=True))
    all_steps = sorted(wall_time_at)
    every = [all_steps[place] for place in evenly(len(all_steps), limits.MAX_STEPS)]
    thinned = None
    if len(every) < len(all_steps):
        thinned = f"{len(every):,} of {len(all_steps):,} steps are listed, evenly."
    confusion = kinds.get(Kind.CONFUSION)
    with_matrix = set() if confusion is None else set(confusion.steps.tolist())
    order = sorted(kinds)
    return {
        "version": 1,
        "run": run,
        "name": name,
        "step": every,
        "wall_time": [wall_time_at[step] for step in every],
        "has_matrix": [int(step in with_matrix) for step in every],
        "kept": {kind.value: len(kinds[kind].steps) for kind in order},
        "logged": {kind.value: kinds[kind].logged for kind in order},
        "dropped": dropped,
        "cut": cut_of(_cut(kinds, unreadable), thinned),
    }


def sampled(kept: Kept, what: str) -> str | None:
    """Says in one sentence that TensorBoard kept fewer records than were logged, or None."""
    if kept.logged <= len(kept.steps):
        return None
    return (
        f"{len(kept.steps):,} of {kept.logged:,} {what} kept: start TensorBoard with "
        f"--tb_monitor_steps={kept.logged} to keep all."
    )


def _cut(kinds: Mapping[Kind, Kept], unreadable: Mapping[Kind, str]) -> str | None:
    if unreadable:
        kind, reason = min(unreadable.items())
        return f"The {kind.value.replace('_', ' ')} of this series cannot be read: {reason}"
    named = ((Kind.CONFUSION, "matrices"), (Kind.AVERAGES, "steps"), (Kind.CLASS_COUNTS, "steps"))
    for kind, what in named:
        if kind in kinds:
            sentence = sampled(kinds[kind], what)
            if sentence:
                return sentence
    return None
