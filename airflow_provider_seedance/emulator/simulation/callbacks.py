"""Callbacks: what vendors post when a generation changes.

The world writes deliveries into the outbox; the :class:`Courier` carries them. Only loopback addresses are
really called, so that an emulator can never reach a stranger.
"""

from __future__ import annotations

import ipaddress
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

_PRIVATE = [
    ipaddress.ip_network(block)
    for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
]


@dataclass
class Delivery:
    """One message and its plan: seconds (vendor time) to wait before each further attempt."""

    vendor: str
    generation_id: str
    url: str
    body: bytes
    pauses: tuple[float, ...]
    timeout: float
    headers: Callable[[bytes], Mapping[str, str]] = lambda body: {}
    """Made anew for each attempt, since signatures carry the time."""
    attempt: int = 0


@dataclass
class Outbox:
    """Deliveries that are due, and a record of all attempts."""

    due: deque[Delivery] = field(default_factory=deque)
    attempts: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=2000))


async def post(delivery: Delivery, body: bytes) -> int | None:
    """Send one message; the status of the answer, or None when there was none."""
    headers = {"content-type": "application/json", **delivery.headers(body)}
    try:
        async with httpx.AsyncClient(timeout=delivery.timeout, trust_env=False) as client:
            return (await client.post(delivery.url, content=body, headers=headers)).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


def is_loopback(url: str) -> bool:
    """Does the URL point to this very machine?"""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_private(url: str) -> bool:
    """Does the URL give an address of a private network, loopback aside? Names are not looked up."""
    try:
        address = ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return any(address in block for block in _PRIVATE)
