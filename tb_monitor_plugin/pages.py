"""One function per route: which records its view needs, and what is refused."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tb_monitor_plugin import limits, queries
from tb_monitor_plugin.frame import Frame
from tb_monitor_plugin.queries import Refusal
from tb_monitor_plugin.sources.boundary import Unreadable
from tb_monitor_plugin.sources.listing import RunListing, Track
from tb_monitor_plugin.sources.provider import Reader
from tb_monitor_plugin.sources.records import Rows
from tb_monitor_plugin.views import fit as fit_view
from tb_monitor_plugin.views import matrix as matrix_view
from tb_monitor_plugin.views import overview as overview_view
from tb_monitor_plugin.views import runs as runs_view
from tb_monitor_plugin.views import series as series_view
from tb_monitor_plugin.views import steps as steps_view
from tb_monitor_writer.schema import CELLS_PLUGIN_NAME, ClassCounts, Confusion, Kind, Task

Args = Mapping[str, str]


def runs(reader: Reader, logdir: str) -> object:
    """GET /runs."""
    listing = reader.listing(fresh=True)
    failures = {run.run: reader.known_failures(run.tracks) for run in listing.runs}
    return runs_view.runs(listing, logdir, failures)


def overview(reader: Reader, args: Args) -> object:
    """GET /overview."""
    listing = reader.listing()
    selected = queries.select_runs(args, listing)
    parts = {run.run: reader.kept(overview_view.RunOverview, run) for run in selected}
    news = [run for run in selected if parts[run.run] is None]
    for run, records in zip(news, _overview_records(reader, news), strict=True):
        part = overview_view.overview_of_run(records)
        reader.keep(run, part, part.size_bytes)
        parts[run.run] = part
    return overview_view.overview(listing.token, [part for part in parts.values() if part])


def _overview_records(
    reader: Reader, runs: Sequence[RunListing]
) -> Iterator[overview_view.RunRecords]:
    averages = [kinds[Kind.AVERAGES] for _, kinds in _series_of(runs) if Kind.AVERAGES in kinds]
    read = reader.rows([*averages, *(track for run in runs for track in run.fits.values())])
    # Small matrices are kept and sampled with the averages, only large ones are not.
    cells = [kinds[Kind.CONFUSION] for _, kinds in _series_of(runs) if Kind.CONFUSION in kinds]
    matrices = reader.counted(
        [track for track in cells if track.series.plugin_name == CELLS_PLUGIN_NAME]
    )
    for run in runs:
        rows = {track: read[track] for track in run.tracks if track in read}
        kept = {
            name: matrices[kinds[Kind.CONFUSION]]
            for name, kinds in run.counts.items()
            if kinds.get(Kind.CONFUSION) in matrices
        }
        yield overview_view.RunRecords(
            listing=run,
            rows={track: found for track, found in rows.items() if isinstance(found, Rows)},
            matrices_kept=kept,
            unreadable={**run.unreadable, **reader.known_failures(run.tracks)},
        )


def _series_of(runs: Sequence[RunListing]) -> list[tuple[str, Mapping[Kind, Track]]]:
    return [item for run in runs for item in run.counts.items()]


def steps(reader: Reader, args: Args) -> object:
    """GET /steps."""
    run = _find_run(reader, args)
    name, tracks = _find_series(run, args)
    kinds: dict[Kind, steps_view.Kept] = {}
    unreadable: dict[Kind, str] = {}
    dropped = logged = 0
    reader.prefetch(_shown(tracks))
    averages = tracks.get(Kind.AVERAGES)
    if averages is not None:
        rows = reader.rows([averages])[averages]
        if isinstance(rows, Rows):
            dropped, logged = rows.dropped, rows.logged
    for track in _shown(tracks):
        kind = track.series.kind
        found = reader.steps(track)
        if isinstance(found, Unreadable):
            unreadable[kind] = found.reason
            continue
        steps, wall_times = found
        # Class counts are logged with the averages; as tensors they carry no number at all.
        total = reader.logged(track) if kind is Kind.CONFUSION or not logged else logged
        kinds[kind] = steps_view.Kept(steps, wall_times, max(len(steps), total or 0))
    return steps_view.steps(run.run, name, kinds, dropped, unreadable)


def matrix(reader: Reader, args: Args) -> Frame:
    """GET /matrix."""
    wanted = queries.step(args)
    run = _find_run(reader, args)
    name, tracks = _find_series(run, args)
    place = _find_step(reader, name, tracks, wanted)
    row, dropped = None, 0
    averages = tracks.get(Kind.AVERAGES)
    if averages is not None:
        rows = reader.rows([averages])[averages]
        if isinstance(rows, Rows):
            row, dropped = rows.row_at(place.step), rows.dropped
    confusion, no_cells = _confusion(reader, tracks.get(Kind.CONFUSION), place.step)
    counts = None
    track = tracks.get(Kind.CLASS_COUNTS)
    # The sums per class stay exact where the cells are only known to within a bound.
    if track is not None and (confusion is None or confusion.provenance.error_bound):
        record = reader.class_counts_at(track, place.step)
        counts = record if isinstance(record, ClassCounts) else None
    return matrix_view.matrix(
        matrix_view.Shown(
            run=run.run,
            name=name,
            series=next(iter(tracks.values())).series,
            step=place.step,
            wall_time=place.wall_time,
            averages=row,
            confusion=confusion,
            counts=counts,
            no_cells=no_cells,
            dropped=dropped,
        )
    )


def series(reader: Reader, args: Args) -> Frame:
    """GET /series."""
    query = queries.series_query(args)
    selected = [
        run for run in queries.select_runs(args, reader.listing()) if query.name in run.counts
    ]
    # No more is read than one answer holds.
    each = len(query.classes) + (1 if query.metric == "accuracy" else len(query.averages))
    shown = selected[: max(1, limits.MAX_CURVES // max(1, each))]
    by_run = {run.run: run.counts[query.name] for run in shown}
    averages: list[Track] = []
    if query.averages or query.metric == "accuracy":
        averages = [kinds[Kind.AVERAGES] for kinds in by_run.values() if Kind.AVERAGES in kinds]
    rows = reader.rows(averages)
    if query.classes:
        reader.prefetch(kinds.get(Kind.CLASS_COUNTS) for kinds in by_run.values())
    runs = []
    for run, kinds in by_run.items():
        found = rows.get(kinds[Kind.AVERAGES]) if Kind.AVERAGES in kinds else None
        runs.append(
            series_view.SeriesOfRun(
                run=run,
                averages=found if isinstance(found, Rows) else None,
                counts=_class_counts(reader, kinds.get(Kind.CLASS_COUNTS), query.classes),
                multilabel=next(iter(kinds.values())).series.task is Task.MULTILABEL,
            )
        )
    left_out = len(selected) - len(shown)
    return series_view.series(query.name, query.metric, query.averages, runs, left_out)


def _class_counts(
    reader: Reader, track: Track | None, classes: Sequence[int]
) -> series_view.ClassCurves | None:
    present = [index for index in classes if track and index < track.series.num_classes]
    if track is None or not present:
        return None
    found = reader.class_counts(track, present)
    if isinstance(found, Unreadable):
        return None
    return series_view.ClassCurves(track.series, found, reader.logged(track) or 0)


def fit(reader: Reader, args: Args) -> Frame:
    """GET /fit."""
    listing = reader.listing()
    selected = queries.select_runs(args, listing)
    every = [track for run in selected for track in run.fits.values()]
    quantities = sorted({track.series.quantity for track in every})
    quantity = fit_view.choose_quantity(args.get("quantity"), quantities)
    if quantity is not None and args.get("quantity") and quantity not in quantities:
        raise Refusal(404, f"no selected run has the quantity {quantity!r:.200}")
    tracks = [track for track in every if track.series.quantity == quantity]
    shown = tracks[: limits.MAX_CURVES]
    read = reader.rows(shown)
    good = [
        fit_view.FitTrack(track, rows)
        for track, rows in ((track, read[track]) for track in shown)
        if isinstance(rows, Rows)
    ]
    return fit_view.fit(quantity or "", quantities, good, len(tracks) - len(shown))


def _find_run(reader: Reader, args: Args) -> RunListing:
    """Finds a run; one that has come since the last listing too."""
    name = queries.text(args, "run")
    found = reader.listing().find(name) or reader.listing(fresh=True).find(name)
    if found is None:
        raise Refusal(404, f"no run {name!r:.200} has data of TB Monitor")
    return found


def _find_series(run: RunListing, args: Mapping[str, str]) -> tuple[str, Mapping[Kind, Track]]:
    name = queries.text(args, "name")
    tracks = run.counts.get(name)
    if tracks is None:
        raise Refusal(404, f"run {run.run!r:.200} has no series {name!r:.200}")
    return name, tracks


class _Place(NamedTuple):
    step: int
    wall_time: float


def _find_step(
    reader: Reader, name: str, tracks: Mapping[Kind, Track], wanted: int | None
) -> _Place:
    """Finds the step asked for, or the last one of any kind."""
    shown = _shown(tracks)
    reader.prefetch(shown)
    wall_times: dict[int, float] = {}
    problem = "nothing is kept of it"
    for track in shown:
        found = reader.steps(track)
        if isinstance(found, Unreadable):
            problem = found.reason
        else:
            wall_times |= dict(zip(found[0].tolist(), found[1].tolist(), strict=True))
    if not wall_times:
        raise Refusal(404, f"series {name!r:.200} has no step that can be shown: {problem}")
    step = max(wall_times) if wanted is None else wanted
    if step not in wall_times:
        raise Refusal(404, f"step {step} of series {name!r:.200} is not kept: ask /steps for those")
    return _Place(step, wall_times[step])


def _shown(tracks: Mapping[Kind, Track]) -> list[Track]:
    """The tracks that the Classes page shows steps of."""
    kinds = (Kind.AVERAGES, Kind.CLASS_COUNTS, Kind.CONFUSION)
    return [tracks[kind] for kind in kinds if kind in tracks]


def _confusion(reader: Reader, track: Track | None, step: int) -> tuple[Confusion | None, str]:
    """Returns the cells of a step, or None and why there are none."""
    if track is None:
        return None, "no matrix was logged"
    record = reader.blob_at(track, step)
    if isinstance(record, Confusion):
        return record, ""
    if isinstance(record, Unreadable):
        return None, record.reason
    return None, "TensorBoard did not keep the matrix of this step"
