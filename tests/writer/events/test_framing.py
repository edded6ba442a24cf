"""Records: TensorBoard's reader takes ours, ours stops where TensorBoard's does."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboard.compat.tensorflow_stub import errors, pywrap_tensorflow

from tb_monitor_writer.events import framing

payloads = st.lists(st.binary(max_size=500), min_size=1, max_size=5)


def written(data):
    return b"".join(b"".join(framing.frame(one)) for one in data)


def read(raw):
    return [record.data for record in framing.read_records(io.BytesIO(raw))]


@given(st.binary(max_size=2_000))
def test_checksums_are_tensorboards(data):
    assert framing.masked_crc32c(data) == pywrap_tensorflow.masked_crc32c(data)


def test_tensorboards_reader_takes_our_records(tmp_path):
    data = [b"", b"one", b"x" * 70_000]
    path = tmp_path / "records"
    path.write_bytes(written(data))
    reader = pywrap_tensorflow.PyRecordReader_New(str(path))
    found = []
    for _ in data:
        reader.GetNext()
        found.append(reader.record())
    assert found == data
    with pytest.raises(errors.OutOfRangeError):
        reader.GetNext()


@given(payloads, st.data())
def test_a_file_cut_anywhere_gives_the_whole_records_before_the_cut(data, draw):
    raw = written(data)
    cut = draw.draw(st.integers(0, len(raw)))
    ends = [len(written(data[: count + 1])) for count in range(len(data))]
    assert read(raw[:cut]) == data[: sum(end <= cut for end in ends)]


@given(payloads, st.data())
def test_a_flipped_bit_anywhere_costs_its_record_and_those_behind_it(data, draw):
    raw = bytearray(written(data))
    place = draw.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << draw.draw(st.integers(0, 7))
    ends = [len(written(data[: count + 1])) for count in range(len(data))]
    assert read(bytes(raw)) == data[: sum(end <= place for end in ends)]


def test_a_declared_giant_is_damage_and_allocates_nothing():
    header = framing.frame(b"")[0]
    giant = (1 << 62).to_bytes(8, "little")
    crc = framing.masked_crc32c(giant).to_bytes(4, "little")
    assert len(header) == framing.HEADER_BYTES
    assert read(giant + crc + b"x" * 100) == []


def test_ends_are_offsets_behind_each_record():
    raw = written([b"a", b"bc"])
    ends = [record.end for record in framing.read_records(io.BytesIO(raw))]
    assert ends == [17, 35]
    assert ends[-1] == len(raw)
