"""The body of a vendor's answer, bounded while it comes: what is too large to be one is never held in memory."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_provider_seedance.core.client.errors import host_of
from airflow_provider_seedance.core.clock import off_loop
from airflow_provider_seedance.errors import MalformedReply

#: The longest body that is read, in bytes: as it comes, and unpacked.
MAX_BODY = 16 * 2**20
#: How many values its JSON may hold: each takes up to 250 bytes in memory, and half a microsecond to read.
MAX_VALUES = 100_000
#: A longer body must be ASCII: Python may hold each character of another text in four bytes.
MAX_WIDE_BODY = MAX_BODY // 4
#: A longer body, such as that of a list, is read in a thread, not on the event loop: a hostile one takes long.
LONGEST_READ_ON_LOOP = 16 * 2**10
#: What a request says it understands.
ACCEPT_ENCODING = "gzip"

_PIECE = 256 * 1024
_DETECT_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


@dataclass(frozen=True)
class Reply:
    """What came back, whichever library brought it."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes


class ReplyBody:
    """Takes the pieces of a body as they come.

    :param url: where it comes from; the errors' texts name its host.
    :raises MalformedReply: here and from all methods, for a body that is too large or cannot be unpacked.
    """

    def __init__(self, url: str, status: int, headers: Mapping[str, str]) -> None:
        self._url = url
        self._status = status
        self._received = bytearray()
        promised = headers.get("content-length", "").strip()
        if promised.isdecimal() and (len(promised) > 18 or int(promised) > MAX_BODY):
            raise self._too_large(f"promises {promised[:18]} bytes")
        packing = headers.get("content-encoding", "").strip().lower()
        if packing not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise self._error(f"is packed as {packing[:40]!r}, which was not asked for")
        self._is_packed = packing not in ("", "identity")

    def add(self, chunk: bytes) -> None:
        """Take the next piece."""
        self._received += chunk
        if len(self._received) > MAX_BODY:
            raise self._too_large("goes on")

    def content(self) -> bytes:
        """All of it, unpacked, once the last piece has come."""
        content = self._unpacked() if self._is_packed and self._received else bytes(self._received)
        self._received.clear()
        self._check(content)
        return content

    async def acontent(self) -> bytes:
        """As :meth:`content`, without blocking the event loop: a thousandfold may be packed in a body."""
        longest = LONGEST_READ_ON_LOOP // 16 if self._is_packed else LONGEST_READ_ON_LOOP
        return self.content() if len(self._received) <= longest else await off_loop(self.content)

    def _unpacked(self) -> bytes:
        """The first packed stream; what follows it is not read."""
        unpacker, unpacked = zlib.decompressobj(_DETECT_GZIP_OR_ZLIB), bytearray()
        try:
            for start in range(0, len(self._received), _PIECE):
                packed = bytes(self._received[start : start + _PIECE])
                while packed and not unpacker.eof:
                    unpacked += unpacker.decompress(packed, _PIECE)
                    packed = unpacker.unconsumed_tail
                    if len(unpacked) > MAX_BODY:
                        raise self._too_large("goes on, unpacked,")
            unpacked += unpacker.flush()
        except zlib.error:
            raise self._error("cannot be unpacked") from None
        if not unpacker.eof:
            raise self._error("is packed, and its end is missing")
        self._received.clear()
        return bytes(unpacked)

    def _check(self, content: bytes) -> None:
        """Whether reading it as JSON takes a bounded memory and time."""
        if len(content) > MAX_WIDE_BODY and (not content.isascii() or b"\\u" in content):
            raise self._too_large(f"has {len(content):,} bytes that are not all ASCII", MAX_WIDE_BODY)
        if len(content) > MAX_VALUES and sum(map(content.count, (b",", b"[", b"{"))) > MAX_VALUES:
            raise self._error(f"has {len(content):,} bytes with more than {MAX_VALUES:,} values")

    def _too_large(self, what: str, limit: int = MAX_BODY) -> MalformedReply:
        return self._error(f"{what} beyond the limit of {limit // 2**20} MiB")

    def _error(self, what: str) -> MalformedReply:
        return MalformedReply(f"the answer of {host_of(self._url)} {what}", http_status=self._status)
