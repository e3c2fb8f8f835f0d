"""The emulator's callbacks, which are another reading of the same contracts, at the receiver."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.emulator import Emulator, serve
from airflow_provider_seedance.models import GenerationRequest
from tests.plugins.callbacks.conftest import SECRET, TARGET, TOKENS, Scene

REQUEST = GenerationRequest(prompt="A kitten yawns", duration=5, resolution="480p")
VENDORS = pytest.mark.parametrize("vendor", ["modelark", "evolink", "toapis"])


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """It signs with two secrets, as for a day after one was replaced; the connection has the previous one."""
    with serve(rate=0, webhook_secret=f"whsec-new,{SECRET}") as running:
        yield running


def until(condition: Callable[[], Any]) -> Any:
    """What the condition comes to, once another thread has done its part."""
    deadline = time.monotonic() + 10
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return value


def submit(emulator: Emulator, vendor: str, address: str, scene: Scene) -> None:
    """A generation that the scene's task waits for, and whose end is told at the address."""
    emulator.reset()
    account = Account.create(vendor=vendor, api_key="sk-tests-0123456789", host=emulator.vendor_url(vendor))
    url = f"{address}/{TOKENS.seal(replace(TARGET, seedance_conn_id=vendor))}"
    with SeedanceClient(account) as client:
        created = client.generations.create(REQUEST, "sd-1", url)
    scene.tasks.generation_id = created.generation_id


@VENDORS
def test_a_vendors_callback_wakes_the_task(
    emulator: Emulator, vendor: str, address: str, scene: Scene
) -> None:
    """As each of them sends it."""
    submit(emulator, vendor, address, scene)
    emulator.advance(3600)
    assert until(lambda: scene.tasks.woken) == [scene.tasks.generation_id]
    assert emulator.callbacks()[-1]["status"] in (202, None)


@VENDORS
def test_a_vendor_tries_again_what_was_lost(
    emulator: Emulator, vendor: str, address: str, scene: Scene
) -> None:
    """The answer to the first attempt is a 503. ModelArk tells of each change, and the first may be told already."""
    submit(emulator, vendor, address, scene)
    emulator.add_fault(on="callback", kind="status", status=503, times=3 if vendor == "modelark" else 1)
    emulator.advance(3600)
    assert until(lambda: emulator.callbacks() and emulator.callbacks()[-1]["fault"] == "status")
    until(lambda: emulator.advance(60) or scene.tasks.woken)
    assert scene.tasks.woken == [scene.tasks.generation_id]
