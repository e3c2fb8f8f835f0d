"""Callbacks: the requests that vendors send to a customer's URL when a generation changes.

The state puts deliveries into the outbox, and the :class:`BackgroundWorker` sends them. It sends to loopback addresses
only, so that an emulator never calls anybody else's server; a delivery to another address is only recorded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class Delivery:
    """One callback. ``retry_delays`` are the seconds of vendor time before each further attempt."""

    vendor: str
    generation_id: str
    url: str
    body: bytes
    retry_delays: tuple[float, ...]
    timeout: float
    headers: Callable[[bytes], Mapping[str, str]] = lambda body: {}
    """Computed for each attempt, since signatures contain the time."""
    attempt: int = 0


@dataclass
class Outbox:
    """Deliveries that are due, and a log of all attempts."""

    due: deque[Delivery] = field(default_factory=deque)
    attempts: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=2000))


async def post(
    delivery: Delivery, body: bytes, changed: Mapping[str, str | Sequence[str] | None]
) -> int | None:
    """Send one callback; returns the status of the response, or None if none came.

    :param changed: headers in the place of the vendor's; None leaves one out.
    """
    headers = _merged({"content-type": "application/json", **delivery.headers(body)}, changed)
    try:
        async with httpx.AsyncClient(timeout=delivery.timeout, trust_env=False) as client:
            return (await client.post(delivery.url, content=body, headers=headers)).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


def _merged(
    headers: Mapping[str, str], changed: Mapping[str, str | Sequence[str] | None]
) -> list[tuple[bytes, bytes]]:
    replaced = {name.lower() for name in changed}
    merged = [(name, value) for name, value in headers.items() if name.lower() not in replaced]
    for name, value in changed.items():
        values = [] if value is None else [value] if isinstance(value, str) else value
        merged += [(name, each) for each in values]
    return [(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in merged]
