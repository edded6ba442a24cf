"""A real TensorBoard process for tests, and its answers over HTTP."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

_ROOT = pathlib.Path(__file__).parents[1]


class TensorBoard:
    """A running `tensorboard --logdir DIR`.

    Attributes:
      url: Where it is served, with a slash at its end: `http://127.0.0.1:43211/`.
    """

    def __init__(self, url: str, log: pathlib.Path) -> None:
        self.url = url
        self._log = log

    def log(self) -> str:
        """Returns what it has printed so far."""
        return self._log.read_text(errors="replace")

    def get(self, path: str) -> tuple[int, bytes]:
        """Asks for a path below the server's URL; returns status and body."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=60) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def json(self, path: str) -> object:
        """Asks for JSON that must be answered with 200."""
        status, body = self.get(path)
        assert status == 200, f"{path}: {status} {body[:500]!r}"
        return json.loads(body)

    def plugin(self, route: str) -> object:
        """Asks a JSON route of ours."""
        return self.json(f"data/plugin/tb_monitor/{route}")

    def wait_for_runs(self, count: int, timeout_s: float = 60) -> list[dict]:
        """Waits until our plugin lists that many runs, and their last steps stand still."""
        deadline = time.monotonic() + timeout_s
        before = None
        while True:
            listing = self.plugin("runs")
            if len(listing["runs"]) >= count and listing["token"] == before:
                return listing["runs"]
            before = listing["token"]
            assert time.monotonic() < deadline, (
                f"{len(listing['runs'])} of {count} runs after {timeout_s} s:\n{self.log()[-2000:]}"
            )
            time.sleep(0.3)


@contextlib.contextmanager
def tensorboard(logdir: object, *flags: str, python: str = sys.executable, env=None):
    """Starts TensorBoard on a free port of this machine and ends it afterwards.

    Args:
      logdir: The directory it shows.
      *flags: More of its flags: `--load_fast=false`, `--path_prefix=/a/b`.
      python: Interpreter of the environment that it is installed in.
      env: Environment variables; ours if None.

    Yields:
      A `TensorBoard`.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "log")
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [
                    *(python, "-m", "tensorboard.main", "--logdir", str(logdir)),
                    *("--host", "127.0.0.1", "--port", "0", "--reload_interval", "1", *flags),
                ],
                stdout=sink,
                stderr=subprocess.STDOUT,
                env=_with_sources(os.environ if env is None else env),
                start_new_session=True,
            )
        try:
            yield TensorBoard(_wait_for_url(process, log), log)
        finally:
            # The data server is its child: end the whole session.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def _with_sources(env) -> dict[str, str]:
    sources = os.pathsep.join([str(_ROOT), str(_ROOT / "writer")])
    return {**env, "PYTHONPATH": sources} if "PYTHONPATH" not in env else dict(env)


def _wait_for_url(process: subprocess.Popen, log: pathlib.Path, timeout_s: float = 90) -> str:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = re.search(r"at (http://\S+)", log.read_text(errors="replace"))
        if found:
            return found.group(1).rstrip("/") + "/"
        assert process.poll() is None, f"tensorboard ended: {log.read_text(errors='replace')}"
        time.sleep(0.1)
    raise AssertionError(f"tensorboard did not start: {log.read_text(errors='replace')}")
