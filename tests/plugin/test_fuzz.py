"""Whatever a log or a query holds, the answer is no defect: never 500, always JSON or a frame."""

import numpy as np
import pytest
from event_files import BLOBS, EventFile, blobs_of, tensor_of
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from in_process import InProcess

from tb_monitor_writer import MonitorWriter, schema
from tb_monitor_writer.schema import Kind, Series

ROUTES = ("runs", "overview", "fit", "series", "steps", "matrix")
SERIES = (
    Series(kind=Kind.AVERAGES, name="validation", num_classes=3),
    Series(kind=Kind.CLASS_COUNTS, name="validation", num_classes=3),
    Series(kind=Kind.CONFUSION, name="validation", num_classes=3),
    Series(kind=Kind.FIT, name="loss"),
)
BLOB = schema.encode_blob(schema.Confusion(3, np.array([0, 4], np.uint64), np.array([2, 3])))

quick = settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
numbers = st.floats() | st.sampled_from([0.0, -1.0, 1e308, float(2**63)])


@st.composite
def mutated(draw, content: bytes) -> bytes:
    """Overwrites, cuts or extends some bytes."""
    result = bytearray(content)
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(result) - 1)))
        result[place : place + 1] = draw(st.binary(max_size=3))
    return bytes(result[: draw(st.integers(0, len(result)))] if draw(st.booleans()) else result)


def assert_answers(server, routes=ROUTES, **query) -> None:
    asked = {"run": "run", "name": "validation", "average": "macro", "class": "0,2", **query}
    for route in routes:
        response = server.get(route, asked)
        assert response.status_code in (200, 400, 404, 409, 414), (route, response.text)
        kinds = ("application/json", "application/octet-stream")
        assert response.content_type in kinds, response.content_type


@quick
@given(data=st.data())
def test_mutated_metadata_and_blobs(data, tmp_path_factory):
    root = tmp_path_factory.mktemp("fuzz")
    file = EventFile(root / "run")
    for series in SERIES:
        content = data.draw(mutated(schema.encode_series(series)))
        if series.kind is Kind.CONFUSION:
            tensor, data_class = blobs_of(data.draw(mutated(BLOB))), BLOBS
        elif series.kind is Kind.CLASS_COUNTS:
            tensor, data_class = tensor_of(np.ones((3, 3), np.int64)), 2
        else:
            tensor, data_class = tensor_of(np.ones(len(series.columns))), 2
        file.tensor(series.tag, 1, tensor, content, data_class=data_class)
    assert_answers(InProcess(root))


@quick
@given(data=st.data())
def test_any_numbers_in_rows(data, tmp_path_factory):
    root = tmp_path_factory.mktemp("fuzz")
    file = EventFile(root / "run")
    for series in (SERIES[0], SERIES[3]):
        for step in data.draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=9)):
            values = {name: data.draw(numbers) for name in series.columns}
            file.row(series, step, **values)
    assert_answers(InProcess(root))


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> InProcess:
    root = tmp_path_factory.mktemp("logs")
    with MonitorWriter(root / "run") as monitor:
        for step in range(3):
            monitor.confusion_matrix("validation", np.eye(3, dtype=int), step=step)
            monitor.fit("loss", train=1.0, validation=2.0, step=step)
    return InProcess(root)


@settings(max_examples=300, deadline=None)
@given(
    route=st.sampled_from(ROUTES),
    query=st.dictionaries(
        st.sampled_from(
            ["run", "runs", "token", "name", "step", "metric", "average", "class", "quantity"]
        ),
        st.text(max_size=20) | st.sampled_from(["run", "validation", "0-2", "macro", "1", "-1"]),
    ),
)
def test_any_query(route, query, server):
    assert_answers(server, [route], **query)
