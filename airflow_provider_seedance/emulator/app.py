"""The emulator as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from airflow_provider_seedance.emulator.http.bodies import BodyTooLarge, read_body
from airflow_provider_seedance.emulator.http.connections import Connections
from airflow_provider_seedance.emulator.http.control import Control
from airflow_provider_seedance.emulator.http.downloads import Downloads
from airflow_provider_seedance.emulator.http.endpoint import VendorEndpoint
from airflow_provider_seedance.emulator.simulation.background import BackgroundWorker
from airflow_provider_seedance.emulator.simulation.clock import Clock
from airflow_provider_seedance.emulator.simulation.media_store import MediaStore
from airflow_provider_seedance.emulator.simulation.state import Settings, State
from airflow_provider_seedance.emulator.vendors import VENDORS

_MAX_BODY_BYTES = 1024 * 1024


def create_app(clock: Clock, settings: Settings, connections: Connections) -> Starlette:
    """An application with all vendors, their results and the control surface; they share one state."""
    vendors = {vendor.name: vendor for vendor in VENDORS}
    state = State(clock, settings, {vendor.name: vendor.on_phase_change for vendor in VENDORS})
    store = MediaStore(state)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        worker = asyncio.create_task(BackgroundWorker(state).run())
        try:
            yield
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker
            store.close()

    async def unknown_path(request: Request) -> Response:
        """Vendors answer a wrong path with an empty 404; the log shows the request."""
        try:
            body, answer = await read_body(request, _MAX_BODY_BYTES), Response(status_code=404)
        except BodyTooLarge as error:
            body, answer = b"", error.response()
        entry = state.ledger.record(request, body, vendor="", operation=None, at=clock.now())
        entry["status"] = answer.status_code
        return answer

    routes: list[BaseRoute] = Control(state, store, vendors).routes()
    for vendor in VENDORS:
        for endpoint in vendor.endpoints():
            asgi_app = VendorEndpoint(state, store, connections, vendor, endpoint)
            routes.append(Route(f"/{vendor.name}{endpoint.path}", asgi_app, methods=[endpoint.method]))
    downloads = Downloads(state, store, connections, vendors)
    routes.append(Route("/media/{vendor}/{path:path}", downloads, methods=["GET", "HEAD"]))
    routes.append(Route("/{path:path}", unknown_path, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]))
    return Starlette(routes=routes, lifespan=lifespan)
