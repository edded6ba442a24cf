"""The contract: what a record is called, how it is laid out, how it is read back.

Writer and plugin both import this and nothing else of each other's insides. What is stored
on disk is supported for ever; docs/schema.md lists every column and byte.
"""

from tb_monitor_writer.schema.records import (
    ClassCounts,
    Confusion,
    Provenance,
    Scores,
    blob_provenance,
    decode_blob,
    decode_class_counts_tensor,
    decode_rows,
    encode_blob,
    encode_class_counts_tensor,
    encode_confusion,
    encode_row,
    row_of,
)
from tb_monitor_writer.schema.series import (
    AVERAGES_COLUMNS,
    CELLS_PLUGIN_NAME,
    FIT_COLUMNS,
    PLUGIN_NAME,
    SCHEMA_VERSION,
    Kind,
    Series,
    Task,
    decode_series,
    encode_series,
)

__all__ = [
    "AVERAGES_COLUMNS",
    "CELLS_PLUGIN_NAME",
    "FIT_COLUMNS",
    "PLUGIN_NAME",
    "SCHEMA_VERSION",
    "ClassCounts",
    "Confusion",
    "Kind",
    "Provenance",
    "Scores",
    "Series",
    "Task",
    "blob_provenance",
    "decode_blob",
    "decode_class_counts_tensor",
    "decode_rows",
    "decode_series",
    "encode_blob",
    "encode_class_counts_tensor",
    "encode_confusion",
    "encode_row",
    "encode_series",
    "row_of",
]
