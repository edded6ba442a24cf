"""docs/guarantees.md names tests: each of them must be there."""

import ast
import re

import pytest

from tests.crash.logs import ROOT

TEXT = (ROOT / "docs" / "guarantees.md").read_text()
CLAUSES = [
    *(
        "survives SIGKILL",
        "ends cleanly",
        "never corrupts",
        "never raises",
        "never hangs",
        "says so",
    ),
    *("threads", "Ctrl-C, signal handlers", "fork", "deleted run directory", "unique names"),
]


def defined_tests():
    for path in [*ROOT.glob("tests/crash/*.py"), *ROOT.glob("tests/writer/**/*.py")]:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def test_each_test_that_is_named_is_there():
    named = set(re.findall(r"`(test_\w+)`", TEXT))
    assert len(named) > 20
    assert named - set(defined_tests()) == set()


@pytest.mark.parametrize("clause", CLAUSES)
def test_each_clause_names_how_and_by_which_test(clause):
    [row] = [line for line in TEXT.splitlines() if line.startswith(f"| {clause} |")]
    how, tests = row.strip("|").split("|")[1:]
    assert len(how) > 20
    assert re.search(r"`test_\w+`", tests)
