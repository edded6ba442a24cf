"""Requests through TensorBoard's own application."""

import gzip
import json
import pathlib

import pytest
import werkzeug.test
from in_process import PREFIX, InProcess

from tb_monitor_plugin import assets, limits, pages
from tb_monitor_plugin.frame import decode_frame
from tb_monitor_writer import MonitorWriter

RUNS = ("a b%2F", "🦊", "__proto__", "<img src=x onerror=alert(1)>", "plain", "q?&=#+;%00x", "..x")
ROUTES = ("runs", "overview", "steps", "matrix", "series", "fit")
ONE_SERIES = {"run": "plain", "name": "validation"}


@pytest.fixture(scope="module")
def logdir(tmp_path_factory) -> pathlib.Path:
    root = tmp_path_factory.mktemp("logs")
    for run in RUNS:
        with MonitorWriter(root / run, class_names=["<script>", "b"]) as monitor:
            for step in range(3):
                monitor.confusion_matrix("validation", [[5, step], [1, 4]], step=step)
                monitor.fit("loss", train=0.5, validation=0.6, step=step)
    return root


@pytest.fixture(scope="module")
def server(logdir) -> InProcess:
    return InProcess(logdir)


def error_of(response) -> str:
    answer = json.loads(response.text)
    assert set(answer) == {"version", "error"}
    assert response.content_type == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return answer["error"]


@pytest.mark.parametrize("run", RUNS)
def test_any_name_of_a_run_round_trips(run, server):
    assert run in [item["run"] for item in server.json("runs")["runs"]]
    query = {"run": run, "name": "validation"}
    assert server.json("steps", query)["run"] == run
    header, arrays = server.frame("matrix", query)
    assert header["run"] == run
    assert arrays["counts"].sum() == 12


def test_a_run_below_the_log_directory_s_parent_is_opaque_text(tmp_path):
    """No name reaches the file system: `../x` is looked up among the runs, and is not there."""
    with MonitorWriter(tmp_path / "logs" / "run") as monitor:
        monitor.fit("loss", train=1.0, step=0)
    with MonitorWriter(tmp_path / "x") as monitor:
        monitor.confusion_matrix("validation", [[1, 0], [0, 1]], step=0)
    server = InProcess(tmp_path / "logs")
    response = server.get("matrix", {"run": "../x", "name": "validation"})
    assert response.status_code == 404
    assert error_of(response) == "no run '../x' has data of TB Monitor"


@pytest.mark.parametrize(
    ("route", "query", "code", "sentence"),
    [
        ("matrix", {}, 400, "run= must be given"),
        ("matrix", {"run": "plain"}, 400, "name= must be given"),
        ("matrix", {"run": "nope", "name": "validation"}, 404, "no run 'nope'"),
        ("matrix", {"run": "plain", "name": "test"}, 404, "has no series 'test'"),
        ("matrix", {**ONE_SERIES, "step": "abc"}, 400, "step must be a whole number, got 'abc'"),
        ("matrix", {**ONE_SERIES, "step": "99"}, 404, "step 99 of series 'validation' is not"),
        ("matrix", {**ONE_SERIES, "step": "9" * 19}, 404, "is not kept"),
        ("steps", {"run": "a\0b", "name": "validation"}, 400, "must not contain a zero byte"),
        ("series", {"name": "validation", "metric": "auc"}, 400, "metric must be one of"),
        ("series", {"name": "validation", "runs": "0"}, 400, "token= of the list"),
        ("overview", {"runs": "0", "token": "0-0"}, 409, "the list of runs has changed"),
        ("fit", {"quantity": "mae"}, 404, "no selected run has the quantity 'mae'"),
        ("fit", {"quantity": "x" * limits.MAX_QUERY_BYTES}, 414, "must have at most 16384 bytes"),
    ],
)
def test_a_senseless_request_is_answered_with_a_sentence(route, query, code, sentence, server):
    response = server.get(route, query)
    assert response.status_code == code
    assert sentence in error_of(response)


@pytest.mark.parametrize("route", [*ROUTES, "index.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(route, method, server):
    response = server.client.open(PREFIX + route, method=method)
    assert response.status_code == 405
    assert response.headers["Allow"] == "GET, HEAD"
    assert error_of(response) == f"only GET and HEAD are answered, got {method}"


@pytest.mark.parametrize("route", ROUTES)
def test_head_answers_the_headers_of_get(route, server):
    query = {**ONE_SERIES, "average": "macro"}
    got, head = (
        server.client.open(PREFIX + route, method=method, query_string=query)
        for method in ("GET", "HEAD")
    )
    assert head.status_code == 200
    assert head.data == b""
    for name in ("Content-Type", "Content-Length", "X-Content-Type-Options", "Cache-Control"):
        assert head.headers[name] == got.headers[name]


def test_runs_without_any_series_asked_for_are_left_out(server):
    header, _ = server.frame("series", {"name": "no such", "average": "macro"})
    assert header["curves"] == []


def test_a_selection_holds_until_the_list_of_runs_changes(tmp_path):
    def log(run, step):
        with MonitorWriter(tmp_path / run) as monitor:
            monitor.fit("loss", train=1.0, validation=1.0, step=step)

    log("a", 0)
    log("b", 0)
    server = InProcess(tmp_path)
    token = server.json("runs")["token"]

    def runs_of(query):
        return {row["run"] for row in server.json("overview", query)["rows"]}

    assert runs_of({"runs": "1", "token": token}) == {"b"}
    assert runs_of({"token": token}) == {"a", "b"}
    assert runs_of({"runs": "", "token": token}) == set()

    log("a", 1)
    server.reload()
    assert server.json("runs")["token"] != token
    assert runs_of({"runs": "1", "token": token}) == {"b"}

    log("aa", 0)
    server.reload()
    server.json("runs")
    assert server.get("overview", {"runs": "1", "token": token}).status_code == 409


def test_nothing_new_leaves_every_token_as_it_is(server):
    assert server.json("runs") == server.json("runs")


def test_frames_are_gzipped_for_those_who_allow_it_unless_they_are_dense_floats(server):
    def encoding_of(route, query):
        response = server.get(route, query, headers={"Accept-Encoding": "gzip"})
        return response.headers.get("Content-Encoding"), response.data

    encoding, body = encoding_of("matrix", ONE_SERIES)
    assert encoding == "gzip"
    assert decode_frame(gzip.decompress(body))[0]["run"] == "plain"
    assert encoding_of("fit", {})[0] is None
    assert encoding_of("series", {"name": "validation", "average": "macro"})[0] is None


@pytest.mark.parametrize("prefix", ["", "/team/tb"])
@pytest.mark.parametrize("experiment", ["", "abc"])
def test_prefixes_and_experiments_are_answered_alike(prefix, experiment, logdir):
    server = InProcess(logdir, *([f"--path_prefix={prefix}"] if prefix else []))
    response = server.get("matrix", ONE_SERIES, experiment=experiment)
    assert response.status_code == 200
    assert decode_frame(response.data)[1]["counts"].sum() == 12
    listing = server.client.get(f"{prefix}/data/plugins_listing").json
    assert listing["tb_monitor"]["tab_name"] == "Monitor"
    assert listing["tb_monitor"]["enabled"]


def test_a_defect_of_ours_is_json_and_logged(logdir, monkeypatch, caplog):
    def broken(reader, args):
        raise ZeroDivisionError

    monkeypatch.setattr(pages, "fit", broken)
    response = InProcess(logdir).get("fit")
    assert response.status_code == 500
    assert error_of(response).startswith("TB Monitor has a defect")
    assert "ZeroDivisionError" in caplog.text


# --- the built frontend -----------------------------------------------------------------


@pytest.fixture
def built(tmp_path) -> pathlib.Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.js").write_text("export function render() {}")
    (tmp_path / "assets" / "app-1a2b.css").write_text("html {}")
    (tmp_path / "assets" / "font.woff2").write_bytes(b"wOF2")
    (tmp_path / "assets" / "source.map").write_text("{}")
    return tmp_path


def call(app):
    return werkzeug.test.Client(app).get("/")


def test_every_built_file_has_a_route_and_nothing_else_has(built):
    apps = assets.asset_apps(built)
    assert set(apps) == {"/index.js", "/assets/app-1a2b.css", "/assets/font.woff2"}
    assert call(apps["/index.js"]).content_type.startswith("text/javascript")
    assert call(apps["/assets/font.woff2"]).content_type == "font/woff2"


def test_files_with_a_hash_in_their_name_may_be_kept_and_the_entry_may_not(built):
    apps = assets.asset_apps(built)
    assert "max-age=31536000" in call(apps["/assets/app-1a2b.css"]).headers["Cache-Control"]
    assert "no-cache" in call(apps["/index.js"]).headers["Cache-Control"]


def test_without_a_build_the_tab_says_so(tmp_path):
    apps = assets.asset_apps(tmp_path / "nothing")
    assert set(apps) == {"/index.js"}
    response = call(apps["/index.js"])
    assert response.status_code == 200
    assert response.content_type.startswith("text/javascript")
    assert "export function render()" in response.text
    assert "The Monitor tab is not built" in response.text


@pytest.mark.parametrize("path", ["../plugin.py", "%2e%2e/plugin.py", "assets/../../plugin.py"])
def test_no_path_leads_out_of_the_built_files(path, server):
    response = server.client.get(PREFIX + path)
    assert response.status_code == 404
    assert b"MonitorPlugin" not in response.data


def test_the_entry_is_served(server):
    response = server.client.get(PREFIX + "index.js")
    assert response.status_code == 200
    assert b"render" in response.data


def test_no_more_curves_are_read_than_one_answer_holds(server, monkeypatch):
    monkeypatch.setattr(limits, "MAX_CURVES", 5)
    query = {"name": "validation", "metric": "f1", "average": "macro", "class": "0"}
    header, _ = server.frame("series", query)
    assert len(header["curves"]) == 4
    assert header["cut"].startswith("The first 2 of 7 runs are shown (at most 5 curves)")
    header, _ = server.frame("fit")
    assert len(header["curves"]) == 5
    assert header["cut"].startswith("The first 5 of 7 curves are shown")
