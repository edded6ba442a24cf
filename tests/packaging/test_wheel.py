"""What a user gets from `pip install`: the wheel, alone, in an environment of its own."""

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from tensorboard_server import tensorboard

ROOT = pathlib.Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> pathlib.Path:
    # From a copy of the committed files: leftovers of an earlier build must not get in.
    source = tmp_path_factory.mktemp("source with a space")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--outdir", out, source])
    assert len(list(out.glob("*.tar.gz"))) == 1
    (found,) = out.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> str:
    """The interpreter of a fresh environment that holds the wheel and what it asks for."""
    venv = tmp_path_factory.mktemp("venv")
    run([sys.executable, "-m", "venv", venv])
    found = str(venv / "bin" / "python")
    run([found, "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel])
    return found


def run(command, **options) -> str:
    done = subprocess.run(
        [str(part) for part in command], check=False, capture_output=True, text=True, **options
    )
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def without_sources() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": ""}


def test_the_wheel_holds_the_whole_frontend_and_no_tests(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    static = ROOT / "tb_monitor_plugin" / "static"
    built = {str(p.relative_to(ROOT)) for p in static.rglob("*") if p.is_file()}
    assert len(built) > 3
    assert built <= names
    assert {"tb_monitor_writer/py.typed", "tb_monitor_plugin/py.typed"} <= names
    roots = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert roots == {"tb_monitor_writer", "tb_monitor_plugin"}


def test_plain_tensorboard_lists_the_tab_and_serves_every_file(python, tmp_path):
    logdir = tmp_path / "logs"
    run(
        [
            python, "-c",
            "import sys\n"
            "from tb_monitor_writer import MonitorWriter\n"
            "with MonitorWriter(sys.argv[1] + '/run', class_names=['cat', 'dog']) as monitor:\n"
            "    monitor.predictions('validation', [0, 1, 1], [0, 1, 0], step=1)\n"
            "sys.exit('tensorflow' in sys.modules)\n",
            logdir,
        ],
        env=without_sources(), cwd=tmp_path,
    )  # fmt: skip
    with tensorboard(logdir, python=python, env=without_sources()) as server:
        server.wait_for_runs(1)
        listing = server.json("data/plugins_listing")
        assert listing["tb_monitor"]["enabled"]
        assert listing["tb_monitor"]["tab_name"] == "Monitor"
        static = ROOT / "tb_monitor_plugin" / "static"
        for path in static.rglob("*"):
            if path.suffix in {".js", ".css", ".woff2"}:
                name = path.relative_to(static).as_posix()
                status, body = server.get(f"data/plugin/tb_monitor/{name}")
                assert (status, body) == (200, path.read_bytes()), name
