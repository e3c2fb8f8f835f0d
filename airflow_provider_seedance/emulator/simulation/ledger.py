"""The log of requests, and the list of generations with what the vendor bills for each."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request

from airflow_provider_seedance.emulator.simulation.generation import Generation

OPERATIONS = ("create", "get", "list", "cancel", "download")

_MAX_BODY = 20_000
_CREDENTIAL = re.compile(
    r"(proxy-)?authorization|cookie|x-amz-.*|x-date|x-content-sha256|(.*-)?(api-?key|token|secret|signature|password)"
)
"""Names of headers, in lower case, that carry a key or are made with one."""
_SCHEMES = frozenset({"bearer", "basic", "digest", "hmac-sha256", "aws4-hmac-sha256"})
"""What may stand before the secret in an Authorization header."""


class Ledger:
    """Counts the calls and keeps the last requests."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self.requests: deque[dict[str, Any]] = deque(maxlen=2000)

    def count(self, vendor: str, operation: str) -> None:
        """Count a call when it arrives, whether or not it succeeds."""
        self._counts[vendor, operation] += 1

    def record(
        self, request: Request, body: bytes, *, vendor: str, operation: str | None, at: float
    ) -> dict[str, Any]:
        """Log a request as received; the caller adds the status and the fault to the returned entry."""
        entry = {
            "at": at,
            "vendor": vendor,
            "operation": operation,
            "method": request.method,
            "path": request.url.path,
            "query": request.url.query,
            "headers": _masked(request.headers.items()),
            "body": _readable(body),
            "status": None,
            "fault": None,
        }
        self.requests.append(entry)
        return entry

    def statement(self, vendors: Iterable[str], generations: Iterable[Generation]) -> dict[str, Any]:
        """The answer of ``GET /_emulator/ledger``."""
        return {
            "creates_received": sum(n for (_, operation), n in self._counts.items() if operation == "create"),
            "requests": {
                vendor: {name: self._counts[vendor, name] for name in OPERATIONS} for vendor in vendors
            },
            "generations": [_row(generation) for generation in generations],
        }


def _row(generation: Generation) -> Mapping[str, Any]:
    order = generation.order
    return {
        "vendor": generation.vendor,
        "generation_id": generation.id,
        "model": order.model,
        "mode": order.mode,
        "status": generation.phase.value,
        "billed": generation.billed,
        "amount": order.price if generation.billed else 0,
        "unit": order.unit,
        "prompt": order.prompt,
        "created_at": generation.created_at,
        "finished_at": generation.finished_at,
    }


def _masked(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: _mask(value) if _CREDENTIAL.fullmatch(name) else value for name, value in headers}


def _mask(value: str) -> str:
    scheme, _, secret = value.partition(" ")
    return f"{scheme} ***" if secret and scheme.lower() in _SCHEMES else "***"


def _readable(body: bytes) -> Any:
    text = body[:_MAX_BODY].decode("utf-8", "replace")
    try:
        return json.loads(body) if len(body) <= _MAX_BODY else text
    except (ValueError, RecursionError):
        return text
