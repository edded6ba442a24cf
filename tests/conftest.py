"""Shared by all tests."""

import os

import pytest

NO_SKIPS = bool(os.environ.get("TB_MONITOR_NO_SKIPS"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if NO_SKIPS and skipped:
        terminalreporter.write_sep("=", f"{len(skipped)} skipped, and no skip is allowed here")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if NO_SKIPS and exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
