"""The browser tests: real TensorBoard, real Chromium, and a guard over every page."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tensorboard_server import TensorBoard, tensorboard

ROOT = pathlib.Path(__file__).parents[2]

# A page is there in a second, on a machine that does nothing else; playwright gives it 5 s.
expect.set_options(timeout=20_000)

# What makes Chromium quiet and its pixels the same from run to run.
_FLAGS = [
    "--disable-gpu",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]

# Reports what the page's content security policy refuses: the console alone may miss it.
_WATCH_CSP = """
addEventListener('securitypolicyviolation', (event) =>
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI}`));
"""


def pytest_collection_modifyitems(items):
    here = pathlib.Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    names = ("chromium", "chromium-browser", "google-chrome")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.skip("no Chromium: set CHROMIUM to its path, or run tests/run, which installs one")
    return {
        **browser_type_launch_args,
        "executable_path": found,
        "chromium_sandbox": False,
        "args": _FLAGS,
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 1000},
        "locale": "en-US",
        "timezone_id": "UTC",
        "reduced_motion": "reduce",
        "permissions": ["clipboard-read", "clipboard-write"],
    }


@pytest.fixture
def page(page):
    """A page whose errors fail the test: ours, not those TensorBoard itself logs."""
    found: list[str] = []
    page.add_init_script(_WATCH_CSP)
    page.on("pageerror", lambda error: found.append(f"page error: {error}"))

    def on_console(message):
        place = message.location.get("url", "")
        ours = "plugin/tb_monitor" in place or "plugin_entry" in place
        if message.type == "error" and (ours or message.text.startswith("CSP:")):
            found.append(f"console: {message.text} ({place})")

    def on_response(response):
        if "plugin/tb_monitor" in response.url and response.status >= 400:
            found.append(f"{response.status} {response.url}")

    page.on("console", on_console)
    page.on("response", on_response)
    page.expected_errors = []  # a test that provokes one names a part of its text here
    yield page
    unexpected = [text for text in found if not any(part in text for part in page.expected_errors)]
    assert unexpected == []


@pytest.fixture(scope="session")
def made_logs(tmp_path_factory) -> pathlib.Path:
    """Logs of every shape that the page must draw, made without any training."""
    logdir = tmp_path_factory.mktemp("made")
    script = ROOT / "tests" / "contract" / "make_logs.py"
    subprocess.run([sys.executable, script, logdir], check=True, env=_environment())
    return logdir


@pytest.fixture(scope="session")
def demo_logs(tmp_path_factory) -> pathlib.Path:
    """What the demo trains, on real data."""
    logdir = tmp_path_factory.mktemp("demo")
    subprocess.run(
        [sys.executable, ROOT / "demo" / "train.py", "--logs", logdir],
        check=True,
        env=_environment(),
    )
    return logdir


@pytest.fixture(scope="session")
def made_server(made_logs):
    """TensorBoard on `made_logs`."""
    with tensorboard(made_logs) as server:
        server.wait_for_runs(5)
        yield server


@pytest.fixture(scope="session")
def demo_server(demo_logs):
    """TensorBoard on `demo_logs`."""
    with tensorboard(demo_logs) as server:
        server.wait_for_runs(5)
        yield server


@pytest.fixture
def open_monitor(page):
    """Opens the Monitor tab: `open_monitor(server, "fit")` returns its frame."""

    def open_tab(server: TensorBoard, shown: str = "overview", state: str = "", *, dark=False):
        query = "?darkMode=true" if dark else ""
        hash_ = f"#tb_monitor&p.tb_monitor.page={shown}{state}"
        page.goto(server.url + query + hash_)
        return page.frame_locator("iframe[src*='name=tb_monitor']")

    return open_tab


def _environment() -> dict[str, str]:
    sources = os.pathsep.join([str(ROOT), str(ROOT / "writer")])
    return {**os.environ, "PYTHONPATH": sources}
