"""One emulator per test process; every test starts with an empty state and a clock that stands still."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.emulator import Emulator, serve

GOLDEN = Path(__file__).parent / "golden"

Api = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    """The server; tests take ``emulator``, which is reset."""
    with serve(rate=0, seed=7) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator) -> Emulator:
    """An empty emulator with a stopped clock."""
    running_emulator.reset()
    running_emulator.set_rate(0)
    return running_emulator


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    """Opens an HTTP client below a vendor's address: ``api("evolink", key="sk-two")``."""
    clients = []

    def open_client(vendor: str, key: str | None = "sk-one") -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        clients.append(
            httpx.Client(base_url=emulator.vendor_url(vendor), headers=headers, trust_env=False, timeout=60)
        )
        return clients[-1]

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture
def golden() -> Callable[[str, str], Any]:
    """Reads a body that was copied from a vendor's contract."""
    return lambda vendor, name: json.loads((GOLDEN / vendor / f"{name}.json").read_text())


@pytest.fixture
def shape() -> Callable[[Any], Any]:
    """Reduces a body to its keys and types, so that golden and served bodies can be compared."""

    def reduce(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: reduce(item) for name, item in value.items()}
        if isinstance(value, list):
            return [reduce(item) for item in value[:1]]
        return "number" if type(value) in (int, float) else type(value).__name__

    return reduce


class Receiver:
    """A small web server that takes callbacks; ``statuses`` are its answers, one after the other."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self._arrived = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(receiver._take(body, dict(self.headers)))
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def _take(self, body: bytes, headers: dict[str, str]) -> int:
        with self._arrived:
            self.bodies.append(body)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self._arrived.notify_all()
            return self.statuses.pop(0) if self.statuses else 200

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The bodies, once there are so many."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.bodies) >= count, timeout=10), self.bodies
            return [json.loads(body) for body in self.bodies]

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where callbacks can be sent."""
    receiver = Receiver()
    yield receiver
    receiver.close()
