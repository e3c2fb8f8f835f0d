"""What ToAPIs tells of the account: its credits."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse
from airflow_provider_seedance.core.vendors.reading import MAX_AMOUNT, as_amount, as_bool, required
from airflow_provider_seedance.core.vendors.toapis.errors import accepted
from airflow_provider_seedance.models import Balance

KEY_BALANCE = "/v1/balance"
ACCOUNT_BALANCE = "/v1/user/balance"


def probe() -> Call[None]:
    return Call(HttpRequest("GET", KEY_BALANCE), _read_probe)


def balance() -> Sequence[Call[Balance]]:
    """The key's limit and the account's, in credits: the money figures depend on the site's settings."""
    return tuple(Call(HttpRequest("GET", path), _read_balance) for path in (KEY_BALANCE, ACCOUNT_BALANCE))


def _read_probe(response: HttpResponse) -> None:
    accepted(response)


def _read_balance(response: HttpResponse) -> Balance:
    body = accepted(response)
    if as_bool(body.get("unlimited_quota")):
        return Balance(amount=None, currency="credits")
    left = required(response, "remain_credits", as_amount(body.get("remain_credits"), low=-MAX_AMOUNT))
    return Balance(amount=left, currency="credits")
