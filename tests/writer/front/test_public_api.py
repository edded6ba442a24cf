"""The package's own face: its names, and what importing it costs."""

import os
import re
import subprocess
import sys

import pytest

import tb_monitor_writer
from tests.crash.logs import ROOT

HEAVY = ("tensorflow", "torch", "keras", "jax", "tensorboardX", "sklearn", "pandas", "werkzeug",
         "tb_monitor_plugin")  # fmt: skip


def imported_by(code):
    """Top-level modules in memory after running some code in a fresh interpreter."""
    found = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'writer'}"},
    )
    return {name.partition(".")[0] for name in found.stdout.split()}


def test_importing_the_writer_imports_no_framework_no_server_and_not_the_plugin():
    modules = imported_by("import tb_monitor_writer")
    assert "numpy" in modules
    assert not modules & set(HEAVY)


def test_logging_to_a_directory_imports_no_framework_either(tmp_path):
    modules = imported_by(
        f"""
from tb_monitor_writer import MonitorWriter, summary
for _ in range(2):  # the second one reads what the first one wrote
    with MonitorWriter({str(tmp_path)!r}) as monitor:
        monitor.predictions("val", [0, 1], [1, 1], step=1)
        monitor.scores("val", [0, 1], [0.3, 0.8], step=1)
        monitor.fit("loss", train=1, step=1)
summary.confusion_matrix_pb("val", [[1, 0], [0, 1]])
"""
    )
    assert not modules & set(HEAVY)


@pytest.mark.parametrize("module", ["werkzeug", "tb_monitor_plugin"])
def test_this_check_can_fail(module):
    assert module in imported_by(f"import tb_monitor_writer, {module}")


NOT_POSIX = """
import os, sys
sys.modules["fcntl"] = None  # so that importing it fails
sys.platform = "win32"
for name in ("register_at_fork", "writev", "fdatasync", "O_CLOEXEC", "O_DIRECTORY", "fork"):
    delattr(os, name)
"""


def test_without_posix_everything_is_imported_and_an_event_log_says_what_to_use_instead(tmp_path):
    """As on Windows: TensorBoard shows the tab, and a SummaryWriter takes the records."""
    code = (
        NOT_POSIX
        + f"""
import tb_monitor_plugin.loader
from tb_monitor_writer import InvalidInput, MonitorWriter, summary

try:
    MonitorWriter({str(tmp_path / "run")!r})
except InvalidInput as error:
    print(error)

class SummaryWriter:
    __module__ = "torch.utils.tensorboard.writer"
    def _get_file_writer(self):
        return self
    def add_event(self, event, step):
        print(step, event.summary.value[0].tag)
    def flush(self):
        pass

monitor = MonitorWriter(SummaryWriter())
monitor.fit("loss", train=1, step=7)
print(monitor.status()[:2])
"""
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'writer'}"},
    )
    assert found.returncode == 0, found.stderr
    refusal, record, status = found.stdout.splitlines()
    assert refusal == (
        f"where must be a SummaryWriter, or None for TensorFlow's default writer, on win32, got "
        f"{str(tmp_path / 'run')!r:.80}: an event log needs POSIX"
    )
    assert (record, status) == ("7 loss/fit", "(1, 0)")


def test_importing_the_writer_is_quick(capsys):
    """Prints the time; what it asserts is ten times the goal, for machines under load."""
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import tb_monitor_writer"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "writer")},
    )
    times_us = dict(
        (name, int(time))
        for time, name in re.findall(
            r"\|\s+(\d+) \|\s+(tb_monitor_writer|numpy)$", found.stderr, re.M
        )
    )
    with capsys.disabled():
        print(
            f"\nimport tb_monitor_writer: {times_us['tb_monitor_writer'] / 1000:.0f} ms, "
            f"of which numpy {times_us['numpy'] / 1000:.0f} ms"
        )
    assert times_us["tb_monitor_writer"] < 3_000_000


def test_every_public_name_is_there_and_documented():
    assert sorted(tb_monitor_writer.__all__) == tb_monitor_writer.__all__
    for name in tb_monitor_writer.__all__:
        assert getattr(tb_monitor_writer, name).__doc__, name


def test_public_methods_are_documented():
    for name, method in vars(tb_monitor_writer.MonitorWriter).items():
        if not name.startswith("_"):
            assert method.__doc__, name


def test_the_synopsis_of_the_package_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = tb_monitor_writer.__doc__.partition("\n\n")[2]
    exec(code, {
        "MonitorWriter": tb_monitor_writer.MonitorWriter,
        "y_true": [0, 1], "y_pred": [0, 1], "train_loss": 0.5, "validation_loss": 0.7,
    })  # fmt: skip
    [path] = (tmp_path / "logs" / "run-1").iterdir()
    assert path.stat().st_size > 1_000
