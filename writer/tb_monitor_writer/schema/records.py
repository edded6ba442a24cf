"""Records: the payload of one step of one series, as values and as bytes.

`averages` and `fit` are float64 rows, `class_counts` of few classes an integer tensor; the
rest are blobs (layout below, every byte in docs/schema.md):

    "TBMR" | u8 version | u8 kind | u16 zero | u32 header length | JSON header | zlib(columns)

Nothing here trusts a declared size: it is checked against `limits` before any allocation.
"""

import dataclasses
import itertools
import json
import math
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer import limits
from tb_monitor_writer.errors import SchemaMismatch
from tb_monitor_writer.schema.series import SCHEMA_VERSION, Kind, Series

Counts: TypeAlias = npt.NDArray[np.int64 | np.float64]

_MAGIC = b"TBMR"
_PREFIX = struct.Struct("<4sBBHI")
_STORED, _ADLER = struct.Struct("<BBBHH"), struct.Struct(">I")
_KIND_NUMBERS = {Kind.CLASS_COUNTS: 21, Kind.CONFUSION: 22, Kind.SCORES: 23}
_COUNT_DTYPES = ("u1", "u2", "u4", "u8", "f8")
_MAX_HEADER_BYTES = 64 * 1024
_STORED_BYTES = 256
"""Columns up to here are not deflated: zlib sets up 256 KiB to save 100 bytes of ten classes."""


class Provenance(NamedTuple):
    """Where a record stands in its series, and what did not get into it.

    Attributes:
      ordinal: 1 for the first record of the series, then one more each; 0 = not stored.
      dropped: Records of this writer lost so far.
      nan: Examples left out because their scores were NaN.
      ignored: Examples left out by `ignore_index`.
      error_bound: Largest error of any cell, 0 = exact.
    """

    ordinal: int = 0
    dropped: int = 0
    nan: int = 0
    ignored: int = 0
    error_bound: float = 0.0


_UNKNOWN = Provenance()


@dataclasses.dataclass(frozen=True, eq=False)
class Confusion:
    """Cells of a confusion matrix, row = truth, column = prediction.

    Attributes:
      num_classes: C.
      keys: `truth * C + prediction` of every non-zero cell, ascending, uint64 `[nnz]`.
      counts: int64, or float64 if weighted, `[nnz]`; > 0.
      provenance: See there.
    """

    num_classes: int
    keys: npt.NDArray[np.uint64]
    counts: Counts
    provenance: Provenance = _UNKNOWN

    def to_dense(self) -> Counts:
        """Returns the matrix `[C, C]`; the caller bounds C."""
        dense = np.zeros(self.num_classes * self.num_classes, self.counts.dtype)
        dense[self.keys] = self.counts
        return dense.reshape(self.num_classes, self.num_classes)


@dataclasses.dataclass(frozen=True, eq=False)
class ClassCounts:
    """The margins that precision, recall and F1 of every class need.

    Attributes:
      true_positives: int64 or float64 `[C]`.
      support: True examples of each class, `[C]`.
      predicted: Predictions of each class, `[C]`.
      provenance: See there.
      examples: Multi-label: examples of which each label is known, `[C]`; else None.
    """

    true_positives: Counts
    support: Counts
    predicted: Counts
    provenance: Provenance = _UNKNOWN
    examples: Counts | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Scores:
    """Histograms of scores, per label.

    Attributes:
      counts: int64 `[L, 2, B]`: label, negatives and positives, bin. Bins are of equal
        width over [0, 1]; bin b holds b / B <= score < (b + 1) / B, the last one 1.0 too.
      provenance: See there.
    """

    counts: npt.NDArray[np.int64]
    provenance: Provenance = _UNKNOWN


def encode_row(columns: Sequence[str], values: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """Lays out a float64 row; a column without a value is NaN."""
    return np.array(row_of(columns, values), np.float64)


def row_of(columns: Sequence[str], values: Mapping[str, float]) -> list[float]:
    """The numbers of a row, for those who need no array of them."""
    return list(map(values.get, columns, itertools.repeat(math.nan)))


def decode_rows(
    columns: Sequence[str], rows: Iterable[npt.NDArray[np.float64]]
) -> dict[str, npt.NDArray[np.float64]]:
    """Turns the rows of a series into columns.

    Args:
      columns: Names, as the series declares them.
      rows: Float64 arrays, each of shape `[len(columns)]`.

    Returns:
      One float64 array `[number of rows]` per column.

    Raises:
      SchemaMismatch: a row of another shape or dtype.
    """
    found = list(rows)
    for row in found:
        if row.shape != (len(columns),) or row.dtype != np.float64:
            raise SchemaMismatch(
                f"a row has shape {row.shape} and dtype {row.dtype}, "
                f"the series declares {len(columns)} float64 columns"
            )
    table = np.stack(found) if found else np.empty((0, len(columns)))
    return {column: table[:, index] for index, column in enumerate(columns)}


def encode_class_counts_tensor(counts: ClassCounts) -> Counts:
    """Stacks the counts of few classes to `[3, C]`, multi-label `[4, C]`."""
    rows = (counts.true_positives, counts.support, counts.predicted)
    return np.array(rows if counts.examples is None else (*rows, counts.examples))


def decode_class_counts_tensor(series: Series, tensor: npt.NDArray[np.generic]) -> ClassCounts:
    """Reads what `encode_class_counts_tensor` wrote.

    Raises:
      SchemaMismatch: another shape or dtype, or negative counts.
    """
    expected = (series.count_rows, series.num_classes)
    if tensor.shape != expected or tensor.dtype not in (np.int64, np.float64):
        raise SchemaMismatch(
            f"class counts have shape {tensor.shape} and dtype {tensor.dtype}, expected "
            f"int64 or float64 {list(expected)}"
        )
    return _checked_class_counts(tensor, Provenance())


def encode_blob(record: Confusion | ClassCounts | Scores) -> bytes:
    """Serialises a record of one of the blob kinds."""
    if isinstance(record, Confusion):
        kind, header, columns = Kind.CONFUSION, *_confusion_columns(record)
    elif isinstance(record, ClassCounts):
        kind, header, columns = Kind.CLASS_COUNTS, *_class_counts_columns(record)
    else:
        kind, header, columns = Kind.SCORES, *_scores_columns(record)
    body = b"".join(column.tobytes() for column in columns)
    return _blob(kind, header, body, record.provenance)


def encode_confusion(matrix: Counts, total: float, where: Provenance = _UNKNOWN) -> bytes:
    """Serialises a whole matrix of few classes, as `encode_blob` does its cells.

    Args:
      matrix: Counts `[C, C]`, int64 or float64.
      total: Their sum.
      where: See there.
    """
    flat = matrix.reshape(-1)
    counts = _narrowed(flat)
    filled = int(np.count_nonzero(flat))
    key_bytes = 4
    if counts.nbytes > filled * (counts.itemsize + key_bytes):
        keys = np.flatnonzero(flat)
        return encode_blob(Confusion(len(matrix), keys.astype(np.uint64), flat[keys], where))
    number = total if isinstance(total, int) else float(total)
    header = _confusion_header(len(matrix), filled, True, "u4", counts.dtype, number)
    return _blob(Kind.CONFUSION, header, counts.tobytes(), where)


def decode_blob(series: Series, blob: bytes) -> Confusion | ClassCounts | Scores:
    """Reads what `encode_blob` wrote.

    Args:
      series: The series it belongs to; what the blob declares must agree with it.
      blob: The bytes.

    Raises:
      SchemaMismatch: anything that does not add up, with the reason.
    """
    header, body = _read_header(series, blob)
    where = Provenance(
        ordinal=_whole(header, "ordinal"),
        dropped=_whole(header, "dropped"),
        nan=_whole(header, "nan"),
        ignored=_whole(header, "ignored"),
        error_bound=_number(header, "error_bound"),
    )
    if series.kind is Kind.CONFUSION:
        return _decode_confusion(series, header, body, where)
    count_dtype = _count_dtype(header)
    if series.kind is Kind.CLASS_COUNTS:
        _agree(header, "C", series.num_classes)
        rows = series.count_rows
        (flat,) = _inflate(body, [(count_dtype, rows * series.num_classes)])
        return _checked_class_counts(flat.reshape(rows, -1), where)
    _agree(header, "L", series.num_classes)
    _agree(header, "B", series.bins)
    (flat,) = _inflate(body, [(count_dtype, 2 * series.num_classes * series.bins)])
    if flat.dtype.kind == "f":
        raise SchemaMismatch("score counts are not integers")
    counts = flat.astype(np.int64)
    if counts.size and counts.min() < 0:
        raise SchemaMismatch("score counts overflow int64")
    return Scores(counts.reshape(series.num_classes, 2, series.bins), where)


def blob_provenance(series: Series, blob: bytes) -> Provenance:
    """Reads a blob's header only (its ordinal says how many records were logged)."""
    header, _ = _read_header(series, blob)
    return Provenance(ordinal=_whole(header, "ordinal"), dropped=_whole(header, "dropped"))


def _blob(kind: Kind, header: str, body: bytes, where: Provenance) -> bytes:
    # As json.dumps has it, in a third of the time.
    text = (
        f'{{{header},"ordinal":{where.ordinal},"dropped":{where.dropped},"nan":{where.nan},'
        f'"ignored":{where.ignored},"error_bound":{float(where.error_bound)!r}}}'
    ).encode()
    prefix = _PREFIX.pack(_MAGIC, SCHEMA_VERSION, _KIND_NUMBERS[kind], 0, len(text))
    return b"".join((prefix, text, _deflated(body)))


def _deflated(body: bytes) -> bytes:
    size = len(body)
    if size <= _STORED_BYTES:  # a zlib stream of one stored block: RFC 1950, RFC 1951 3.2.4
        return b"".join(
            (
                _STORED.pack(0x78, 0x01, 1, size, size ^ 0xFFFF),
                body,
                _ADLER.pack(zlib.adler32(body)),
            )
        )
    # Runs of zeros and few distinct bytes are what there is to save: looking for longer matches
    # takes twice the time and leaves more bytes.
    deflater = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return deflater.compress(body) + deflater.flush()


def _confusion_columns(record: Confusion) -> tuple[str, list[npt.NDArray[np.generic]]]:
    size = record.num_classes**2
    counts = _narrowed(record.counts)
    key_dtype = "u4" if size <= 1 << 32 else "u8"
    # Dense when it is the smaller of the two before compression.
    dense = size * counts.dtype.itemsize <= len(counts) * (
        counts.dtype.itemsize + np.dtype(key_dtype).itemsize
    )
    total = record.counts.sum().item() if len(counts) else 0
    header = _confusion_header(
        record.num_classes, len(counts), dense, key_dtype, counts.dtype, total
    )
    if dense:
        cells = np.zeros(size, counts.dtype)
        cells[record.keys] = counts
        return header, [cells]
    deltas = np.diff(record.keys, prepend=np.uint64(0)).astype("<" + key_dtype)
    return header, [deltas, counts]


def _confusion_header(
    num_classes: int,
    filled: int,
    dense: bool,
    key_dtype: str,
    count_dtype: np.dtype[np.generic],
    total: float,
) -> str:
    return (
        f'"C":{num_classes},"nnz":{filled},"dense":{"true" if dense else "false"},'
        f'"key_dtype":"{key_dtype}","count_dtype":"{_code(count_dtype)}","n":{total!r}'
    )


def _class_counts_columns(record: ClassCounts) -> tuple[str, list[npt.NDArray[np.generic]]]:
    counts = _narrowed(encode_class_counts_tensor(record))
    header = f'"C":{counts.shape[1]},"count_dtype":"{_code(counts.dtype)}","n":{_examples(record)}'
    return header, [counts]


def _examples(record: ClassCounts) -> object:
    if record.examples is None:
        return record.support.sum().item()
    return record.examples.max().item() if record.examples.size else 0


def _scores_columns(record: Scores) -> tuple[str, list[npt.NDArray[np.generic]]]:
    counts = _narrowed(record.counts)
    labels, _, bins = record.counts.shape
    total = record.counts[0].sum().item() if labels else 0
    header = f'"L":{labels},"B":{bins},"count_dtype":"{_code(counts.dtype)}","n":{total}'
    return header, [counts]


def _code(dtype: np.dtype[np.generic]) -> str:
    return f"{dtype.kind}{dtype.itemsize}"


def _decode_confusion(
    series: Series, header: Mapping[str, object], body: bytes, where: Provenance
) -> Confusion:
    _agree(header, "C", series.num_classes)
    size = series.num_classes**2
    count_dtype = _count_dtype(header)
    if header.get("dense") is True:
        if size > limits.MAX_CELLS:
            raise SchemaMismatch(f"a dense matrix of {series.num_classes} classes is too large")
        (cells,) = _inflate(body, [(count_dtype, size)])
        keys = np.flatnonzero(cells).astype(np.uint64)
        counts = cells[keys]
    else:
        nnz = _whole(header, "nnz")
        if nnz > limits.MAX_CELLS:
            raise SchemaMismatch(f"the matrix declares {nnz} cells, more than {limits.MAX_CELLS}")
        key_dtype = header.get("key_dtype")
        if key_dtype not in ("u4", "u8"):
            raise SchemaMismatch(f"unknown key dtype {key_dtype!r:.40}")
        deltas, counts = _inflate(body, [(np.dtype(f"<{key_dtype}"), nnz), (count_dtype, nnz)])
        keys = np.cumsum(deltas, dtype=np.uint64)
        # Each delta below the size, so that a sum that wraps around cannot ascend unseen.
        if nnz and (
            (deltas.astype(np.uint64) >= size).any()
            or (deltas[1:] == 0).any()
            or (keys[1:] <= keys[:-1]).any()
            or int(keys[-1]) >= size
        ):
            raise SchemaMismatch("the matrix' cells are not in order or outside its classes")
    wide = _widened(counts)
    if wide.size and not (np.isfinite(wide).all() and wide.min() >= 0):
        raise SchemaMismatch("the matrix holds a count that is negative or not finite")
    return Confusion(series.num_classes, keys, wide, where)


def _checked_class_counts(table: npt.NDArray[np.generic], where: Provenance) -> ClassCounts:
    wide = _widened(table)
    if wide.size and not (np.isfinite(wide).all() and wide.min() >= 0):
        raise SchemaMismatch("class counts are negative or not finite")
    return ClassCounts(wide[0], wide[1], wide[2], where, wide[3] if len(wide) > 3 else None)


def _read_header(series: Series, blob: bytes) -> tuple[dict[str, object], bytes]:
    if len(blob) < _PREFIX.size or blob[:4] != _MAGIC:
        raise SchemaMismatch(f"not a record of ours: it begins with {blob[:4]!r}")
    _, version, kind, _, header_bytes = _PREFIX.unpack_from(blob)
    if version != SCHEMA_VERSION:
        raise SchemaMismatch(
            f"the record was written with schema version {version}, this is version "
            f"{SCHEMA_VERSION}" + ("; update tb-monitor-plugin" if version > SCHEMA_VERSION else "")
        )
    if kind != _KIND_NUMBERS.get(series.kind):
        raise SchemaMismatch(f"the record is of kind {kind}, its series holds {series.kind.value}")
    end = _PREFIX.size + header_bytes
    if header_bytes > _MAX_HEADER_BYTES or end > len(blob):
        raise SchemaMismatch(f"the record declares a header of {header_bytes} bytes")
    try:
        header = json.loads(blob[_PREFIX.size : end])
    except (ValueError, RecursionError):
        raise SchemaMismatch("the record's header is damaged: it is not JSON") from None
    if not isinstance(header, dict):
        raise SchemaMismatch("the record's header is damaged: it is not a JSON object")
    return header, blob[end:]


def _inflate(
    body: bytes, columns: Sequence[tuple[np.dtype[np.generic], int]]
) -> list[npt.NDArray[np.generic]]:
    size_bytes = sum(dtype.itemsize * count for dtype, count in columns)
    if size_bytes > limits.MAX_BLOB_BYTES:
        raise SchemaMismatch(
            f"the record declares {size_bytes} bytes, more than {limits.MAX_BLOB_BYTES}"
        )
    inflater = zlib.decompressobj()
    try:
        # One byte more than declared: enough to see that there is too much.
        raw = inflater.decompress(body, size_bytes + 1)
    except zlib.error:
        raise SchemaMismatch("the record's columns are damaged: zlib cannot read them") from None
    if len(raw) != size_bytes or not inflater.eof:
        raise SchemaMismatch(f"the record's columns do not hold the {size_bytes} bytes declared")
    found, offset = [], 0
    for dtype, count in columns:
        found.append(np.frombuffer(raw, dtype, count, offset))
        offset += dtype.itemsize * count
    return found


def _narrowed(counts: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    if counts.dtype.kind == "f":
        return counts.astype("<f8", copy=False)
    largest = int(np.maximum.reduce(counts, None)) if counts.size else 0
    for code, limit in (("<u1", 1 << 8), ("<u2", 1 << 16), ("<u4", 1 << 32)):
        if largest < limit:
            return counts.astype(code)
    return counts.astype("<u8")


def _widened(counts: npt.NDArray[np.generic]) -> Counts:
    return counts.astype(np.float64 if counts.dtype.kind == "f" else np.int64)


def _count_dtype(header: Mapping[str, object]) -> np.dtype[np.generic]:
    code = header.get("count_dtype")
    if code not in _COUNT_DTYPES:
        raise SchemaMismatch(f"unknown count dtype {code!r:.40}")
    return np.dtype(f"<{code}")


def _whole(header: Mapping[str, object], key: str) -> int:
    value = header.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SchemaMismatch(f"the record's header has {key}={value!r:.40}, not a count")
    return value


def _number(header: Mapping[str, object], key: str) -> float:
    value = header.get(key)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not value >= 0:
        raise SchemaMismatch(f"the record's header has {key}={value!r:.40}, not a number >= 0")
    return float(value)


def _agree(header: Mapping[str, object], key: str, expected: int) -> None:
    if _whole(header, key) != expected:
        raise SchemaMismatch(f"the record has {key}={header[key]}, its series declares {expected}")
