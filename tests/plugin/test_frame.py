"""Bytes of answers."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tb_monitor_plugin.frame import Frame, decode_frame, encode_frame, encode_json, jsonable

ARRAYS = {
    "small": np.array([1, 2, 3], np.uint8),
    "odd": np.arange(5, dtype=np.uint16),
    "big_endian": np.array([1.5, math.nan, math.inf], ">f8"),
    "empty": np.empty((0, 3), np.float32),
    "matrix": np.arange(6, dtype=np.uint32).reshape(2, 3),
}


def test_arrays_come_back_little_endian_and_aligned():
    body = encode_frame(Frame({"version": 1}, ARRAYS, compress=False))
    header, found = decode_frame(body)
    (length,) = struct.unpack_from("<I", body, 4)
    assert body[:4] == b"TBM1"
    assert (8 + length) % 8 == 0
    for entry in header["arrays"]:
        assert entry["offset"] % 8 == 0
        assert entry["dtype"] in {"u1", "u2", "u4", "i8", "f4", "f8"}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found[name], array)


@given(st.dictionaries(st.text(), st.text() | st.floats() | st.none() | st.booleans(), max_size=5))
def test_any_header_keeps_the_arrays_aligned(header):
    body = encode_frame(Frame({"data": header}, {"a": np.arange(3.0)}, compress=False))
    found, arrays = decode_frame(body)
    assert found["data"] == json.loads(encode_json(header))
    np.testing.assert_array_equal(arrays["a"], [0, 1, 2])


def test_what_is_not_a_frame_is_refused():
    with pytest.raises(ValueError, match="not a frame"):
        decode_frame(b"<html>..")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None),
        (-math.inf, None),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([1.0, math.nan]), [1.0, None]),
        (np.array([[1.0], [math.inf]]), [[1.0], [None]]),
        ((1, "a"), [1, "a"]),
        ({1: None}, {"1": None}),
    ],
)
def test_what_is_not_finite_becomes_null(value, expected):
    assert jsonable(value) == expected


def test_a_value_of_another_type_is_a_defect_that_is_seen():
    with pytest.raises(TypeError, match="an answer holds a set"):
        jsonable({"a": {1, 2}})


def test_text_is_ascii_so_that_no_charset_matters():
    assert encode_json({"name": "日本 \ud800"}) == b'{"name":"\\u65e5\\u672c \\ud800"}'
