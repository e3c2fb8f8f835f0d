"""Bodies that a host compresses although nobody asked for it (``Content-Encoding``), streamed in constant memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain

from airflow_provider_seedance.errors import NoReply, VideoCorrupt

#: Bytes that come out at a time, however well they were compressed.
CHUNK = 256 * 1024

_GZIP = ("gzip", "x-gzip")
_GZIP_WINDOW, _ZLIB_WINDOW, _RAW_WINDOW = 31, 15, -15
_MAX_CODINGS = 3
#: Bytes by which a body can be told.
_HEAD = 16


def codings_of(header: str) -> list[str]:
    """The names in a ``Content-Encoding``, without those that change nothing."""
    names = (name.strip().lower() for name in header.split(","))
    return [name for name in names if name not in ("", "identity")]


def decode(chunks: Iterator[bytes], codings: list[str]) -> tuple[Iterator[bytes], bool]:
    """The bytes that ``chunks`` stand for, and whether they differ.

    A body is believed rather than its header: a plain one stays as it is.

    :raises VideoCorrupt: naming the coding, if it is not known or does not fit the body; also between two chunks.
    :raises NoReply: if the body ends before its coding does.
    """
    changed = False
    for coding in reversed(codings[-_MAX_CODINGS:]):
        head = _read_head(chunks)
        chunks = chain((head,), chunks)
        if _is_mp4(head):
            break
        window = _window(coding, head)
        if window is not None:
            chunks, changed = _inflate(chunks, window, coding), True
    return chunks, changed


def _read_head(chunks: Iterator[bytes]) -> bytes:
    head = b""
    while len(head) < _HEAD and (chunk := next(chunks, b"")):
        head += chunk
    return head


def _is_mp4(head: bytes) -> bool:
    return head[4:8] == b"ftyp"


def _window(coding: str, head: bytes) -> int | None:
    """zlib's parameter; ``None`` if the body is not in that coding, whatever its header says."""
    if coding in _GZIP:
        return _GZIP_WINDOW if head.startswith(b"\x1f\x8b") else None
    if coding == "deflate":
        # The name means zlib's format, and some servers send the raw one.
        is_zlib = len(head) > 1 and head[0] & 0x0F == 8 and int.from_bytes(head[:2], "big") % 31 == 0
        return _ZLIB_WINDOW if is_zlib else _RAW_WINDOW
    raise VideoCorrupt(
        f"the host sent the video in the encoding {coding[:40]!r}, which is not known here",
        advice="Ask the vendor, or who runs the proxy in between, to send videos as they are.",
    )


def _inflate(chunks: Iterator[bytes], window: int, coding: str) -> Iterator[bytes]:
    engine = zlib.decompressobj(window)
    for chunk in chunks:
        rest, is_full = chunk, False
        while (rest or is_full) and not engine.eof:
            decoded = _step(engine, rest, coding)
            yield decoded
            rest, is_full = engine.unconsumed_tail, len(decoded) == CHUNK
            if engine.eof and engine.unused_data.startswith(b"\x1f\x8b") and window == _GZIP_WINDOW:
                rest, engine = engine.unused_data, zlib.decompressobj(window)
        if engine.eof:
            break
    if not engine.eof:
        raise NoReply(f"the host broke off in the middle of a body in the encoding {coding!r}")


def _step(engine: zlib._Decompress, compressed: bytes, coding: str) -> bytes:
    try:
        return engine.decompress(compressed, CHUNK)
    except zlib.error as error:
        raise VideoCorrupt(
            f"the body is said to be in the encoding {coding!r}, and is not: {error}"
        ) from error
