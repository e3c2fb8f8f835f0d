"""The trigger on a real event loop, with the clock in the test's hands."""

from __future__ import annotations

import asyncio
import threading

import pytest
from airflow.models.trigger import Trigger
from airflow.sdk import BaseHook

from airflow_provider_seedance.core.client import http
from airflow_provider_seedance.core.client.http import AsyncSeedanceClient
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime.polling import EARLIEST_EVENT_SECONDS
from airflow_provider_seedance.triggers import generation
from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger
from tests.airflow.fixtures import VENDORS
from tests.airflow.running import by_way_of_the_database

DEFAULT_TIMEOUT = 3_600.0


@pytest.fixture
def waiting_for(passing, connect):
    """Submits a generation and makes its trigger."""

    def made(
        prompt: str = "A fox looks up", vendor: str = "modelark", timeout: float = DEFAULT_TIMEOUT
    ) -> SeedanceGenerationTrigger:
        hook = SeedanceHook(connect(vendor))
        bought = hook.create_generation(GenerationRequest(prompt=prompt, duration=4, resolution="480p"))
        return SeedanceGenerationTrigger(
            hook.seedance_conn_id, bought.generation_id, passing.start, passing.start + timeout
        )

    return made


def payload_of(trigger):
    """What the trigger's only event carries."""

    async def run():
        return [event.payload async for event in trigger.run()]

    (payload,) = asyncio.run(run())
    return payload


@pytest.mark.parametrize("vendor", VENDORS)
def test_it_fires_when_the_generation_has_ended(vendor, waiting_for, passing) -> None:
    """Its event holds the id, the outcome and the times, and no link or key."""
    trigger = waiting_for(vendor=vendor)
    assert payload_of(trigger) == {
        "version": 1,
        "generation_id": trigger.generation_id,
        "outcome": "ended",
        "started": passing.start,
        "deadline": passing.start + DEFAULT_TIMEOUT,
        "queue_deadline": None,
    }


def test_a_failure_is_an_end_too(waiting_for) -> None:
    """Why it failed is read by the task; the reason never travels."""
    assert payload_of(waiting_for("[emulator:moderation] A fox"))["outcome"] == "ended"


def test_its_event_does_not_overtake_airflow(waiting_for, emulator, passing) -> None:
    """A generation that has ended already is told six seconds after the trigger's start, and not before."""
    trigger = waiting_for()
    emulator.advance(20_000)
    started = passing.moment
    assert payload_of(trigger)["outcome"] == "ended"
    assert passing.moment == pytest.approx(started + EARLIEST_EVENT_SECONDS)


def test_an_end_that_comes_later_is_not_held_back(waiting_for, passing) -> None:
    """The trigger sleeps no longer than it polls."""
    trigger = waiting_for("[emulator:stuck] A fox", timeout=EARLIEST_EVENT_SECONDS + 1)
    assert payload_of(trigger)["outcome"] == "timed_out"
    assert passing.moment == pytest.approx(passing.start + EARLIEST_EVENT_SECONDS + 1)


def test_a_trigger_that_holds_its_event_back_can_be_cancelled(
    waiting_for, emulator, passing, monkeypatch
) -> None:
    """As when the triggerer stops: another one then finds the same end."""
    trigger = waiting_for(vendor="evolink")
    emulator.advance(20_000)
    held = asyncio.Event()

    async def sleep_for_ever(seconds: float) -> None:
        held.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(passing, "asleep", sleep_for_ever)

    async def stop_while_it_holds() -> None:
        running = asyncio.ensure_future(anext(trigger.run()))
        await asyncio.wait((running, asyncio.ensure_future(held.wait())), return_when="FIRST_COMPLETED")
        assert running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(stop_while_it_holds())


STATUS_CALL = {"modelark": "list", "evolink": "get"}


@pytest.mark.parametrize("vendor", STATUS_CALL)
def test_an_outage_is_tolerated_for_a_while(vendor, waiting_for, emulator, passing) -> None:
    """Minutes of error pages do not end the wait for a paid video."""
    trigger = waiting_for(vendor=vendor)
    emulator.add_fault(on=STATUS_CALL[vendor], kind="status", status=502, times=25)
    assert payload_of(trigger)["outcome"] == "ended"
    assert 300 < passing.moment - passing.start < 900


@pytest.mark.parametrize("vendor", STATUS_CALL)
def test_an_outage_without_end_ends_the_wait(vendor, waiting_for, emulator, passing) -> None:
    """After a quarter of an hour the task requests the status itself."""
    trigger = waiting_for(vendor=vendor)
    emulator.add_fault(on=STATUS_CALL[vendor], kind="status", status=502, times=None)
    assert payload_of(trigger)["outcome"] == "status_unknown"
    assert 900 < passing.moment - passing.start < 960


def test_an_error_that_waiting_will_not_mend_ends_the_wait(waiting_for, connect, passing) -> None:
    """A key that was withdrawn is for the task to report."""
    trigger = waiting_for()
    connect(password="sk-invalid")
    assert payload_of(trigger)["outcome"] == "status_unknown"
    assert passing.moment - passing.start < 10


def test_the_deadline_is_absolute(waiting_for, passing) -> None:
    """A restarted trigger gives up at the same moment as the one before it."""
    trigger = waiting_for("[emulator:stuck] A fox")
    passing.moment += DEFAULT_TIMEOUT - 30
    assert payload_of(by_way_of_the_database(trigger))["outcome"] == "timed_out"
    assert passing.moment == pytest.approx(passing.start + DEFAULT_TIMEOUT)


def test_a_deadline_in_the_past_still_allows_one_status_request(waiting_for, emulator, passing) -> None:
    """After a long outage a finished video is found, not given up."""
    trigger = waiting_for()
    emulator.advance(20_000)
    passing.moment += DEFAULT_TIMEOUT + 100
    assert payload_of(trigger)["outcome"] == "ended"


def test_the_time_in_the_queue_has_a_limit_of_its_own(waiting_for, passing) -> None:
    """The DAG author may set one."""
    trigger = waiting_for("[emulator:stuck] A fox")
    trigger.queue_deadline = passing.start + 60
    assert payload_of(trigger)["outcome"] == "queued_too_long"


def status_requests(emulator, vendor="modelark") -> int:
    """How many status requests the vendor has received."""
    counts = emulator.ledger()["requests"][vendor]
    return counts["get"] + counts["list"]


@pytest.fixture
def clients(monkeypatch) -> list[AsyncSeedanceClient]:
    """Every async client that is made."""
    made = []

    class Remembered(AsyncSeedanceClient):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr(http, "AsyncSeedanceClient", Remembered)
    return made


def closed(client: AsyncSeedanceClient) -> bool:
    """Whether none of its connections is open."""
    return client._pooled.is_closed and client._single_use.is_closed


def test_one_client_serves_the_whole_wait_and_is_closed(waiting_for, clients, emulator) -> None:
    """No status request opens a client of its own."""
    payload_of(waiting_for())
    assert status_requests(emulator) > 3
    (client,) = clients
    assert closed(client)


def test_triggers_of_one_connection_share_a_client(waiting_for, clients) -> None:
    """It is closed when the last of them has what it waited for."""
    triggers = [waiting_for(), waiting_for()]

    async def both():
        return await asyncio.gather(*(anext(trigger.run()) for trigger in triggers))

    events = asyncio.run(both())
    assert [event.payload["outcome"] for event in events] == ["ended", "ended"]
    assert [closed(client) for client in clients] == [True]


def test_a_cancelled_trigger_closes_its_client(waiting_for, clients, passing) -> None:
    """As when the triggerer stops."""
    trigger = waiting_for("[emulator:stuck] A fox")

    async def stop_while_it_waits() -> None:
        running = asyncio.ensure_future(anext(trigger.run()))
        while len(passing.pauses) < 3:
            await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(stop_while_it_waits())
    assert [closed(client) for client in clients] == [True]


def test_a_kill_that_is_interrupted_is_carried_out(waiting_for, emulator, monkeypatch) -> None:
    """Airflow cancels ``on_kill`` too, at its next round, if it has not been quick."""
    trigger = waiting_for()
    trigger.cancel_on_kill = True
    asked, answer = threading.Event(), threading.Event()

    def slow_state() -> str:
        asked.set()
        answer.wait()
        return "failed"

    monkeypatch.setattr(trigger, "_task_state", slow_state)

    async def play() -> None:
        killing = asyncio.create_task(trigger.on_kill())
        await asyncio.to_thread(asked.wait)
        killing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await killing
        answer.set()
        await asyncio.gather(*generation._cancellations)

    asyncio.run(play())
    (bought,) = emulator.ledger()["generations"]
    assert bought["status"] == "cancelled"


@pytest.mark.parametrize("state", ["scheduled", "queued", "running", "success", "failed"])
def test_a_trigger_whose_task_a_callback_woke_cancels_nothing(
    waiting_for, emulator, monkeypatch, state: str
) -> None:
    """Airflow ends it as if the task had been killed; by then the task may have come to its own end."""
    trigger = waiting_for()
    trigger.cancel_on_kill = True
    emulator.advance(3600)
    monkeypatch.setattr(trigger, "_task_state", lambda: state)
    asyncio.run(trigger.on_kill())
    ledger = emulator.ledger()
    assert ledger["requests"]["modelark"]["cancel"] == 0
    assert [entry["status"] for entry in ledger["generations"]] == ["succeeded"]


def test_a_connection_that_cannot_be_read_once_is_tolerated(waiting_for, monkeypatch) -> None:
    """Airflow's API may fail for a moment."""
    trigger = waiting_for()
    original = BaseHook.get_connection
    failures = [RuntimeError("API server is restarting")]

    def blinking(conn_id):
        if failures:
            raise failures.pop()
        return original(conn_id)

    monkeypatch.setattr(SeedanceHook, "get_connection", staticmethod(blinking))
    assert payload_of(trigger)["outcome"] == "ended"
    assert failures == []


@pytest.mark.parametrize("fault", ["missing", "without a vendor", "no JSON"])
def test_a_connection_that_is_of_no_use_here_ends_the_wait_at_once(
    fault, waiting_for, connect, emulator, passing, monkeypatch
) -> None:
    """The task may have it all the same, from an environment variable of its worker."""
    trigger = waiting_for()
    variable = f"AIRFLOW_CONN_{trigger.seedance_conn_id.upper()}"
    if fault == "missing":
        monkeypatch.delenv(variable)
    elif fault == "no JSON":
        monkeypatch.setenv(variable, "{")
    else:
        connect(None)
    assert payload_of(trigger)["outcome"] == "no_connection"
    assert passing.moment == pytest.approx(passing.start + EARLIEST_EVENT_SECONDS)
    assert status_requests(emulator) == 0


def test_its_arguments_survive_airflows_own_storage(waiting_for) -> None:
    """What the triggerer reads back makes the same trigger."""
    trigger = waiting_for()
    stored = Trigger.from_object(trigger)
    assert stored.classpath == f"{SeedanceGenerationTrigger.__module__}.SeedanceGenerationTrigger"
    assert SeedanceGenerationTrigger(**stored.kwargs).serialize() == trigger.serialize()
    assert by_way_of_the_database(trigger).serialize() == trigger.serialize()


def test_its_arguments_are_ids_times_and_a_policy(waiting_for) -> None:
    """They are stored in clear text: no key, no host, no link, no prompt."""
    _, kwargs = waiting_for().serialize()
    assert {name: type(value) for name, value in kwargs.items()} == {
        "seedance_conn_id": str,
        "generation_id": str,
        "started": float,
        "deadline": float,
        "queue_deadline": type(None),
        "cancel_on_kill": bool,
        "has_callback": bool,
    }
