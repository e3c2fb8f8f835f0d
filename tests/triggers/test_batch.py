"""The trigger of a batch: it reads the journal and the vendor, and wakes the task when that is worth it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.event import BatchEvent
from airflow_provider_seedance.core.batch.journal.store import open_journal
from airflow_provider_seedance.core.batch.state import RowOutcome, RowState
from airflow_provider_seedance.core.clock import SYSTEM_CLOCK, utc_now
from airflow_provider_seedance.core.polling.decide import WaitOutcome
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime import polling
from airflow_provider_seedance.triggers import batch
from airflow_provider_seedance.triggers.batch import SeedanceBatchTrigger
from tests.airflow.running import by_way_of_the_database

LONG = 20_000.0
REQUEST = GenerationRequest(prompt="A fox", duration=4, resolution="480p", aspect_ratio="16:9")


@pytest.fixture(autouse=True)
def unheld_events(monkeypatch) -> None:
    """No Airflow runs here that an event could overtake."""
    monkeypatch.setattr(polling, "EARLIEST_EVENT_SECONDS", 0.0)


def bought(conn_id: str, folder: Path, rows: range, *, timeout: float = 3600.0) -> None:
    """Submit these rows, and write the journal of it."""
    now = utc_now(SYSTEM_CLOCK)
    with SeedanceHook(conn_id).get_conn() as client, open_journal(folder) as journal:
        for row in rows:
            record = SubmissionRecord(
                intent_number=1,
                intent_id=f"sd-{row}-1",
                vendor=client.vendor_name,
                seedance_conn_id=conn_id,
                fingerprint="v1:0",
                intended_at=now,
                max_tries=0,
                generation_id=client.generations.create(REQUEST).generation_id,
                started=now,
                deadline=now + timedelta(seconds=timeout),
            )
            journal.write(RowState(row=row, record=record))


def fired(trigger: SeedanceBatchTrigger, within: float = 20.0) -> BatchEvent:
    async def first() -> dict[str, Any]:
        async for event in by_way_of_the_database(trigger).run():
            payload: dict[str, Any] = event.payload
            return payload
        raise AssertionError("it ended without an event")

    return BatchEvent.from_payload(asyncio.run(asyncio.wait_for(first(), within)))


@pytest.mark.parametrize("vendor", ["modelark", "toapis"])
def test_it_fires_when_all_have_ended(vendor, connect, emulator, tmp_path) -> None:
    """With their rows; what the journal says has ended is not asked for."""
    conn_id = connect(vendor)
    bought(conn_id, tmp_path, range(1, 5))
    with open_journal(tmp_path) as journal:
        journal.write(journal.states[2].replace(outcome=RowOutcome(status="succeeded")))
    emulator.advance(LONG)
    event = fired(SeedanceBatchTrigger(str(tmp_path)))
    assert event.finished_waits == dict.fromkeys((1, 3, 4), WaitOutcome.ENDED)


def test_its_event_does_not_overtake_airflow(connect, passing, tmp_path, monkeypatch) -> None:
    """It fires six seconds after its start at the earliest."""
    monkeypatch.setattr(polling, "EARLIEST_EVENT_SECONDS", 6.0)
    with open_journal(tmp_path):
        pass
    fired(SeedanceBatchTrigger(str(tmp_path)))
    assert passing.pauses == [pytest.approx(6.0)]


def test_it_asks_for_all_at_once(connect, emulator, tmp_path) -> None:
    """Where the vendor has a list."""
    conn_id = connect("modelark")
    bought(conn_id, tmp_path, range(1, 21))
    emulator.advance(LONG)
    fired(SeedanceBatchTrigger(str(tmp_path)))
    requests = emulator.ledger()["requests"]["modelark"]
    assert (requests["list"], requests["get"]) == (1, 0)


def test_it_fires_some_time_after_the_first(connect, emulator, tmp_path, monkeypatch) -> None:
    """Here one is over its time, and the others go on."""
    monkeypatch.setattr("airflow_provider_seedance.core.batch.wakeup.MIN_GATHERING_SECONDS", 0.1)
    conn_id = connect("modelark")
    bought(conn_id, tmp_path, range(1, 3))
    bought(conn_id, tmp_path, range(3, 4), timeout=0.0)
    event = fired(SeedanceBatchTrigger(str(tmp_path)))
    assert event.finished_waits == {3: WaitOutcome.TIMED_OUT}


def test_without_a_journal_it_wakes_the_task_to_look_by_itself(
    connect, emulator, tmp_path, monkeypatch
) -> None:
    """It may be on another machine's disk."""
    monkeypatch.setattr(batch, "UNREADABLE_JOURNAL_SECONDS", 0.0)
    assert fired(SeedanceBatchTrigger(str(tmp_path / "nowhere"))).finished_waits is None
    assert emulator.requests() == []


def test_with_nothing_to_wait_for_it_fires(connect, emulator, tmp_path) -> None:
    """An empty wait ends."""
    with open_journal(tmp_path):
        pass
    assert fired(SeedanceBatchTrigger(str(tmp_path))).finished_waits == {}


def test_it_only_reads(connect, emulator, tmp_path) -> None:
    """Neither the vendor nor the journal is changed by it."""
    conn_id = connect("modelark")
    bought(conn_id, tmp_path, range(1, 3))
    emulator.advance(LONG)
    before = (tmp_path / "journal.jsonl").read_bytes()
    fired(SeedanceBatchTrigger(str(tmp_path)))
    assert (tmp_path / "journal.jsonl").read_bytes() == before
    assert emulator.ledger()["creates_received"] == 2


def test_its_only_argument_is_a_place() -> None:
    """It is stored in clear text; the journal names the connections."""
    path, kwargs = SeedanceBatchTrigger("s3://bucket/batch").serialize()
    assert path == "airflow_provider_seedance.triggers.batch.SeedanceBatchTrigger"
    assert kwargs == {"journal": "s3://bucket/batch"}
