"""The boxes that an MP4 or QuickTime file is made of: how to step through them, not what they mean.

Contract: ISO/IEC 14496-12, section 4.2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from airflow_provider_seedance.errors import VideoCorrupt

#: Bytes: the samples of an hour and a half. The bound keeps memory flat whatever a file says.
MAX_TABLE = 512 * 1024
#: What is read of one file. A short video has some sixty boxes and two thousand rows; one cut into many fragments has
#: a few boxes a second. The bounds keep the processor's time below a second.
MAX_BOXES, MAX_ROWS = 20_000, 500_000

_HEADER, _LARGE_HEADER = 8, 16


@dataclass(frozen=True)
class Box:
    """A box's kind, and where its content starts and ends in the file."""

    kind: str
    start: int
    end: int

    @property
    def size(self) -> int:
        """Bytes of content, without the header."""
        return self.end - self.start


class TooComplex(VideoCorrupt):
    """A file with more boxes or rows than are read."""


@dataclass
class BoxFile:
    """A file whose boxes are read, and how many more of them may be."""

    raw: BinaryIO
    boxes_left: int = MAX_BOXES
    rows_left: int = MAX_ROWS

    def take(self, *, boxes: int = 0, rows: int = 0) -> None:
        """Count what is read.

        :raises TooComplex: if it is too much.
        """
        self.boxes_left -= boxes
        self.rows_left -= rows
        if self.boxes_left < 0 or self.rows_left < 0:
            raise TooComplex(f"the file has more than {MAX_BOXES} boxes, or {MAX_ROWS} rows in its tables")

    def read(self, at: int, size: int) -> bytes:
        self.raw.seek(at)
        return self.raw.read(size)


def file_as_box(file: BoxFile) -> Box:
    """The file as a box of its own."""
    return Box("file", 0, file.raw.seek(0, 2))


def iter_children(file: BoxFile, box: Box) -> Iterator[Box]:
    """The boxes in ``box``, which must fill it without a gap.

    :raises VideoCorrupt: at the first place where they do not, and for more boxes than are read of one file.
    """
    at = box.start
    while at < box.end:
        child = _box_at(file, at, box)
        yield child
        at = child.end


def _box_at(file: BoxFile, at: int, parent: Box) -> Box:
    file.take(boxes=1)
    room = parent.end - at
    if room < _HEADER:
        raise VideoCorrupt(f"{room} bytes at byte {at} are left over at the end of {parent.kind!r}")
    size, name = _unpack(file, at, ">I4s")
    if not all(0x20 <= letter < 0x7F or letter == 0xA9 for letter in name):
        raise VideoCorrupt(f"no box starts at byte {at}: {name!r} is not a kind of box")
    kind, header = name.decode("latin-1"), _HEADER
    if size == 1 and room >= _LARGE_HEADER:
        (size,), header = _unpack(file, at + _HEADER, ">Q"), _LARGE_HEADER
    elif size == 0 and parent.kind == "file":
        size = room
    if size < header:
        raise VideoCorrupt(f"box {kind!r} at byte {at} gives its size as {size}, less than its header")
    if size > room:
        raise VideoCorrupt(f"box {kind!r} at byte {at} needs {size} bytes, and {room} are there")
    return Box(kind, at + header, at + size)


def read_numbers(file: BoxFile, box: Box, layout: str, offset: int = 0) -> tuple[Any, ...]:
    """What stands ``offset`` bytes into ``box``, read by a :mod:`struct` layout.

    :raises VideoCorrupt: if the box ends before that.
    """
    if offset + struct.calcsize(layout) > box.size:
        raise VideoCorrupt(f"box {box.kind!r} at byte {box.start} is too short, {box.size} bytes")
    return _unpack(file, box.start + offset, layout)


def read_table(file: BoxFile, box: Box, row: str, offset: int = 4) -> list[tuple[Any, ...]]:
    """The rows of a table box: at ``offset`` their number, then so many of the big-endian layout ``row``.

    :raises VideoCorrupt: if the box ends before that, or is above :data:`MAX_TABLE`.
    """
    (count,) = read_numbers(file, box, ">I", offset)
    needed = offset + 4 + count * struct.calcsize(f">{row}")
    if needed > min(box.size, MAX_TABLE):
        raise VideoCorrupt(
            f"box {box.kind!r} at byte {box.start} cannot have {count} rows in {box.size} bytes"
        )
    file.take(rows=count)
    return list(struct.iter_unpack(f">{row}", file.read(box.start + offset + 4, needed - offset - 4)))


def _unpack(file: BoxFile, at: int, layout: str) -> tuple[Any, ...]:
    return struct.unpack(layout, file.read(at, struct.calcsize(layout)))
