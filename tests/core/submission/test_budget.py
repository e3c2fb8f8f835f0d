"""``max_cost``: amounts with their currency, and what many submissions may cost together."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.budget import Budget, parse_money
from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.models import Cost


@pytest.mark.parametrize("value", [None, "", "None"])
def test_what_is_left_out_stays_so(value: Any) -> None:
    """Also as a template writes it."""
    assert parse_money("max_cost", value) is None


@pytest.mark.parametrize("value", ["1.50 USD", {"amount": 1.5, "currency": "USD"}])
def test_money(value: Any) -> None:
    """As a text or a mapping."""
    assert parse_money("max_cost", value) == (Decimal("1.5"), "USD")


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
