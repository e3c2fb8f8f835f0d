"""A way to the emulator that can be cut: for its users, the vendor at the other end is gone."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHUNK = 65_536


class Relay(socketserver.ThreadingTCPServer):
    """A loopback port that leads to another address."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.target = target
        self.connections: set[socket.socket] = set()
        self._is_cut = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def cut(self) -> None:
        """End all connections, and accept none any more."""
        if self._is_cut:
            return
        self._is_cut = True
        self.shutdown()
        self.server_close()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        with socket.create_connection(self.server.target) as far:
            ends = {self.request, far}
            self.server.connections |= ends
            back = threading.Thread(target=_copy, args=(far, self.request), daemon=True)
            back.start()
            _copy(self.request, far)
            back.join()
            self.server.connections -= ends


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def relay(target: tuple[str, int]) -> Iterator[Relay]:
    """A relay that serves until it is cut, or the block is left."""
    server = Relay(target)
    threading.Thread(target=server.serve_forever, name="relay", daemon=True).start()
    try:
        yield server
    finally:
        server.cut()
