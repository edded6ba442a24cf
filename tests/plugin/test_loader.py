"""What TensorBoard calls with no try around it."""

import argparse
import ast
import logging
import pathlib
import subprocess
import sys
import types

import pytest

from tb_monitor_plugin import loader
from tb_monitor_writer import limits, schema


def flags_after(**given):
    flags = argparse.Namespace(**given)
    loader.MonitorLoader().fix_flags(flags)
    return flags


def parsed(*arguments: str):
    parser = argparse.ArgumentParser()
    loader.MonitorLoader().define_flags(parser)
    return parser.parse_args(arguments)


def test_the_literals_are_those_of_the_contract():
    assert loader.SMALL_STEPS_KEPT == limits.SMALL_STEPS_KEPT
    assert loader.CELLS_STEPS_KEPT == limits.CELLS_STEPS_KEPT
    assert set(flags_after(samples_per_plugin={}).samples_per_plugin) == {
        schema.PLUGIN_NAME,
        schema.CELLS_PLUGIN_NAME,
    }


def test_the_module_imports_nothing_but_tensorboards_base_plugin_and_the_standard_library():
    tree = ast.parse(pathlib.Path(loader.__file__).read_text())
    names = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names - {"__future__", "argparse", "logging"} == {"tensorboard.plugins"}


def test_a_users_own_sampling_wins():
    given = {"tb_monitor": 7, "scalars": 5}
    kept = flags_after(samples_per_plugin=dict(given), tb_monitor_steps=50).samples_per_plugin
    assert kept == {**given, "tb_monitor_cells": 50}


@pytest.mark.parametrize(("argument", "steps"), [("0", 0), ("250", 250)])
def test_the_flag_sets_both_names(argument, steps):
    flags = parsed("--tb_monitor_steps", argument)
    flags.samples_per_plugin = {}
    loader.MonitorLoader().fix_flags(flags)
    assert flags.samples_per_plugin == {"tb_monitor": steps, "tb_monitor_cells": steps}


@pytest.mark.parametrize("argument", ["-1", "ten", "1.5"])
def test_a_senseless_flag_is_refused_by_argparse(argument, capsys):
    with pytest.raises(SystemExit):
        parsed("--tb_monitor_steps", argument)
    assert "must be a number of steps >= 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flags",
    [
        types.SimpleNamespace(),
        types.SimpleNamespace(samples_per_plugin=None),
        types.SimpleNamespace(samples_per_plugin="scalars=5"),
        types.SimpleNamespace(samples_per_plugin=()),
        None,
    ],
)
def test_odd_flags_are_said_and_do_not_end_tensorboard(flags, caplog):
    loader.MonitorLoader().fix_flags(flags)
    assert "could not set how many steps are kept" in caplog.text


def test_a_flag_that_someone_else_has_defined_is_said_and_does_not_end_tensorboard(caplog):
    parser = argparse.ArgumentParser()
    loader.MonitorLoader().define_flags(parser)
    loader.MonitorLoader().define_flags(parser)
    assert "could not add its flag" in caplog.text


def test_a_plugin_that_cannot_be_loaded_is_said_and_does_not_end_tensorboard(caplog):
    context_without_anything = object()
    with caplog.at_level(logging.ERROR):
        assert loader.MonitorLoader().load(context_without_anything) is None
    assert "could not be loaded; the other tabs are not affected" in caplog.text


def test_the_loader_comes_up_when_the_rest_of_the_project_cannot_be_imported():
    script = (
        "import sys\n"
        "for name in ('numpy', 'google_crc32c', 'tb_monitor_writer', 'tb_monitor_plugin.plugin'):\n"
        "    sys.modules[name] = None\n"
        "from tb_monitor_plugin.loader import MonitorLoader\n"
        "import argparse\n"
        "flags = argparse.Namespace(samples_per_plugin={})\n"
        "MonitorLoader().define_flags(argparse.ArgumentParser())\n"
        "MonitorLoader().fix_flags(flags)\n"
        "assert MonitorLoader().load(None) is None\n"
        "print(flags.samples_per_plugin)\n"
    )
    path = [str(pathlib.Path(loader.__file__).parents[1]), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{script}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "{'tb_monitor': 1000, 'tb_monitor_cells': 500}", done.stderr
