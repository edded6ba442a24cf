"""How answers are put into bytes: JSON, and the binary frame for numbers in bulk.

    "TBM1" | u32 header length | JSON header, padded with spaces to 8 | arrays

All little-endian; the header's `arrays` lists name, dtype, shape, offset and length of each
array, offsets counted from the end of the header.
"""

import dataclasses
import json
import math
import struct
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

_PREFIX = struct.Struct("<4sI")
_MAGIC = b"TBM1"

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclasses.dataclass(frozen=True, eq=False)
class Frame:
    """A header and arrays, to be answered as one frame.

    Attributes:
      header: What goes into the JSON header, `arrays` apart.
      arrays: In the order in which they are laid out.
      compress: Whether gzip pays: not for dense floats (300 ms for 7 % of 16 MB).
    """

    header: Mapping[str, object]
    arrays: Mapping[str, npt.NDArray[np.generic]]
    compress: bool


def encode_json(answer: object) -> bytes:
    """Serialises an answer; what is not finite becomes null, arrays become lists."""
    return json.dumps(jsonable(answer), separators=(",", ":"), allow_nan=False).encode("ascii")


def encode_frame(frame: Frame) -> bytes:
    """Lays out a frame."""
    listed: list[dict[str, object]] = []
    pieces: list[bytes] = []
    offset = 0
    for name, array in frame.arrays.items():
        little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        body = little.tobytes()
        padding = -len(body) % 8
        listed.append(
            {
                "name": name,
                "dtype": little.dtype.str.lstrip("<|"),
                "shape": list(little.shape),
                "offset": offset,
                "length": len(body),
            }
        )
        pieces += [body, b"\0" * padding]
        offset += len(body) + padding
    header = encode_json({**frame.header, "arrays": listed})
    header += b" " * (-(len(header) + _PREFIX.size) % 8)
    return b"".join([_PREFIX.pack(_MAGIC, len(header)), header, *pieces])


def decode_frame(frame: bytes) -> tuple[dict[str, Json], dict[str, npt.NDArray[np.generic]]]:
    """Reads what `encode_frame` wrote; for tests and tools.

    Raises:
      ValueError: not a frame.
    """
    magic, length = _PREFIX.unpack_from(frame)
    if magic != _MAGIC:
        raise ValueError(f"not a frame: it begins with {magic!r}")
    start = _PREFIX.size + length
    header = json.loads(frame[_PREFIX.size : start])
    arrays = {}
    for entry in header["arrays"]:
        first = start + entry["offset"]
        body = frame[first : first + entry["length"]]
        dtype = np.dtype(entry["dtype"]).newbyteorder("<")
        arrays[entry["name"]] = np.frombuffer(body, dtype).reshape(entry["shape"])
    return header, arrays


def jsonable(value: object) -> Json:
    """Turns a value into what JSON can hold.

    NaN and infinities become None, arrays and tuples lists, numpy scalars Python's own.

    Raises:
      TypeError: a value of another type.
    """
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.ndarray):
        return _listed(value)
    if isinstance(value, np.generic):
        return jsonable(value.item())
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    raise TypeError(f"an answer holds a {type(value).__name__}: {value!r:.80}")


def _listed(array: npt.NDArray[np.generic]) -> Json:
    items = array.tolist()
    if array.dtype.kind != "f" or bool(np.isfinite(array).all()):
        return items  # type: ignore[no-any-return]
    if array.ndim == 1:
        return [item if math.isfinite(item) else None for item in items]
    return [jsonable(row) for row in array]
