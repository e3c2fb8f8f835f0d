"""Where the bytes come from: what landing asks of an HTTP client, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class MediaStream:
    """An opened result link. What the host does not tell is ``None``."""

    chunks: Iterator[bytes]
    #: Bytes that will come.
    length: int | None
    content_type: str | None
    etag: str | None


class MediaSource(Protocol):
    """Opens result links, without any credentials of the vendor."""

    def open(self, url: str) -> AbstractContextManager[MediaStream]:
        """The bytes behind ``url``.

        :raises LinkDead: for HTTP 401, 403, 404 and 410.
        :raises VendorUnavailable: for any other refusal.
        :raises NotSent: if no connection was made.
        :raises NoReply: if the connection broke, also between two chunks.
        """
