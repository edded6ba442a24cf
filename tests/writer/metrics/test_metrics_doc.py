"""The example of docs/metrics.md, section "From counts alone", run as it stands there."""

import pathlib
import re

TEXT = (pathlib.Path(__file__).parents[3] / "docs" / "metrics.md").read_text()
SECTION = re.split(r"^## ", TEXT.split("\n## From counts alone\n")[1], flags=re.M)[0]


def test_the_example_prints_names_of_classes_and_what_the_total_tells(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (snippet,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    exec(compile(snippet, "metrics.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "cat read as dog: " in printed
    assert "cat and dog: +0." in printed
    assert "2 evaluations were counted into one" in printed
