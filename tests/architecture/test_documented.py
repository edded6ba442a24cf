"""Each public name has a docstring and stands in the docs; each link in them leads somewhere."""

import importlib
import inspect
import pathlib
import re

import pytest

import tb_monitor_writer
from tb_monitor_writer import metrics, summary

ROOT = pathlib.Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md"))]
API = ROOT / "docs" / "python_api.md"


def public_names():
    for module in (tb_monitor_writer, summary, metrics):
        for name in module.__all__:
            yield module.__name__, name, getattr(module, name)


def public_methods():
    for module, name, value in public_names():
        if inspect.isclass(value) and not issubclass(value, (Exception, tuple)):
            for method, member in vars(value).items():
                if not method.startswith("_") and (
                    callable(member) or isinstance(member, (property, classmethod, staticmethod))
                ):
                    yield f"{module}.{name}", method, member


def documented(name: str) -> bool:
    return re.search(rf"`[^`\n]*\b{re.escape(name)}\b[^`]*`", API.read_text()) is not None or (
        re.search(rf"\b{re.escape(name)}\b", "\n".join(code_blocks(API))) is not None
    )


def code_blocks(path: pathlib.Path):
    return re.findall(r"```\w*\n(.*?)```", path.read_text(), re.DOTALL)


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        pytest.param(*found, id=f"{found[0]}.{found[1]}")
        for found in (*public_names(), *public_methods())
    ],
)
def test_a_public_name_has_a_docstring_and_stands_in_the_docs(where, name, value):
    if not inspect.ismodule(value) and not isinstance(value, (str, int, float)):
        assert inspect.getdoc(value), f"{where}.{name} has no docstring"
    assert documented(name), f"{where}.{name} is not mentioned in {API.name}"


def test_an_undocumented_name_is_found():
    assert not documented("a_name_that_nobody_gave")


def source_of(module: str) -> str:
    """Text of a module that is not imported: its framework may be missing here."""
    folder = ROOT / "writer" / module.replace(".", "/")
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    return file.read_text()


@pytest.mark.parametrize("framework", ["keras", "lightning", "sklearn", "torch", "transformers"])
def test_the_names_of_an_integration_stand_in_the_docs(framework):
    tree = source_of(f"tb_monitor_writer.integrations.{framework}")
    (names,) = re.findall(r"__all__ = \[(.*?)\]", tree, re.DOTALL)
    for name in re.findall(r'"(\w+)"', names):
        assert documented(name), name


@pytest.mark.parametrize("document", PAGES, ids=lambda document: document.name)
def test_each_relative_link_leads_to_a_file(document):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


@pytest.mark.parametrize("document", PAGES, ids=lambda document: document.name)
def test_each_import_in_the_docs_works(document):
    for block in code_blocks(document):
        for module, names in re.findall(r"^from (tb_monitor_writer\S*) import (.+)$", block, re.M):
            if ".integrations." in module:
                found = set(re.findall(r"\w+", source_of(module)))
            else:
                found = set(dir(importlib.import_module(module)))
            assert {name.strip() for name in names.split(",")} <= found, block
