"""docs/http_api.md, the fixtures and the real answers agree."""

import json
import math
import pathlib
import re

import make_fixtures
import numpy as np
import pytest

from tb_monitor_plugin import frame

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "http_api.md"

# Objects whose keys are data: kinds, columns.
OPEN = {"reasons", "kept", "logged"}


def examples() -> dict[str, object]:
    """Reads the JSON example of each route."""
    found = {}
    for section in re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]:
        route = re.match(r"GET /(\w+)", section)
        block = re.search(r"```json\n(.*?)```", section, re.DOTALL)
        if route and block:
            found[route[1]] = json.loads(without_comments(block[1]))
    return found


def without_comments(text: str) -> str:
    strings_or_comments = re.compile(r'("(?:[^"\\]|\\.)*")|//[^\n]*')
    return strings_or_comments.sub(lambda match: match[1] or "", text)


def disagreements(example: object, answer: object, place: str = "answer") -> list[str]:
    """Says where an answer has other keys or types than its example; null fits anything."""
    if example is None or answer is None:
        return []
    if isinstance(example, dict) and isinstance(answer, dict):
        return disagreements_of_objects(example, answer, place)
    if isinstance(example, list) and isinstance(answer, list):
        pairs = [(f"[{i}]", example[0], item) for i, item in enumerate(answer) if example]
    else:
        same = kind_of(example) == kind_of(answer)
        return [] if same else [f"{place} is {answer!r}, documented as {example!r}"]
    return [found for key, one, other in pairs for found in disagreements(one, other, place + key)]


def disagreements_of_objects(example: dict, answer: dict, place: str) -> list[str]:
    if place.removeprefix("answer.") in OPEN:
        return []
    if not example:  # an estimate, written short
        example = {"value": 0.0, "low": 0.0, "high": 0.0}
    if set(example) != set(answer):
        missing, added = set(example) - set(answer), set(answer) - set(example)
        return [f"{place}: documented only {missing}, answered only {added}"]
    return [
        found
        for key in example
        for found in disagreements(example[key], answer[key], f"{place}.{key}")
    ]


def kind_of(value: object) -> type:
    return float if type(value) is int else type(value)


@pytest.fixture(scope="module")
def answers() -> dict[str, bytes]:
    return make_fixtures.answers()


def header_of(file: str, body: bytes) -> dict:
    if file.endswith(".json"):
        return json.loads(body)
    header, _ = frame.decode_frame(body)
    header.pop("arrays")
    return header


def test_every_route_is_documented_with_an_example():
    assert set(examples()) == {route for route, _ in make_fixtures.QUESTIONS.values()}


@pytest.mark.parametrize("name", [name for name in make_fixtures.QUESTIONS if name != "error"])
def test_an_answer_has_exactly_the_keys_that_are_documented(name, answers):
    route, _ = make_fixtures.QUESTIONS[name]
    file = f"{name}.json" if f"{name}.json" in answers else f"{name}.bin"
    assert disagreements(examples()[route], header_of(file, answers[file])) == []


@pytest.mark.parametrize(
    ("drifted", "found"),
    [
        ({"version": 1}, "documented only {'error'}"),
        ({"version": 1, "error": "x", "more": 1}, "answered only {'more'}"),
        ({"version": "1", "error": "x"}, "answer.version is '1', documented as 1"),
    ],
)
def test_a_drift_is_found(drifted, found):
    (sentence,) = disagreements({"version": 1, "error": "x"}, drifted)
    assert found in sentence


def test_errors_are_as_documented(answers):
    error = json.loads(answers["error.json"])
    assert set(error) == {"version", "error"}
    assert error["error"].startswith("run 'digits/right' has no series")


def test_fixtures_are_what_the_plugin_answers(answers):
    """If this fails after a change that is meant: python tests/contract/make_fixtures.py."""
    kept = {path.name: path.read_bytes() for path in make_fixtures.FIXTURES.iterdir()}
    assert set(kept) == set(answers)
    for file, body in answers.items():
        assert_alike(file, header_of(file, kept[file]), header_of(file, body))
        if file.endswith(".bin"):
            _, before = frame.decode_frame(kept[file])
            _, now = frame.decode_frame(body)
            assert list(before) == list(now)
            for name, array in now.items():
                assert array.dtype == before[name].dtype
                np.testing.assert_allclose(array, before[name], rtol=1e-6, err_msg=file)


def assert_alike(place: str, before: object, now: object) -> None:
    """Equal but for the last digits, which differ between builds of numpy."""
    if isinstance(before, dict) and isinstance(now, dict):
        assert list(before) == list(now), place
        for key in before:
            assert_alike(f"{place}.{key}", before[key], now[key])
    elif isinstance(before, list) and isinstance(now, list):
        assert len(before) == len(now), place
        for index, (one, other) in enumerate(zip(before, now, strict=True)):
            assert_alike(f"{place}[{index}]", one, other)
    elif isinstance(before, float) and isinstance(now, float):
        assert math.isclose(before, now, rel_tol=1e-9, abs_tol=1e-12), place
    else:
        assert before == now, place
