"""From a request, or from what a vendor counted, to money.

What tools such as web search cost on top is not contained: no vendor says beforehand how often they run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from airflow_provider_seedance.core.catalog.schema import Factor, Price
from airflow_provider_seedance.core.catalog.settings import Facts, holds
from airflow_provider_seedance.models import Cost

FRAMES_PER_SECOND = 24
_MILLION = Decimal(1_000_000)
_STEP = Decimal("0.000001")


@dataclass(frozen=True)
class Work:
    """What is to be made: the most of each part that the request leaves possible, ``None`` if unknown."""

    #: Of output; whole seconds.
    seconds: int | None
    input_seconds: int
    #: Width times height of the output.
    pixels: int | None
    #: Frames of output, where the request names them instead of seconds.
    frames: int | None = None


def tokens(work: Work) -> int | None:
    """Tokens of the work, ``None`` if its size or length is not known.

    Bills count one frame more than ``24 * seconds`` (contract: modelark 10).
    """
    frames = work.frames
    if frames is None and work.seconds is not None:
        frames = (work.input_seconds + work.seconds) * FRAMES_PER_SECOND + 1
    return None if frames is None or work.pixels is None else frames * work.pixels // 1024


def applying(prices: Iterable[Price], family: str, region: str, facts: Facts) -> Iterator[Price]:
    """The prices that may hold for the facts: all up to the first one that surely does."""
    for price in prices:
        if price.family != family or (price.regions is not None and region not in price.regions):
            continue
        if holds(price.when, facts, unknown=True):
            yield price
        if holds(price.when, facts):
            return


def estimate(prices: Sequence[Price], work: Work, facts: Facts) -> Cost:
    """What the work costs at the highest of the prices."""
    return _highest((price, _amount(price, work, facts)) for price in prices)


def price_of_tokens(prices: Sequence[Price], count: int, facts: Facts) -> Cost:
    """What a vendor's own count of tokens costs; nothing known where it is priced by the second."""
    return _highest(
        (price, count * price.amount / _MILLION * _product(price.surcharges, facts))
        for price in prices
        if price.unit == "million_tokens"
    )


def _amount(price: Price, work: Work, facts: Facts) -> Decimal | None:
    """The whole amount for the work, in the price's currency."""
    surcharge = _product(price.surcharges, facts)
    if price.unit == "million_tokens":
        count = tokens(work)
        if count is None:
            return None
        return count * _product(price.token_factors, facts) * price.amount / _MILLION * surcharge
    if work.seconds is None:
        return None
    extra = work.input_seconds
    if extra and price.input_seconds == "at_least_output":
        extra = max(extra, work.seconds)
    return (work.seconds + extra) * price.amount * surcharge


def _product(factors: Iterable[Factor], facts: Facts) -> Decimal:
    result = Decimal(1)
    for factor in factors:
        if holds(factor.when, facts):
            result *= factor.factor
    return result


def _highest(amounts: Iterable[tuple[Price, Decimal | None]]) -> Cost:
    known = [(amount, price.currency) for price, amount in amounts if amount is not None]
    if not known:
        return Cost()
    # Amounts of different currencies cannot be compared; the first price, a user's before ours, decides.
    amount, currency = max((each for each in known if each[1] == known[0][1]), key=lambda each: each[0])
    rounded = amount.quantize(_STEP, ROUND_UP).normalize()
    return Cost(amount=Decimal(format(rounded, "f")), currency=currency, basis="estimated")
