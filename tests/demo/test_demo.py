"""The demo: its scripts one by one, what its runs look like, and its server."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from tb_monitor_writer import schema
from tb_monitor_writer.diagnostics import FitState, diagnose
from tests.crash.logs import events, files, fit_rows

ROOT = pathlib.Path(__file__).parents[2]
DEMO = ROOT / "demo"
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "writer")]),
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
IN_FULL = {"breast-cancer": 100, "moods": 60, "digits/sgd": 60, "digits/torch": 60,
           "digits/too-small": 60, "digits/too-large": 60}  # fmt: skip


def ran(script, *arguments):
    """Output of one of the demo's scripts, run as a user runs it."""
    process = subprocess.run(
        [sys.executable, str(DEMO / script), *map(str, arguments)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def kinds(run):
    """name/kind of everything of ours in a run."""
    found = set()
    for path in files(run):
        for event in events(path):
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name.startswith("tb_monitor"):
                    series = schema.decode_series(value.metadata.plugin_data.content)
                    found.add(f"{series.name}/{series.kind.value}")
    return found


def verdict(rows):
    return diagnose([row["validation"] for _, row in rows]).state


def counted(split):
    return {f"{split}/{kind}" for kind in ("averages", "class_counts", "confusion")}


SCRIPTS = {
    "breast_cancer.py": {
        "breast-cancer": {*counted("validation"), "validation/scores", "loss/fit"}
    },
    "multilabel.py": {
        "moods": {"validation/averages", "validation/class_counts", "validation/scores", "loss/fit"}
    },
    "sgd_loop.py": {"digits/sgd": {*counted("train"), *counted("validation"), "loss/fit"}},
    "torch_loop.py": {"digits/torch": {*counted("validation"), "loss/fit"}},
}
CURVES = {"loss/fit", "accuracy/fit", "f1_weighted/fit"}
BOTH = {*counted("train"), *counted("validation"), *CURVES}
KERAS_SCRIPTS = {
    "keras_digits.py": {"digits/right": {*BOTH, *counted("test")}},
    "keras_capacity.py": {"digits/too-small": BOTH, "digits/too-large": BOTH},
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "script",
    [*SCRIPTS, *(pytest.param(name, marks=pytest.mark.slow) for name in KERAS_SCRIPTS)],
)
def test_each_script_runs_alone_and_logs_its_runs(script, tmp_path):
    for _ in range(1 if script in KERAS_SCRIPTS else 2):  # the second call begins afresh
        output = ran(script, "--epochs", 4, "--logs", tmp_path)
    runs = {**SCRIPTS, **KERAS_SCRIPTS}[script]
    assert {run: kinds(tmp_path / run) for run in runs} == runs
    for run in runs:
        assert f"{run} " in output
        assert len(fit_rows(tmp_path / run)) == 4
    made = {path.parent.relative_to(tmp_path).as_posix() for path in files(tmp_path)}
    assert made == set(runs)


@pytest.mark.slow
def test_the_curves_of_scikit_learn_show_what_they_are_made_to_show(tmp_path):
    output = ran("sklearn_curves.py", "--logs", tmp_path)
    assert "10 values of gamma" in output
    fits = {f"{name}/fit" for name in (
        "accuracy/cross-validation", "f1_macro/cross-validation", "accuracy/training size",
        "accuracy/gamma by index",
    )}  # fmt: skip
    run = tmp_path / "digits/svc"
    assert kinds(run) == {*counted("validation"), *counted("validation/folds"), *fits}
    sizes = [row["validation"] for _, row in fit_rows(run, "accuracy/training size")]
    assert sizes[-1] > sizes[0] + 0.05
    gammas = [row for _, row in fit_rows(run, "accuracy/gamma by index")]
    assert max(row["validation"] for row in gammas) > 0.97
    assert gammas[0]["train"] < 0.97  # too smooth
    assert (gammas[-1]["train"], gammas[-1]["validation"] < 0.9) == (1.0, True)  # too wild
    depths = [step for step, _ in fit_rows(tmp_path / "digits/tree", "accuracy/max_depth by value")]
    assert depths == list(range(1, 16))


def test_every_script_stands_in_the_readme_and_with_its_runs_in_train():
    text = (DEMO / "README.md").read_text()
    shared = {"command_line.py", "data.py", "serve.py", "train.py"}
    scripts = {path.name for path in DEMO.glob("*.py")} - shared
    named = set(re.findall(r"^\| `(\w+\.py)` \|", text, re.M))
    assert named == scripts
    table = re.findall(r'"(\w+)"', (DEMO / "train.py").read_text())
    assert {path.removesuffix(".py") for path in scripts} <= set(table)


@pytest.mark.slow
def test_the_whole_demo_shows_what_it_is_made_to_show(tmp_path):
    output = ran("train.py", "--logs", tmp_path)
    losses = {run: fit_rows(tmp_path / run) for run in [*IN_FULL, "digits/right"]}
    assert {run: len(losses[run]) for run in IN_FULL} == IN_FULL
    assert 30 <= len(losses["digits/right"]) <= 60  # early stopping

    states = {run: verdict(rows) for run, rows in losses.items()}
    expected = dict.fromkeys(losses, FitState.NO_RISE) | {"digits/too-large": FitState.ROSE}
    assert states == expected
    last = {run: rows[-1][1] for run, rows in losses.items()}
    assert last["digits/too-small"]["train"] > 5 * last["digits/right"]["train"]
    assert last["digits/too-large"]["train"] < 0.01
    f1 = fit_rows(tmp_path / "digits/right", "f1_weighted")[-1][1]["validation"]
    assert f1 > 0.95
    (test_f1,) = re.findall(r"test set: f1 ([\d.]+)", output)
    assert float(test_f1) > 0.93


@pytest.mark.slow
def test_all_scripts_run_one_after_the_other_in_one_process(tmp_path):
    output = ran("train.py", "--all", "--epochs", 2, "--logs", tmp_path)
    assert "skipped" not in output
    text = (DEMO / "README.md").read_text()
    rows = re.findall(r"^\| `\w+\.py` \|.*\| (.+?) \| \d+ \|$", text, re.M)
    runs = {run for row in rows for run in row.split(", ")}
    made = {path.parent.relative_to(tmp_path).as_posix() for path in files(tmp_path)}
    assert made == runs


@pytest.mark.slow
def test_the_models_behave_alike_for_other_seeds(tmp_path):
    code = """
import pathlib, sys
import keras
import keras_capacity, keras_digits
set_seed = keras.utils.set_random_seed
for seed in (1, 2, 3):
    keras.utils.set_random_seed = lambda _, seed=seed: set_seed(seed)
    logs = pathlib.Path(sys.argv[1], str(seed))
    keras_capacity.train("too-large", [512, 512], 200, 30, logs)
    keras_digits.main(30, logs)
"""
    process = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**ENVIRONMENT, "PYTHONPATH": f"{DEMO}{os.pathsep}{ENVIRONMENT['PYTHONPATH']}"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    for seed in (1, 2, 3):
        run = tmp_path / str(seed) / "digits"
        assert verdict(fit_rows(run / "too-large")) == FitState.ROSE, seed
        assert verdict(fit_rows(run / "right")) == FitState.NO_RISE, seed


def test_help_is_given_and_an_unknown_option_is_refused():
    given = subprocess.run([DEMO / "run", "--help"], capture_output=True, text=True, check=True)
    for option in ("--no-serve", "--port", "--with-torch", "--all", "--bind-all"):
        assert option in given.stdout
    refused = subprocess.run(
        [DEMO / "run", "--prot", "1"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "unknown option: --prot" in refused.stderr
    assert (DEMO / "run").read_bytes().startswith(b"#!/usr/bin/env bash\n")


def test_the_server_says_where_to_look_and_ends_with_ctrl_c(tmp_path):
    ran("breast_cancer.py", "--epochs", 3, "--logs", tmp_path)
    server = subprocess.Popen(
        [sys.executable, str(DEMO / "serve.py"), "--logs", str(tmp_path), "--port", "0"],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = next(line for line in server.stdout if "Monitor tab:" in line)
        url = re.search(r"(http://\S+/)#tb_monitor", line).group(1)
        with urllib.request.urlopen(url + "data/plugins_listing", timeout=60) as response:
            assert "tb_monitor" in json.load(response)
    finally:
        server.send_signal(signal.SIGINT)
        output, errors = server.communicate(timeout=30)
    assert server.returncode == 0, errors
    assert "Traceback" not in errors
    assert "ended" in output


def test_a_port_in_use_is_told_in_one_line(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = subprocess.run(
            [sys.executable, str(DEMO / "serve.py"), "--logs", str(tmp_path), "--port", str(port)],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert server.returncode == 1
    assert "TensorBoard does not start" in server.stderr
    assert "Traceback" not in server.stderr
