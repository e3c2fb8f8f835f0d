"""Endpoints of the vendors as ASGI applications: each request is logged, counted and handed to its handler."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from airflow_provider_seedance.emulator.http.connections import Connections
from airflow_provider_seedance.emulator.http.fault_injection import FaultInjector
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
        body = await request.body()
        now = self._state.tick()
        operation = self._endpoint.operation
        entry = self._state.ledger.record(
            request, body, vendor=self._vendor.name, operation=operation, at=now
        )
        fault = None
        if operation:
            self._state.ledger.count(self._vendor.name, operation)
            fault = self._state.faults.take(self._vendor.name, operation)
        call = Call(self._state, self._store, request, body, fault)
        await self._respond(fault, entry, partial(self._handle, call), scope, receive, send)

    async def _handle(self, call: Call) -> Response:
        try:
            return self._endpoint.handler(call)
        except ApiError as error:
            return error.response()
