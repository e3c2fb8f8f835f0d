"""What EvoLink tells of the account: its credits."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse
from airflow_provider_seedance.core.vendors.evolink.errors import accepted
from airflow_provider_seedance.core.vendors.reading import MAX_AMOUNT, as_amount, as_bool, as_dict, required
from airflow_provider_seedance.models import Balance

CREDITS = "/v1/credits"


def probe() -> Call[None]:
    return Call(HttpRequest("GET", CREDITS), _read_probe)


def balance() -> Sequence[Call[Balance]]:
    return (Call(HttpRequest("GET", CREDITS), _read_balance),)


def _read_probe(response: HttpResponse) -> None:
    accepted(response)


def _read_balance(response: HttpResponse) -> Balance:
    """The lower of the key's and the account's credits."""
    data = as_dict(accepted(response).get("data"))
    token, user = as_dict(data.get("token")), as_dict(data.get("user"))
    limits = [as_amount(user.get("remaining_credits"), low=-MAX_AMOUNT)]
    if as_bool(token.get("unlimited_credits")) is not True:
        limits.append(as_amount(token.get("remaining_credits"), low=-MAX_AMOUNT))
    lowest = min((limit for limit in limits if limit is not None), default=None)
    return Balance(amount=required(response, "remaining_credits", lowest), currency="credits")
