"""``max_cost`` and ``min_balance``, before paying: what a task may spend, and what must be left of the account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.money import parse_money
from airflow_provider_seedance.errors import BudgetExceeded
from airflow_provider_seedance.models import Cost

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity


class BalanceTooLow(BudgetExceeded):
    """Less is left on the account than the connection's ``min_balance``."""


#: How long a vendor's word about the balance is good, seconds.
BALANCE_SECONDS = 60.0


def check_budget(
    estimate: Cost,
    max_cost: str | Mapping[str, Any] | None,
    *,
    vendor: str,
    spent: Iterable[Cost] = (),
) -> None:
    """Refuse what would cost more than ``max_cost``, or what cannot be compared with it.

    :param max_cost: ``"1.50 USD"``, ``"60 credits"``, or a mapping with ``amount`` and ``currency``; ``None`` or
        empty for no limit.
    :param spent: what earlier attempts at the same video have cost, or may cost.
    :raises ConfigurationError: if it is not an amount with a currency.
    :raises BudgetExceeded: if the estimate is above it, in another currency, or unknown.
    """
    if (parsed := parse_money("max_cost", max_cost)) is None:
        return
    limit, currency = parsed
    if estimate.amount is None:
        raise BudgetExceeded(
            "the catalog knows no price for this request, so max_cost cannot be enforced",
            vendor=vendor,
            advice="Add a row to prices in the connection's extra, or leave max_cost out.",
        )
    check_currency([estimate], max_cost, vendor=vendor)
    before = _sum(spent, currency, vendor=vendor)
    if before + estimate.amount > limit:
        already = f", and earlier attempts {before:f} {currency}: together" if before else ""
        raise BudgetExceeded(
            f"this request may cost {estimate.amount:f} {estimate.currency}{already}, above max_cost {limit:f}"
            f" {currency}",
            vendor=vendor,
            advice="Raise max_cost, or ask for a shorter, smaller or cheaper video.",
        )


def spent_since_clear(
    record: SubmissionRecord | None, task: TaskIdentity, *, sent_again: tuple[str, str | None] = ("", None)
) -> list[Cost]:
    """What a task's attempts have cost since a user cleared it last, or may cost as long as that is not known.

    :param sent_again: the account and the fingerprint by which an intent of unknown outcome is sent once more under its
        key: it is then bought once, and does not count beside itself.
    """
    if record is None:
        return []
    is_open = record.generation_id is None and record.outcome is None
    is_own = is_open and (record.account_id, record.fingerprint) == sent_again
    attempts = record.attempts if is_own else record.all_attempts
    return [
        attempt.spent
        for attempt in attempts
        if attempt.max_tries is None or attempt.max_tries >= task.max_tries
    ]


def _sum(costs: Iterable[Cost], currency: str, *, vendor: str) -> Decimal:
    """What was paid, all of it in the currency of ``max_cost``."""
    paid = [cost for cost in costs if cost.amount]
    for cost in paid:
        if (cost.currency or "").upper() != currency.upper():
            raise BudgetExceeded(
                f"an earlier attempt has cost {cost.amount:f} {cost.currency}, and max_cost is in {currency}",
                vendor=vendor,
                advice="Set prices in one currency in the extra of all connections, or leave max_cost out.",
            )
    return sum((cost.amount or Decimal(0) for cost in paid), Decimal(0))


def check_currency(
    estimates: Iterable[Cost], max_cost: str | Mapping[str, Any] | None, *, vendor: str
) -> None:
    """Refuse a ``max_cost`` in another currency than prices are.

    :raises ConfigurationError: if it is not an amount with a currency.
    :raises BudgetExceeded: if a known estimate is in another currency.
    """
    if (parsed := parse_money("max_cost", max_cost)) is None:
        return
    _, currency = parsed
    for estimate in estimates:
        if estimate.amount is not None and (estimate.currency or "").upper() != currency.upper():
            raise BudgetExceeded(
                f"this vendor's price is in {estimate.currency}, max_cost is in {currency}",
                vendor=vendor,
                advice=f"Give max_cost in {estimate.currency}, or set prices in {currency} in the connection's extra.",
            )


def check_balance(client: SeedanceClient) -> None:
    """Refuse to submit while the vendor tells that less than the connection's ``min_balance`` is left.

    :raises BalanceTooLow: if less is left.
    :raises BudgetExceeded: if it is told in another currency.
    :raises Unsupported: if the vendor does not tell.
    :raises SeedanceError: if it cannot be asked.
    """
    if (least := client.settings.min_balance) is None:
        return
    amount, currency = least
    left = client.account.balance()
    if left.amount is None:
        return
    if left.currency.upper() != currency.upper():
        raise BudgetExceeded(
            f"the vendor tells its balance in {left.currency}, and min_balance of the connection is in {currency}",
            vendor=client.vendor_name,
            advice=f"Give min_balance in {left.currency}.",
        )
    if left.amount < amount:
        raise BalanceTooLow(
            f"the account has {left.amount:f} {left.currency} left, below the connection's min_balance of {amount:f}",
            vendor=client.vendor_name,
            advice="Top the account up, or lower min_balance in the connection's extra.",
        )


class BalanceCheck:
    """:func:`check_balance` for many submissions: what the vendor told is good for a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._good_until: dict[str, float] = {}

    def __call__(self, client: SeedanceClient) -> None:
        if client.settings.min_balance is None or self._clock.now() < self._good_until.get(
            client.account_id, 0.0
        ):
            return
        check_balance(client)
        self._good_until[client.account_id] = self._clock.now() + BALANCE_SECONDS


class Budget:
    """What many submissions may cost together: an estimate is reserved before each, its cost committed after it.

    Submissions are known by a number, such as that of a batch's row. Not safe to use from several threads.

    :param limit: the most that all may cost together; ``None`` for no limit.
    :param currency: of the limit, and of all estimates that count against it.
    """

    def __init__(self, limit: Decimal | None = None, currency: str = "") -> None:
        self.limit = limit
        self.currency = currency
        #: Reserved and committed amounts together.
        self.total = Decimal(0)
        self._amounts: dict[int, Decimal] = {}

    @classmethod
    def parse(cls, max_cost: Any) -> Budget:
        """The budget that ``max_cost`` sets; see :func:`parse_money`.

        :raises ConfigurationError: if it is not an amount with a currency.
        """
        limit = parse_money("max_cost", max_cost)
        return cls(*limit) if limit else cls()

    def can_reserve(self, number: int, estimate: Cost) -> bool:
        """Whether the total stays within the limit with this estimate; its own earlier amount does not count."""
        if self.limit is None:
            return True
        others = self.total - self._amounts.get(number, Decimal(0))
        return others + (estimate.amount or Decimal(0)) <= self.limit

    def excess(self, estimates: Iterable[Cost]) -> str | None:
        """That these estimates together are above the limit, in words; ``None`` if they are not."""
        total = sum((estimate.amount or Decimal(0) for estimate in estimates), Decimal(0))
        if self.limit is None or total <= self.limit:
            return None
        return f"{total:f} {self.currency}, above max_cost {self.limit:f} {self.currency}"

    def reserve(self, number: int, estimate: Cost) -> None:
        """Count the estimate, before the submission."""
        self._set(number, estimate.amount or Decimal(0))

    def commit(self, number: int, cost: Cost) -> None:
        """Count what it cost; where that is not known, or in another currency, the reserved amount stays."""
        if cost.amount is not None and (cost.currency or "").upper() == self.currency.upper():
            self._set(number, cost.amount)

    def release(self, number: int) -> None:
        """Count nothing for it: it was not billed."""
        self.total -= self._amounts.pop(number, Decimal(0))

    def _set(self, number: int, amount: Decimal) -> None:
        self.release(number)
        self._amounts[number] = amount
        self.total += amount
