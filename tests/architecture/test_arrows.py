"""Who may import whom (docs: the layers of writer/README.md), read off the sources."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]
ROOTS = {
    "tb_monitor_writer": ROOT / "writer" / "tb_monitor_writer",
    "tb_monitor_plugin": ROOT / "tb_monitor_plugin",
}

# module prefix -> prefixes inside this project that it may import
ALLOWED = {
    "tb_monitor_writer.errors": [],
    "tb_monitor_writer.limits": [],
    "tb_monitor_writer.class_names": ["errors", "limits"],
    "tb_monitor_writer.distributed": ["errors"],
    "tb_monitor_writer.schema": ["class_names", "errors", "limits", "schema"],
    "tb_monitor_writer.metrics": ["class_names", "distributed", "errors", "limits", "metrics"],
    "tb_monitor_writer.events": ["errors", "limits", "schema", "events"],
    "tb_monitor_writer.diagnostics": ["errors", "limits", "metrics", "diagnostics"],
    "tb_monitor_writer.values": ["errors", "limits", "schema", "events", "metrics"],
    "tb_monitor_writer.arguments": ["class_names", "errors", "limits", "schema", "metrics"],
    "tb_monitor_writer.fit_history": ["arguments"],
    "tb_monitor_writer.channel": ["errors", "schema", "events", "fit_history"],
    "tb_monitor_writer.summary": [
        "class_names", "errors", "limits", "schema", "events", "metrics", "arguments", "values",
    ],
    "tb_monitor_writer.monitor_writer": [
        "class_names", "errors", "limits", "schema", "events", "metrics", "arguments", "values",
        "channel", "distributed", "fit_history", "summary",
    ],
}  # fmt: skip

# Frameworks may be named at module level only where a user has chosen them.
FRAMEWORKS = {
    "accelerate", "jax", "keras", "lightning", "pytorch_lightning", "scipy", "sklearn",
    "tensorboardX", "tensorflow", "torch", "torchmetrics", "transformers",
}  # fmt: skip


def modules():
    for package, folder in ROOTS.items():
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            name = ".".join([package, *(part for part in parts if part != "__init__")])
            yield name, path


def imports(path: pathlib.Path, *, module_level_only: bool = False):
    tree = ast.parse(path.read_text())
    nodes = tree.body if module_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            for alias in node.names:
                yield f"{module}.{alias.name}"


def violations(found: list[tuple[str, list[str]]]):
    for name, imported in found:
        for other in imported:
            if name.startswith("tb_monitor_writer") and other.startswith("tb_monitor_plugin"):
                yield f"{name} imports {other}: the writer must not know the plugin"
            rule = next((key for key in ALLOWED if name == key or name.startswith(key + ".")), None)
            if rule is None or not other.startswith("tb_monitor_writer."):
                continue
            allowed = [f"tb_monitor_writer.{part}" for part in ALLOWED[rule]]
            if not any(other == a or other.startswith(a + ".") for a in allowed):
                yield f"{name} imports {other}, it may import {ALLOWED[rule]}"


def test_every_import_follows_the_arrows():
    found = [(name, list(imports(path))) for name, path in modules()]
    assert len(found) > 20
    assert list(violations(found)) == []


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("tb_monitor_writer.metrics.intervals", "tb_monitor_writer.schema.Series"),
        ("tb_monitor_writer.schema.records", "tb_monitor_writer.metrics.averages"),
        ("tb_monitor_writer.summary", "tb_monitor_writer.monitor_writer.MonitorWriter"),
        ("tb_monitor_writer.events.log", "tb_monitor_plugin.plugin.MonitorPlugin"),
    ],
)
def test_an_arrow_that_points_back_is_found(module, imported):
    assert len(list(violations([(module, [imported])]))) == 1


def test_frameworks_are_imported_at_module_level_in_integrations_only():
    for name, path in modules():
        if name.startswith("tb_monitor_writer.integrations."):
            continue
        roots = {other.split(".")[0] for other in imports(path, module_level_only=True)}
        assert not roots & FRAMEWORKS, f"{name} imports {roots & FRAMEWORKS}"


def test_the_writer_does_not_import_the_server():
    for name, path in modules():
        if name.startswith("tb_monitor_writer"):
            roots = {other.split(".")[0] for other in imports(path)}
            assert "werkzeug" not in roots, name
