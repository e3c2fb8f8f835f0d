"""Carrying out a fault: closing the connection, or changing the response on its way to the client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from airflow_provider_seedance.emulator.http.connections import Connections
from airflow_provider_seedance.emulator.http.raw_reply import write_reply
from airflow_provider_seedance.emulator.simulation.faults import Fault
from airflow_provider_seedance.emulator.simulation.replies import Reply
from airflow_provider_seedance.emulator.vendors.base import Vendor

Handler = Callable[[], Awaitable[Response]]

_HTML = "<!DOCTYPE html><html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>"


class FaultInjector:
    """Runs a handler and sends its response, with a fault applied if there is one.

    With ``drop_before_accept``, ``status`` and ``not_ready`` the handler never runs, so the vendor accepts nothing;
    with ``reply`` it runs only if the vendor is to accept the request all the same. With every other kind the handler
    runs first, and the fault changes only what the client receives.
    """

    def __init__(self, connections: Connections, vendor: Vendor) -> None:
        self._connections = connections
        self._vendor = vendor

    async def __call__(
        self,
        fault: Fault | None,
        entry: dict[str, Any],
        handler: Handler,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Send the response, or what the fault leaves of it; ``entry`` is the request in the log."""
        entry["fault"] = fault.kind if fault else None
        if fault and fault.kind == "drop_before_accept":
            await self._connections.close(scope, receive)
            return
        if fault and fault.reply:
            if fault.reply.accept:
                await handler()
            entry["status"] = fault.reply.status
            await self._send_reply(fault.reply, scope, receive)
            return
        refused = fault and fault.kind in ("status", "not_ready")
        response = self._error_response(fault) if fault and refused else await handler()
        if fault and fault.kind == "drop_after_accept":
            await self._connections.close(scope, receive)
            return
        if fault and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        if fault and fault.kind == "malformed":
            content = _HTML if fault.body is None else fault.body
            response = Response(content, fault.status or 200, media_type="text/html")
        entry["status"] = response.status_code
        if fault and fault.kind == "truncate":
            send = _TruncatedSend(send)
        await response(scope, receive, send)
        if isinstance(send, _TruncatedSend):
            await self._connections.close(scope, receive, flush=True)

    async def _send_reply(self, reply: Reply, scope: Scope, receive: Receive) -> None:
        await write_reply(reply, self._connections.transport(scope))
        await self._connections.close(scope, receive, flush=True)

    def _error_response(self, fault: Fault) -> Response:
        usual = 404 if fault.kind == "not_ready" else 503
        response = self._vendor.error(fault.status or usual).response()
        if fault.body is not None:
            response = Response(fault.body, response.status_code)
        if fault.retry_after is not None:
            response.headers["retry-after"] = fault.retry_after
        return response


class _TruncatedSend:
    """An ASGI ``send`` that passes the headers on, but only half of the body that they announce."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._remaining = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._remaining = int(dict(message["headers"]).get(b"content-length", b"0")) // 2
            await self._send(message)
        elif message["type"] == "http.response.body" and self._remaining:
            part = message.get("body", b"")[: self._remaining]
            self._remaining -= len(part)
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
