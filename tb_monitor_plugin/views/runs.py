"""GET /runs: which runs there are and what each has logged."""

from collections.abc import Mapping

from tb_monitor_plugin import limits
from tb_monitor_plugin.sources.listing import Listing, RunListing, Track


def runs(listing: Listing, logdir: str, failures: Mapping[str, Mapping[str, str]]) -> object:
    """Composes the answer.

    Args:
      listing: What there is.
      logdir: What TensorBoard was told to search.
      failures: By run and tag, why records could not be read when a page asked for them.
    """
    cut = listing.problem
    if len(listing.runs) > limits.MAX_RUNS:
        cut = (
            f"The first {limits.MAX_RUNS} of {len(listing.runs)} runs are listed: start "
            f"TensorBoard on a smaller directory."
        )
    return {
        "version": 1,
        "token": listing.token,
        "logdir": logdir,
        "runs": [_run(run, failures.get(run.run, {})) for run in listing.runs[: limits.MAX_RUNS]],
        "cut": cut,
    }


def _run(run: RunListing, failures: Mapping[str, str]) -> dict[str, object]:
    tracks = run.tracks
    unreadable = {**run.unreadable, **failures}
    return {
        "run": run.run,
        "token": run.token,
        "last_step": max((track.last_step for track in tracks), default=None),
        "last_wall_time": max((track.last_wall_time for track in tracks), default=None),
        "series": [_series(name, list(kinds.values())) for name, kinds in run.counts.items()],
        "fit": [_fit(track) for track in run.fits.values()],
        "unreadable": [
            {"tag": tag, "reason": reason} for tag, reason in sorted(unreadable.items())
        ],
    }


def _series(name: str, tracks: list[Track]) -> dict[str, object]:
    series = tracks[0].series
    return {
        "name": name,
        "split": series.split,
        "head": series.head,
        "generation": series.generation,
        "task": series.task.value,
        "classes": series.num_classes,
        "pos_label": series.pos_label,
        "model": series.model,
        "model_version": series.model_version,
        "framework": series.framework,
        "kinds": sorted(track.series.kind.value for track in tracks),
        "last_step": max(track.last_step for track in tracks),
    }


def _fit(track: Track) -> dict[str, object]:
    series = track.series
    return {
        "name": track.name,
        "quantity": series.quantity,
        "head": series.head,
        "generation": series.generation,
        "higher_is_better": series.higher_is_better,
        "last_step": track.last_step,
    }
