"""Every vendor call passes here: it is counted, noted, struck by a fault or answered by its handler."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from airflow_provider_seedance.emulator.http.connections import Sockets
from airflow_provider_seedance.emulator.simulation.faults import Fault
from airflow_provider_seedance.emulator.simulation.media_store import Store
from airflow_provider_seedance.emulator.simulation.state import World
from airflow_provider_seedance.emulator.vendors.base import Call, Endpoint, Refusal, Vendor

Answer = Callable[[], Awaitable[Response]]

_HTML = "<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>"


class Gateway:
    """One endpoint of one vendor as an ASGI application."""

    def __init__(
        self, world: World, store: Store, sockets: Sockets, vendor: Vendor, endpoint: Endpoint
    ) -> None:
        self._world = world
        self._store = store
        self._vendor = vendor
        self._endpoint = endpoint
        self._strike = Striker(sockets, vendor)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        now = self._world.tick()
        operation = self._endpoint.operation
        note = self._world.ledger.note(request, body, vendor=self._vendor.name, operation=operation, at=now)
        fault = None
        if operation:
            self._world.ledger.count(self._vendor.name, operation)
            fault = self._world.faults.take(self._vendor.name, operation)
        call = Call(self._world, self._store, request, body, fault)
        await self._strike(fault, note, partial(self._answer, call), scope, receive, send)

    async def _answer(self, call: Call) -> Response:
        try:
            return self._endpoint.handler(call)
        except Refusal as refusal:
            return refusal.response()


class Striker:
    """Carries out a fault around an answer.

    Rule 1: with ``drop_before_accept`` and ``status`` the handler never runs, so nothing was accepted.
    Rule 2: with all other kinds it runs first, and only the answer suffers.
    """

    def __init__(self, sockets: Sockets, vendor: Vendor) -> None:
        self._sockets = sockets
        self._vendor = vendor

    async def __call__(
        self,
        fault: Fault | None,
        note: dict[str, Any],
        answer: Answer,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Send the answer, or what the fault leaves of it."""
        note["fault"] = fault.kind if fault else None
        if fault and fault.kind == "drop_before_accept":
            await self._sockets.cut(scope, receive)
            return
        response = self._stock_error(fault) if fault and fault.kind == "status" else await answer()
        if fault and fault.kind == "drop_after_accept":
            await self._sockets.cut(scope, receive)
            return
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "malformed":
            content = _HTML if fault.body is None else fault.body
            response = Response(content, fault.status or 200, media_type="text/html")
        note["status"] = response.status_code
        if fault and fault.kind == "truncate":
            send = _Shortened(send)
        await response(scope, receive, send)
        if isinstance(send, _Shortened):
            await self._sockets.cut(scope, receive, flush=True)

    def _stock_error(self, fault: Fault) -> Response:
        response = self._vendor.refusal(fault.status or 503).response()
        if fault.body is not None:
            response = Response(fault.body, response.status_code)
        if fault.retry_after is not None:
            response.headers["retry-after"] = fault.retry_after
        return response


class _Shortened:
    """A ``send`` that lets the headers through, and only half of the bytes they promise."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._left = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._left = int(dict(message["headers"]).get(b"content-length", b"0")) // 2
            await self._send(message)
        elif message["type"] == "http.response.body" and self._left:
            part = message.get("body", b"")[: self._left]
            self._left -= len(part)
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
