"""Downloads of result files and of uploaded files.

Result hosts belong to somebody else, and a client must never send its key there. So a request with an
``Authorization`` header is refused, and the log says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from airflow_provider_seedance.emulator.http.connections import Connections
from airflow_provider_seedance.emulator.http.fault_injection import FaultInjector
from airflow_provider_seedance.emulator.simulation.faults import Target
from airflow_provider_seedance.emulator.simulation.media_store import MediaStore
from airflow_provider_seedance.emulator.simulation.state import Link, State
from airflow_provider_seedance.emulator.vendors.base import Vendor

_ACCESS_DENIED = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>{}</Message></Error>'
)
_CONTENT_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "png": "image/png"}


class Downloads:
    """Everything below ``/media/<vendor>/``, as an ASGI application."""

    def __init__(
        self, state: State, store: MediaStore, connections: Connections, vendors: Mapping[str, Vendor]
    ) -> None:
        self._state = state
        self._store = store
        self._vendors = vendors
        self._injectors = {name: FaultInjector(connections, vendor) for name, vendor in vendors.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        now = self._state.tick()
        vendor = request.path_params["vendor"]
        if vendor not in self._vendors:
            await Response(status_code=404)(scope, receive, send)
            return
        entry = self._state.ledger.record(request, b"", vendor=vendor, operation="download", at=now)
        fault = None
        if request.method == "GET":
            self._state.ledger.count(vendor, "download")
            fault = self._state.faults.take(self._target(vendor, request.url.path, now))
        if "authorization" in request.headers:
            entry["problem"] = "a key was sent to a result host"
        await self._injectors[vendor](fault, entry, partial(self._handle, request, now), scope, receive, send)

    def _target(self, vendor: str, path: str, now: float) -> Target:
        link = self._state.links.get(path)
        if link is None:
            return Target(vendor, "download", path)
        ended = link.generation.finished_at
        age = None if ended is None else now - ended
        return Target(vendor, "download", path, link.position, age)

    async def _handle(self, request: Request, now: float) -> Response:
        if "authorization" in request.headers:
            return _denied("Authorization header is not allowed here", status=400)
        upload = self._state.uploads.get(request.url.path)
        if upload is not None:
            fresh = now < upload.expires_at
            return (
                Response(upload.content, media_type=upload.mime) if fresh else _denied("Request has expired")
            )
        link = self._state.links.get(request.url.path)
        if link is None:
            return Response(status_code=404)
        return await self._result_file(link, request, now)

    async def _result_file(self, link: Link, request: Request, now: float) -> Response:
        if request.method == "HEAD" and not link.head_allowed:
            return _denied("The request signature we calculated does not match")
        if parse_qsl(request.url.query) != parse_qsl(link.query):
            return _denied("The request signature we calculated does not match")
        if now >= link.expires_at:
            return _denied("Request has expired")
        file = await to_thread.run_sync(self._store.render, link.generation, link.kind)
        return FileResponse(
            file.path, media_type=_CONTENT_TYPES[file.path.suffix[1:]], headers={"etag": file.etag}
        )


def _denied(reason: str, status: int = 403) -> Response:
    return Response(_ACCESS_DENIED.format(reason), status, media_type="application/xml")
