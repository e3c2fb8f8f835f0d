"""The open TCP connections, so that a fault can close one; ASGI offers no way to do that."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol


class Connections:
    """Transports by the client's address, which a request knows as ``scope["client"]``."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol_class(self) -> type[asyncio.Protocol]:
        """Uvicorn's HTTP protocol, extended to register every connection here while it is open."""
        transports = self._transports

        class RegisteredProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # uvicorn chooses it at run time
            def connection_made(self, transport: Any) -> None:
                self._peer = tuple(transport.get_extra_info("peername")[:2])
                transports[self._peer] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                transports.pop(self._peer, None)
                super().connection_lost(exc)

        return RegisteredProtocol

    def transport(self, scope: Scope) -> asyncio.Transport:
        """The connection of a request."""
        return self._transports[tuple(scope["client"])]

    async def close(self, scope: Scope, receive: Receive, *, flush: bool = False) -> None:
        """Close the connection of a request; with ``flush``, what was already written is sent first."""
        transport = self.transport(scope)
        if flush:
            transport.close()
        else:
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
