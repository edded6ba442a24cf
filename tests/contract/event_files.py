"""Event files written by hand: any event, damaged ones too."""

import pathlib
import struct
from collections.abc import Iterator

import google_crc32c
import numpy as np
from tensorboard.compat.proto import (
    event_pb2,
    summary_pb2,
    tensor_pb2,
    tensor_shape_pb2,
    types_pb2,
)

from tb_monitor_writer import schema

TENSOR = summary_pb2.DATA_CLASS_TENSOR
BLOBS = summary_pb2.DATA_CLASS_BLOB_SEQUENCE

_DTYPES = {"f8": types_pb2.DT_DOUBLE, "i8": types_pb2.DT_INT64, "f4": types_pb2.DT_FLOAT}


class EventFile:
    """An event file of one run."""

    def __init__(
        self, run: pathlib.Path, name: str = "events.out.tfevents.1764000000.host"
    ) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self.path = run / name
        self.wall_time = 1_764_000_000.0
        self.raw(framed(event_pb2.Event(file_version="brain.Event:2").SerializeToString()))

    def raw(self, content: bytes) -> None:
        """Appends bytes as they are."""
        with self.path.open("ab") as file:
            file.write(content)

    def tensor(
        self,
        tag: str,
        step: int,
        tensor: tensor_pb2.TensorProto | None,
        content: bytes,
        *,
        plugin_name: str = schema.PLUGIN_NAME,
        data_class: int = TENSOR,
    ) -> None:
        """Appends a summary; without a tensor, its metadata alone."""
        value = summary_pb2.Summary.Value(tag=tag, tensor=tensor)
        value.metadata.data_class = data_class
        value.metadata.plugin_data.plugin_name = plugin_name
        value.metadata.plugin_data.content = content
        self.wall_time += 1
        event = event_pb2.Event(
            wall_time=self.wall_time, step=step, summary=summary_pb2.Summary(value=[value])
        )
        self.raw(framed(event.SerializeToString()))

    def row(self, series: schema.Series, step: int, **columns: float) -> None:
        """Appends a row of a series of ours."""
        array = schema.encode_row(series.columns, columns)
        self.tensor(series.tag, step, tensor_of(array), schema.encode_series(series))

    def blob(self, series: schema.Series, step: int, content: bytes) -> None:
        """Appends a blob of a series of ours."""
        self.tensor(
            series.tag,
            step,
            blobs_of(content),
            schema.encode_series(series),
            plugin_name=series.plugin_name,
            data_class=BLOBS,
        )


def tensor_of(array: np.ndarray) -> tensor_pb2.TensorProto:
    """A tensor as summaries hold it."""
    dim = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in array.shape]
    return tensor_pb2.TensorProto(
        dtype=_DTYPES[array.dtype.str[1:]],
        tensor_content=array.tobytes(),
        tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=dim),
    )


def blobs_of(*contents: bytes, declared: int | None = None) -> tensor_pb2.TensorProto:
    """A sequence of blobs, which may declare another number than it holds."""
    size = len(contents) if declared is None else declared
    dim = [tensor_shape_pb2.TensorShapeProto.Dim(size=size)]
    return tensor_pb2.TensorProto(
        dtype=types_pb2.DT_STRING,
        string_val=contents,
        tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=dim),
    )


def framed(payload: bytes) -> bytes:
    """A record: its length, the payload, and a checksum of each."""
    size = struct.pack("<Q", len(payload))
    return b"".join([size, _masked_crc(size), payload, _masked_crc(payload)])


def events_of(path: pathlib.Path) -> Iterator[event_pb2.Event]:
    """Reads an undamaged event file."""
    content = path.read_bytes()
    while content:
        (size,) = struct.unpack_from("<Q", content)
        yield event_pb2.Event.FromString(content[12 : 12 + size])
        content = content[16 + size :]


def _masked_crc(content: bytes) -> bytes:
    crc = google_crc32c.value(content)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)
