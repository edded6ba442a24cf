"""Every record comes back as it was; whatever else is there is a SchemaMismatch."""

import contextlib
import json
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_monitor_writer import limits, schema
from tb_monitor_writer.errors import SchemaMismatch
from tb_monitor_writer.schema import Kind, Series
from tests.crash.logs import ROOT
from tests.writer.schema.records import blobs, same, serieses

SERIES = Series(Kind.CONFUSION, "test", num_classes=3)
CONFUSION = schema.Confusion(
    3, np.array([0, 4, 5], np.uint64), np.array([7, 1, 2]), schema.Provenance(ordinal=1)
)


@given(serieses())
def test_a_series_comes_back_as_it_was(series):
    assert schema.decode_series(schema.encode_series(series)) == series


@given(blobs)
def test_a_blob_comes_back_as_it_was(found):
    series, record = found
    blob = schema.encode_blob(record)
    assert same(schema.decode_blob(series, blob), record)
    provenance = schema.blob_provenance(series, blob)
    assert (provenance.ordinal, provenance.dropped) == (
        record.provenance.ordinal,
        record.provenance.dropped,
    )


@given(st.dictionaries(st.sampled_from(schema.FIT_COLUMNS), st.floats(), max_size=20))
def test_a_row_comes_back_as_it_was_and_what_was_not_given_is_nan(values):
    row = schema.encode_row(schema.FIT_COLUMNS, values)
    found = schema.decode_rows(schema.FIT_COLUMNS, [row, row])
    for column in schema.FIT_COLUMNS:
        np.testing.assert_equal(found[column], [values.get(column, np.nan)] * 2)


def test_rows_of_an_empty_series_are_empty_columns():
    assert {len(column) for column in schema.decode_rows(("a", "b"), []).values()} == {0}


@pytest.mark.parametrize(
    "row", [np.zeros(3), np.zeros((2, 1)), np.zeros(2, np.float32), np.array([b"a", b"b"], object)]
)
def test_a_row_of_another_shape_or_dtype_is_refused(row):
    with pytest.raises(SchemaMismatch, match="a row has shape"):
        schema.decode_rows(("a", "b"), [row])


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (np.zeros((3, 4), np.int64), "expected int64 or float64 \\[3, 3\\]"),
        (np.zeros((3, 3), np.float32), "dtype float32"),
        (np.full((3, 3), -1), "negative or not finite"),
        (np.full((3, 3), np.nan), "negative or not finite"),
        (np.array([[b"x"] * 3] * 3, object), "dtype object"),
    ],
)
def test_a_class_counts_tensor_that_does_not_add_up_is_refused(tensor, message):
    with pytest.raises(SchemaMismatch, match=message):
        schema.decode_class_counts_tensor(Series(Kind.CLASS_COUNTS, "a", num_classes=3), tensor)


def refused(series, blob):
    """Whether decoding is a SchemaMismatch; any other exception is a failure."""
    return is_mismatch(lambda: schema.decode_blob(series, blob))


def is_mismatch(decode):
    with contextlib.suppress(SchemaMismatch):
        decode()
        return False
    return True


@given(serieses(), st.binary(max_size=200))
def test_garbage_is_refused(series, garbage):
    assert refused(series, garbage)
    assert refused(series, b"TBMR" + garbage)


def test_an_empty_matrix_without_its_last_byte_is_refused():
    series = schema.Series(schema.Kind.CONFUSION, "validation", num_classes=3)
    none = np.array([], np.int64)
    blob = schema.encode_blob(schema.Confusion(3, none.astype(np.uint64), none))
    assert len(schema.decode_blob(series, blob).counts) == 0
    with pytest.raises(SchemaMismatch):
        schema.decode_blob(series, blob[:-1])


@given(blobs, st.data())
def test_a_blob_cut_anywhere_is_refused(found, data):
    series, record = found
    blob = schema.encode_blob(record)
    assert refused(series, blob[: data.draw(st.integers(0, len(blob) - 1))])


@given(blobs, st.data())
def test_a_blob_with_damaged_bytes_is_refused_or_read(found, data):
    series, record = found
    blob = bytearray(schema.encode_blob(record))
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    refused(series, bytes(blob))


@given(blobs, blobs)
def test_a_blob_of_another_series_is_refused_or_fits(one, other):
    refused(one[0], schema.encode_blob(other[1]))


@given(st.binary(max_size=200))
def test_garbage_metadata_is_refused_or_read(garbage):
    is_mismatch(lambda: schema.decode_series(garbage))


@given(serieses(), st.data())
def test_damaged_metadata_is_refused_or_read(series, data):
    content = bytearray(schema.encode_series(series))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    is_mismatch(lambda: schema.decode_series(bytes(content)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


def blob_with(header, columns=b"", *, kind=22, version=1, header_bytes=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = len(text) if header_bytes is None else header_bytes
    return struct.pack("<4sBBHI", b"TBMR", version, kind, 0, size) + text + zlib.compress(columns)


GOOD = {
    "C": 3, "nnz": 1, "dense": False, "key_dtype": "u4", "count_dtype": "u1", "n": 7,
    "ordinal": 1, "dropped": 0, "nan": 0, "ignored": 0, "error_bound": 0,
}  # fmt: skip


def test_the_handmade_blob_below_is_good():
    record = schema.decode_blob(SERIES, blob_with(GOOD, b"\4\0\0\0\7"))
    assert (record.keys.tolist(), record.counts.tolist()) == ([4], [7])


@given(st.dictionaries(st.sampled_from(sorted(GOOD)), json_values, max_size=3))
@settings(max_examples=300)
def test_a_header_with_other_values_is_refused_or_read(changes):
    refused(SERIES, blob_with({**GOOD, **changes}, b"\4\0\0\0\7"))


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (b"", "not a record of ours: it begins with b''"),
        (b"TBMR", "not a record of ours"),
        (blob_with(GOOD, version=2), "schema version 2, this is version 1; update tb-monitor-plu"),
        (blob_with(GOOD, version=0), "schema version 0, this is version 1$"),
        (blob_with(GOOD, kind=23), "of kind 23, its series holds confusion"),
        (blob_with(GOOD, header_bytes=2**32 - 1), "declares a header of 4294967295 bytes"),
        (blob_with(b"\xff\xfe"), "it is not JSON"),
        (blob_with(b"[1]"), "it is not a JSON object"),
        (blob_with(b"[" * 60_000), "it is not JSON"),
        (blob_with({**GOOD, "C": 4}), "the record has C=4, its series declares 3"),
        (blob_with({**GOOD, "C": 3.0}, b"\4\0\0\0\7"), "C=3.0, not a count"),
        (blob_with({**GOOD, "nnz": -1}), "nnz=-1, not a count"),
        (blob_with({**GOOD, "nnz": True}), "nnz=True, not a count"),
        (blob_with({**GOOD, "nnz": 2**40}), "declares 1099511627776 cells"),
        (blob_with({**GOOD, "nnz": 2}, b"\4\0\0\0\7"), "do not hold the 10 bytes declared"),
        (blob_with(GOOD, b"\4\0\0\0\7" * 2), "do not hold the 5 bytes declared"),
        (blob_with(GOOD, b"\11\0\0\0\7"), "not in order or outside its classes"),
        (blob_with({**GOOD, "nnz": 2}, b"\4\0\0\0\0\0\0\0\7\7"), "not in order"),
        (blob_with({**GOOD, "nnz": 2}, b"\4\0\0\0\xff\xff\xff\xff\7\7"), "not in order"),
        (blob_with({**GOOD, "key_dtype": "f4"}), "unknown key dtype 'f4'"),
        (blob_with({**GOOD, "key_dtype": "O"}), "unknown key dtype"),
        (blob_with({**GOOD, "count_dtype": "i8"}), "unknown count dtype 'i8'"),
        (blob_with({**GOOD, "count_dtype": ["u1"]}), "unknown count dtype"),
        (blob_with({**GOOD, "error_bound": float("nan")}), "error_bound=nan"),
        (blob_with({**GOOD, "ordinal": None}), "ordinal=None, not a count"),
        (
            blob_with({**GOOD, "count_dtype": "f8"}, b"\4\0\0\0" + struct.pack("<d", np.inf)),
            "negative or not finite",
        ),
        (
            blob_with({**GOOD, "count_dtype": "u8"}, b"\4\0\0\0" + b"\xff" * 8),
            "negative or not finite",
        ),
        (blob_with(GOOD)[:-6] + b"\0" * 6, "zlib cannot read them|do not hold"),
    ],
)
def test_a_hostile_blob_is_refused_with_the_reason(blob, message):
    with pytest.raises(SchemaMismatch, match=message):
        schema.decode_blob(SERIES, blob)


GIANTS = """
import resource, sys
from tb_monitor_writer import schema
from tb_monitor_writer.errors import SchemaMismatch
from tb_monitor_writer.schema import Kind, Series
from tests.writer.schema.test_records import GOOD, blob_with

KIND = Kind.CONFUSION
resource.setrlimit(resource.RLIMIT_AS, (resource.getpagesize() * int(
    open("/proc/self/statm").read().split()[0]) + 300 * 2**20,) * 2)
bomb = bytes(200 * 2**20)
for series, blob in (
    (Series(Kind.CONFUSION, "a", num_classes=20_000),
     blob_with({**GOOD, "C": 20_000, "dense": True})),
    (Series(Kind.CONFUSION, "a", num_classes=20_000),
     blob_with({**GOOD, "C": 20_000, "nnz": 4 * 10**8})),
    (Series(KIND, "a", num_classes=2**31), blob_with({**GOOD, "C": 2**31, "dense": True})),
    (Series(Kind.CLASS_COUNTS, "a", num_classes=2**31), blob_with({**GOOD, "C": 2**31}, kind=21)),
    (Series(Kind.SCORES, "a", num_classes=2**31, bins=2**22),
     blob_with({**GOOD, "L": 2**31, "B": 2**22}, kind=23)),
    (Series(Kind.CONFUSION, "a", num_classes=3), blob_with(GOOD, bomb)),
):
    try:
        schema.decode_blob(series, blob)
    except SchemaMismatch as reason:
        print(reason)
"""


def test_a_declared_giant_is_refused_before_anything_is_allocated():
    found = subprocess.run(
        [sys.executable, "-c", GIANTS],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'writer'}", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert found.returncode == 0, found.stderr
    assert len(found.stdout.splitlines()) == 6, found.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xff\xff\xff", "it is not a protobuf"),
        (b"", "schema version 0, this is version 1$"),
        (b"\x08\x02", "schema version 2, this is version 1; update tb-monitor-plugin"),
        (b"\x08\x01", "of a kind that this version does not know"),
    ],
)
def test_metadata_that_is_not_ours_is_refused_with_the_reason(content, message):
    with pytest.raises(SchemaMismatch, match=message):
        schema.decode_series(content)


def test_metadata_whose_sizes_contradict_each_other_is_refused():
    good = Series(Kind.CONFUSION, "a", num_classes=2, class_names=("x", "y"))
    content = schema.encode_series(good) + b"\x38\x03"  # num_classes again: 3
    with pytest.raises(SchemaMismatch, match="names 2 of 3 classes"):
        schema.decode_series(content)


def test_metadata_that_declares_too_many_classes_is_refused():
    good = Series(Kind.CONFUSION, "a", num_classes=limits.MAX_CLASSES)
    assert schema.decode_series(schema.encode_series(good)) == good
    with pytest.raises(SchemaMismatch, match="too many"):
        schema.decode_series(schema.encode_series(good) + b"\x38\xff\xff\xff\xff\x0f")


def test_small_and_large_records_fall_under_different_names():
    def plugin(kind, **sizes):
        return Series(kind, "a", **sizes).plugin_name

    small, large = schema.PLUGIN_NAME, schema.CELLS_PLUGIN_NAME
    assert plugin(Kind.CONFUSION, num_classes=64) == small
    assert plugin(Kind.CONFUSION, num_classes=91) == large
    assert plugin(Kind.CLASS_COUNTS, num_classes=1_000) == small
    assert plugin(Kind.SCORES, num_classes=1, bins=1_000) == small
    assert plugin(Kind.SCORES, num_classes=100, bins=100) == large
    assert plugin(Kind.FIT) == plugin(Kind.AVERAGES, num_classes=10**6) == small


def test_a_matrix_is_stored_dense_only_when_that_is_smaller():
    def stored(cells, num_classes=40):
        keys = np.arange(cells, dtype=np.uint64)
        blob = schema.encode_blob(schema.Confusion(num_classes, keys, np.ones(cells, np.int64)))
        size = struct.unpack_from("<I", blob, 8)[0]
        return json.loads(blob[12 : 12 + size])["dense"]

    assert not stored(5)
    assert stored(1_600)
