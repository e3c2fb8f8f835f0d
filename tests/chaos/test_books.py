"""The rows of the ledger, in the units of the vendors' invoice."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dev.chaos.books import entries
from dev.chaos.verdict import Entry

ROW: dict[str, Any] = {
    "prompt": "a boat",
    "generation_id": "g-1",
    "tokens": None,
    "cost_amount": None,
    "settled_at": "2026-11-21T10:00:00+00:00",
}


@pytest.mark.parametrize(
    ("vendor", "unit", "known", "amount"),
    [
        ("modelark", "tokens", {"tokens": 40_000, "cost_amount": "0.28"}, "40000"),
        ("anyfast", "tokens", {}, "0"),
        ("evolink", "credits", {"cost_amount": "11.25"}, "11.25"),
        ("toapis", "credits", {"cost_amount": "0.2"}, "40"),
    ],
)
def test_a_row_is_in_the_unit_of_its_bill(vendor: str, unit: str, known: dict[str, Any], amount: str) -> None:
    """Tokens where the vendor bills tokens, and its credits where the ledger has dollars."""
    invoice = {"generations": [{"vendor": vendor, "unit": unit}]}
    (entry,) = entries([{**ROW, "vendor": vendor, **known}], invoice)
    assert entry == Entry(vendor, "a boat", "g-1", Decimal(amount), is_settled=True)


def test_a_row_that_is_not_settled_says_so() -> None:
    """Its amount is an estimate."""
    (entry,) = entries([{**ROW, "vendor": "toapis", "settled_at": None}], {"generations": []})
    assert not entry.is_settled
