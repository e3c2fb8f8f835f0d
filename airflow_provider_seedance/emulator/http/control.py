"""The control surface at ``/_emulator``, by which tests and demos steer the emulator."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from airflow_provider_seedance.emulator.http.bodies import BodyTooLarge, read_body
from airflow_provider_seedance.emulator.http.guard import refusal
from airflow_provider_seedance.emulator.media.samples import SAMPLE_PREFIX, SAMPLES
from airflow_provider_seedance.emulator.simulation.fault_definitions import BadFault, read_fault
from airflow_provider_seedance.emulator.simulation.media_store import MediaStore
from airflow_provider_seedance.emulator.simulation.state import State
from airflow_provider_seedance.emulator.vendors.base import Vendor

PREFIX = "/_emulator"
Handler = Callable[[Request], Awaitable[Response]]

_MAX_BODY_BYTES = 1024 * 1024


class Control:
    """The routes of the control surface, one method for each."""

    def __init__(self, state: State, store: MediaStore, vendors: Mapping[str, Vendor]) -> None:
        self._state = state
        self._store = store
        self._vendors = vendors

    def routes(self) -> list[BaseRoute]:
        """All routes below ``/_emulator``."""
        return [
            Route(f"{PREFIX}/health", self._guarded(self.health), methods=["GET"]),
            Route(f"{PREFIX}/ledger", self._guarded(self.ledger), methods=["GET"]),
            Route(f"{PREFIX}/faults", self._guarded(self.add_fault), methods=["POST"]),
            Route(f"{PREFIX}/faults", self._guarded(self.clear_faults), methods=["DELETE"]),
            Route(f"{PREFIX}/clock", self._guarded(self.set_clock), methods=["POST"]),
            Route(f"{PREFIX}/clock", self._guarded(self.clock), methods=["GET"]),
            Route(f"{PREFIX}/reset", self._guarded(self.reset), methods=["POST"]),
            Route(f"{PREFIX}/requests", self._guarded(self.requests), methods=["GET"]),
            Route(f"{PREFIX}/uploads", self._guarded(self.forget_uploads), methods=["DELETE"]),
            Route(f"{SAMPLE_PREFIX}{{name}}", self.sample, methods=["GET"]),
        ]

    def _guarded(self, handler: Handler) -> Handler:
        """The handler, but for requests that a web page made and for large bodies."""

        async def check_and_handle(request: Request) -> Response:
            reason = refusal(request.headers, self._state.settings.host, self._state.settings.names)
            if reason is not None:
                return JSONResponse({"error": reason}, 403)
            try:
                return await handler(request)
            except BodyTooLarge as error:
                return JSONResponse({"error": str(error)}, 413)

        return check_and_handle

    async def health(self, request: Request) -> Response:
        """That the emulator answers."""
        return JSONResponse({"status": "healthy"})

    async def ledger(self, request: Request) -> Response:
        """The number of requests by kind, and what each generation costs."""
        self._state.tick()
        statement = self._state.ledger.statement(self._vendors, self._state.generations.values())
        return JSONResponse(statement)

    async def add_fault(self, request: Request) -> Response:
        """Put a fault in force."""
        try:
            fields = read_fault(await _json_object(request), self._vendors)
        except ValueError as error:
            return _bad_request(error)
        return JSONResponse({"id": self._state.faults.add(fields).id})

    async def clear_faults(self, request: Request) -> Response:
        """Remove all faults; a generation that a fault has already marked keeps its outcome."""
        self._state.faults.clear()
        return JSONResponse({})

    async def set_clock(self, request: Request) -> Response:
        """Advance vendor time or change its speed."""
        clock = self._state.clock
        try:
            change = await _json_object(request)
            if not change or not set(change) <= {"advance", "rate"}:
                raise ValueError('expected {"advance": seconds} or {"rate": x}')
            if "rate" in change:
                clock.set_rate(float(change["rate"]))
            if "advance" in change:
                clock.advance(float(change["advance"]))
        except (ValueError, TypeError) as error:
            return _bad_request(error)
        self._state.tick()
        self._state.changed.set()
        return await self.clock(request)

    async def clock(self, request: Request) -> Response:
        """Vendor time and its speed."""
        return JSONResponse({"now": self._state.clock.now(), "rate": self._state.clock.rate})

    async def reset(self, request: Request) -> Response:
        """Start again with an empty state."""
        self._state.reset()
        self._store.clear()
        return JSONResponse({})

    async def forget_uploads(self, request: Request) -> Response:
        """Remove all uploaded files before their time."""
        self._state.uploads.clear()
        return JSONResponse({})

    async def requests(self, request: Request) -> Response:
        """The last requests as received, and the last callbacks."""
        state = self._state
        return JSONResponse(
            {"requests": list(state.ledger.requests), "callbacks": list(state.outbox.attempts)}
        )

    async def sample(self, request: Request) -> Response:
        """One of the sample inputs."""
        found = SAMPLES.get(request.path_params["name"])
        if found is None or found.media.load is None:
            return PlainTextResponse(f"No such sample; there are: {', '.join(SAMPLES)}", 404)
        content: Any = await to_thread.run_sync(found.media.load)
        return Response(
            content, media_type=found.mime, headers={"etag": f'"{hashlib.md5(content).hexdigest()}"'}
        )


async def _json_object(request: Request) -> dict[str, Any]:
    try:
        value = json.loads(await read_body(request, _MAX_BODY_BYTES))
    except (ValueError, RecursionError) as error:
        raise BadFault("the body is not JSON") from error
    if not isinstance(value, dict):
        raise BadFault("the body is not a JSON object")
    return value


def _bad_request(error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)
