"""What logs have been found to hold, or could: each writes one broken series to a run."""

import numpy as np
from event_files import BLOBS, EventFile, blobs_of, framed, tensor_of
from tensorboard.compat.proto import (
    event_pb2,
    summary_pb2,
    tensor_pb2,
    tensor_shape_pb2,
    types_pb2,
)

from tb_monitor_writer import schema
from tb_monitor_writer.schema import Kind, Series, plugin_data_pb2

LOSS = Series(kind=Kind.FIT, name="broken")
CELLS = Series(kind=Kind.CONFUSION, name="broken", num_classes=3)
COUNTS = Series(kind=Kind.CLASS_COUNTS, name="broken", num_classes=3)
TAG = "broken/tag"


def shape(*sizes: int) -> tensor_shape_pb2.TensorShapeProto:
    dim = [tensor_shape_pb2.TensorShapeProto.Dim(size=size) for size in sizes]
    return tensor_shape_pb2.TensorShapeProto(dim=dim)


def metadata_that_is_no_protobuf(file: EventFile) -> None:
    file.tensor(TAG, 1, tensor_of(np.zeros(3)), b"\xff\xff\xff\xff")


def metadata_of_someone_else(file: EventFile) -> None:
    file.tensor(TAG, 1, tensor_of(np.zeros(3)), b'{"labels": ["a"]}')


def metadata_of_a_newer_schema(file: EventFile) -> None:
    newer = plugin_data_pb2.MonitorPluginData(version=schema.SCHEMA_VERSION + 1)
    file.tensor(TAG, 1, tensor_of(np.zeros(3)), newer.SerializeToString())


def no_metadata_content(file: EventFile) -> None:
    file.tensor(TAG, 1, tensor_of(np.zeros(3)), b"")


def metadata_without_a_value(file: EventFile) -> None:
    file.tensor(LOSS.tag, 1, None, schema.encode_series(LOSS))


def row_of_another_shape(file: EventFile) -> None:
    file.tensor(LOSS.tag, 1, tensor_of(np.zeros(3)), schema.encode_series(LOSS))


def row_of_another_type(file: EventFile) -> None:
    row = tensor_of(np.zeros(len(LOSS.columns), np.float32))
    file.tensor(LOSS.tag, 1, row, schema.encode_series(LOSS))


def row_of_text(file: EventFile) -> None:
    file.tensor(LOSS.tag, 1, blobs_of(b"a", b"b"), schema.encode_series(LOSS))


def good_row_before_a_bad_one(file: EventFile) -> None:
    file.row(LOSS, 1, ordinal=1, validation=0.5)
    file.tensor(LOSS.tag, 2, tensor_of(np.zeros(3)), b"")


def tensor_of_the_wrong_length(file: EventFile) -> None:
    tensor = tensor_of(np.zeros(len(LOSS.columns)))
    tensor.tensor_content = b"\0" * 9
    file.tensor(LOSS.tag, 1, tensor, schema.encode_series(LOSS))


def tensor_without_a_type(file: EventFile) -> None:
    tensor = tensor_pb2.TensorProto(tensor_shape=shape(3), float_val=[1])
    file.tensor(LOSS.tag, 1, tensor, schema.encode_series(LOSS))


def tensor_that_declares_a_giant(file: EventFile) -> None:
    tensor = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_DOUBLE, tensor_shape=shape(1 << 46), double_val=[1]
    )
    file.tensor(LOSS.tag, 1, tensor, schema.encode_series(LOSS))


def class_counts_that_declare_a_giant(file: EventFile) -> None:
    """20,000 x 20,000 in a hundred bytes; so many classes are never a tensor."""
    tensor = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_INT64, tensor_shape=shape(20_000, 20_000), int64_val=[1]
    )
    many = Series(kind=Kind.CLASS_COUNTS, name="broken", num_classes=20_000)
    file.tensor(many.tag, 1, tensor, schema.encode_series(many))


def class_counts_that_are_negative(file: EventFile) -> None:
    table = tensor_of(np.full((3, 3), -1, np.int64))
    file.tensor(COUNTS.tag, 1, table, schema.encode_series(COUNTS))


def half_precision_of_brains(file: EventFile) -> None:
    tensor = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_BFLOAT16, tensor_shape=shape(2), tensor_content=b"\0" * 4
    )
    file.tensor(LOSS.tag, 1, tensor, schema.encode_series(LOSS))


def blob_of_garbage(file: EventFile) -> None:
    file.blob(CELLS, 1, b"\x00garbage")


def blob_of_another_size(file: EventFile) -> None:
    record = schema.Confusion(4, np.array([5], np.uint64), np.array([1]))
    file.blob(CELLS, 1, schema.encode_blob(record))


def blob_cut_short(file: EventFile) -> None:
    record = schema.Confusion(3, np.array([5], np.uint64), np.array([1]))
    file.blob(CELLS, 1, schema.encode_blob(record)[:-4])


def blob_that_declares_a_giant(file: EventFile) -> None:
    header = (
        b'{"C":3,"nnz":4000000000,"dense":false,"key_dtype":"u4","count_dtype":"u1",'
        b'"ordinal":1,"dropped":0,"nan":0,"ignored":0,"error_bound":0}'
    )
    blob = schema.encode_blob(schema.Confusion(3, np.array([5], np.uint64), np.array([1])))
    file.blob(CELLS, 1, blob[:8] + len(header).to_bytes(4, "little") + header + b"x")


def no_blob_at_all(file: EventFile) -> None:
    file.tensor(CELLS.tag, 1, blobs_of(), schema.encode_series(CELLS), data_class=BLOBS)


def a_million_million_blobs(file: EventFile) -> None:
    tensor = blobs_of(b"x", declared=1 << 40)
    file.tensor(CELLS.tag, 1, tensor, schema.encode_series(CELLS), data_class=BLOBS)


def numbers_for_blobs(file: EventFile) -> None:
    tensor = tensor_of(np.zeros(1))
    file.tensor(CELLS.tag, 1, tensor, schema.encode_series(CELLS), data_class=BLOBS)


def blobs_for_a_row(file: EventFile) -> None:
    file.tensor(LOSS.tag, 1, blobs_of(b"x"), schema.encode_series(LOSS), data_class=BLOBS)


def scalar_under_our_name(file: EventFile) -> None:
    value = summary_pb2.Summary.Value(tag=LOSS.tag, simple_value=1.0)
    value.metadata.data_class = summary_pb2.DATA_CLASS_TENSOR
    value.metadata.plugin_data.plugin_name = schema.PLUGIN_NAME
    value.metadata.plugin_data.content = schema.encode_series(LOSS)
    event = event_pb2.Event(step=1, wall_time=1.0, summary=summary_pb2.Summary(value=[value]))
    file.raw(framed(event.SerializeToString()))


def file_cut_in_the_middle_of_a_record(file: EventFile) -> None:
    file.raw(framed(b"x" * 100)[:50])


def garbage_in_the_file(file: EventFile) -> None:
    file.raw(b"\xde\xad\xbe\xef" * 40)


# What the reason must hold; None: TensorBoard delivers nothing that a reason could be given for.
LISTED = {
    metadata_that_is_no_protobuf: "it is not a protobuf",
    metadata_of_someone_else: "metadata is damaged|schema version|kind",
    metadata_of_a_newer_schema: "schema version 2, this is version 1; update tb-monitor-plugin",
    no_metadata_content: "schema version 0",
    class_counts_that_declare_a_giant: "class_counts must not be stored as tensors",
    no_blob_at_all: "a record declares 0 blobs, not 1",
    a_million_million_blobs: "a record declares 1099511627776 blobs, not 1",
    blobs_for_a_row: "fit must not be stored as blobs",
}
READ = {
    row_of_another_shape: r"a row has shape \(3,\)",
    row_of_another_type: "dtype float32",
    row_of_text: "a row has shape",
    good_row_before_a_bad_one: "a row has shape",
    tensor_of_the_wrong_length: "TensorBoard could not read it: ValueError",
    tensor_without_a_type: "TensorBoard could not read it",
    tensor_that_declares_a_giant: "TensorBoard could not read it",
    class_counts_that_are_negative: "class counts are negative",
    half_precision_of_brains: "TensorBoard could not read it",
    blob_of_garbage: "not a record of ours",
    blob_of_another_size: "has C=4, its series declares 3",
    blob_cut_short: "columns",
    blob_that_declares_a_giant: "declares 4000000000 cells, more than",
    numbers_for_blobs: "",
}
SILENT = (
    metadata_without_a_value,
    scalar_under_our_name,
    file_cut_in_the_middle_of_a_record,
    garbage_in_the_file,
)
EVERY = (*LISTED, *READ, *SILENT)
