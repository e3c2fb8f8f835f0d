"""What a vendor's module offers to the rest of the emulator."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.simulation.faults import Fault
from airflow_provider_seedance.emulator.simulation.generation import Generation
from airflow_provider_seedance.emulator.simulation.media_store import Store
from airflow_provider_seedance.emulator.simulation.state import World

INVALID_KEY = "sk-invalid"
EMPTY_KEY = "sk-empty"


class Refusal(Exception):
    """The vendor says no: a status and the body that goes with it."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """As an HTTP answer; a body of None is an empty one."""
        if self.body is None:
            return Response(status_code=self.status, headers=self.headers)
        return JSONResponse(self.body, self.status, self.headers)


@dataclass(frozen=True)
class Call:
    """One request, as a vendor's handler sees it."""

    world: World
    store: Store
    request: Request
    body: bytes
    fault: Fault | None

    @property
    def now(self) -> float:
        """Vendor time."""
        return self.world.clock.now()

    @property
    def origin(self) -> str:
        """Scheme and host under which the caller reached the emulator; result links start with it."""
        return f"{self.request.url.scheme}://{self.host}"

    @property
    def host(self) -> str:
        """The ``Host`` header."""
        return self.request.headers.get("host", "127.0.0.1")

    @property
    def key(self) -> str | None:
        """The bearer token, None if there is none."""
        scheme, _, token = self.request.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    def path(self, name: str) -> str:
        """A parameter of the path."""
        return str(self.request.path_params[name])

    def json_object(self) -> dict[str, Any] | None:
        """The body as a JSON object without its nulls, which mean 'absent' everywhere; None if it is not one."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return None
        return (
            {name: item for name, item in value.items() if item is not None}
            if isinstance(value, dict)
            else None
        )


def whole(value: Any, default: int) -> int:
    """A page number or size; what is not a positive whole number counts as not given."""
    text = str(value)
    return int(text) if text.isdigit() and text.isascii() and int(text) > 0 else default


Handler = Callable[[Call], Response]


@dataclass(frozen=True)
class Endpoint:
    """One path of a vendor. ``operation`` is the word of the faults and the ledger, None for side services."""

    method: str
    path: str
    handler: Handler
    operation: str | None = None


class Vendor(Protocol):
    """One vendor: its paths, its stock errors, and what it does when a generation changes."""

    name: str

    def endpoints(self) -> Sequence[Endpoint]:
        """All paths, below the vendor's prefix."""
        ...

    def refusal(self, status: int) -> Refusal:
        """The vendor's usual error with that status, for faults that ask for one."""
        ...

    def observe(self, world: World, generation: Generation) -> None:
        """Called after each change of phase: publish results, send callbacks."""
        ...
