"""Routes: a request is read to a query, records are read for it, a view composes the answer.

docs/http_api.md states each. Every answer goes through TensorBoard's `http_util.Respond`.
"""

import gzip
import logging
from collections.abc import Callable, Iterable, Mapping

from tb_monitor_writer.schema import ClassCounts, Confusion, Kind
from tensorboard import plugin_util
from tensorboard.backend import http_util
from werkzeug import wrappers

from tb_monitor_plugin import limits, queries
from tb_monitor_plugin.frame import Frame, encode_frame, encode_json
from tb_monitor_plugin.queries import Refusal
from tb_monitor_plugin.sources.boundary import Unreadable
from tb_monitor_plugin.sources.listing import RunListing, Track
from tb_monitor_plugin.sources.provider import ProviderSource, Reader
from tb_monitor_plugin.sources.records import Rows
from tb_monitor_plugin.views import fit as fit_view
from tb_monitor_plugin.views import matrix as matrix_view
from tb_monitor_plugin.views import overview as overview_view
from tb_monitor_plugin.views import runs as runs_view
from tb_monitor_plugin.views import series as series_view
from tb_monitor_plugin.views import steps as steps_view

WsgiApp = Callable[..., Iterable[bytes]]
Answer = Callable[[Reader, Mapping[str, str]], object]

_FRAME_TYPE = "application/octet-stream"
_GZIP_LEVEL = 1  # 3 takes twice as long for 5 % less

_logger = logging.getLogger(__name__)


class Routes:
    """The routes that answer with records."""

    def __init__(self, source: ProviderSource, logdir: str) -> None:
        self._source = source
        self._logdir = logdir

    def apps(self) -> dict[str, WsgiApp]:
        """Returns an application per route."""
        answers: dict[str, Answer] = {
            "/runs": self._runs,
            "/overview": _overview,
            "/steps": _steps,
            "/matrix": _matrix,
            "/series": _series,
            "/fit": _fit,
        }
        return {route: self._app(answer) for route, answer in answers.items()}

    def _app(self, answer: Answer) -> WsgiApp:
        def respond(request: wrappers.Request) -> wrappers.Response:
            _check_query(request)
            reader = self._source.reader(
                plugin_util.context(request.environ), plugin_util.experiment_id(request.environ)
            )
            found = answer(reader, request.args)
            if not isinstance(found, Frame):
                return http_util.Respond(request, encode_json(found), "application/json")
            body = encode_frame(found)
            if not found.compress:
                return http_util.Respond(request, body, _FRAME_TYPE)
            packed = gzip.compress(body, _GZIP_LEVEL, mtime=0)
            return http_util.Respond(request, packed, _FRAME_TYPE, content_encoding="gzip")

        return guarded_app(respond)

    def _runs(self, reader: Reader, args: Mapping[str, str]) -> object:
        listing = reader.listing(fresh=True)
        failures = {run.run: reader.known_failures(run.tracks) for run in listing.runs}
        return runs_view.runs(listing, self._logdir, failures)


def guarded_app(respond: Callable[[wrappers.Request], wrappers.Response]) -> WsgiApp:
    """Makes an application that answers GET and HEAD, and every error as JSON.

    The last boundary: damaged data and senseless queries never get here as exceptions, so
    what does is a defect of ours. It is logged with its traceback and answered with 500, as
    anything else would tell the page that it has data.
    """

    def application(request: wrappers.Request) -> wrappers.Response:
        try:
            if request.method not in ("GET", "HEAD"):
                raise Refusal(405, f"only GET and HEAD are answered, got {request.method}")
            return respond(request)
        except Refusal as refusal:
            return _error(request, refusal.code, refusal.sentence)
        except Exception:
            _logger.exception("TB Monitor has a defect: it could not answer %r", request.path)
            sentence = "TB Monitor has a defect: TensorBoard's log has the traceback"
            return _error(request, 500, sentence)

    return wrappers.Request.application(application)  # type: ignore[no-any-return]


def _error(request: wrappers.Request, code: int, sentence: str) -> wrappers.Response:
    headers = [("Allow", "GET, HEAD")] if code == 405 else []
    body = encode_json({"version": 1, "error": sentence})
    return http_util.Respond(request, body, "application/json", code=code, headers=headers)


def _check_query(request: wrappers.Request) -> None:
    size_bytes = len(request.query_string)
    if size_bytes > limits.MAX_QUERY_BYTES:
        raise Refusal(
            414, f"the query must have at most {limits.MAX_QUERY_BYTES} bytes, got {size_bytes}"
        )
    for name, value in request.args.items(multi=True):
        if "\0" in value:
            raise Refusal(400, f"{name!r:.40} must not contain a zero byte")


def _overview(reader: Reader, args: Mapping[str, str]) -> object:
    listing = reader.listing()
    selected = queries.select_runs(args, listing)
    by_run = {
        run.run: [
            *run.fits.values(),
            *(kinds[Kind.AVERAGES] for kinds in run.counts.values() if Kind.AVERAGES in kinds),
        ]
        for run in selected
    }
    read = reader.rows([track for tracks in by_run.values() for track in tracks])
    matrices = reader.counted(
        [
            kinds[Kind.CONFUSION]
            for run in selected
            for kinds in run.counts.values()
            if Kind.CONFUSION in kinds
        ]
    )
    records = []
    for run in selected:
        rows = {}
        for track in by_run[run.run]:
            found = read[track]
            if isinstance(found, Rows):
                rows[track] = found
        kept = {
            name: matrices[kinds[Kind.CONFUSION]]
            for name, kinds in run.counts.items()
            if matrices.get(kinds.get(Kind.CONFUSION)) is not None
        }
        unreadable = {**run.unreadable, **reader.known_failures(run.tracks)}
        records.append(overview_view.RunRecords(run, rows, kept, unreadable))
    return overview_view.overview(listing.token, records)


def _steps(reader: Reader, args: Mapping[str, str]) -> object:
    run = queries.find_run(args, reader.listing())
    name, tracks = _find_series(run, args)
    kinds: dict[Kind, steps_view.Kept] = {}
    unreadable: dict[Kind, str] = {}
    dropped = logged = 0
    averages = tracks.get(Kind.AVERAGES)
    if averages is not None:
        rows = reader.rows([averages])[averages]
        if isinstance(rows, Rows):
            dropped, logged = rows.dropped, rows.logged
    for kind, track in tracks.items():
        if kind is Kind.SCORES:
            continue
        found = reader.steps(track)
        if isinstance(found, Unreadable):
            unreadable[kind] = found.reason
            continue
        steps, wall_times = found
        # Counts of few classes carry no number: they are logged with the averages.
        total = reader.logged(track) if track.series.is_blob else logged
        kinds[kind] = steps_view.Kept(
            steps, wall_times, max(len(steps), total or 0), track.series.plugin_name
        )
    return steps_view.steps(run.run, name, kinds, dropped, unreadable)


def _matrix(reader: Reader, args: Mapping[str, str]) -> object:
    wanted = queries.step(args)
    run = queries.find_run(args, reader.listing())
    name, tracks = _find_series(run, args)
    kinds = {kind: tracks.get(kind) for kind in (Kind.AVERAGES, Kind.CLASS_COUNTS, Kind.CONFUSION)}
    wall_times: dict[int, float] = {}
    problems: dict[Kind, str] = {}
    for kind, track in kinds.items():
        if track is None:
            continue
        found = reader.steps(track)
        if isinstance(found, Unreadable):
            problems[kind] = found.reason
        else:
            wall_times |= dict(zip(found[0].tolist(), found[1].tolist(), strict=True))
    if not wall_times:
        why = next(iter(problems.values()), "nothing is kept of it")
        raise Refusal(404, f"series {name!r:.200} has no step that can be shown: {why}")
    step = max(wall_times) if wanted is None else wanted
    if step not in wall_times:
        raise Refusal(404, f"step {step} of series {name!r:.200} is not kept: ask /steps for those")
    row, dropped = None, 0
    averages = kinds[Kind.AVERAGES]
    if averages is not None:
        rows = reader.rows([averages])[averages]
        if isinstance(rows, Rows):
            row, dropped = rows.row_at(step), rows.dropped
    confusion = counts = None
    no_cells = "no matrix was logged"
    track = kinds[Kind.CONFUSION]
    if track is not None:
        record = reader.blob_at(track, step)
        if isinstance(record, Confusion):
            confusion = record
        elif isinstance(record, Unreadable):
            no_cells = record.reason
        else:
            no_cells = "TensorBoard did not keep the matrix of this step"
    track = kinds[Kind.CLASS_COUNTS]
    if track is not None:
        record = reader.class_counts_at(track, step)
        counts = record if isinstance(record, ClassCounts) else None
    series = next(iter(tracks.values())).series
    return matrix_view.matrix(
        matrix_view.Shown(
            run=run.run,
            name=name,
            series=series,
            step=step,
            wall_time=wall_times[step],
            averages=row,
            confusion=confusion,
            counts=counts,
            no_cells=no_cells,
            dropped=dropped,
        )
    )


def _series(reader: Reader, args: Mapping[str, str]) -> object:
    query = queries.series_query(args)
    listing = reader.listing()
    selected = [run for run in queries.select_runs(args, listing) if query.name in run.counts]
    by_run = {run.run: run.counts[query.name] for run in selected}
    averages = {}
    if query.averages or query.metric == "accuracy":
        tracks = {
            run: kinds[Kind.AVERAGES] for run, kinds in by_run.items() if Kind.AVERAGES in kinds
        }
        read = reader.rows(list(tracks.values()))
        averages = {run: read[track] for run, track in tracks.items()}
    runs = []
    for run, kinds in by_run.items():
        rows = averages.get(run)
        track = kinds.get(Kind.CLASS_COUNTS)
        counts, logged = None, 0
        if track is not None and query.classes:
            present = [index for index in query.classes if index < track.series.num_classes]
            found = reader.class_counts(track, present)
            counts = None if isinstance(found, Unreadable) else found
            logged = (reader.logged(track) if track.series.is_blob else None) or 0
        runs.append(
            series_view.SeriesOfRun(
                run=run,
                averages=rows if isinstance(rows, Rows) else None,
                counts=counts,
                track=track,
                logged=logged,
            )
        )
    return series_view.series(query.name, query.metric, query.averages, runs)


def _fit(reader: Reader, args: Mapping[str, str]) -> object:
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


def _find_series(run: RunListing, args: Mapping[str, str]) -> tuple[str, Mapping[Kind, Track]]:
    name = queries.text(args, "name")
    tracks = run.counts.get(name)
    if tracks is None:
        raise Refusal(404, f"run {run.run!r:.200} has no series {name!r:.200}")
    return name, tracks
