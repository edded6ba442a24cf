"""TFRecord framing: how one record stands in an event file.

    u64 length | u32 masked CRC-32C of the length | data | u32 masked CRC-32C of the data

all little-endian, as in TensorFlow's `record_writer.h`.
"""

import functools
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import google_crc32c

HEADER_BYTES = 12
FOOTER_BYTES = 4

_LENGTH = struct.Struct("<Q")
_CRC = struct.Struct("<I")
_pack_length = _LENGTH.pack
_pack_crc = _CRC.pack
_crc32c = google_crc32c.value


class Record(NamedTuple):
    """One whole record read back.

    Attributes:
      data: Its bytes, without the frame.
      end: Offset in the file behind it, in bytes.
    """

    data: bytes
    end: int


def masked_crc32c(data: bytes) -> int:
    """CRC-32C, rotated and shifted so that a CRC of data that holds CRCs stays strong."""
    crc: int = _crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Wraps one event's bytes into a record.

    Returns:
      Header, data and footer, for one writev(2) that does not copy the data.
    """
    return _header(len(data)), data, _pack_crc(masked_crc32c(data))


def read_records(file: BinaryIO, *, max_record_bytes: int = 1 << 30) -> Iterator[Record]:
    """Reads whole records until the file's end or the first torn or damaged one.

    Args:
      file: Open for reading, at a record's beginning.
      max_record_bytes: A declared length above it counts as damage.

    Yields:
      Every record whose two checksums are right.
    """
    end = file.tell()
    while True:
        header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            return
        (length,) = _LENGTH.unpack_from(header)
        if _CRC.unpack_from(header, 8)[0] != masked_crc32c(header[:8]) or length > max_record_bytes:
            return
        data = file.read(length)
        footer = file.read(FOOTER_BYTES)
        if len(data) < length or len(footer) < FOOTER_BYTES:
            return
        if _CRC.unpack(footer)[0] != masked_crc32c(data):
            return
        end += HEADER_BYTES + length + FOOTER_BYTES
        yield Record(data, end)


@functools.lru_cache(4096)
def _header(length: int) -> bytes:
    field = _pack_length(length)
    return field + _pack_crc(masked_crc32c(field))
