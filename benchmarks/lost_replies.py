"""Create requests sent when the reply is lost: this provider's client beside the official SDK.

    python -m benchmarks.lost_replies

The emulator accepts and bills every create and drops the connection without an answer. One call each.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from byteplussdkarkruntime import Ark
from byteplussdkarkruntime._exceptions import ArkAPIConnectionError

from airflow_provider_seedance.catalog import vendor_names
from airflow_provider_seedance.client.http import SeedanceClient
from airflow_provider_seedance.client.settings import ClientSettings
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.errors import NoReply
from airflow_provider_seedance.models import GenerationRequest

KEY = "sk-benchmark-0123456789"
PROMPT = "A kitten yawns"


def ours(emulator: Any, vendor: str) -> None:
    settings = ClientSettings.of(vendor=vendor, api_key=KEY, host=emulator.vendor_url(vendor))
    with SeedanceClient(settings) as client, suppress(NoReply):
        client.create_generation(GenerationRequest(prompt=PROMPT))


def the_sdks(emulator: Any) -> None:
    client = Ark(api_key=KEY, base_url=f"{emulator.vendor_url('modelark')}/api/v3")
    content = [{"type": "text", "text": PROMPT}]
    with suppress(ArkAPIConnectionError):
        client.content_generation.tasks.create(model="dreamina-seedance-2-0-260128", content=content)


def count(emulator: Any) -> tuple[int, int]:
    ledger = emulator.ledger()
    return ledger["creates_received"], len(ledger["generations"])


def main() -> None:
    with serve(port=0, rate=0) as emulator:
        print(f"{'':34}{'creates sent':>14}{'videos bought':>15}")
        for vendor in vendor_names():
            emulator.reset()
            emulator.add_fault(vendor=vendor, on="create", kind="drop_after_accept", times=None)
            ours(emulator, vendor)
            print("{:34}{:14}{:15}".format(f"this client, {vendor}", *count(emulator)))
        emulator.reset()
        emulator.add_fault(vendor="modelark", on="create", kind="drop_after_accept", times=None)
        the_sdks(emulator)
        print("{:34}{:14}{:15}".format("byteplus-python-sdk-v2, modelark", *count(emulator)))


if __name__ == "__main__":
    main()
