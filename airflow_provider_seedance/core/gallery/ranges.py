"""The part of a file that an HTTP ``Range`` header asks for (RFC 9110, 14.2), so that a player can seek."""

from __future__ import annotations

import re

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")


class RangeNotSatisfiable(ValueError):
    """The range begins behind the file's end."""


def parse_range(header: str | None, size: int) -> range | None:
    """The positions of the bytes that are asked for; ``None`` for the whole file.

    Several ranges, other units and what cannot be read mean the whole file, which a server may always send.

    :param size: of the file, bytes.
    :raises RangeNotSatisfiable: if there is no such part.
    """
    match = _ONE_RANGE.fullmatch(header or "")
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if first and last and int(last) < int(first):
        return None
    begin = int(first) if first else max(0, size - int(last))
    end = min(int(last) + 1, size) if first and last else size
    if begin >= size or begin >= end:
        raise RangeNotSatisfiable(header)
    return range(begin, end)
