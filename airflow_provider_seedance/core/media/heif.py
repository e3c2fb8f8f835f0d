"""The width and height of a HEIC or HEIF image, told by its boxes alone. No pixel is decoded.

Contract: ISO/IEC 23008-12, sections 6.5.3 (``ispe``), 6.5.10 (``irot``) and 9.3 (``ipma``).
"""

from __future__ import annotations

import struct
from itertools import chain
from typing import BinaryIO

from airflow_provider_seedance.core.landing.boxes import (
    Box,
    BoxFile,
    TooComplex,
    file_as_box,
    iter_children,
    read_numbers,
)
from airflow_provider_seedance.errors import VideoCorrupt

#: Bytes of version and flags, which a full box has before its content.
_FULL_HEADER = 4


def read_heif_size(raw: BinaryIO) -> tuple[int, int] | None:
    """Width and height of the primary image, as it is shown, or else of the largest one.

    :returns: ``None`` for a file that does not tell them.
    :raises VideoCorrupt: for a file that is broken or cut off, saying what is wrong where.
    """
    file = BoxFile(raw)
    meta = _top_level(file).get("meta")
    parts = _by_kind(file, _without_full_header(meta)) if meta else {}
    descriptions = list(iter_children(file, parts["iprp"])) if "iprp" in parts else []
    properties = list(
        chain.from_iterable(iter_children(file, box) for box in descriptions if box.kind == "ipco")
    )
    tables = [box for box in descriptions if box.kind == "ipma"]
    primary = _properties_of(file, tables, _primary_item(file, parts["pitm"])) if "pitm" in parts else []
    of_primary = [properties[number - 1] for number in primary if 0 < number <= len(properties)]
    return _shown_size(file, of_primary) or max(_sizes(file, properties), key=_area, default=None)


def _top_level(file: BoxFile) -> dict[str, Box]:
    """The first box of each kind. Bytes after the last box do no harm where the pixels are all there."""
    found: dict[str, Box] = {}
    try:
        for child in iter_children(file, file_as_box(file)):
            found.setdefault(child.kind, child)
    except TooComplex:
        raise
    except VideoCorrupt:
        if not {"meta", "mdat"} <= found.keys():
            raise
    return found


def _by_kind(file: BoxFile, box: Box) -> dict[str, Box]:
    return {child.kind: child for child in iter_children(file, box)}


def _without_full_header(box: Box) -> Box:
    return Box(box.kind, box.start + _FULL_HEADER, box.end)


def _primary_item(file: BoxFile, pitm: Box) -> int:
    (version,) = read_numbers(file, pitm, ">B")
    (item,) = read_numbers(file, pitm, ">I" if version else ">H", _FULL_HEADER)
    return int(item)


def _properties_of(file: BoxFile, tables: list[Box], item: int) -> list[int]:
    """The numbers, from 1, of an item's properties."""
    return list(chain.from_iterable(_associations(file, table, item) for table in tables))


def _associations(file: BoxFile, ipma: Box, item: int) -> list[int]:
    head, count = read_numbers(file, ipma, ">II")
    row = ">IB" if head >> 24 else ">HB"
    number, mask = ("H", 0x7FFF) if head & 1 else ("B", 0x7F)
    at = 8
    for _ in range(count):
        file.take(rows=1)
        found, length = read_numbers(file, ipma, row, at)
        at += struct.calcsize(row)
        if found == item:
            return [value & mask for value in read_numbers(file, ipma, f">{length}{number}", at)]
        at += struct.calcsize(f">{length}{number}")
    return []


def _shown_size(file: BoxFile, properties: list[Box]) -> tuple[int, int] | None:
    """The size of an image with these properties, after its rotation."""
    size = next(iter(_sizes(file, properties)), None)
    quarters = sum(read_numbers(file, box, ">B")[0] for box in properties if box.kind == "irot")
    return size[::-1] if size and quarters % 2 else size


def _sizes(file: BoxFile, properties: list[Box]) -> list[tuple[int, int]]:
    return [
        (width, height)
        for box in properties
        if box.kind == "ispe"
        for width, height in [read_numbers(file, box, ">II", _FULL_HEADER)]
    ]


def _area(size: tuple[int, int]) -> int:
    return size[0] * size[1]
