"""The emulator as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from airflow_provider_seedance.emulator.http.connections import Sockets
from airflow_provider_seedance.emulator.http.control import Control
from airflow_provider_seedance.emulator.http.downloads import MediaHost
from airflow_provider_seedance.emulator.http.endpoint import Gateway
from airflow_provider_seedance.emulator.simulation.background import Courier
from airflow_provider_seedance.emulator.simulation.clock import Clock
from airflow_provider_seedance.emulator.simulation.media_store import Store
from airflow_provider_seedance.emulator.simulation.state import Settings, World
from airflow_provider_seedance.emulator.vendors import VENDORS


def create_app(clock: Clock, settings: Settings, sockets: Sockets) -> Starlette:
    """All vendors, their results and the control surface around one world."""
    vendors = {vendor.name: vendor for vendor in VENDORS}
    world = World(clock, settings, {vendor.name: vendor.observe for vendor in VENDORS})
    store = Store(world)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        heartbeat = asyncio.create_task(Courier(world).run())
        try:
            yield
        finally:
            heartbeat.cancel()
            with suppress(asyncio.CancelledError):
                await heartbeat
            store.close()

    async def unknown_path(request: Request) -> Response:
        """Vendors answer a wrong path with an empty 404; the log shows what was tried."""
        note = world.ledger.note(request, await request.body(), vendor="", operation=None, at=clock.now())
        note["status"] = 404
        return Response(status_code=404)

    routes: list[BaseRoute] = Control(world, store, vendors).routes()
    for vendor in VENDORS:
        for endpoint in vendor.endpoints():
            gateway = Gateway(world, store, sockets, vendor, endpoint)
            routes.append(Route(f"/{vendor.name}{endpoint.path}", gateway, methods=[endpoint.method]))
    media = MediaHost(world, store, sockets, vendors)
    routes.append(Route("/media/{vendor}/{path:path}", media, methods=["GET", "HEAD"]))
    routes.append(Route("/{path:path}", unknown_path, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]))
    return Starlette(routes=routes, lifespan=lifespan)
