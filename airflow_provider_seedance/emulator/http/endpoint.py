"""Endpoints of the vendors as ASGI applications: each request is logged, counted and handed to its handler."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from airflow_provider_seedance.emulator.http.bodies import BodyTooLarge, read_body
from airflow_provider_seedance.emulator.http.connections import Connections
from airflow_provider_seedance.emulator.http.fault_injection import FaultInjector
from airflow_provider_seedance.emulator.simulation.faults import Target
from airflow_provider_seedance.emulator.simulation.media_store import MediaStore
from airflow_provider_seedance.emulator.simulation.state import State
from airflow_provider_seedance.emulator.vendors.base import ApiError, Call, Endpoint, Vendor


class VendorEndpoint:
    """One endpoint of one vendor."""

    def __init__(
        self, state: State, store: MediaStore, connections: Connections, vendor: Vendor, endpoint: Endpoint
    ) -> None:
        self._state = state
        self._store = store
        self._vendor = vendor
        self._endpoint = endpoint
        self._respond = FaultInjector(connections, vendor)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        operation = self._endpoint.operation
        try:
            body = await read_body(request, self._endpoint.max_body_bytes)
        except BodyTooLarge as error:
            entry = self._record(request, b"")
            entry["status"], entry["problem"] = 413, str(error)
            await error.response()(scope, receive, send)
            return
        entry = self._record(request, body)
        fault = None
        if operation:
            self._state.ledger.count(self._vendor.name, operation)
            fault = self._state.faults.take(Target(self._vendor.name, operation, request.url.path))
        call = Call(self._state, self._store, request, body, fault)
        await self._respond(fault, entry, partial(self._handle, call), scope, receive, send)

    def _record(self, request: Request, body: bytes) -> dict[str, Any]:
        now = self._state.tick()
        return self._state.ledger.record(
            request, body, vendor=self._vendor.name, operation=self._endpoint.operation, at=now
        )

    async def _handle(self, call: Call) -> Response:
        try:
            return self._endpoint.handler(call)
        except ApiError as error:
            return error.response()
