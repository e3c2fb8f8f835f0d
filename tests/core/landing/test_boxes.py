"""Stepping through boxes, one at a time and never beyond their ends."""

from __future__ import annotations

import io
import struct

import pytest

from airflow_provider_seedance.core.landing.boxes import (
    MAX_BOXES,
    MAX_ROWS,
    MAX_TABLE,
    Box,
    BoxFile,
    TooComplex,
    file_as_box,
    iter_children,
    read_numbers,
    read_table,
)
from airflow_provider_seedance.errors import VideoCorrupt


def _file(content: bytes) -> BoxFile:
    return BoxFile(io.BytesIO(content))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def test_boxes_follow_each_other() -> None:
    """Each child ends where the next one starts."""
    file = _file(_box(b"ftyp", b"isom") + _box(b"free", b"") + _box(b"\xa9nam", b"x"))
    found = list(iter_children(file, file_as_box(file)))
    assert found == [Box("ftyp", 8, 12), Box("free", 20, 20), Box("©nam", 28, 29)]


def test_only_the_file_may_end_in_an_open_box() -> None:
    """Inside another box, a size of 0 is a fault."""
    file = _file(_box(b"moov", struct.pack(">I4s", 0, b"trak")))
    (moov,) = iter_children(file, file_as_box(file))
    with pytest.raises(VideoCorrupt, match="'trak' at byte 8 gives its size as 0"):
        list(iter_children(file, moov))


def test_a_64_bit_size_is_not_read_beyond_the_parent() -> None:
    """A header that is cut off is a fault of its own."""
    file = _file(struct.pack(">I4sI", 1, b"mdat", 0))
    with pytest.raises(VideoCorrupt, match="gives its size as 1"):
        list(iter_children(file, file_as_box(file)))


def test_numbers_stay_inside_their_box() -> None:
    """The next box's bytes are not this one's."""
    file = _file(bytes(range(64)))
    assert read_numbers(file, Box("mdhd", 8, 16), ">HH", 4) == (0x0C0D, 0x0E0F)
    with pytest.raises(VideoCorrupt, match="'mdhd' at byte 8 is too short, 8 bytes"):
        read_numbers(file, Box("mdhd", 8, 16), ">HH", 5)


def test_a_table_has_as_many_rows_as_it_says() -> None:
    """What follows the rows is left alone."""
    content = struct.pack(">IIIIII", 0, 2, 10, 11, 20, 21) + b"more"
    assert read_table(_file(content), Box("stts", 0, len(content)), "II") == [(10, 11), (20, 21)]


@pytest.mark.parametrize("size", [16, 10 * MAX_TABLE])
def test_a_table_beyond_its_box_or_beyond_reason_is_refused(size: int) -> None:
    """Memory stays flat even where the box itself is large enough."""
    rows = MAX_TABLE // 8 + 1
    file = _file(struct.pack(">II", 0, rows))
    with pytest.raises(VideoCorrupt, match=f"cannot have {rows} rows in {size} bytes"):
        read_table(file, Box("stts", 0, size), "II")


def test_a_file_of_too_many_boxes_is_refused() -> None:
    """Each takes time, and a small file may have millions."""
    file = _file(_box(b"free", b"") * (MAX_BOXES + 1))
    with pytest.raises(TooComplex, match=f"more than {MAX_BOXES} boxes"):
        list(iter_children(file, file_as_box(file)))


def test_tables_of_too_many_rows_in_all_are_refused() -> None:
    """Each is small enough."""
    content = struct.pack(">II", 0, 1000) + bytes(4000)
    file = _file(content)
    table = Box("stsz", 0, len(content))
    for _ in range(MAX_ROWS // 1000):
        read_table(file, table, "I")
    with pytest.raises(TooComplex):
        read_table(file, table, "I")
