"""The interface between a vendor's folder and the rest of the emulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.simulation.faults import Fault
from airflow_provider_seedance.emulator.simulation.generation import Generation
from airflow_provider_seedance.emulator.simulation.media_store import MediaStore
from airflow_provider_seedance.emulator.simulation.state import State

INVALID_KEY = "sk-invalid"
"""Every vendor refuses this key with 401."""
EMPTY_KEY = "sk-empty"
"""This key has no balance left."""


class ApiError(Exception):
    """An error response of a vendor; a handler raises it."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """The HTTP response; with a body of None it is empty."""
        if self.body is None:
            return Response(status_code=self.status, headers=self.headers)
        return JSONResponse(self.body, self.status, self.headers)


@dataclass(frozen=True)
class Call:
    """A request to a vendor, with everything that its handler needs."""

    state: State
    store: MediaStore
    request: Request
    body: bytes
    fault: Fault | None

    @property
    def now(self) -> float:
        """The current vendor time."""
        return self.state.clock.now()

    @property
    def origin(self) -> str:
        """Scheme and host by which the client reached the emulator; result links start with them."""
        return f"{self.request.url.scheme}://{self.host}"

    @property
    def host(self) -> str:
        """The ``Host`` header."""
        return self.request.headers.get("host", "127.0.0.1")

    @property
    def key(self) -> str | None:
        """The bearer token; None if there is none."""
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    def path_param(self, name: str) -> str:
        """A parameter of the URL path."""
        return str(self.request.path_params[name])

    def json_object(self) -> dict[str, Any] | None:
        """The body without members that are null, which all vendors ignore; None if it is not a JSON object."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return (
            {name: item for name, item in value.items() if item is not None}
            if isinstance(value, dict)
            else None
        )


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Endpoint:
    """A route of a vendor. Faults and the ledger know it by its ``operation``; None keeps it out of both."""

    method: str
    path: str
    handler: Handler
    operation: str | None = None
    max_body_bytes: int = 64 * 1024 * 1024
    """A larger request is refused with 413 before its handler is asked."""


class Vendor(Protocol):
    """What the ``VENDOR`` of each vendor's folder offers."""

    name: str

    def endpoints(self) -> Sequence[Endpoint]:
        """All routes; the emulator puts the vendor's name before their paths."""
        ...

    def error(self, status: int) -> ApiError:
        """The vendor's usual error with that status, which a fault may ask for."""
        ...

    def on_phase_change(self, state: State, generation: Generation) -> None:
        """Publish results and send callbacks; called for a new generation and after each change of its phase."""
        ...
