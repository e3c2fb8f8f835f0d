"""What the test of a connection finds, and which part of the connection is to be mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    BalanceRefused,
    NoReply,
    NotSent,
    SeedanceError,
    Unsupported,
)
from airflow_provider_seedance.models import Balance

#: A person waits for the answer: the longest time for one request, seconds.
TEST_TIMEOUT = 10.0

OpenClient = Callable[[Account], SeedanceClient]


class Finding(str, Enum):
    """What is found, in one word."""

    USABLE = "usable"
    KEY_REFUSED = "key_refused"
    WRONG_REGION = "wrong_region"
    NO_BALANCE = "no_balance"
    UNREACHABLE = "unreachable"
    #: A refusal of another kind, or an answer that is not the vendor's.
    REFUSED = "refused"


@dataclass(frozen=True)
class ConnectionCheck:
    """What is found, and what the user is told about it."""

    finding: Finding
    message: str


def check_connection(account: Account, open_client: OpenClient) -> ConnectionCheck:
    """Find out whether a connection can be used, with requests that cost nothing.

    A key that is refused is tried in the vendor's other regions, at the vendor's own hosts, since a vendor may answer a
    key of another region as it answers a wrong one.
    """
    account = replace(account, request_timeout=min(account.request_timeout or TEST_TIMEOUT, TEST_TIMEOUT))
    vendor = account.vendor.name
    try:
        with open_client(account) as client:
            client.account.probe()
            return _usable(client)
    except AuthenticationRefused as refusal:
        if region := _region_of_key(account, open_client):
            where = f"{vendor} refuses the API key in {account.region} and accepts it in {region}."
            message = f"{where}\nSet region to {region}."
            return ConnectionCheck(Finding.WRONG_REGION, message)
        return ConnectionCheck(Finding.KEY_REFUSED, str(refusal))
    except BalanceRefused as refusal:
        return ConnectionCheck(Finding.NO_BALANCE, str(refusal))
    except (NotSent, NoReply) as trouble:
        return ConnectionCheck(Finding.UNREACHABLE, f"{vendor} cannot be reached: {trouble}")
    except SeedanceError as error:
        return ConnectionCheck(Finding.REFUSED, str(error))


def _usable(client: SeedanceClient) -> ConnectionCheck:
    """The key is good: what is left to spend, as far as that is told, and whether prices are known."""
    vendor = client.settings.vendor.name
    accepted = f"{vendor} accepts the API key."
    balance, told = _balance(client)
    if balance is not None and balance.amount is not None and balance.amount <= 0:
        message = (
            f"{accepted} Nothing is left to spend ({told}), so it refuses generations.\nTop up the account."
        )
        return ConnectionCheck(Finding.NO_BALANCE, message)
    lines = [f"{accepted} {told[0].upper()}{told[1:]}."]
    if not client.catalog.has_prices:
        lines.append("No prices are known: max_cost refuses everything until extra has prices.")
    return ConnectionCheck(Finding.USABLE, "\n".join(lines))


def _balance(client: SeedanceClient) -> tuple[Balance | None, str]:
    """What is left, and in words."""
    try:
        balance = client.account.balance()
    except Unsupported:
        return None, "this vendor does not tell what is left to spend"
    except SeedanceError as error:
        return None, f"what is left to spend could not be read ({type(error).__name__})"
    if balance.amount is None:
        return balance, "spending has no limit"
    return balance, f"{balance.amount:f} {balance.currency} are left"


def _region_of_key(account: Account, open_client: OpenClient) -> str | None:
    """The region in which the vendor accepts the key, if it is another one; with an address of the user's, ``None``."""
    others = [] if account.host else [region for region in account.vendor.regions if region != account.region]
    return next((region for region in others if _accepts(replace(account, region=region), open_client)), None)


def _accepts(account: Account, open_client: OpenClient) -> bool:
    try:
        with open_client(account) as client:
            client.account.probe()
    except SeedanceError:
        return False
    return True
