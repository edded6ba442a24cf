"""A real `tensorboard` process, with the data server and with the Python loader.

One server for each: below a path prefix, on a directory with 1,000 steps of each kind, 600
matrices of 1,000 classes, and every damaged run that we know.
"""

import urllib.parse

import damage
import numpy as np
import pytest
from event_files import EventFile
from tensorboard.data import server_ingester

from tb_monitor_plugin.frame import decode_frame
from tb_monitor_writer import ConfusionMatrix, MonitorWriter
from tensorboard_server import tensorboard

pytestmark = pytest.mark.slow

STEPS = 1_000
LARGE_STEPS = 600
GOOD = ("large", "small", "🦊 a b%2F")


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    root = tmp_path_factory.mktemp("logs")
    rng = np.random.default_rng(0)
    with MonitorWriter(root / "small", scalars=False) as monitor:
        for step in range(STEPS):
            truth, prediction = rng.integers(0, 10, (2, 50))
            monitor.predictions("validation", truth, prediction, step=step)
            monitor.scores("validation/positive", truth > 5, rng.random(50), step=step)
            monitor.fit("loss", train=1.0, validation=1.0 + step, step=step)
    with MonitorWriter(root / "large", scalars=False) as monitor:
        for step in range(LARGE_STEPS):
            matrix = ConfusionMatrix(1_000, sparse=True)
            truth = np.arange(1_000)
            matrix.update(truth, (truth + step % 3) % 1_000)
            monitor.confusion_matrix("validation", matrix, step=step)
    with MonitorWriter(root / GOOD[2]) as monitor:
        monitor.confusion_matrix("validation", [[1, 2], [3, 4]], step=0)
    for break_it in damage.EVERY:
        file = EventFile(root / "damaged" / break_it.__name__)
        if break_it is not damage.metadata_without_a_value:
            file.row(damage.Series(kind=damage.Kind.FIT, name="whole"), 1, validation=0.5)
        break_it(file)
    return root


@pytest.fixture(scope="module", params=["true", "false"], ids=["data server", "python loader"])
def server(request, logdir):
    if request.param == "true":
        try:
            server_ingester.get_server_binary()
        except server_ingester.NoDataServerError as reason:
            pytest.skip(f"TensorBoard has no data server for this machine: {reason}")
    with tensorboard(logdir, f"--load_fast={request.param}", "--path_prefix=/team/tb") as running:
        # A value that is missing is a run of its own under one of them only.
        running.wait_for_runs(len(GOOD) + len(damage.EVERY) - 1)
        yield running


def ask(server, route: str, **query):
    """Asks a route; returns JSON, or the header and the arrays of a frame."""
    path = f"data/plugin/tb_monitor/{route}?{urllib.parse.urlencode(query)}"
    status, body = server.get(path)
    assert status == 200, (path, status, body[:500])
    if body[:4] == b"TBM1":
        return decode_frame(body)
    return server.json(path)


def test_all_steps_of_every_small_kind_are_kept_without_any_flag(server):
    found = ask(server, "steps", run="small", name="validation")
    assert found["step"] == list(range(STEPS))
    assert found["has_matrix"] == [1] * STEPS
    every = dict.fromkeys(("averages", "class_counts", "confusion"), STEPS)
    assert found["kept"] == found["logged"] == every
    assert found["cut"] is None
    header, arrays = ask(server, "fit")
    (curve,) = [curve for curve in header["curves"] if curve["run"] == "small"]
    span = slice(curve["validation"]["start"], curve["validation"]["start"] + STEPS)
    assert arrays["validation_value"][span].tolist() == [1.0 + step for step in range(STEPS)]
    header, _ = ask(server, "series", name="validation", average="macro", **{"class": "3"})
    lengths = {(c["run"], c["label"]): c["length"] for c in header["curves"]}
    assert lengths["small", "macro"] == lengths["small", "3"] == STEPS


def test_five_hundred_of_the_large_matrices_are_kept_and_said(server):
    found = ask(server, "steps", run="large", name="validation")
    assert found["kept"]["confusion"] == 500
    assert found["logged"]["confusion"] == LARGE_STEPS
    assert sum(found["has_matrix"]) == 500
    assert found["has_matrix"][-1]
    assert found["kept"]["averages"] == LARGE_STEPS
    assert found["cut"] == (
        "500 of 600 matrices kept: start TensorBoard with --tb_monitor_steps=600 to keep all."
    )
    rows = {row["run"]: row for row in ask(server, "overview")["rows"]}
    assert rows["large"]["alerts"] == [{"kind": "sampled", "text": "500 of 600 matrices kept"}]


def test_every_kept_matrix_is_the_one_of_its_step(server):
    found = ask(server, "steps", run="large", name="validation")
    shown = [step for step, has in zip(found["step"], found["has_matrix"], strict=True) if has]
    missing = next(iter(set(found["step"]) - set(shown)))
    for step in [*shown[:3], shown[-1]]:
        header, arrays = ask(server, "matrix", run="large", name="validation", step=step)
        assert header["step"] == step
        truth = np.arange(1_000)
        assert arrays["indices"].tolist() == ((truth + step % 3) % 1_000).tolist()
    header, arrays = ask(server, "matrix", run="large", name="validation", step=missing)
    assert header["layout"] == "none"
    assert header["layout_reason"] == "TensorBoard did not keep the matrix of this step"
    assert header["averages"]["accuracy"]["value"] == (1.0 if missing % 3 == 0 else 0.0)


def test_damaged_runs_leave_the_good_ones_whole_and_are_said(server):
    for route in ("overview", "fit"):
        ask(server, route)
    runs = {run["run"]: run for run in ask(server, "runs")["runs"]}
    assert set(GOOD) <= set(runs)
    assert all(not runs[run]["unreadable"] for run in GOOD)
    header, _ = ask(server, "fit", quantity="whole")
    whole = {curve["run"] for curve in header["curves"]}
    assert whole == {
        f"damaged/{case.__name__}"
        for case in damage.EVERY
        if case is not damage.metadata_without_a_value
    }
    for case in damage.LISTED:
        run = f"damaged/{case.__name__}"
        if case is damage.a_million_million_blobs and not runs[run]["unreadable"]:
            # The data server delivers the one blob that is there; it is not ours.
            header, _ = ask(server, "matrix", run=run, name="broken")
            assert "not a record of ours" in header["layout_reason"]
        else:
            assert runs[run]["unreadable"], case.__name__


def test_the_name_of_a_run_round_trips(server):
    header, arrays = ask(server, "matrix", run=GOOD[2], name="validation")
    assert header["run"] == GOOD[2]
    assert arrays["counts"].tolist() == [1, 2, 3, 4]


def test_an_experiment_in_the_path_is_answered(server):
    status, body = server.get("experiment/x/data/plugin/tb_monitor/runs")
    assert status == 200
    assert b'"small"' in body


@pytest.mark.parametrize(
    ("path", "status"),
    [("matrix?run=nope&name=x", 404), ("matrix?run=small&name=validation&step=abc", 400)],
)
def test_a_senseless_request_is_answered_with_a_sentence(path, status, server):
    found, body = server.get(f"data/plugin/tb_monitor/{path}")
    assert found == status
    assert body.startswith(b'{"version":1,"error":')


def test_the_server_has_logged_no_traceback_of_ours(server):
    assert "tb_monitor_plugin" not in server.log()
