"""A host that means ill: raw bytes on a socket, as many and as slowly as a test says."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class HostileServer:
    """Answers each request with the pieces that ``answer`` makes.

    :param answer: called with the bytes of the request's head.
    :param pause: seconds before each piece.
    """

    def __init__(self, answer: Callable[[bytes], Iterable[bytes]], pause: float = 0.0) -> None:
        self.answer = answer
        self.pause = pause
        self.requests: list[bytes] = []
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        for one in (self._listening, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            keep = True
            while keep and (head := _head(connection)):
                self.requests.append(head)
                for piece in self.answer(head):
                    time.sleep(self.pause)
                    connection.sendall(piece)
                    keep = keep and b"connection: close" not in piece.lower()


def _head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        if not (received := connection.recv(65_536)):
            return b""
        head += received
    return head


def whole(body: bytes, *headers: bytes) -> bytes:
    """A complete answer."""
    lines = b"".join(line + b"\r\n" for line in (*headers, b"Content-Length: %d" % len(body)))
    return OK + lines + b"\r\n" + body


def chunked(pieces: Iterable[bytes], *headers: bytes) -> Iterable[bytes]:
    """An answer that does not tell its length."""
    yield OK + b"".join(line + b"\r\n" for line in headers) + b"Transfer-Encoding: chunked\r\n\r\n"
    for piece in pieces:
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
