"""Running the emulator in a thread, as tests do, or in the foreground, as the command line does."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn

from airflow_provider_seedance.emulator.app import create_app
from airflow_provider_seedance.emulator.http.connections import Connections
from airflow_provider_seedance.emulator.media.samples import SAMPLE_PREFIX
from airflow_provider_seedance.emulator.simulation.clock import Clock
from airflow_provider_seedance.emulator.simulation.state import Settings

_START_SECONDS = 30


class Emulator:
    """A running emulator, with the control surface as methods."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def vendor_url(self, vendor: str) -> str:
        """The URL that goes into the ``host`` of a connection."""
        return f"{self.url}/{vendor}"

    def sample_url(self, name: str) -> str:
        """A sample input, for example ``first.png`` or ``reference.mp4``."""
        return f"{self.url}{SAMPLE_PREFIX}{name}"

    def ledger(self) -> dict[str, Any]:
        """The number of requests by kind, and every generation with what it costs."""
        statement: dict[str, Any] = self._call("GET", "ledger")
        return statement

    def requests(self) -> list[dict[str, Any]]:
        """The last requests as received, oldest first; keys are masked."""
        found: list[dict[str, Any]] = self._call("GET", "requests")["requests"]
        return found

    def callbacks(self) -> list[dict[str, Any]]:
        """The last callbacks and the answers to them, oldest first."""
        found: list[dict[str, Any]] = self._call("GET", "requests")["callbacks"]
        return found

    def add_fault(self, **fault: Any) -> int:
        """Add a fault, for example ``add_fault(on="create", kind="drop_after_accept")``."""
        return int(self._call("POST", "faults", fault)["id"])

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._call("DELETE", "faults")

    def advance(self, seconds: float) -> None:
        """Let vendor time jump forward."""
        self._call("POST", "clock", {"advance": seconds})

    def set_rate(self, rate: float) -> None:
        """Vendor seconds per second from now on; 0 stops the clock."""
        self._call("POST", "clock", {"rate": rate})

    def now(self) -> float:
        """Vendor time as Unix seconds."""
        return float(self._call("GET", "clock")["now"])

    def reset(self) -> None:
        """Forget all state but the clock."""
        self._call("POST", "reset")

    def forget_uploads(self) -> None:
        """Remove all uploaded files before their time."""
        self._call("DELETE", "uploads")

    def close(self) -> None:
        """Close the control connection; the server itself ends with :func:`serve`."""
        self._http.close()

    def _call(self, method: str, name: str, body: Any = None) -> Any:
        response = self._http.request(method, f"/_emulator/{name}", json=body)
        if response.status_code == 400:
            raise ValueError(response.json()["error"])
        return response.raise_for_status().json()


@contextmanager
def serve(
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    rate: float = 60.0,
    start: float | None = None,
    seed: int = 0,
    **settings: Any,
) -> Iterator[Emulator]:
    """Run an emulator in a background thread; port 0 takes a free one.

    With ``rate=0`` vendor time stands still until :meth:`Emulator.advance`. It begins at ``start``, Unix seconds, or at
    the present. Further settings: ``link_seconds``, ``slots``, ``webhook_secret``, ``names``.
    """
    listener = bind(host, port)
    server = build_server(listener, Clock(rate, start=start), Settings(seed=seed, host=host, **settings))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="seedance-emulator", daemon=True
    )
    thread.start()
    try:
        _wait_until_ready(server, thread)
        emulator = Emulator(url_of(listener))
        try:
            yield emulator
        finally:
            emulator.close()
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def bind(host: str, port: int) -> socket.socket:
    """Bind the port now, so that its number is known before the server runs."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """The URL that a client uses."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def build_server(listener: socket.socket, clock: Clock, settings: Settings) -> uvicorn.Server:
    """A uvicorn server around an emulator with an empty state."""
    connections = Connections()
    config = uvicorn.Config(
        create_app(clock, settings, connections),
        http=connections.protocol_class(),
        ws="none",
        # Faults find a connection by the client's address, which must not be one that a header claims.
        proxy_headers=False,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )
    return uvicorn.Server(config)


def _wait_until_ready(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the emulator did not start")
        time.sleep(0.005)
