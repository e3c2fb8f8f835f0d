"""Answers as plain values: made up, or copied from the wire contracts (``golden/<vendor>/replies.json``)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.core.vendors.contract import HttpResponse

GOLDEN = Path(__file__).parent / "golden"
NOW = 1_800_000_000.0

Reply = Callable[..., HttpResponse]


def make_reply(status: int = 200, body: Any = b"", **headers: str) -> HttpResponse:
    """An answer; ``body`` is sent as it is if it is bytes, else as JSON. ``retry_after`` means ``retry-after``."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse(
        status, {name.replace("_", "-"): text for name, text in headers.items()}, content, NOW
    )


@pytest.fixture
def reply() -> Reply:
    return make_reply


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str], HttpResponse]:
    """The contract's sample answers of the vendor that the test module is named after."""
    vendor = request.module.__name__.rpartition("test_")[2]
    samples = json.loads((GOLDEN / vendor / "replies.json").read_text())
    return lambda name: make_reply(samples[name]["status"], samples[name]["body"])
