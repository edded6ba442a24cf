"""Reads through TensorBoard's DataProvider, which both of its loaders stand behind.

Nothing here trusts what a run holds: each series is read inside `boundary.guarded`, and what
declares a size that no record of ours has is refused before TensorBoard is asked for it.
One hole stays: the shape of a small tensor is known to TensorBoard only, which allocates what
it declares before it delivers it. Where that raises it is a reason like any other; where the
machine has the memory, it is taken for the time of the read.
"""

import functools
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent import futures
from typing import TypeVar

import numpy as np
from tensorboard import context
from tensorboard.data import provider

from tb_monitor_plugin import limits
from tb_monitor_plugin.sources.boundary import Unreadable, guarded
from tb_monitor_plugin.sources.cache import BoundedCache
from tb_monitor_plugin.sources.listing import (
    Found,
    Listing,
    Part,
    RunListing,
    Track,
    group,
    parent_of_sub_run,
)
from tb_monitor_plugin.sources.records import (
    BlobPlace,
    CountRows,
    Rows,
    newest_of_each_step,
)
from tb_monitor_writer.schema import (
    AVERAGES_COLUMNS,
    CELLS_PLUGIN_NAME,
    FIT_COLUMNS,
    PLUGIN_NAME,
    ClassCounts,
    Confusion,
    Kind,
    Scores,
    Series,
    blob_provenance,
    decode_blob,
    decode_class_counts_tensor,
    decode_rows,
    decode_series,
    encode_class_counts_tensor,
)

Kept = TypeVar("Kept")

PLUGIN_NAMES = (PLUGIN_NAME, CELLS_PLUGIN_NAME)


class ProviderSource:
    """Records of all experiments of one server; what was decoded is kept for the next request.

    Safe to use from many threads.
    """

    def __init__(
        self,
        data_provider: provider.DataProvider,
        *,
        cache_bytes: int = limits.CACHE_BYTES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._data_provider = data_provider
        self._cache: BoundedCache[object] = BoundedCache(cache_bytes)
        self._clock = clock
        self._listings: dict[str, tuple[float, Listing]] = {}
        self._listing_lock = threading.Lock()
        # The data server answers each call after some 40 ms where its packets wait for an
        # acknowledgement, however small they are; calls side by side wait together.
        self._pool = futures.ThreadPoolExecutor(
            limits.PARALLEL_READS, thread_name_prefix="tb_monitor"
        )

    def reader(self, ctx: context.RequestContext, experiment_id: str) -> "Reader":
        """Returns a reader for one request."""
        return Reader(self, ctx, experiment_id)


class Reader:
    """Reads on behalf of one request."""

    def __init__(
        self, source: ProviderSource, ctx: context.RequestContext, experiment_id: str
    ) -> None:
        self._source = source
        self._provider = source._data_provider
        self._cache = source._cache
        self._side_by_side = source._pool.map
        self._where = {"ctx": ctx, "experiment_id": experiment_id}
        self._experiment_id = experiment_id
        self._refused: frozenset[tuple[str, str, str]] = frozenset()

    def listing(self, *, fresh: bool = False) -> Listing:
        """Lists what there is; unless `fresh`, up to `limits.LISTING_AGE_S` ago."""
        source = self._source
        with source._listing_lock:  # one lists, those who ask meanwhile get the same
            kept = source._listings.get(self._experiment_id)
            now = source._clock()
            if kept is not None and not fresh and now - kept[0] < limits.LISTING_AGE_S:
                self._refused = kept[1].refused
                return kept[1]
            listing = self._list()
            self._refused = listing.refused
            if len(source._listings) > 100:  # experiments are usually one
                source._listings.clear()
            source._listings[self._experiment_id] = (now, listing)
            return listing

    def kept(self, kind: type[Kept], run: RunListing) -> Kept | None:
        """Returns what `keep` kept of a run, unless the run has news since."""
        found = self._cache.get((kind, self._experiment_id, run.run), run.token)
        return found if isinstance(found, kind) else None

    def keep(self, run: RunListing, value: object, size_bytes: int) -> None:
        """Keeps what was made of a run's records until the run has news."""
        self._cache.put((type(value), self._experiment_id, run.run), value, size_bytes, run.token)

    def prefetch(self, tracks: Iterable[Track | None]) -> None:
        """Reads tracks side by side, so that asking for them one by one then costs nothing."""
        wanted = [track for track in tracks if track is not None]
        rows = [track for track in wanted if not track.series.is_blob]
        parts = [part for track in wanted if track.series.is_blob for part in track.parts]
        reads: list[Callable[[], object]] = [
            functools.partial(
                self._tensors, [(part, track.series) for track in rows for part in track.parts]
            ),
            *(functools.partial(self._places_of_part, part) for part in parts),
        ]
        list(self._side_by_side(_call, reads))

    def known_failures(self, tracks: Iterable[Track]) -> dict[str, str]:
        """Reasons, by tag, why records of these tracks could not be read so far."""
        failures = {}
        for track in tracks:
            for part in track.parts:
                kept = self._cache.get(self._key("series", part), part.version)
                if isinstance(kept, Unreadable):
                    failures[part.tag] = kept.reason
        return failures

    def rows(self, tracks: Sequence[Track]) -> dict[Track, Rows | Unreadable]:
        """Reads tracks of rows (`averages`, `fit`), several runs in one call."""
        parts = self._tensors([(part, track.series) for track in tracks for part in track.parts])
        found: dict[Track, Rows | Unreadable] = {}
        for track in tracks:
            read = [parts[part] for part in track.parts]
            good = [item for item in read if isinstance(item, _Tensors)]
            found[track] = (
                guarded(functools.partial(_rows, track, good), track.name)
                if good
                else next(item for item in read if isinstance(item, Unreadable))
            )
        return found

    def class_counts(self, track: Track, classes: Sequence[int]) -> CountRows | Unreadable:
        """Reads counts of some classes at every kept step."""
        if track.series.is_blob:
            return guarded(lambda: self._counts_of_blobs(track, classes), track.name)
        parts = self._tensors([(part, track.series) for part in track.parts])
        good = [item for item in parts.values() if isinstance(item, _Tensors)]
        if not good:
            return next(item for item in parts.values() if isinstance(item, Unreadable))
        return guarded(lambda: _count_rows(good, classes), track.name)

    def class_counts_at(self, track: Track, step: int) -> ClassCounts | Unreadable | None:
        """Reads the counts of every class at one step; None if that step is not kept."""
        if track.series.is_blob:
            record = self.blob_at(track, step)
            return (
                record if record is None or isinstance(record, Unreadable | ClassCounts) else None
            )
        classes = range(track.series.num_classes)
        found = self.class_counts(track, classes)
        if isinstance(found, Unreadable):
            return found
        place = int(np.searchsorted(found.steps, step))
        if place == len(found.steps) or found.steps[place] != step:
            return None
        hits, support, predicted, *examples = found.table[place]
        return ClassCounts(hits, support, predicted, examples=examples[0] if examples else None)

    def steps(self, track: Track) -> tuple[np.ndarray, np.ndarray] | Unreadable:
        """Returns the kept steps of a track, ascending, and their wall times."""
        if track.series.kind in (Kind.AVERAGES, Kind.FIT):
            rows = self.rows([track])[track]
            return rows if isinstance(rows, Unreadable) else (rows.steps, rows.wall_times)
        if not track.series.is_blob:
            counts = self.class_counts(track, [])
            return counts if isinstance(counts, Unreadable) else (counts.steps, counts.wall_times)
        places = self._blob_places(track)
        if isinstance(places, Unreadable):
            return places
        return (
            np.array([place.step for _, place in places], np.int64),
            np.array([place.wall_time for _, place in places], np.float64),
        )

    def blob_at(
        self, track: Track, step: int
    ) -> Confusion | ClassCounts | Scores | Unreadable | None:
        """Reads the blob of one step; None if that step is not kept."""
        places = self._blob_places(track)
        if isinstance(places, Unreadable):
            return places
        for part, place in places:
            if place.step == step:
                return self._blob(track.series, part, place)
        return None

    def counted(self, tracks: Sequence[Track]) -> dict[Track, int]:
        """Counts the kept steps of tracks of blobs; those that cannot be read are left out."""
        self.prefetch(tracks)
        found = {}
        for track in tracks:
            places = self._blob_places(track)
            if not isinstance(places, Unreadable):
                found[track] = len(places)
        return found

    def logged(self, track: Track) -> int | None:
        """How many records of a track of blobs were logged; None if that cannot be read."""
        if not track.series.is_blob:
            return None
        total = 0
        for part in track.parts:
            places = self._places_of_part(part)
            if isinstance(places, Unreadable) or not places:
                continue
            last = places[-1]
            kept = self._cache.get(self._key("ordinal", part), part.version)
            if kept is None:
                kept = guarded(functools.partial(self._ordinal, track.series, last), part.tag)
                self._cache.put(self._key("ordinal", part), kept, 100, part.version)
            total += max(len(places), kept if isinstance(kept, int) else 0)
        return total or None

    def _ordinal(self, series: Series, place: BlobPlace) -> int:
        return blob_provenance(series, self._read_blob(place)).ordinal

    # --- listing ----------------------------------------------------------------------

    def _list(self) -> Listing:
        found: list[Found] = []
        problem: str | None = None
        classes = [(name, is_blob) for name in PLUGIN_NAMES for is_blob in (False, True)]
        answers = self._side_by_side(lambda which: self._list_class(*which), classes)
        for (plugin_name, is_blob), answer in zip(classes, answers, strict=True):
            if not isinstance(answer, Unreadable):
                found += answer
                continue
            runs = self._all_runs()
            if isinstance(runs, Unreadable):
                problem = f"The runs could not be listed. {runs.reason}"
            else:
                found += self._list_each_run(plugin_name, is_blob, runs, found)
        all_runs: Sequence[str] = ()
        if any(parent_of_sub_run(item.part.run) for item in found):
            names = self._all_runs()
            all_runs = () if isinstance(names, Unreadable) else names
        return group(found, all_runs, problem)

    def _list_each_run(
        self, plugin_name: str, is_blob: bool, runs: Sequence[str], known: Sequence[Found]
    ) -> list[Found]:
        """Lists run by run, where listing all of them raised."""
        found, damaged = [], {}
        for run in runs:
            listed = self._list_class(plugin_name, is_blob, provider.RunTagFilter(runs=[run]))
            if isinstance(listed, Unreadable):
                damaged[run] = listed
            else:
                found += listed
        # In such a run, what bears a tag that another run has can still be read.
        tags = sorted({item.part.tag for item in [*known, *found]})
        for run, reason in damaged.items():
            for tag in tags:
                listed = self._list_class(
                    plugin_name, is_blob, provider.RunTagFilter(runs=[run], tags=[tag])
                )
                if not isinstance(listed, Unreadable):
                    found += listed
            place = Part(run, "(some series of this run)", plugin_name, 0, 0.0)
            found.append(Found(place, reason))
        return found

    def _list_class(
        self, plugin_name: str, is_blob: bool, only: provider.RunTagFilter | None = None
    ) -> list[Found] | Unreadable:
        listing = self._provider.list_blob_sequences if is_blob else self._provider.list_tensors

        def read() -> list[Found]:
            listed = listing(**self._where, plugin_name=plugin_name, run_tag_filter=only)
            return [
                self._found(
                    Part(run, tag, plugin_name, series.max_step, series.max_wall_time),
                    series,
                    is_blob,
                )
                for run, by_tag in listed.items()
                for tag, series in by_tag.items()
                if series.max_step is not None  # declared, but no record has arrived yet
            ]

        return guarded(read, f"the list of {plugin_name}")

    def _found(
        self,
        part: Part,
        listed: provider.TensorTimeSeries | provider.BlobSequenceTimeSeries,
        is_blob: bool,
    ) -> Found:
        content = listed.plugin_content
        kept = self._cache.get(("content", content))
        if isinstance(kept, Series | Unreadable):
            series: Series | Unreadable = kept
        else:
            series = guarded(functools.partial(decode_series, content), part.tag)
            self._cache.put(("content", content), series, 1_000 + 8 * len(content))
        if isinstance(series, Series):
            if series.is_blob != is_blob:
                stored = "blobs" if is_blob else "tensors"
                series = Unreadable(f"{series.kind.value} must not be stored as {stored}")
            elif is_blob and listed.max_length != 1:
                # The Python loader would make a key for each of the blobs declared.
                series = Unreadable(f"a record declares {listed.max_length} blobs, not 1")
        return Found(part, series)

    def _all_runs(self) -> list[str] | Unreadable:
        return guarded(
            lambda: [run.run_name for run in self._provider.list_runs(**self._where)], "runs"
        )

    # --- tensors ----------------------------------------------------------------------

    def _tensors(
        self, wanted: Sequence[tuple[Part, Series]]
    ) -> dict[Part, "_Tensors | Unreadable"]:
        found: dict[Part, _Tensors | Unreadable] = {}
        missing: dict[Part, Series] = {}
        for part, series in wanted:
            kept = self._cache.get(self._key("series", part), part.version)
            if isinstance(kept, _Tensors | Unreadable):
                found[part] = kept
            else:
                missing[part] = series
        for part, raw in self._read_tensors(list(missing)).items():
            tensors = (
                raw
                if isinstance(raw, Unreadable)
                else guarded(functools.partial(_Tensors.of, missing[part], raw), part.tag)
            )
            size_bytes = tensors.size_bytes if isinstance(tensors, _Tensors) else 500
            self._cache.put(self._key("series", part), tensors, size_bytes, part.version)
            found[part] = tensors
        return found

    def _read_tensors(
        self, parts: Sequence[Part]
    ) -> dict[Part, Sequence[provider.TensorDatum] | Unreadable]:
        found: dict[Part, Sequence[provider.TensorDatum] | Unreadable] = {}
        for plugin_name in PLUGIN_NAMES:
            runs = sorted({part.run for part in parts if part.plugin_name == plugin_name})
            for start in range(0, len(runs), limits.RUNS_PER_READ):
                chunk = set(runs[start : start + limits.RUNS_PER_READ])
                here = [p for p in parts if p.plugin_name == plugin_name and p.run in chunk]
                tags = {part.tag for part in here}
                # A filter asks for every pair of its runs and tags.
                safe = not any((plugin_name, r, t) in self._refused for r in chunk for t in tags)
                together: dict[Part, Sequence[provider.TensorDatum]] | Unreadable = (
                    self._read_tensors_at_once(plugin_name, here)
                    if safe
                    else Unreadable("beside a series that must not be read")
                )
                if isinstance(together, Unreadable):
                    # One of them is damaged: each by itself tells which.
                    for part in here:
                        alone = self._read_tensors_at_once(plugin_name, [part])
                        found[part] = alone if isinstance(alone, Unreadable) else alone[part]
                else:
                    found |= together
        return found

    def _read_tensors_at_once(
        self, plugin_name: str, parts: Sequence[Part]
    ) -> dict[Part, Sequence[provider.TensorDatum]] | Unreadable:
        only = provider.RunTagFilter(
            runs={part.run for part in parts}, tags={part.tag for part in parts}
        )

        def read() -> dict[Part, Sequence[provider.TensorDatum]]:
            answer = self._provider.read_tensors(
                **self._where,
                plugin_name=plugin_name,
                downsample=limits.ALL_STEPS,
                run_tag_filter=only,
            )
            return {part: answer.get(part.run, {}).get(part.tag, ()) for part in parts}

        return guarded(read, f"{len(parts)} series of {plugin_name}")

    # --- blobs ------------------------------------------------------------------------

    def _blob_places(self, track: Track) -> list[tuple[Part, BlobPlace]] | Unreadable:
        """Returns where the blobs of a track lie, by step, the newest of each."""
        found: list[tuple[Part, BlobPlace]] = []
        problem = None
        for part in track.parts:
            places = self._places_of_part(part)
            if isinstance(places, Unreadable):
                problem = places
            else:
                found += [(part, place) for place in places]
        if problem is not None and not found:
            return problem
        order = newest_of_each_step([place.step for _, place in found])
        return [found[index] for index in order]

    def _places_of_part(self, part: Part) -> list[BlobPlace] | Unreadable:
        kept = self._cache.get(self._key("series", part), part.version)
        if isinstance(kept, list | Unreadable):
            return kept
        found = guarded(lambda: self._read_places(part), part.tag)
        size_bytes = 500 if isinstance(found, Unreadable) else 400 * len(found)
        self._cache.put(self._key("series", part), found, size_bytes, part.version)
        return found

    def _read_places(self, part: Part) -> list[BlobPlace]:
        answer = self._provider.read_blob_sequences(
            **self._where,
            plugin_name=part.plugin_name,
            downsample=limits.ALL_STEPS,
            run_tag_filter=provider.RunTagFilter(runs=[part.run], tags=[part.tag]),
        )
        data = answer.get(part.run, {}).get(part.tag, ())
        places = [
            BlobPlace(datum.step, datum.wall_time, datum.values[0].blob_key)
            for datum in data
            if len(datum.values) == 1
        ]
        order = newest_of_each_step([place.step for place in places])
        return [places[index] for index in order]

    def _blob(
        self, series: Series, part: Part, place: BlobPlace
    ) -> Confusion | ClassCounts | Scores | Unreadable:
        key, version = (*self._key("blob", part), place.step), place.wall_time
        kept = self._cache.get(key, version)
        if isinstance(kept, Confusion | ClassCounts | Scores | Unreadable):
            return kept
        found = guarded(lambda: decode_blob(series, self._read_blob(place)), part.tag)
        self._cache.put(key, found, _size_bytes(found), version)
        return found

    def _read_blob(self, place: BlobPlace) -> bytes:
        return bytes(self._provider.read_blob(self._where["ctx"], blob_key=place.key))

    def _counts_of_blobs(self, track: Track, classes: Sequence[int]) -> CountRows:
        places = self._blob_places(track)
        if isinstance(places, Unreadable):
            raise ValueError(places.reason)
        steps, wall_times, tables = [], [], []
        records = self._side_by_side(lambda found: self._blob(track.series, *found), places)
        for (_, place), record in zip(places, records, strict=True):
            if isinstance(record, ClassCounts):  # a damaged step is a gap
                steps.append(place.step)
                wall_times.append(place.wall_time)
                tables.append(encode_class_counts_tensor(record)[:, list(classes)])
        return CountRows(
            np.array(steps, np.int64),
            np.array(wall_times, np.float64),
            np.array(classes, np.int64),
            np.array(tables).reshape(len(steps), track.series.count_rows, len(classes)),
        )

    def _key(self, what: str, part: Part) -> tuple[str, ...]:
        return (what, self._experiment_id, part.plugin_name, part.run, part.tag)


class _Tensors:
    """Tensors of one part, checked against what its series declares."""

    def __init__(self, steps: np.ndarray, wall_times: np.ndarray, values: np.ndarray) -> None:
        self.steps = steps
        self.wall_times = wall_times
        self.values = values

    @property
    def size_bytes(self) -> int:
        return int(self.values.nbytes) + 16 * len(self.steps) + 1_000

    @classmethod
    def of(cls, series: Series, data: Sequence[provider.TensorDatum]) -> "_Tensors":
        if series.kind is Kind.CLASS_COUNTS:
            tables = [decode_class_counts_tensor(series, datum.numpy) for datum in data]
            values = np.array([encode_class_counts_tensor(table) for table in tables])
            values = values.reshape(len(data), series.count_rows, series.num_classes)
        else:
            rows = [_without_later_columns(series, datum.numpy) for datum in data]
            columns = decode_rows(series.columns, rows)
            values = np.stack(list(columns.values()), axis=1) if columns else np.empty((0, 0))
        return cls(
            np.array([datum.step for datum in data], np.int64),
            np.array([datum.wall_time for datum in data], np.float64),
            values,
        )


def _rows(track: Track, parts: Sequence[_Tensors]) -> Rows:
    columns = track.series.columns
    place = columns.index("ordinal") if "ordinal" in columns else None
    lost = columns.index("dropped") if "dropped" in columns else None
    logged = dropped = 0
    for part in parts:
        last = part.values[-1] if len(part.values) else None
        if last is not None:
            logged += max(len(part.steps), _whole(last[place]) if place is not None else 0)
            dropped += _whole(last[lost]) if lost is not None else 0
    steps, wall_times, values = _joined(parts)
    return Rows(
        steps=steps,
        wall_times=wall_times,
        columns={name: values[:, index] for index, name in enumerate(columns)},
        logged=max(logged, len(steps)),
        dropped=dropped,
    )


def _without_later_columns(series: Series, row: np.ndarray) -> np.ndarray:
    """Leaves out columns that a later writer appended to a run that an earlier one began.

    TensorBoard keeps the first metadata of a tag for ever, and columns are only ever appended.
    """
    known = FIT_COLUMNS if series.kind is Kind.FIT else AVERAGES_COLUMNS
    count = len(series.columns)
    is_later = row.ndim == 1 and len(row) > count and series.columns == known[:count]
    return row[:count] if is_later else row


def _count_rows(parts: Sequence[_Tensors], classes: Sequence[int]) -> CountRows:
    steps, wall_times, values = _joined(parts)
    chosen = np.array(classes, np.int64)
    return CountRows(steps, wall_times, chosen, values[:, :, chosen])


def _joined(parts: Sequence[_Tensors]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    steps = np.concatenate([part.steps for part in parts])
    order = newest_of_each_step(steps)
    return (
        steps[order],
        np.concatenate([part.wall_times for part in parts])[order],
        np.concatenate([part.values for part in parts])[order],
    )


def _call(read: Callable[[], object]) -> object:
    return read()


def _whole(value: float) -> int:
    return int(value) if np.isfinite(value) and value > 0 else 0


def _size_bytes(record: object) -> int:
    arrays: Mapping[str, object] = vars(record) if hasattr(record, "__dict__") else {}
    return 500 + sum(a.nbytes for a in arrays.values() if isinstance(a, np.ndarray))
