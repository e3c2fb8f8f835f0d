"""Create requests sent when the reply is lost: this provider's client beside the official SDK.

The emulator accepts and bills every create and drops the connection without an answer. One call each.

Run: ``python -m benchmarks.lost_replies``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from byteplussdkarkruntime import Ark  # type: ignore[import-untyped]
from byteplussdkarkruntime._exceptions import ArkAPIConnectionError  # type: ignore[import-untyped]

from airflow_provider_seedance.core.catalog import vendor_names
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import NoReply
from airflow_provider_seedance.models import GenerationRequest
from benchmarks.report import Report, Row, Table, ratio, run

KEY = "sk-benchmark-0123456789"
PROMPT = "A kitten yawns"


def ours(emulator: Any, vendor: str) -> None:
    settings = Account.create(vendor=vendor, api_key=KEY, host=emulator.vendor_url(vendor))
    with SeedanceClient(settings) as client, suppress(NoReply):
        client.generations.create(GenerationRequest(prompt=PROMPT))


def the_sdks(emulator: Any, vendor: str) -> None:
    client = Ark(api_key=KEY, base_url=f"{emulator.vendor_url(vendor)}/api/v3")
    content = [{"type": "text", "text": PROMPT}]
    with suppress(ArkAPIConnectionError):
        client.content_generation.tasks.create(model="dreamina-seedance-2-0-260128", content=content)


def sent(emulator: Any, vendor: str, create: Callable[[Any, str], None]) -> int:
    """Creates that reached the vendor, each of which was billed."""
    emulator.reset()
    emulator.add_fault(vendor=vendor, on="create", kind="drop_after_accept", times=None)
    create(emulator, vendor)
    received: int = emulator.ledger()["creates_received"]
    return received


def measure() -> Report:
    with serve(port=0, rate=0) as emulator:
        found = {vendor: sent(emulator, vendor, ours) for vendor in vendor_names()}
        theirs = sent(emulator, "modelark", the_sdks)
    most = max(found.values())
    row = Row(
        "creates sent when the reply is lost",
        f"{most}",
        f"{theirs} (BytePlus SDK)",
        ratio(most, theirs),
        "1",
        most == 1,
    )
    lines = [(f"this client, {vendor}", f"{count}") for vendor, count in found.items()]
    sdk = ("byteplus-python-sdk-v2, modelark", f"{theirs}")
    return Report([row], [Table("Each one is billed.", ("client", "creates sent"), [*lines, sdk])])


if __name__ == "__main__":
    sys.exit(run(measure))
