"""Cutting connections, which no ASGI server offers by itself."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol


class Sockets:
    """The open connections by the peer's address, which a request knows as ``scope["client"]``."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's protocol, with every connection listed here while it lasts."""
        listed = self._open

        class Listed(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen at run time by uvicorn
            def connection_made(self, transport: Any) -> None:
                self._peer = tuple(transport.get_extra_info("peername")[:2])
                listed[self._peer] = transport
                super().connection_made(transport)

            def connection_lost(self, exc: Exception | None) -> None:
                listed.pop(self._peer, None)
                super().connection_lost(exc)

        return Listed

    async def cut(self, scope: Scope, receive: Receive, *, flush: bool = False) -> None:
        """Close the connection of a request; with ``flush``, after what was already written."""
        transport = self._open[tuple(scope["client"])]
        if flush:
            transport.close()
        else:
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass
