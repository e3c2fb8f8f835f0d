"""Cancelling a killed task's generation: what is cancelled, what is logged, and how long it takes."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.lifecycle import cancel as cancel_module
from airflow_provider_seedance.core.lifecycle.cancel import acancel_now, cancel_now
from airflow_provider_seedance.core.submission.record import NoRecords
from airflow_provider_seedance.emulator import serve
from airflow_provider_seedance.models import GenerationRequest, Pending
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger

REQUEST = GenerationRequest(prompt="A kitten yawns", duration=5, resolution="480p", aspect_ratio="16:9")
CONN_ID = "seedance_killing"

Cancel = Callable[[Account, str], None]


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """One running generation at a time, and time that stands still."""
    with serve(port=0, rate=0, slots=1) as emulator:
        yield emulator


@pytest.fixture
def emulator(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The emulator, empty, and a connection to its ModelArk."""
    server.reset()
    server.clear_faults()
    connection = {
        "conn_type": "seedance",
        "password": "sk-test-0123456789",
        "host": server.vendor_url("modelark"),
        "extra": {"vendor": "modelark"},
    }
    monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", json.dumps(connection))
    return server


def account_at(emulator: Any, vendor: str = "modelark") -> Account:
    return Account.create(vendor=vendor, api_key="sk-test-0123456789", host=emulator.vendor_url(vendor))


def submitted(emulator: Any, vendor: str = "modelark") -> Pending:
    with SeedanceClient(account_at(emulator, vendor)) as client:
        return client.generations.create(REQUEST)


def generation(emulator: Any, state: str) -> str:
    """The id of a generation in this state."""
    if state == "unknown":
        return "cgt-20200101000000-nobody"
    first = submitted(emulator).generation_id
    while states(emulator)[first] == "queued":
        emulator.advance(1)
    if state == "queued":
        return submitted(emulator).generation_id
    if state == "succeeded":
        emulator.advance(3600)
    return first


def states(emulator: Any) -> dict[str, str]:
    return {entry["generation_id"]: entry["status"] for entry in emulator.ledger()["generations"]}


def _on_a_loop(account: Account, generation_id: str) -> None:
    asyncio.run(acancel_now(account, generation_id))


@pytest.fixture(params=[cancel_now, _on_a_loop], ids=["worker", "triggerer"])
def cancel(request: pytest.FixtureRequest) -> Cancel:
    """Both places from which a kill comes."""
    return request.param


@pytest.mark.parametrize(
    ("state", "after", "logged"),
    [
        ("queued", "cancelled", "still queued and has been cancelled; nothing is billed"),
        ("running", "running", "is already running: it will finish and be billed"),
        ("succeeded", "succeeded", "had already ended"),
        ("unknown", None, "could not be cancelled"),
    ],
)
def test_only_what_is_queued_is_cancelled(
    emulator: Any,
    cancel: Cancel,
    state: str,
    after: str | None,
    logged: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A finished one keeps its record, which the same call of the vendor's would delete."""
    caplog.set_level(logging.INFO)
    generation_id = generation(emulator, state)
    deletes = emulator.ledger()["requests"]["modelark"]["cancel"]
    cancel(account_at(emulator), generation_id)
    assert states(emulator).get(generation_id) == after
    assert emulator.ledger()["requests"]["modelark"]["cancel"] - deletes == (state == "queued")
    assert logged in caplog.text


@pytest.mark.parametrize("vendor", ["evolink", "anyfast", "toapis"])
def test_a_vendor_without_cancel_is_named(
    emulator: Any, cancel: Cancel, vendor: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is sent; the bill is announced."""
    generation_id = submitted(emulator, vendor).generation_id
    cancel(account_at(emulator, vendor), generation_id)
    assert f"{vendor} generation {generation_id}: this vendor cannot cancel" in caplog.text
    assert "will be billed" in caplog.text


def test_cancelling_takes_three_seconds_at_most(cancel: Cancel) -> None:
    """Even of a vendor that takes the request and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        before = time.monotonic()
        cancel(Account.create(vendor="modelark", api_key="sk-test-0123456789", host=url), "cgt-1")
        assert time.monotonic() - before < 3.5


class _Killed(SeedanceGenerationTrigger):
    """A trigger whose task instance is in a given state."""

    state: str | None = None

    def _task_state(self) -> str | None:
        return self.state


@pytest.mark.parametrize(("state", "fired"), [("failed", True), ("up_for_retry", False)])
def test_a_trigger_that_lingers_leaves_it_to_its_task(emulator: Any, state: str, fired: bool) -> None:
    """The task has taken over, or will try again."""
    generation_id = generation(emulator, "queued")
    now = time.time()
    trigger = _Killed(CONN_ID, generation_id, now, now + 60, cancel_on_kill=True)
    trigger.state, trigger._fired = state, fired
    asyncio.run(trigger.on_kill())
    assert states(emulator)[generation_id] == "queued"


@pytest.mark.parametrize(
    ("generation_id", "on_kill_action", "cancelled"),
    [("cgt-1", "cancel", ["cgt-1"]), ("cgt-1", "detach", []), (None, "cancel", [])],
    ids=["waiting", "waiting, to be left alone", "before it waits"],
)
def test_a_killed_worker_cancels_the_generation_that_it_waits_for(
    monkeypatch: pytest.MonkeyPatch, generation_id: str | None, on_kill_action: str, cancelled: list[str]
) -> None:
    """Before it waits there is none, and nothing is cancelled."""
    calls: list[str] = []
    monkeypatch.setattr(
        cancel_module, "cancel_now", lambda account, generation_id: calls.append(generation_id)
    )
    operator = SeedanceGenerateVideoOperator(task_id="t", prompt="x", on_kill_action=on_kill_action)
    if generation_id:
        account = Account.create(vendor="modelark", api_key="sk-test-0123456789", host="http://127.0.0.1:9")
        operator._in_flight = (account, generation_id)
    operator.on_kill()
    assert calls == cancelled


def test_a_kill_during_the_next_attempt_cancels_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The generation before it has ended, and the next one is not accepted yet."""
    calls: list[str] = []
    monkeypatch.setattr(
        cancel_module, "cancel_now", lambda account, generation_id: calls.append(generation_id)
    )
    operator = SeedanceGenerateVideoOperator(task_id="t", prompt="x")
    account = Account.create(vendor="modelark", api_key="sk-test-0123456789", host="http://127.0.0.1:9")
    operator._in_flight = (account, "cgt-1")

    class Killed:
        def submit(self) -> None:
            operator.on_kill()
            raise SystemExit

    attempts: Any = Killed()
    with pytest.raises(SystemExit):
        operator._submit(attempts, NoRecords())
    assert calls == []
