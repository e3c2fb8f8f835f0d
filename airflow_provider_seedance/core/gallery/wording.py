"""Numbers of a card as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from airflow_provider_seedance.core.gallery.cards import Card
from airflow_provider_seedance.core.gallery.values import amount

#: Seconds of each unit, the largest first.
_UNITS = ((86_400 * 365, "y"), (86_400 * 30, "mo"), (86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True)
class Sum:
    """What some videos cost together, in one currency and on one basis."""

    amount: Decimal
    currency: str
    basis: str

    def __str__(self) -> str:
        return f"{money(self.amount)} {self.currency}"


def age(since: datetime | None, now: datetime) -> str:
    """How long ago something was: ``just now``, ``5 min ago``, ``3 d ago``."""
    if since is None:
        return ""
    seconds = (now - since).total_seconds()
    for length, unit in _UNITS:
        if seconds >= length:
            return f"{int(seconds // length)} {unit} ago"
    return "just now"


def money(amount: Decimal) -> str:
    """An amount with two digits behind the point, or as many as it needs up to six."""
    if amount == amount.quantize(Decimal("0.01")):
        return f"{amount:.2f}"
    return f"{amount:.6f}".rstrip("0")


def cost_of(cost: Mapping[str, Any]) -> Sum | None:
    """A card's cost; ``None`` where it is not known."""
    found = amount(cost.get("amount"))
    return (
        None
        if found is None
        else Sum(found, str(cost.get("currency") or ""), str(cost.get("basis") or "unknown"))
    )


def total(costs: Iterable[Mapping[str, Any]]) -> list[Sum]:
    """The sums of costs, by currency and basis."""
    sums: dict[tuple[str, str], Decimal] = {}
    for one in filter(None, map(cost_of, costs)):
        key = (one.currency, one.basis)
        sums[key] = sums.get(key, Decimal(0)) + one.amount
    return [Sum(amount, *key) for key, amount in sorted(sums.items()) if amount]


def file_size(size: int | None) -> str:
    """Bytes as ``1.4 MB``."""
    if size is None:
        return ""
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1000:.0f} kB"


def seconds(duration: float | None) -> str:
    """A length such as ``5 s`` or ``5.5 s``; a video of 5 s has one frame more."""
    return "" if duration is None else f"{round(duration, 1):g} s"


def about_file(card: Card) -> str:
    """Length, pixels and bytes of a card's video, or what is asked for: ``5 s, 1280 × 720, 1.4 MB``."""
    parts = (seconds(card.duration), card.size, file_size(card.bytes))
    return ", ".join(part for part in parts if part)
