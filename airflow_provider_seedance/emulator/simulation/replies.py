"""A reply as it goes over the wire, whoever may have sent it: a vendor, a relay, an ingress or a login gate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

_BLOCK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """What is sent instead of the vendor's answer, verbatim.

    A header that is None is left out, also if it is one that would otherwise be added; a header with several values
    is sent several times. Content-Length is that of the body before it is cut, unless it is given.
    """

    status: int = 200
    headers: Mapping[str, str | Sequence[str] | None] = field(default_factory=dict)
    body: bytes | None = None
    """None where no body was given: an empty one, but for a callback its own."""
    media_type: str = "text/plain; charset=utf-8"
    repeat: int = 1
    """How often the body is sent, one copy behind the other."""
    trickle: float | None = None
    """Bytes of the body per second; None sends as fast as the client reads."""
    cut: int | None = None
    """Bytes of the body after which the connection is closed; None sends all of it."""
    accept: bool = False
    """Whether the vendor carries the request out all the same."""

    @property
    def size(self) -> int:
        """Bytes of the whole body."""
        return len(self.body or b"") * self.repeat

    @property
    def is_chunked(self) -> bool:
        """Whether the body is framed in chunks, because the headers say so."""
        return any(
            name.lower() == "transfer-encoding" and value == "chunked" for name, value in self.headers.items()
        )

    def head(self) -> bytes:
        """The status line and the headers, with the empty line behind them."""
        lines = [f"HTTP/1.1 {self.status} {_reason(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self._all_headers()]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass")

    def blocks(self) -> Iterator[bytes]:
        """The body in blocks, so that a huge one is never held as a whole."""
        body = self.body or b""
        block = body * min(self.repeat, max(1, _BLOCK_BYTES // max(1, len(body))))
        remaining = self.size if self.cut is None else min(self.cut, self.size)
        # A block holds whole copies of the body, so each goes on where the last one ended.
        while remaining > 0:
            yield block[:remaining]
            remaining -= len(block)

    def _all_headers(self) -> Iterator[tuple[str, str]]:
        given = {name.lower() for name in self.headers}
        added = {"content-type": self.media_type, "content-length": str(self.size), "connection": "close"}
        if self.is_chunked:
            del added["content-length"]
        if not self.body:
            del added["content-type"]
        yield from ((name, value) for name, value in added.items() if name not in given)
        for name, value in self.headers.items():
            for each in () if value is None else [value] if isinstance(value, str) else value:
                yield name, each


def encode_body(body: Any) -> tuple[bytes, str]:
    """The bytes and the media type of a body that is given as text or as another JSON value."""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass"), "text/plain; charset=utf-8"
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"), "application/json"


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
