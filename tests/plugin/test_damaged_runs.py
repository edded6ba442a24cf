"""One damaged run beside a good one: the good one is whole, the damage is said, nothing fails."""

import re

import damage
import numpy as np
import pytest
from event_files import EventFile
from in_process import InProcess

from tb_monitor_writer import MonitorWriter, schema
from tb_monitor_writer.schema import Kind, Series

MATRIX = [[5, 1, 0], [0, 5, 1], [1, 0, 5]]
WHOLE = Series(kind=Kind.FIT, name="whole")
ROUTES = {
    "runs": {},
    "overview": {},
    "fit": {},
    "series": {"name": "broken", "average": "macro", "class": "1"},
    "steps": {"run": "damaged", "name": "broken"},
    "matrix": {"run": "damaged", "name": "broken"},
}


def write_good_run(root) -> None:
    with MonitorWriter(root / "good") as monitor:
        for step in range(3):
            monitor.confusion_matrix("validation", MATRIX, step=step)
            monitor.fit("loss", train=0.5, validation=0.6, step=step)


@pytest.fixture
def asked(tmp_path):
    """Returns a function that writes the damage and asks every route about it."""

    def ask(break_it, *, whole_series_first: bool = True):
        write_good_run(tmp_path)
        file = EventFile(tmp_path / "damaged")
        if whole_series_first:
            file.row(WHOLE, 1, ordinal=1, train=0.5, validation=0.6)
        break_it(file)
        server = InProcess(tmp_path)
        answers = {route: server.get(route, query) for route, query in ROUTES.items()}
        return server, answers

    return ask


def unreadable_of(server) -> str:
    """The reasons of the damaged run, once every page has been asked for."""
    runs = {run["run"]: run for run in server.json("runs")["runs"]}
    return "; ".join(item["reason"] for item in runs["damaged"]["unreadable"])


@pytest.mark.parametrize("break_it", damage.EVERY, ids=lambda f: f.__name__)
def test_the_others_are_whole_and_nothing_fails(break_it, asked):
    server, answers = asked(break_it)
    for route, response in answers.items():
        assert response.status_code in (200, 404), (route, response.text)
        assert response.content_type in ("application/json", "application/octet-stream")
    header, arrays = server.frame("matrix", {"run": "good", "name": "validation"})
    assert arrays["counts"].sum() == 18
    assert header["per_class"]["support"] == [6, 6, 6]
    rows = {row["run"]: row for row in server.json("overview")["rows"]}
    assert rows["good"]["loss"] == {"train": 0.5, "validation": 0.6}
    assert rows["good"]["alerts"] == []


@pytest.mark.parametrize(
    "break_it",
    [case for case in damage.EVERY if case is not damage.metadata_without_a_value],
    ids=lambda f: f.__name__,
)
def test_a_whole_series_of_the_same_run_is_read(break_it, asked):
    server, _ = asked(break_it)
    header, _ = server.frame("fit", {"quantity": "whole"})
    assert [curve["run"] for curve in header["curves"]] == ["damaged"]
    assert header["curves"][0]["end"]["validation"] == 0.6


def test_a_run_that_the_python_loader_cannot_list_is_said_and_its_known_tags_are_read(tmp_path):
    """Metadata without a value makes it raise KeyError for every series of that run."""
    write_good_run(tmp_path)
    with MonitorWriter(tmp_path / "damaged") as monitor:
        monitor.fit("loss", train=0.1, validation=0.2, step=0)
    file = EventFile(tmp_path / "damaged", "events.out.tfevents.9999999999.later")
    damage.metadata_without_a_value(file)
    server = InProcess(tmp_path, "--reload_multifile=true")
    header, _ = server.frame("fit")
    assert [curve["run"] for curve in header["curves"]] == ["damaged", "good"]
    assert "TensorBoard could not read it: KeyError" in unreadable_of(server)


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [*damage.LISTED.items(), *damage.READ.items()],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_reason_is_listed(break_it, reason, asked):
    server, _ = asked(break_it)
    found = unreadable_of(server) or matrix_reason(server)
    assert re.search(reason, found), found


def matrix_reason(server) -> str:
    """A damaged blob harms its own step only: the reason stands where the cells would be."""
    header, _ = server.frame("matrix", {"run": "damaged", "name": "broken"})
    assert header["layout"] == "none"
    return header["layout_reason"]


def test_a_series_that_cannot_be_listed_is_an_alert_of_its_run(asked):
    server, _ = asked(damage.metadata_that_is_no_protobuf)
    rows = {row["run"]: row for row in server.json("overview")["rows"]}
    assert [alert["kind"] for alert in rows["damaged"]["alerts"]] == ["unreadable"]


def test_a_run_that_holds_nothing_but_damage_is_shown_with_its_reason(asked):
    server, _ = asked(damage.metadata_that_is_no_protobuf, whole_series_first=False)
    rows = {row["run"]: row for row in server.json("overview")["rows"]}
    assert "it is not a protobuf" in rows["damaged"]["alerts"][0]["text"]


def test_one_damaged_step_leaves_the_other_steps_whole(tmp_path):
    series = Series(kind=Kind.CONFUSION, name="validation", num_classes=3)
    record = schema.Confusion(3, np.array([0, 4], np.uint64), np.array([2, 3]))
    file = EventFile(tmp_path / "damaged")
    file.blob(series, 1, schema.encode_blob(record))
    file.blob(series, 2, b"garbage")
    server = InProcess(tmp_path)
    query = {"run": "damaged", "name": "validation"}
    assert server.frame("matrix", {**query, "step": "1"})[1]["counts"].tolist() == [2, 3]
    header, arrays = server.frame("matrix", {**query, "step": "2"})
    assert (header["layout"], arrays) == ("none", {})
    assert "not a record of ours" in header["layout_reason"]
