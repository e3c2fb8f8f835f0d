"""Limits on a connection's spend: a sum over the rows of the period, checked and reserved at once."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.ledger.budgets import Scope, SpendLimitReached
from airflow_provider_seedance.core.ledger.entries import Intent, Progress, Settlement
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.money import SpendLimit, parse_limits
from airflow_provider_seedance.errors import BudgetExceeded, ConfigurationError
from airflow_provider_seedance.models import Cost
from tests.ledgers import NOW, intent, usd

TEN_A_DAY = parse_limits([{"limit": "10 USD", "per": "day"}])


def bought(ledger: Ledger, limits: tuple[SpendLimit, ...], intents: list[Intent]) -> int:
    """How many of them the limits let through."""
    count = 0
    for each in intents:
        try:
            ledger.insert(each, limits)
        except SpendLimitReached:
            continue
        count += 1
    return count


def end(ledger: Ledger, made: Intent, cost: Cost) -> None:
    ledger.write(replace(made, progress=Progress("succeeded", {}, "cgt", settlement=Settlement(cost))), NOW)


def test_the_limit_itself_can_be_spent(ledger: Ledger) -> None:
    """And nothing above it; what has no room says how much there was."""
    many = [intent("a", number, estimate=usd("2.5")) for number in range(1, 8)]
    assert bought(ledger, TEN_A_DAY, many) == 4
    end(ledger, many[0], usd("2.5", "billed"))
    with pytest.raises(SpendLimitReached) as refused:
        ledger.insert(intent("b", estimate=usd("0.01")), TEN_A_DAY)
    said = str(refused.value)
    for part in ("0.01 USD", "10 USD per day", "2.5 are spent", "7.5 reserved", "2026-11-22T00:00:00+00:00"):
        assert part in said
    assert "comes back" in said
    assert not refused.value.retryable
    assert refused.value.ends == datetime(2026, 11, 22, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("changes", "is_named"),
    [
        ({}, True),
        ({"created_at": NOW - timedelta(minutes=9)}, False),
        ({"progress": Progress("submitted", {}, "cgt-1")}, False),
    ],
    ids=["its owner died", "it may be on its way", "it is under way"],
)
def test_what_nobody_knows_stays_counted_and_is_named(
    ledger: Ledger, changes: dict[str, Any], is_named: bool
) -> None:
    """The refusal says how a person can tell what became of it."""
    made = intent("a", created_at=NOW - timedelta(hours=1), estimate=usd("10"))
    ledger.insert(replace(made, **changes), TEN_A_DAY)
    with pytest.raises(SpendLimitReached) as refused:
        ledger.insert(intent("b"), TEN_A_DAY)
    said = str(refused.value)
    assert (
        "10 USD are reserved by intents" in said and "sd-a-1" in said and "ledger resolve" in said
    ) is is_named
    assert ("comes back when those generations end" in said) is not is_named


@pytest.mark.parametrize(
    ("cost", "room"),
    [("1", 9), ("9.5", 0), ("0", 10)],
    ids=["cheaper than estimated", "dearer", "nothing bought"],
)
def test_settling_gives_back_what_was_not_spent(ledger: Ledger, cost: str, room: int) -> None:
    """What is counted is what was billed."""
    dear = intent("dear", estimate=usd("10"))
    ledger.insert(dear, TEN_A_DAY)
    end(ledger, dear, usd(cost, "billed"))
    assert bought(ledger, TEN_A_DAY, [intent("a", number) for number in range(1, 21)]) == room


def test_what_is_not_known_stays_reserved(ledger: Ledger) -> None:
    """A cost that nobody tells, or in another currency, counts as estimated."""
    for number, cost in enumerate((Cost(), Cost(amount=Decimal(1), currency="credits", basis="billed")), 1):
        made = intent("a", number, estimate=usd("5"))
        ledger.insert(made, TEN_A_DAY)
        end(ledger, made, cost)
    assert bought(ledger, TEN_A_DAY, [intent("b", estimate=usd("0.01"))]) == 0


HOUR, DAY, MONTH = timedelta(hours=1), timedelta(days=1), timedelta(days=31)


@pytest.mark.parametrize(
    ("per", "other", "counts"),
    [
        ("hour", {"created_at": NOW - timedelta(minutes=30)}, True),
        ("hour", {"created_at": NOW - HOUR}, False),
        ("day", {"created_at": NOW - HOUR}, True),
        ("day", {"created_at": NOW - DAY}, False),
        ("month", {"created_at": NOW - DAY}, True),
        ("month", {"created_at": NOW - MONTH}, False),
        ("day", {"seedance_conn_id": "other"}, False),
        ("day", {"dag_id": "other"}, True),
        ("dag_day", {"run_id": "run-2"}, True),
        ("dag_day", {"dag_id": "other"}, False),
        ("dag_day", {"created_at": NOW - DAY}, False),
        ("dag_run", {"created_at": NOW - MONTH}, True),
        ("dag_run", {"run_id": "run-2"}, False),
        ("dag_run", {"dag_id": "other"}, False),
    ],
)
def test_what_counts_against_a_period(
    ledger: Ledger, per: str, other: dict[str, object], counts: bool
) -> None:
    """Periods are those of UTC; a DAG run is as long as it is."""
    limits = parse_limits([{"limit": "1 USD", "per": per}])
    ledger.insert(intent("other", **other))
    assert bought(ledger, limits, [intent("a")]) == (0 if counts else 1)


@pytest.mark.parametrize(
    ("per", "ends"),
    [
        ("hour", "2026-12-31T24"),
        ("day", "2026-12-31T24"),
        ("month", "2026-12-31T24"),
        ("dag_day", "2026-12-31T24"),
        ("dag_run", None),
    ],
)
def test_when_a_period_ends(per: str, ends: str | None) -> None:
    """At the turn of the year too."""
    (limit,) = parse_limits([{"limit": "1 USD", "per": per}])
    turn = datetime(2027, 1, 1, tzinfo=timezone.utc)
    assert limit.ends(turn - timedelta(microseconds=1)) == (turn if ends else None)


def test_every_limit_holds(ledger: Ledger) -> None:
    """The narrowest decides."""
    limits = parse_limits([{"limit": "100 USD", "per": "month"}, {"limit": "2 USD", "per": "dag_run"}])
    assert bought(ledger, limits, [intent("a", number) for number in range(1, 6)]) == 2


@pytest.mark.parametrize(
    ("estimate", "remedy"),
    [(Cost(), "prices"), (Cost(amount=Decimal(1), currency="credits"), "in credits")],
    ids=["no price", "another currency"],
)
def test_what_cannot_be_compared_is_refused(ledger: Ledger, estimate: Cost, remedy: str) -> None:
    """With what to do about it; nothing is on record."""
    with pytest.raises(BudgetExceeded, match=remedy):
        ledger.insert(intent(estimate=estimate), TEN_A_DAY)
    assert ledger.latest_record("a") is None


def test_a_limit_that_is_nearly_used_up_is_in_the_log(
    ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    """From 80 % on."""
    with caplog.at_level(logging.WARNING):
        ledger.insert(intent("a", estimate=usd("7.9")), TEN_A_DAY)
        assert not caplog.records
        ledger.insert(intent("b", estimate=usd("0.1")), TEN_A_DAY)
    assert "8.0 reserved" in caplog.text or "8 reserved" in caplog.text


def test_the_figure_that_is_enforced_is_the_one_that_is_shown(ledger: Ledger) -> None:
    """As a JSON object."""
    ledger.insert(intent("a", estimate=usd("4")), TEN_A_DAY)
    (found,) = ledger.standings(TEN_A_DAY, Scope("seedance_default", "film", "run-1", NOW))
    assert found.to_dict() == {
        "limit": "10",
        "currency": "USD",
        "per": "day",
        "spent": "0",
        "reserved": "4",
        "remaining": "6",
        "ends": "2026-11-22T00:00:00+00:00",
    }


@pytest.mark.parametrize(
    "value",
    [
        "daily 10",
        [{"limit": "10 USD"}],
        [{"limit": "10 USD", "per": "week"}],
        [{"limit": "ten", "per": "day"}],
        [{"limit": None, "per": "day"}],
        7,
    ],
)
def test_a_budget_that_cannot_be_read_is_refused(value: object) -> None:
    """It names what is wrong."""
    with pytest.raises(ConfigurationError, match=r"budgets|limit"):
        parse_limits(value)


def test_no_budgets_are_no_limits() -> None:
    """Text of a form is read as well."""
    assert parse_limits(None) == parse_limits("") == ()
    assert parse_limits('[{"limit": "10 USD", "per": "day"}]') == TEN_A_DAY
