"""Reading through the DataProvider: duplicates, sub-runs, generations, the cache."""

import threading

import numpy as np
import pytest
from event_files import EventFile
from in_process import InProcess

from tb_monitor_plugin.sources import listing
from tb_monitor_plugin.sources.boundary import Unreadable, guarded
from tb_monitor_plugin.sources.cache import BoundedCache
from tb_monitor_plugin.sources.records import newest_of_each_step
from tb_monitor_writer import ConfusionMatrix, MonitorWriter, schema
from tb_monitor_writer.schema import Kind, Series

LOSS = Series(kind=Kind.FIT, name="loss")
CELLS = Series(kind=Kind.CONFUSION, name="validation", num_classes=2)


def cells(count: int) -> bytes:
    return schema.encode_blob(schema.Confusion(2, np.array([0], np.uint64), np.array([count])))


def validation_of(server, **query):
    header, arrays = server.frame("fit", query)
    return arrays["validation_step"].tolist(), arrays["validation_value"].tolist(), header


# --- order ------------------------------------------------------------------------------


def test_steps_out_of_order_are_sorted_and_the_last_of_each_counts(tmp_path):
    file = EventFile(tmp_path / "run")
    for number, (step, value) in enumerate([(3, 0.3), (1, 0.1), (3, 0.33), (2, 0.2)]):
        file.row(LOSS, step, ordinal=number + 1, validation=value)
    steps, values, header = validation_of(InProcess(tmp_path))
    assert steps == [1, 2, 3]
    assert values == [0.1, 0.2, 0.33]
    assert header["curves"][0]["logged"] == 4


def test_steps_of_blobs_out_of_order_are_sorted(tmp_path):
    file = EventFile(tmp_path / "run")
    for step in (3, 1, 2):
        file.blob(CELLS, step, cells(step))
    server = InProcess(tmp_path)
    query = {"run": "run", "name": "validation"}
    assert server.json("steps", query)["step"] == [1, 2, 3]
    for step in (1, 2, 3):
        _, arrays = server.frame("matrix", {**query, "step": str(step)})
        assert arrays["counts"].tolist() == [step]
    assert server.frame("matrix", query)[0]["step"] == 3


def test_negative_steps_and_one_beyond_what_a_float_holds_are_kept(tmp_path):
    file = EventFile(tmp_path / "run")
    for step in (-5, 0, 2**62 + 1):
        file.blob(CELLS, step, cells(1))
    steps = InProcess(tmp_path).json("steps", {"run": "run", "name": "validation"})["step"]
    assert steps == [-5, 0, 2**62 + 1]


def test_columns_that_a_later_writer_appended_to_a_run_are_left_out(tmp_path):
    """TensorBoard keeps the metadata of an early writer for ever."""
    early = Series(kind=Kind.FIT, name="loss", columns=schema.FIT_COLUMNS[:14])
    file = EventFile(tmp_path / "run")
    file.row(early, 1, ordinal=1, validation=0.5)
    file.row(Series(kind=Kind.FIT, name="loss"), 2, ordinal=2, validation=0.4, train_logged=0)
    steps, values, header = validation_of(InProcess(tmp_path))
    assert (steps, values) == ([1, 2], [0.5, 0.4])
    assert header["curves"][0]["logged"] == 2


def test_a_sub_run_of_a_later_writer_goes_on_where_the_run_stopped(tmp_path):
    early = Series(kind=Kind.FIT, name="loss", columns=schema.FIT_COLUMNS[:14])
    EventFile(tmp_path / "run").row(early, 1, ordinal=1, validation=0.5)
    later = EventFile(tmp_path / "run" / "tb_monitor")
    later.wall_time += 100
    later.row(LOSS, 2, ordinal=1, validation=0.4, validation_logged=1)
    server = InProcess(tmp_path)
    assert server.json("runs")["runs"][0]["unreadable"] == []
    assert validation_of(server)[:2] == ([1, 2], [0.5, 0.4])


@pytest.mark.parametrize(
    ("steps", "places"),
    [([], []), ([1, 2], [0, 1]), ([2, 1], [1, 0]), ([1, 1, 0, 1], [2, 3]), ([5, 5, 5], [2])],
)
def test_the_newest_of_each_step_in_order(steps, places):
    assert newest_of_each_step(steps).tolist() == places


# --- runs and sub-runs --------------------------------------------------------------------


def test_sub_runs_that_the_writer_made_are_part_of_their_run(tmp_path):
    with MonitorWriter(tmp_path / "run") as monitor:
        monitor.fit("loss", validation=3.0, step=1)
    with MonitorWriter(tmp_path / "run" / "tb_monitor") as monitor:
        monitor.fit("loss", validation=2.0, step=2)
        monitor.confusion_matrix("test", [[1, 0], [0, 1]], step=2)
    with MonitorWriter(tmp_path / "run" / "tb_monitor-4711-1") as monitor:
        monitor.fit("loss", validation=1.0, step=3)
    server = InProcess(tmp_path)
    (run,) = server.json("runs")["runs"]
    assert run["run"] == "run"
    assert [series["name"] for series in run["series"]] == ["test"]
    assert validation_of(server)[:2] == ([1, 2, 3], [3.0, 2.0, 1.0])


def test_where_two_sub_runs_hold_a_step_the_later_record_counts(tmp_path):
    older, newer = EventFile(tmp_path / "run"), EventFile(tmp_path / "run" / "tb_monitor")
    newer.wall_time += 1_000
    for step in (1, 2):
        newer.row(LOSS, step, ordinal=step, validation=20.0)
        older.row(LOSS, step + 1, ordinal=step, validation=10.0)
    assert validation_of(InProcess(tmp_path))[:2] == ([1, 2, 3], [20.0, 20.0, 10.0])


def test_a_run_that_is_merely_called_like_a_sub_run_stays_itself(tmp_path):
    for run in ("tb_monitor", "x/tb_monitor_demo", "y/tb_monitor"):
        with MonitorWriter(tmp_path / run) as monitor:
            monitor.fit("loss", validation=3.0, step=1)
    runs = [run["run"] for run in InProcess(tmp_path).json("runs")["runs"]]
    assert runs == ["tb_monitor", "x/tb_monitor_demo", "y/tb_monitor"]


def test_a_sub_run_of_the_log_directory_itself_is_part_of_its_root(tmp_path):
    for folder in (tmp_path, tmp_path / "tb_monitor"):
        with MonitorWriter(folder) as monitor:
            monitor.fit("loss", validation=3.0, step=1)
    assert [run["run"] for run in InProcess(tmp_path).json("runs")["runs"]] == ["."]


def test_a_sub_run_with_other_classes_is_listed_as_unreadable(tmp_path):
    for folder, classes in (("run", 2), ("run/tb_monitor", 3)):
        with MonitorWriter(tmp_path / folder) as monitor:
            monitor.confusion_matrix("validation", np.eye(classes, dtype=int), step=classes)
    (run,) = InProcess(tmp_path).json("runs")["runs"]
    assert run["series"][0]["classes"] == 2
    assert "has other classes or columns than 'run'" in run["unreadable"][0]["reason"]


def test_generations_are_series_of_their_own(tmp_path):
    with MonitorWriter(tmp_path / "run") as monitor:
        for step, names in enumerate([("a", "b"), ("a", "b", "c")]):
            matrix = ConfusionMatrix.from_array(np.eye(len(names)), class_names=names)
            monitor.confusion_matrix("validation", matrix, step=step)
    server = InProcess(tmp_path)
    (run,) = server.json("runs")["runs"]
    assert [(s["name"], s["generation"], s["classes"]) for s in run["series"]] == [
        ("validation", 1, 2),
        ("validation@2", 2, 3),
    ]
    header, _ = server.frame("matrix", {"run": "run", "name": "validation@2"})
    assert header["class_names"] == ["a", "b", "c"]


def test_runs_stand_in_the_order_of_their_names(tmp_path):
    for run in ("run10", "Run1", "run2", "a/b"):
        with MonitorWriter(tmp_path / run) as monitor:
            monitor.fit("loss", validation=3.0, step=1)
    runs = [run["run"] for run in InProcess(tmp_path).json("runs")["runs"]]
    assert runs == ["Run1", "a/b", "run10", "run2"]


def test_series_of_both_plugin_names_stand_together(tmp_path):
    """1,000 classes: the averages are kept under one name, counts and cells under the other."""
    with MonitorWriter(tmp_path / "run") as monitor:
        monitor.confusion_matrix("validation", np.eye(1_000, dtype=int), step=1)
    server = InProcess(tmp_path)
    (run,) = server.json("runs")["runs"]
    assert run["series"][0]["kinds"] == ["averages", "class_counts", "confusion"]
    header, arrays = server.frame("series", {"name": "validation", "class": "7,999,1000"})
    assert [curve["class"] for curve in header["curves"]] == [7, 999]
    assert arrays["value"].tolist() == [1, 1]


def test_runs_without_data_of_ours_are_not_listed(tmp_path):
    EventFile(tmp_path / "empty")
    with MonitorWriter(tmp_path / "run") as monitor:
        monitor.fit("loss", validation=3.0, step=1)
    assert [run["run"] for run in InProcess(tmp_path).json("runs")["runs"]] == ["run"]


# --- news and the cache -----------------------------------------------------------------


def test_news_is_seen_and_what_is_old_is_not_read_again(tmp_path):
    file = EventFile(tmp_path / "run")
    file.row(LOSS, 1, ordinal=1, validation=3.0)
    server = InProcess(tmp_path)
    before = server.json("runs")
    assert validation_of(server)[0] == [1]
    file.row(LOSS, 2, ordinal=2, validation=2.0)
    server.reload()
    after = server.json("runs")
    assert after["token"] != before["token"]
    assert after["runs"][0]["token"] != before["runs"][0]["token"]
    assert validation_of(server)[0] == [1, 2]


def test_only_the_run_with_news_has_a_new_token(tmp_path):
    files = {run: EventFile(tmp_path / run) for run in "ab"}
    for file in files.values():
        file.row(LOSS, 1, ordinal=1, validation=3.0)
    server = InProcess(tmp_path)
    before = {run["run"]: run["token"] for run in server.json("runs")["runs"]}
    files["b"].row(LOSS, 2, ordinal=2, validation=3.0)
    server.reload()
    after = {run["run"]: run["token"] for run in server.json("runs")["runs"]}
    assert after["a"] == before["a"]
    assert after["b"] != before["b"]


def test_many_threads_are_answered_alike(tmp_path):
    with MonitorWriter(tmp_path / "run") as monitor:
        for step in range(20):
            monitor.confusion_matrix("validation", [[step, 1], [2, 3]], step=step)
    server = InProcess(tmp_path)
    sums: dict[int, int] = {}

    def ask(step):
        query = {"run": "run", "name": "validation", "step": str(step)}
        sums[step] = int(server.frame("matrix", query)[1]["counts"].sum())

    threads = [threading.Thread(target=ask, args=[step]) for step in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sums == {step: step + 6 for step in range(20)}


def test_the_cache_forgets_what_was_unused_longest():
    cache = BoundedCache(100)
    for key in "abc":
        cache.put(key, key.upper(), 40 if key != "c" else 30)
        cache.get("a")
    assert [cache.get(key) for key in "abc"] == ["A", None, "C"]
    assert cache.total_bytes == 70


def test_the_cache_keeps_one_version_of_a_key():
    cache = BoundedCache(100)
    cache.put("a", 1, 60, version=1)
    cache.put("a", 2, 60, version=2)
    assert cache.get("a", 1) is None
    assert cache.get("a", 2) == 2
    assert cache.total_bytes == 60


def test_the_cache_does_not_keep_what_is_larger_than_itself():
    cache = BoundedCache(100)
    cache.put("a", 1, 60)
    cache.put("b", 2, 101)
    assert (cache.get("a"), cache.get("b"), cache.total_bytes) == (1, None, 60)


# --- the boundary -------------------------------------------------------------------------


@pytest.mark.parametrize("error", [KeyError("x"), MemoryError(), ValueError("a\nb"), TypeError()])
def test_any_exception_becomes_a_reason_of_one_line(error):
    def read():
        raise error

    found = guarded(read, "what")
    assert isinstance(found, Unreadable)
    assert found.reason.startswith(f"TensorBoard could not read it: {type(error).__name__}")
    assert "\n" not in found.reason


def test_what_ends_the_process_is_not_swallowed():
    def read():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guarded(read, "what")


class Refusing:
    """A data provider that cannot even list."""

    def __getattr__(self, name):
        def fail(*args, **kwargs):
            raise OSError(f"{name}: the data server is gone")

        return fail


def test_a_provider_that_fails_altogether_is_said_and_leaves_an_empty_list():
    from tensorboard import context

    from tb_monitor_plugin.sources.provider import ProviderSource

    found = ProviderSource(Refusing()).reader(context.RequestContext(), "").listing()
    assert found.runs == ()
    assert "list_runs: the data server is gone" in found.problem


@pytest.mark.parametrize(
    ("run", "parent"),
    [
        ("a/tb_monitor", "a"),
        ("a/tb_monitor-12-3", "a"),
        ("tb_monitor", "."),
        ("a/b/tb_monitor", "a/b"),
        ("a\nb/tb_monitor", "a\nb"),
        ("a/tb_monitor_demo", None),
        ("a/tb_monitor/b", None),
        ("xtb_monitor", None),
    ],
)
def test_which_runs_are_sub_runs_of_the_writer(run, parent):
    assert listing.parent_of_sub_run(run) == parent
