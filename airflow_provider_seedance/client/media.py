"""Media behind a result link, as a plain value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class MediaStream:
    """An opened result link. What the host does not tell is ``None``."""

    chunks: Iterator[bytes]
    #: Bytes that will come.
    length: int | None
    content_type: str | None
    etag: str | None
