"""A host of result links on a real socket: it knows ranges and entity tags, and cuts off where it is told to."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from airflow_provider_seedance.core.client.download import MediaStream, media_opener, open_media


class HttpOpener:
    """The :class:`MediaOpener` that the client has."""

    def __init__(self) -> None:
        self._opener = media_opener(ssl.create_default_context())

    def open(
        self, url: str, *, start: int = 0, etag: str | None = None
    ) -> AbstractContextManager[MediaStream]:
        return open_media(self._opener, url, start=start, etag=etag)


@dataclass
class Behaviour:
    """What the host does, changeable at any time; each list is used up from its front, one item an answer."""

    content: bytes
    etag: str | None = '"v1"'
    ranges: bool = True
    #: Whether it says how many bytes there are.
    length: bool = True
    #: Statuses to answer with instead; ``None`` for none.
    statuses: list[int | None] = field(default_factory=list)
    #: Places in the file at which to break off; ``None`` for none.
    cuts: list[int | None] = field(default_factory=list)
    #: Break off as a crashed host does.
    reset: bool = False
    #: The ``Content-Range`` to claim, of the true start, end and total.
    content_range: str = "bytes {start}-{end}/{total}"
    #: Called with the place reached, before the answer breaks off or ends.
    on_end: Callable[[int], None] = lambda at: None


@dataclass(frozen=True)
class Fetch:
    """One request, and how many bytes it brought."""

    path: str
    range: str | None
    if_range: str | None
    status: int
    sent: int


class VideoHost:
    """Serves one video under every path."""

    def __init__(self, content: bytes) -> None:
        self.does = Behaviour(content)
        self.fetches: list[Fetch] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v.mp4?X-Tos-Signature=secret"

    @property
    def sent(self) -> int:
        return sum(fetch.sent for fetch in self.fetches)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with suppress(OSError):
                    _answer(self, host)
                self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Quiet."""

        return Handler


def _answer(handler: BaseHTTPRequestHandler, host: VideoHost) -> None:
    does, wanted = host.does, handler.headers.get("Range")
    status = does.statuses.pop(0) if does.statuses else None
    cut = does.cuts.pop(0) if does.cuts and status is None else None
    start, total = 0, len(does.content)
    same = handler.headers.get("If-Range") in (None, does.etag)
    if status is None and wanted and does.ranges and same:
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1])  # type: ignore[index]
        status = 206 if start < total else 416
    end = start if status not in (None, 206) else max(start, min(total, total if cut is None else cut))
    host.fetches.append(
        Fetch(handler.path, wanted, handler.headers.get("If-Range"), status or 200, end - start)
    )
    handler.send_response(status or 200)
    handler.send_header("Content-Type", "video/mp4")
    if does.etag:
        handler.send_header("ETag", does.etag)
    if status == 206:
        claim = does.content_range.format(start=start, end=total - 1, total=total)
        handler.send_header("Content-Range", claim)
    if does.length:
        handler.send_header("Content-Length", str(total - start if status in (None, 206) else 0))
    handler.end_headers()
    handler.wfile.write(does.content[start:end])
    handler.wfile.flush()
    does.on_end(end)
    if does.reset and end < total:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
