"""One row for each intent: inserted once, settled by what it cost, found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import URL, Column, Engine, Integer, MetaData, Table, text

from airflow_provider_seedance.core.ledger import spend
from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.entries import Progress, Settlement
from airflow_provider_seedance.core.ledger.ledger import IntentTaken, Ledger
from airflow_provider_seedance.core.ledger.schema import STEPS, migrate
from airflow_provider_seedance.errors import ConfigurationError, LedgerUnavailable
from airflow_provider_seedance.models import Cost, Pending, Status
from tests.ledgers import NOW, intent, usd

MANIFEST = {"uri": "/videos/fox.mp4", "bytes": 3, "sha256": "0" * 64}


def settled(cost: Cost, status: str = "succeeded", **changes: object) -> Progress:
    return Progress(status, {}, generation_id="cgt-1", settlement=Settlement(cost), **changes)  # type: ignore[arg-type]


def costs(ledger: Ledger) -> list[tuple[str | None, str | None, str]]:
    return [
        (row["amount"], row["currency"], row["basis"]) for row in spend.spend(ledger.engine, spend.Filter())
    ]


def test_only_one_of_two_tries_makes_an_intent(ledger: Ledger) -> None:
    """The other is told, and finds the first one's record."""
    ledger.insert(intent("a", 1, intent_id="first"))
    with pytest.raises(IntentTaken):
        ledger.insert(intent("a", 1, intent_id="second"))
    assert ledger.latest_record("a") == {"number": 1}


def test_owners_do_not_meet(ledger: Ledger) -> None:
    """Each has intents of its own, and the latest one counts."""
    for owner, number in (("a", 1), ("b", 1), ("a", 2)):
        ledger.insert(intent(owner, number))
    assert (ledger.latest_record("a"), ledger.latest_record("b")) == ({"number": 2}, {"number": 1})
    assert ledger.latest_record("c") is None


def test_an_estimate_is_reserved_until_the_cost_is_known(ledger: Ledger) -> None:
    """It then stands with its basis."""
    made = intent(estimate=usd("0.725760"))
    ledger.insert(made)
    assert costs(ledger) == [("0.72576", "USD", "reserved")]
    ledger.write(replace(made, progress=settled(usd("0.70", "billed"))), NOW)
    assert costs(ledger) == [("0.7", "USD", "billed")]


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (Cost(), ("1", "USD", "estimated")),
        (usd("0.333333333"), ("0.333333333", "USD", "estimated")),
        (Cost(amount=Decimal("12.5"), currency="credits", basis="billed"), ("12.5", "credits", "billed")),
        (Settlement.free().cost, ("0", "USD", "billed")),
    ],
    ids=["unknown", "list price", "another currency", "nothing bought"],
)
def test_a_settlement_says_what_is_known(ledger: Ledger, cost: Cost, told: tuple[str, str, str]) -> None:
    """To the last digit."""
    ledger.insert(intent())
    ledger.write(replace(intent(), progress=settled(cost)), NOW)
    assert costs(ledger) == [told]


def test_progress_without_an_id_does_not_forget_it(ledger: Ledger) -> None:
    """Nor the manifest, nor the moment at which the cost was final."""
    ledger.insert(intent())
    ledger.write(replace(intent(), progress=settled(usd("1"), manifest=MANIFEST)), NOW)
    ledger.write(replace(intent(), progress=Progress("succeeded", {})), NOW + timedelta(hours=1))
    (row,) = spend.history(ledger.engine, spend.Filter())
    assert (row["generation_id"], row["landed_uri"]) == ("cgt-1", "/videos/fox.mp4")
    assert row["settled_at"] == NOW.isoformat()


def test_an_intent_from_elsewhere_is_taken_over(ledger: Ledger) -> None:
    """One that was on record before there was a ledger."""
    ledger.write(replace(intent(), progress=Progress("submitted", {"from": "task state"}, "cgt-1")), NOW)
    assert ledger.latest_record("a") == {"from": "task state"}


def test_progress_of_generations_under_way_is_noted(ledger: Ledger) -> None:
    """Of those that have ended and of those of others nothing is."""
    for owner, generation_id in (("a", "g-1"), ("b", "g-2")):
        ledger.insert(intent(owner))
        ledger.write(replace(intent(owner), progress=Progress("submitted", {}, generation_id)), NOW)
    ledger.write(replace(intent("b"), progress=Progress("failed", {}, settlement=Settlement.free())), NOW)
    running = [
        Pending(vendor=vendor, generation_id=name, status=status, progress=percent)
        for vendor, name, status, percent in (
            ("modelark", "g-2", Status.QUEUED, None),
            ("modelark", "g-1", Status.RUNNING, 40),
            ("modelark", "unknown", Status.RUNNING, 50),
            ("evolink", "g-1", Status.QUEUED, 0),
        )
    ]
    ledger.note_pending(running)
    noted = [ledger.find(f"sd-{owner}-1") for owner in "ab"]
    assert [(row["vendor_status"], row["progress"], row["status"]) for row in noted if row] == [
        ("running", 40, "submitted"),
        (None, None, "failed"),
    ]


def test_a_second_intent_of_a_number_is_not_taken_over(ledger: Ledger) -> None:
    """It is an error that says so, and not the database's own."""
    first = intent()
    ledger.write(first, NOW)
    with pytest.raises(LedgerUnavailable, match="does not take intent other"):
        ledger.write(replace(first, intent_id="other"), NOW)


def test_landed_videos_are_found_by_their_request(ledger: Ledger) -> None:
    """The latest first, of one vendor, and not older than asked for."""
    for number, moment in enumerate((NOW, NOW + timedelta(days=1)), start=1):
        made = intent("a", number, progress=settled(usd("1"), manifest={**MANIFEST, "bytes": number}))
        ledger.write(made, moment)
    assert [found["bytes"] for found in ledger.landed("v1:fox", "modelark")] == [2, 1]
    assert [found["bytes"] for found in ledger.landed("v1:fox", "modelark", NOW + timedelta(hours=1))] == [2]
    assert ledger.landed("v1:hare", "modelark") == ledger.landed("v1:fox", "evolink") == []


def test_a_video_that_another_task_lands_is_found(ledger: Ledger) -> None:
    """By its generation; and videos by the time at which they were landed."""
    ledger.write(intent("a", progress=Progress("succeeded", {}, "cgt-1")), NOW)
    assert ledger.landed_since(NOW) == ledger.landed("v1:fox", "modelark") == []
    manifest = {**MANIFEST, "source": {"vendor": "modelark", "generation_id": "cgt-1"}}
    ledger.note_landed(manifest, NOW)
    assert ledger.landed_since(NOW) == ledger.landed("v1:fox", "modelark") == [manifest]
    assert ledger.landed_since(NOW + timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    ("changes", "is_found"),
    [
        ({}, True),
        ({"progress": Progress("succeeded", {"number": 1}, "cgt-1")}, True),
        ({"progress": settled(usd("1"), manifest=MANIFEST)}, True),
        ({"progress": Progress("intended", {"number": 1})}, False),
        ({"progress": Progress("refused", {"number": 1}, "cgt-1")}, False),
        ({"progress": Progress("failed", {"number": 1}, "cgt-1")}, False),
        ({"progress": Progress("expired", {"number": 1}, "cgt-1")}, False),
        ({"created_at": NOW - timedelta(days=1, seconds=1)}, False),
        ({"account_id": "other"}, False),
        ({"vendor": "evolink"}, False),
    ],
)
def test_what_may_be_brought_home_is_listed(ledger: Ledger, changes: dict[str, Any], is_found: bool) -> None:
    """Generations of the account that may have a video, made not too long ago."""
    made = intent(progress=Progress("submitted", {"number": 1}, "cgt-1"))
    ledger.write(replace(made, **changes), NOW)
    assert bool(ledger.records_to_rescue("modelark", "account", NOW - timedelta(days=1))) is is_found


def test_what_is_not_settled_is_listed_by_account(ledger: Ledger) -> None:
    """For whoever asks the vendor about it."""
    ledger.insert(intent("a"))
    ledger.insert(intent("b", account_id="other"))
    ledger.write(intent("c", progress=settled(usd("1"))), NOW)
    (row,) = ledger.unsettled("modelark", "account")
    assert row["task_id"] == "a"
    ledger.progress(row["id"], settled(usd("2")), NOW)
    assert ledger.unsettled("modelark", "account") == []


def test_pruning_keeps_what_is_not_settled(ledger: Ledger) -> None:
    """However old it is; and what is young."""
    old = NOW - timedelta(days=400)
    ledger.insert(intent("open", created_at=old))
    ledger.write(intent("old", created_at=old, progress=settled(usd("1"))), NOW)
    ledger.write(intent("young", progress=settled(usd("1"))), NOW)
    assert spend.prune(ledger.engine, NOW - timedelta(days=30)) == 1
    assert {row["task_id"] for row in spend.history(ledger.engine, spend.Filter())} == {"open", "young"}


def test_sums_are_exact_and_by_any_dimension(ledger: Ledger) -> None:
    """Ten dimes are a dollar; days are those of UTC."""
    for number in range(1, 11):
        made = intent("a", number, progress=settled(usd("0.1", "billed")), dag_id=f"dag-{number % 2}")
        ledger.write(made, NOW)
    which = spend.Filter(since=NOW, until=NOW + timedelta(seconds=1))
    (total,) = spend.spend(ledger.engine, which)
    assert (total["amount"], total["generations"]) == ("1", 10)
    by = spend.spend(ledger.engine, which, ("dag_id", "day", "month"))
    assert [(row["dag_id"], row["day"], row["month"], row["amount"]) for row in by] == [
        ("dag-0", "2026-11-21", "2026-11", "0.5"),
        ("dag-1", "2026-11-21", "2026-11", "0.5"),
    ]
    assert spend.spend(ledger.engine, spend.Filter(until=NOW)) == []
    with pytest.raises(ConfigurationError, match="dag_id"):
        spend.spend(ledger.engine, which, ("colour",))


@pytest.mark.parametrize("zone", [timedelta(0), timedelta(hours=9), timedelta(hours=-11)])
def test_a_moment_bounds_a_sum_and_not_its_day(ledger: Ledger, zone: timedelta) -> None:
    """Whatever the zone in which it is given."""
    midnight = datetime(2026, 11, 22, tzinfo=timezone.utc)
    for number, seconds in enumerate((-1, 0, 1), start=1):
        made = intent("a", number, progress=settled(usd("1", "billed")))
        ledger.write(replace(made, created_at=midnight + timedelta(seconds=seconds)), NOW)
    moment = midnight.astimezone(timezone(zone))
    for which, amount in ((spend.Filter(since=moment), "2"), (spend.Filter(until=moment), "1")):
        assert [row["amount"] for row in spend.spend(ledger.engine, which)] == [amount]
    days = spend.spend(ledger.engine, spend.Filter(), ("day", "task_id"))
    assert [(row["day"], row["task_id"], row["generations"]) for row in days] == [
        ("2026-11-21", "a", 1),
        ("2026-11-22", "a", 2),
    ]


def test_a_listing_goes_on_where_it_stopped(ledger: Ledger) -> None:
    """The latest first."""
    for number in range(1, 6):
        ledger.insert(intent("a", number))
    first = list(spend.history(ledger.engine, spend.Filter(), limit=3))
    rest = list(spend.history(ledger.engine, spend.Filter(), before_id=first[-1]["id"]))
    assert [row["intent_id"] for row in first + rest] == [f"sd-a-{number}" for number in (5, 4, 3, 2, 1)]
    assert list(spend.history(ledger.engine, spend.Filter(values=(("task_id", "b"),)))) == []


def test_an_older_ledger_is_upgraded_and_a_later_one_refused(engine: Engine) -> None:
    """By whoever opens it first."""
    extra = Table("extra", MetaData(), Column("id", Integer))
    Ledger.open(engine).insert(intent())
    migrate(engine, (*STEPS, extra.create))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM extra")).scalar() == 0
    with pytest.raises(ConfigurationError, match="version 2"):
        Ledger.open(engine)


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all/ledger.db", "postgresql+psycopg2://user:hunter2secret@127.0.0.1:1/ledger"],
)
def test_a_ledger_out_of_reach_says_so(url: str) -> None:
    """Without the password; a retry may help."""
    from sqlalchemy import make_url

    with pytest.raises(LedgerUnavailable, match="not reachable") as caught:
        Ledger.open(make_engine(make_url(url)))
    assert caught.value.retryable
    assert "hunter2secret" not in str(caught.value)


@pytest.mark.parametrize("backend", ["mysql", "oracle"])
def test_other_databases_are_refused(backend: str) -> None:
    """Before anything is tried."""
    with pytest.raises(ConfigurationError, match="sqlite or postgresql"):
        make_engine(URL.create(backend, host="example.com"))
