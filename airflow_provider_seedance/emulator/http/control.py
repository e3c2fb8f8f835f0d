"""The control surface at ``/_emulator``: what tests and demos steer the emulator with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from airflow_provider_seedance.emulator.http.downloads import sample
from airflow_provider_seedance.emulator.simulation.faults import BadFault
from airflow_provider_seedance.emulator.simulation.media_store import SAMPLE_PREFIX, Store
from airflow_provider_seedance.emulator.simulation.state import World
from airflow_provider_seedance.emulator.vendors.base import Vendor

PREFIX = "/_emulator"


class Control:
    """The routes; each is one method."""

    def __init__(self, world: World, store: Store, vendors: Mapping[str, Vendor]) -> None:
        self._world = world
        self._store = store
        self._vendors = vendors

    def routes(self) -> list[BaseRoute]:
        """All of ``/_emulator``."""
        return [
            Route(f"{PREFIX}/ledger", self.ledger, methods=["GET"]),
            Route(f"{PREFIX}/faults", self.add_fault, methods=["POST"]),
            Route(f"{PREFIX}/faults", self.clear_faults, methods=["DELETE"]),
            Route(f"{PREFIX}/clock", self.set_clock, methods=["POST"]),
            Route(f"{PREFIX}/clock", self.clock, methods=["GET"]),
            Route(f"{PREFIX}/reset", self.reset, methods=["POST"]),
            Route(f"{PREFIX}/requests", self.requests, methods=["GET"]),
            Route(f"{SAMPLE_PREFIX}{{name}}", sample, methods=["GET"]),
        ]

    async def ledger(self, request: Request) -> Response:
        """Requests by kind, and the invoice."""
        self._world.tick()
        statement = self._world.ledger.statement(self._vendors, self._world.generations.values())
        return JSONResponse(statement)

    async def add_fault(self, request: Request) -> Response:
        """Put a fault in force."""
        try:
            fault = self._world.faults.add(await _object(request), frozenset(self._vendors))
        except ValueError as wrong:
            return _bad(wrong)
        return JSONResponse({"id": fault.id})

    async def clear_faults(self, request: Request) -> Response:
        """Everything works again; generations that are doomed already stay so."""
        self._world.faults.clear()
        return JSONResponse({})

    async def set_clock(self, request: Request) -> Response:
        """Advance vendor time or change its speed."""
        clock = self._world.clock
        try:
            order = await _object(request)
            if not order or not set(order) <= {"advance", "rate"}:
                raise ValueError('expected {"advance": seconds} or {"rate": x}')
            if "rate" in order:
                clock.set_rate(float(order["rate"]))
            if "advance" in order:
                clock.advance(float(order["advance"]))
        except (ValueError, TypeError) as wrong:
            return _bad(wrong)
        self._world.tick()
        self._world.changed.set()
        return await self.clock(request)

    async def clock(self, request: Request) -> Response:
        """Vendor time and its speed."""
        return JSONResponse({"now": self._world.clock.now(), "rate": self._world.clock.rate})

    async def reset(self, request: Request) -> Response:
        """Start again with an empty state."""
        self._world.reset()
        self._store.clear()
        return JSONResponse({})

    async def requests(self, request: Request) -> Response:
        """The last requests as received, and the last callbacks."""
        world = self._world
        return JSONResponse(
            {"requests": list(world.ledger.requests), "callbacks": list(world.outbox.attempts)}
        )


async def _object(request: Request) -> dict[str, Any]:
    try:
        value = json.loads(await request.body())
    except ValueError as wrong:
        raise BadFault("the body is not JSON") from wrong
    if not isinstance(value, dict):
        raise BadFault("the body is not a JSON object")
    return value


def _bad(wrong: Exception) -> Response:
    return JSONResponse({"error": str(wrong)}, 400)
