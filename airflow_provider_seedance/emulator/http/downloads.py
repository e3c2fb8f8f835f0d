"""Result files, uploads and samples over HTTP.

Result hosts belong to somebody else: a key must never be sent there, so a request that carries an
``Authorization`` header is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from airflow_provider_seedance.emulator.http.connections import Sockets
from airflow_provider_seedance.emulator.http.endpoint import Striker
from airflow_provider_seedance.emulator.media.samples import SAMPLES
from airflow_provider_seedance.emulator.simulation.media_store import Store
from airflow_provider_seedance.emulator.simulation.state import Link, World
from airflow_provider_seedance.emulator.vendors.base import Vendor

_EXPIRED = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>{}</Message></Error>'
)
_CONTENT_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "png": "image/png"}


class MediaHost:
    """Everything below ``/media/<vendor>/``, as an ASGI application."""

    def __init__(self, world: World, store: Store, sockets: Sockets, vendors: Mapping[str, Vendor]) -> None:
        self._world = world
        self._store = store
        self._vendors = vendors
        self._strikers = {name: Striker(sockets, vendor) for name, vendor in vendors.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        now = self._world.tick()
        vendor = request.path_params["vendor"]
        if vendor not in self._vendors:
            await Response(status_code=404)(scope, receive, send)
            return
        note = self._world.ledger.note(request, b"", vendor=vendor, operation="download", at=now)
        fault = None
        if request.method == "GET":
            self._world.ledger.count(vendor, "download")
            fault = self._world.faults.take(vendor, "download")
        if "authorization" in request.headers:
            note["problem"] = "a key was sent to a result host"
        await self._strikers[vendor](fault, note, partial(self._answer, request, now), scope, receive, send)

    async def _answer(self, request: Request, now: float) -> Response:
        if "authorization" in request.headers:
            return _denied("Authorization header is not allowed here", status=400)
        upload = self._world.files.get(request.url.path)
        if upload is not None:
            fresh = now < upload.expires_at
            return (
                Response(upload.content, media_type=upload.mime) if fresh else _denied("Request has expired")
            )
        link = self._world.links.get(request.url.path)
        if link is None:
            return Response(status_code=404)
        return await self._result(link, request, now)

    async def _result(self, link: Link, request: Request, now: float) -> Response:
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


async def sample(request: Request) -> Response:
    """One of the sample inputs."""
    found = SAMPLES.get(request.path_params["name"])
    if found is None or found.media.load is None:
        return PlainTextResponse(f"No such sample; there are: {', '.join(SAMPLES)}", 404)
    content: Any = await to_thread.run_sync(found.media.load)
    return Response(content, media_type=found.mime, headers={"etag": f'"{hashlib.md5(content).hexdigest()}"'})


def _denied(reason: str, status: int = 403) -> Response:
    return Response(_EXPIRED.format(reason), status, media_type="application/xml")
