"""docs/schema.md against the code: no column, field or header key that it does not name."""

import json
import re
import struct

import numpy as np
import pytest

from tb_monitor_writer import limits, schema, values
from tb_monitor_writer.schema import Kind, Series, plugin_data_pb2
from tests.crash.logs import ROOT

TEXT = (ROOT / "docs" / "schema.md").read_text()


def table(head):
    """Cells of the rows below a table's head, up to the first line that is none."""
    lines = TEXT[TEXT.index(head) :].splitlines()[2:]
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def named(cell):
    return re.findall(r"`(\w+)`", cell)


@pytest.mark.parametrize(
    ("head", "columns"),
    [("| `averages` | |", schema.AVERAGES_COLUMNS), ("| `fit` | |", schema.FIT_COLUMNS)],
)
def test_each_column_of_a_row_is_named_once_and_in_order(head, columns):
    documented = [name for cells in table(head) for name in named(cells[0])]
    assert ["ordinal", "dropped", *documented] == list(columns)
    assert "`ordinal`" in TEXT
    assert "`dropped`" in TEXT


def test_each_field_of_the_metadata_stands_with_its_number():
    documented = {}
    for number, names, *_ in table("| no. | field | content |"):
        first, _, last = number.partition("-")
        numbers = range(int(first), int(last or first) + 1)
        documented |= dict(zip(numbers, named(names), strict=True))
    fields = plugin_data_pb2.MonitorPluginData.DESCRIPTOR.fields
    assert documented == {field.number: field.name for field in fields}


BLOBS = {
    "sparse": schema.Confusion(99, np.array([1], np.uint64), np.array([2])),
    "dense": schema.Confusion(2, np.arange(4, dtype=np.uint64), np.ones(4, int)),
    "class_counts": schema.ClassCounts(*np.ones((3, 99), int)),
    "multi-label": schema.ClassCounts(*np.ones((3, 99), int), examples=np.ones(99, int)),
    "scores": schema.Scores(np.ones((1, 2, 10), int)),
}
KINDS = {"sparse": 22, "dense": 22, "class_counts": 21, "multi-label": 21, "scores": 23}


@pytest.mark.parametrize("blob", BLOBS)
def test_each_key_of_a_header_and_the_number_of_its_kind_are_named(blob):
    encoded = schema.encode_blob(BLOBS[blob])
    magic, version, kind, zero, size = struct.unpack_from("<4sBBHI", encoded)
    assert (magic, version, kind, zero) == (b"TBMR", 1, KINDS[blob], 0)
    for key in json.loads(encoded[12 : 12 + size]):
        assert f"`{key}`" in TEXT, key
    [numbers] = [cells[2] for cells in table("| offset | bytes | content |") if cells[0] == "5"]
    name = {21: "class_counts", 22: "confusion", 23: "scores"}[kind]
    assert f"{kind} `{name}`" in numbers


def test_each_limit_that_it_states_is_the_one_in_force():
    for sentence in (
        f"at most {limits.SMALL_RECORD_BYTES:,} bytes",
        f"({limits.SMALL_STEPS_KEPT:,} steps kept by default)",
        f"({limits.CELLS_STEPS_KEPT} steps)",
        f"more than {limits.MAX_CELLS:,} cells or {limits.MAX_BLOB_BYTES >> 20} MiB of columns",
        f"Of more than {limits.PAIRED_LOSSES:,} examples",
        f"## `class_counts` of up to {limits.MAX_TENSOR_CLASSES} classes",
        f"Version {schema.SCHEMA_VERSION}.",
        "at most 65,536 |",  # bytes of a header
    ):
        assert sentence in TEXT, sentence
    few, many = (Series(Kind.CLASS_COUNTS, "a", num_classes=count) for count in (64, 65))
    assert (few.is_blob, many.is_blob) == (False, True)


def test_each_scalar_beside_a_matrix_is_named():
    for key in values.SCALARS:
        assert f"`<name>/{key}`" in TEXT, key


def test_an_undocumented_name_would_be_found():
    assert "`a_column_that_nobody_added`" not in TEXT
    assert named(next(table("| `fit` | |"))[0])[0] == "train"
