"""The emulator with a limit that it does not tell: a create beside so many generations is refused with 429."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import uvicorn

from airflow_provider_seedance.emulator import Emulator
from airflow_provider_seedance.emulator.app import create_app
from airflow_provider_seedance.emulator.http.connections import Connections
from airflow_provider_seedance.emulator.server import bind, url_of
from airflow_provider_seedance.emulator.simulation.clock import Clock
from airflow_provider_seedance.emulator.simulation.state import Settings

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_REFUSAL = json.dumps(
    {
        "error": {
            "code": "RateLimitExceeded.ConcurrencyLimit",
            "message": "Too many tasks",
            "type": "TooManyRequests",
        }
    }
).encode()


class Limited:
    """An ASGI application around the emulator's.

    :param limit: generations that may be queued or running at a time.
    :param now: vendor time.
    """

    def __init__(self, app: Any, limit: int, now: Callable[[], float]) -> None:
        self._app = app
        self.limit = limit
        self._now = now
        self.refused_at: list[float] = []

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        creates = scope["type"] == "http" and scope["method"] == "POST" and "/_emulator/" not in scope["path"]
        if creates and await self._active(scope) >= self.limit:
            self.refused_at.append(self._now())
            headers = [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(_REFUSAL)).encode()),
            ]
            await send({"type": "http.response.start", "status": 429, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})
            return
        await self._app(scope, receive, send)

    async def _active(self, scope: Scope) -> int:
        parts: list[bytes] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b""}

        async def collect(message: MutableMapping[str, Any]) -> None:
            parts.append(message.get("body", b""))

        path = "/_emulator/ledger"
        await self._app(
            {**scope, "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""},
            receive,
            collect,
        )
        generations = json.loads(b"".join(parts))["generations"]
        return sum(one["status"] in ("queued", "running") for one in generations)


@contextmanager
def serve_limited(limit: int, *, rate: float) -> Iterator[tuple[Emulator, Limited]]:
    """Run it in a background thread."""
    listener = bind("127.0.0.1", 0)
    connections = Connections()
    clock = Clock(rate)
    app = Limited(create_app(clock, Settings(slots=10**6), connections), limit, clock.now)
    config = uvicorn.Config(
        app,
        http=connections.protocol_class(),
        ws="none",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    emulator = Emulator(url_of(listener))
    try:
        yield emulator, app
    finally:
        emulator.close()
        server.should_exit = True
        thread.join()
        listener.close()
