"""A scripted HTTP server on a real socket: what a vendor, a proxy or a bad network may do."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What to send back.

    ``drop`` closes the socket without a byte; ``promise`` overstates the length; ``hold`` is waited for first. A length
    or transfer coding among the headers is sent as it is.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    promise: int | None = None
    hold: threading.Event | None = None

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Answer:
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    connection: int


def _read(body: bytes, content_type: str) -> Any:
    """JSON as its value, anything else as it came."""
    if not body:
        return None
    return json.loads(body) if content_type == "application/json" else body


class ScriptedServer:
    """Gives its answers in order, the last one again and again, and keeps what it received."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.answers: list[Answer] = [Answer()]
        self.seen: list[Seen] = []
        self._http = ThreadingHTTPServer((address, 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self._http.server_address[:2])

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.seen.append(
                    Seen(
                        self.command,
                        self.path,
                        {name.lower(): value for name, value in self.headers.items()},
                        _read(body, self.headers.get("Content-Type", "")),
                        self.client_address[1],
                    )
                )
                self._give(server.next_answer())

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def _give(self, answer: Answer) -> None:
                if answer.drop:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                    return
                if answer.hold:
                    answer.hold.wait(10)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                own_length = answer.headers.keys() & {"Content-Length", "Transfer-Encoding"}
                if not own_length:
                    self.send_header("Content-Length", str(answer.promise or len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
                if answer.promise or own_length:
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Quiet."""

            def handle(self) -> None:
                try:
                    super().handle()
                except (OSError, ValueError):
                    self.close_connection = True

            def finish(self) -> None:
                with suppress(OSError, ValueError):
                    super().finish()

        return Handler
