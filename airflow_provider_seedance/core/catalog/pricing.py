"""From a request, or from what a vendor counted, to money.

What tools such as web search cost on top is not contained: no vendor says beforehand how often they run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from airflow_provider_seedance.core.catalog.attributes import Attributes, matches
from airflow_provider_seedance.core.catalog.schema import Factor, Price
from airflow_provider_seedance.models import Cost

FRAMES_PER_SECOND = 24
_MILLION = Decimal(1_000_000)
#: The least amount that a bill tells, by currency: credits are billed with four decimals.
_LEAST = {"credits": Decimal("0.0001")}
_LEAST_MONEY = Decimal("0.000001")


@dataclass(frozen=True)
class Workload:
    """What is to be made: the most of each part that the request leaves possible, ``None`` if unknown."""

    #: Of output; whole seconds.
    seconds: int | None
    input_seconds: int
    #: Width times height of the output.
    pixels: int | None
    #: Frames of output, where the request names them instead of seconds.
    frames: int | None = None


def tokens(workload: Workload) -> int | None:
    """Tokens of the workload, ``None`` if its size or length is not known.

    Bills count one frame more than ``24 * seconds`` (contract: modelark 10).
    """
    frames = workload.frames
    if frames is None and workload.seconds is not None:
        frames = (workload.input_seconds + workload.seconds) * FRAMES_PER_SECOND + 1
    return None if frames is None or workload.pixels is None else frames * workload.pixels // 1024


def candidate_prices(
    prices: Iterable[Price], family: str, region: str, attributes: Attributes
) -> Iterator[Price]:
    """The prices that may hold for the attributes: all up to the first one that surely does."""
    for price in prices:
        if price.family != family or (price.regions is not None and region not in price.regions):
            continue
        if matches(price.when, attributes, unknown=True):
            yield price
        if matches(price.when, attributes):
            return


def estimate(prices: Sequence[Price], workload: Workload, attributes: Attributes) -> Cost:
    """What the work costs at the highest of the prices."""
    return _highest_cost((price, _amount(price, workload, attributes)) for price in prices)


def price_of_tokens(prices: Sequence[Price], count: int, attributes: Attributes) -> Cost:
    """What a vendor's own count of tokens costs; nothing known where it is priced by the second."""
    return _highest_cost(
        (price, count * price.amount / _MILLION * _multiply(price.surcharges, attributes))
        for price in prices
        if price.unit == "million_tokens"
    )


def _amount(price: Price, workload: Workload, attributes: Attributes) -> Decimal | None:
    """The whole amount for the workload, in the price's currency."""
    surcharge = _multiply(price.surcharges, attributes)
    if price.unit == "million_tokens":
        count = tokens(workload)
        if count is None:
            return None
        return count * _multiply(price.token_factors, attributes) * price.amount / _MILLION * surcharge
    if workload.seconds is None:
        return None
    extra = workload.input_seconds
    if extra and price.input_seconds == "at_least_output":
        extra = max(extra, workload.seconds)
    return (workload.seconds + extra) * price.amount * surcharge


def _multiply(factors: Iterable[Factor], attributes: Attributes) -> Decimal:
    result = Decimal(1)
    for factor in factors:
        if matches(factor.when, attributes):
            result *= factor.factor
    return result


def _highest_cost(amounts: Iterable[tuple[Price, Decimal | None]]) -> Cost:
    known = [(amount, price.currency) for price, amount in amounts if amount is not None]
    if not known:
        return Cost()
    # Amounts of different currencies cannot be compared; the first price, a user's before ours, decides.
    amount, currency = max((each for each in known if each[1] == known[0][1]), key=lambda each: each[0])
    rounded = amount.quantize(_LEAST.get(currency, _LEAST_MONEY), ROUND_UP).normalize()
    return Cost(amount=Decimal(format(rounded, "f")), currency=currency, basis="estimated")
