"""``max_cost``: amounts with their currency, and what many submissions may cost together."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.attempts import FREE, Attempt
from airflow_provider_seedance.core.submission.max_cost import (
    Budget,
    check_budget,
    parse_money,
    spent_since_clear,
)
from airflow_provider_seedance.core.submission.outcome import Refused
from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity
from airflow_provider_seedance.errors import BudgetExceeded, ConfigurationError, Kind
from airflow_provider_seedance.models import Cost


@pytest.mark.parametrize("value", [None, "", "None"])
def test_what_is_left_out_stays_so(value: Any) -> None:
    """Also as a template writes it."""
    assert parse_money("max_cost", value) is None


@pytest.mark.parametrize("value", ["1.50 USD", {"amount": 1.5, "currency": "USD"}])
def test_money(value: Any) -> None:
    """As a text or a mapping."""
    assert parse_money("max_cost", value) == (Decimal("1.5"), "USD")


@pytest.mark.parametrize(
    ("written", "currency"), [("usd", "USD"), ("Eur", "EUR"), ("Credits", "credits"), ("credit", "credits")]
)
def test_a_currency_in_any_case(written: str, currency: str) -> None:
    """It is compared with the price list's, which spells it in one way."""
    assert parse_money("max_cost", f"5 {written}") == (Decimal(5), currency)


@pytest.mark.parametrize("written", ["creditz", "$", "dollars", "€uro", "US1"])
def test_no_currency(written: str) -> None:
    """A misspelling is told as one, and not as a currency without prices."""
    with pytest.raises(ConfigurationError, match=r'such as "1\.50 USD" or "60 credits"'):
        parse_money("max_cost", f"5 {written}")


@pytest.mark.parametrize("value", ["1.50", "USD", "-1 USD", "NaN USD", {"amount": 3}, 3])
def test_no_money(value: Any) -> None:
    """An amount without its currency could mean anything."""
    with pytest.raises(ConfigurationError, match="max_cost must be an amount with its currency"):
        parse_money("max_cost", value)


def usd(amount: str, basis: str = "estimated") -> Cost:
    return Cost(amount=Decimal(amount), currency="USD", basis=basis)


@pytest.mark.parametrize(
    ("cost", "fits"),
    [
        (usd("0.40", "billed"), True),
        (usd("0.50", "billed"), True),
        (usd("0.51", "billed"), False),
        # Not known, or in other money: the reserved amount counts.
        (Cost(), False),
        (Cost(amount=Decimal(1), currency="credits"), False),
    ],
)
def test_the_cost_takes_the_place_of_the_reserved_estimate(cost: Cost, fits: bool) -> None:
    """A limit of 1.50 leaves room for one more of 1.00 only if the first cost 0.50 at most."""
    budget = Budget(Decimal("1.50"), "USD")
    assert budget.can_reserve(1, usd("1.00"))
    budget.reserve(1, usd("1.00"))
    assert not budget.can_reserve(2, usd("1.00"))
    budget.commit(1, cost)
    assert budget.can_reserve(2, usd("1.00")) is fits


def test_a_row_that_is_bought_anew_counts_once() -> None:
    """Its own reserve does not stand in its way, and a failure releases it."""
    budget = Budget(Decimal(1), "USD")
    budget.reserve(1, usd("1"))
    assert budget.can_reserve(1, usd("1"))
    budget.release(1)
    assert budget.total == 0


def test_the_total_follows_every_change() -> None:
    """Exactly, over a thousand rows with cents that no binary number holds."""
    budget = Budget(Decimal(1000), "USD")
    for row in range(1000):
        budget.reserve(row, usd("0.284158"))
        budget.reserve(row, usd("0.284159"))
    for row in range(0, 1000, 2):
        budget.commit(row, usd("0.10", "billed"))
        budget.release(row + 1)
        budget.release(row + 1)
    assert budget.total == Decimal("50.00")
    assert budget.can_reserve(1, usd("950"))
    assert not budget.can_reserve(1, usd("950.01"))


def test_without_a_limit_everything_fits() -> None:
    """Prices need not even be known."""
    assert Budget().can_reserve(1, Cost())


def test_a_budget_is_parsed_as_max_cost_is() -> None:
    """No ``max_cost`` is no limit."""
    assert (Budget.parse("1.50 USD").limit, Budget.parse("1.50 USD").currency) == (Decimal("1.5"), "USD")
    assert Budget.parse(None).limit is None


def attempted(cost: Cost = FREE, estimate: Cost | None = None, **changes: Any) -> Attempt:
    fields = {"status": "failed", "max_tries": 3, **changes}
    return Attempt(connection="a", cost=cost, estimate=estimate or usd("0.50"), **fields)


RECORD = SubmissionRecord(
    intent_number=3,
    intent_id="i",
    vendor="toapis",
    account_id="own",
    seedance_conn_id="a",
    fingerprint="f",
    intended_at=datetime(2026, 11, 28, tzinfo=timezone.utc),
    max_tries=3,
    estimate=usd("0.50"),
    outcome=Refused(reason="no", error=Kind.BALANCE),
)
TASK = TaskIdentity("d", "r", "t", -1, max_tries=3)


@pytest.mark.parametrize(
    ("attempts", "changes", "clears", "total"),
    [
        ([attempted(usd("0.98", "billed"))], {}, 0, "0.98"),
        # A series is no limit of its own.
        ([attempted(usd("0.98", "billed"), series=1)], {"series": 2}, 0, "0.98"),
        ([attempted(usd("0.98", "billed"), max_tries=2)], {}, 0, "0"),
        ([attempted(usd("0.98", "billed"))], {}, 1, "0"),
        # What is not known counts as it was estimated.
        ([attempted(Cost(), status="unknown")], {}, 0, "0.50"),
        ([attempted(Cost(), status="submitted"), attempted()], {}, 0, "0.50"),
        ([], {"outcome": None}, 0, "0.50"),
        ([], {"outcome": None, "generation_id": "g"}, 0, "0.50"),
        ([attempted(Cost(), status="unknown", max_tries=None)], {}, 5, "0.50"),
    ],
)
def test_what_was_spent_since_the_last_clear(
    attempts: list[Attempt], changes: dict[str, Any], clears: int, total: str
) -> None:
    record = RECORD.replace(attempts=tuple(attempts), **changes)
    spent = spent_since_clear(record, replace(TASK, max_tries=3 + clears))
    assert sum((cost.amount or Decimal(0) for cost in spent), Decimal(0)) == Decimal(total)


@pytest.mark.parametrize(
    ("sent_again", "counted"),
    [(("own", "f"), 0), (("own", None), 1), (("own", "changed"), 1), (("another", "f"), 1)],
)
def test_an_intent_that_is_sent_once_more_counts_once(sent_again: Any, counted: int) -> None:
    """It is the same purchase; where it is not, both count."""
    record = RECORD.replace(outcome=None)
    assert len(spent_since_clear(record, TASK, sent_again=sent_again)) == counted


def test_an_unknown_attempt_stands_in_the_way() -> None:
    """One more would cost 1.00 together with it."""
    with pytest.raises(BudgetExceeded, match=r"may cost 0\.50 USD, and earlier attempts 0\.50 USD: together"):
        check_budget(usd("0.50"), "0.99 USD", vendor="v", spent=[attempted(Cost(), status="unknown").spent])
