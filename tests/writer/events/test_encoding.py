"""Hand-encoded events, byte for byte against protobuf."""

import math

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2
from tensorboard.util import tensor_util

from tb_monitor_writer.events import encoding

names = st.text(min_size=1, max_size=200)
steps = st.integers(0, 2**63 - 1)
times_s = st.floats(0, 4e9)
contents = st.binary(max_size=300)
tensors = arrays.arrays(
    st.sampled_from([np.dtype("f4"), np.dtype("f8"), np.dtype("i8"), np.dtype(">f8")]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=12),
    fill=st.just(0),
)


@given(tensors, names, contents, contents)
def test_values_are_what_protobuf_serialises(array, tag, content, blob):
    metadata = summary_pb2.SummaryMetadata(
        plugin_data={"plugin_name": "tb_monitor", "content": content},
        data_class=summary_pb2.DATA_CLASS_TENSOR,
    )
    assert (
        encoding.encode_metadata("tb_monitor", content, encoding.DATA_CLASS_TENSOR)
        == metadata.SerializeToString()
    )
    found = [
        encoding.tensor_value(tag, array, metadata.SerializeToString()),
        encoding.blob_value(tag, blob, metadata.SerializeToString()),
    ]
    dims = [{"size": size} for size in array.shape]
    little = array.astype(array.dtype.newbyteorder("<"))
    summary = summary_pb2.Summary(
        value=[
            {
                "tag": tag,
                "metadata": metadata,
                "tensor": tensor_pb2.TensorProto(
                    dtype={"float32": 1, "float64": 2, "int64": 9}[array.dtype.name],
                    tensor_shape={"dim": dims},
                    tensor_content=little.tobytes(),
                ),
            },
            {
                "tag": tag,
                "metadata": metadata,
                "tensor": tensor_pb2.TensorProto(
                    dtype=7, tensor_shape={"dim": [{"size": 1}]}, string_val=[blob]
                ),
            },
        ]
    )
    assert encoding.encode_summary(found) == summary.SerializeToString()
    for value in summary.value:
        value.ClearField("metadata")
    assert encoding.encode_summary(found, {tag}) == summary.SerializeToString()


@given(times_s, steps, names, contents)
def test_events_are_what_protobuf_serialises(time_s, step, tag, content):
    value = encoding.blob_value(tag, content, b"")
    event = event_pb2.Event(wall_time=time_s, step=step)
    assert encoding.encode_file_version(time_s) == (
        event_pb2.Event(wall_time=time_s, file_version="brain.Event:2").SerializeToString()
    )
    event.session_log.status = event_pb2.SessionLog.START
    assert encoding.encode_session_start(time_s, step) == event.SerializeToString()
    event = event_pb2.Event(wall_time=time_s, step=step)
    event.summary.ParseFromString(encoding.encode_summary([value], {tag}))
    assert encoding.encode_event(time_s, step, [value], {tag}) == event.SerializeToString()


def test_metadata_stands_only_on_values_whose_tag_is_not_described():
    values = [encoding.blob_value(tag, b"x", b"\x20\x03") for tag in "ab"]
    summary = summary_pb2.Summary.FromString(encoding.encode_summary(values, {"a"}))
    assert [value.HasField("metadata") for value in summary.value] == [False, True]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 1e-320])
def test_unusual_numbers_come_back(number):
    value = encoding.tensor_value("x", np.array(number), b"")
    [found] = summary_pb2.Summary.FromString(encoding.encode_summary([value])).value
    assert tensor_util.make_ndarray(found.tensor).tobytes() == np.float64(number).tobytes()


@given(st.lists(st.floats()), st.floats(width=32), names, contents)
def test_rows_and_scalars_are_the_values_of_their_arrays(numbers, number, tag, metadata):
    for value, array in (
        (encoding.row_value(tag, numbers, metadata), np.array(numbers, np.float64)),
        (encoding.scalar_value(tag, number, metadata), np.array(number, np.float32)),
    ):
        expected = encoding.tensor_value(tag, array, metadata)
        [found] = summary_pb2.Summary.FromString(encoding.encode_summary([value], {tag})).value
        assert (value.head, value.tag, value.metadata) == (expected.head, tag, metadata)
        np.testing.assert_array_equal(tensor_util.make_ndarray(found.tensor), array)


@given(st.integers(0, 2**64 - 1))
def test_varints_come_back(number):
    encoded = encoding.varint(number)
    assert sum((byte & 0x7F) << 7 * place for place, byte in enumerate(encoded)) == number
    assert all(byte & 0x80 for byte in encoded[:-1])
    assert not encoded[-1] & 0x80
