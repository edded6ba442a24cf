"""Shared by all tests."""

import os
import signal

import hypothesis
import pytest

NO_SKIPS = bool(os.environ.get("TB_MONITOR_NO_SKIPS"))

# A shell that starts the tests in the background has Ctrl-C ignored, which programs of theirs
# would inherit; some of them are there to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Machines are shared: no timer in a property test. What gates a submission draws the same
# examples each time; every other run draws new ones.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=NO_SKIPS)
hypothesis.settings.load_profile("tests")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if NO_SKIPS and skipped:
        terminalreporter.write_sep("=", f"{len(skipped)} skipped, and no skip is allowed here")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if NO_SKIPS and exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
