"""The ledger's sums and the vendor's invoice are equal, to the last token or credit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Engine, event

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.ledger import spend
from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.ledger_records import IntentBook, LedgerRecords, owner_of
from airflow_provider_seedance.core.submission.record import NoRecords, TaskIdentity
from airflow_provider_seedance.core.submission.settle import settle_all
from airflow_provider_seedance.core.submission.submit import Submitter
from airflow_provider_seedance.errors import RequestInvalid, SeedanceError
from airflow_provider_seedance.models import GenerationRequest
from tests.clocks import ImpatientClock
from tests.contract.account import KEY, LONG, VENDORS

#: Requests to each vendor; a thousand to all.
REQUESTS = 250
#: Invoiced units for one of the ledger's currency, where that is another.
CREDITS_PER_USD = {"toapis": 200}


def mixed_requests(client: SeedanceClient, sample: Any, count: int) -> Iterator[GenerationRequest]:
    """Requests that the catalog takes, of all kinds that are billed differently, or not at all."""
    chance = random.Random(7)
    while count:
        fields = {
            "model": chance.choice(
                ["seedance-2.0", "seedance-2.0-fast", "seedance-1.5-pro", "seedance-1.0-pro"]
            ),
            "prompt": f"{chance.choice(['', '', '', '[emulator:fail] ', '[emulator:moderation] '])}A kite {count}",
            "duration": chance.choice([4, 5, 8, 10, -1, None]),
            "resolution": chance.choice(["480p", "720p", "1080p", None]),
            "aspect_ratio": chance.choice(["16:9", "9:16", "1:1", "adaptive", None]),
            "generate_audio": chance.choice([True, False, None]),
            "service_tier": chance.choice(["default", "flex", None, None]),
            "content_filter": chance.choice([False, None, None]),
            "vendor_options": chance.choice([{"draft": True}, {}, {}]),
            **chance.choice(
                [
                    {},
                    {},
                    {"first_frame": sample("first.png")},
                    {"reference_videos": [sample("reference.mp4")]},
                ]
            ),
        }
        try:
            request = GenerationRequest.parse(fields)
            client.catalog.prepare(request)
        except RequestInvalid:
            continue
        yield request
        count -= 1


def unsynced(engine: Engine) -> Engine:
    """The engine, which leaves it to the system when to write to the disk."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    return engine


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_ledger_equals_the_invoice(vendor: str, emulator: Any, tmp_path: Path) -> None:
    """With failures, refusals and cancelled ones; no estimate is below its bill."""
    ledger = Ledger.open(unsynced(make_engine(URL.create("sqlite", database=str(tmp_path / "ledger.db")))))
    account = Account.create(vendor=vendor, api_key=KEY, host=emulator.vendor_url(vendor))
    clock = ImpatientClock()
    with SeedanceClient(account, attempts=1, clock=clock) as client:
        submit_all(ledger, client, clock, emulator)
        emulator.advance(LONG)
        settle_all(ledger, client, clock)
    rows = list(spend.history(ledger.engine, spend.Filter()))
    check_invoice(vendor, rows, emulator.ledger()["generations"])


def submit_all(ledger: Ledger, client: SeedanceClient, clock: ImpatientClock, emulator: Any) -> None:
    task = TaskIdentity("film", "run", "shot", -1)
    for number, request in enumerate(mixed_requests(client, emulator.sample_url, REQUESTS)):
        if number % 10 == 9:
            emulator.add_fault(vendor=client.vendor_name, on="create", kind="moderation")
        clock.draw = (number + 1) / (REQUESTS + 2)
        records = LedgerRecords(IntentBook(lambda: ledger, clock), owner_of(task, row=number), NoRecords())
        submitter = Submitter(
            lambda _: client,
            records,
            replace(task, task_id=f"shot{number}"),
            "seedance_default",
            Policies(),
            timeout=60.0,
            queue_timeout=None,
            clock=clock,
            begin=records.begin,
        )
        try:
            record = submitter.submit(request).record
            if number % 7 == 6:
                client.generations.cancel(str(record.generation_id))
        except SeedanceError:
            continue


def check_invoice(vendor: str, rows: list[dict[str, Any]], invoice: list[dict[str, Any]]) -> None:
    known = {row["generation_id"]: row for row in rows if row["generation_id"]}
    assert {*known} == {bill["generation_id"] for bill in invoice}
    assert {bill["status"] for bill in invoice} >= {"succeeded", "failed"}
    assert any(row["status"] == "refused" for row in rows)
    assert all(row["settled_at"] for row in rows)
    for bill in invoice:
        row = known[bill["generation_id"]]
        assert row["status"] == bill["status"]
        if row["cost_amount"] is not None and row["estimate_amount"] is not None:
            assert Decimal(row["estimate_amount"]) >= Decimal(row["cost_amount"]), (row, bill)
    owed = sum(Decimal(str(bill["amount"])) for bill in invoice)
    assert owed > 0
    if {bill["unit"] for bill in invoice} == {"tokens"}:
        assert sum(row["tokens"] or 0 for row in rows) == owed
    else:
        rate = CREDITS_PER_USD.get(vendor, 1)
        assert sum(Decimal(row["cost_amount"]) for row in rows) * rate == owed
