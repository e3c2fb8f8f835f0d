"""The test of a connection: each cause of trouble is told by its own name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.lifecycle.connection_check import (
    TEST_TIMEOUT,
    Finding,
    check_connection,
)
from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    BalanceRefused,
    IntermediaryReply,
    NoReply,
    NotFound,
    NotSent,
    SeedanceError,
    Unsupported,
    VendorUnavailable,
)
from airflow_provider_seedance.models import Balance

ACCOUNT = Account.create(vendor="modelark", api_key="sk-0123456789abcdef")


class Vendor:
    """Answers of a vendor, by region: ``None``, a balance or an error; each client that was opened."""

    def __init__(self, probe: dict[str, SeedanceError | None], balance: Balance | SeedanceError) -> None:
        self._probe = probe
        self._balance = balance
        self.opened: list[Account] = []

    def open(self, account: Account) -> Any:
        self.opened.append(account)
        return _Client(account, self._probe.get(account.region), self._balance)


class _Client:
    def __init__(self, settings: Account, probe: SeedanceError | None, balance: Any) -> None:
        self.settings = settings
        self.catalog = SimpleNamespace(has_prices=True)
        self.account = SimpleNamespace(probe=lambda: _answer(probe), balance=lambda: _answer(balance))

    def __enter__(self) -> _Client:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _answer(value: Any) -> Any:
    if isinstance(value, SeedanceError):
        raise value
    return value


Check = Callable[..., Any]


def checked(probe: SeedanceError | None, balance: Any = None, **changes: Any) -> Any:
    vendor = Vendor({"ap-southeast": probe, "cn-beijing": probe}, balance or Unsupported("no balance"))
    return check_connection(replace(ACCOUNT, **changes), vendor.open)


@pytest.mark.parametrize(
    ("probe", "finding", "words"),
    [
        (AuthenticationRefused("the key is wrong"), Finding.KEY_REFUSED, "the key is wrong"),
        (BalanceRefused("no credits"), Finding.NO_BALANCE, "no credits"),
        (NotSent("no connection to h:443"), Finding.UNREACHABLE, "cannot be reached: no connection to h:443"),
        (NoReply("no answer in 10 s"), Finding.UNREACHABLE, "cannot be reached"),
        (IntermediaryReply("a login page answered"), Finding.REFUSED, "a login page"),
        (VendorUnavailable("503"), Finding.REFUSED, "503"),
        (NotFound("no such path"), Finding.REFUSED, "no such path"),
        (None, Finding.USABLE, "does not tell what is left"),
    ],
)
def test_each_cause_is_told_apart(probe, finding, words) -> None:
    """In the words of its own error."""
    found = checked(probe)
    assert found.finding is finding
    assert words in found.message


@pytest.mark.parametrize(
    ("balance", "finding", "words"),
    [
        (Balance(amount=Decimal("12.5"), currency="credits"), Finding.USABLE, "12.5 credits are left"),
        (Balance(amount=None, currency="credits"), Finding.USABLE, "no limit"),
        (Balance(amount=Decimal(0), currency="credits"), Finding.NO_BALANCE, "Nothing is left to spend"),
        (Balance(amount=Decimal("-3"), currency="USD"), Finding.NO_BALANCE, "Top up"),
        (NoReply("slow"), Finding.USABLE, "could not be read"),
    ],
)
def test_an_empty_account_is_told(balance, finding, words) -> None:
    """A good key alone makes no video; a balance that cannot be read proves nothing."""
    found = checked(None, balance)
    assert found.finding is finding
    assert words in found.message


def test_a_key_of_another_region() -> None:
    """The vendor answers it like a wrong one; so the other regions are asked."""
    vendor = Vendor({"ap-southeast": AuthenticationRefused("wrong"), "cn-beijing": None}, Unsupported("none"))
    found = check_connection(ACCOUNT, vendor.open)
    assert found.finding is Finding.WRONG_REGION
    assert "Set region to cn-beijing" in found.message


def test_behind_the_users_own_address_no_other_region_is_asked() -> None:
    """The key would go where the user has not sent it."""
    vendor = Vendor({"ap-southeast": AuthenticationRefused("wrong")}, Unsupported("none"))
    account = replace(ACCOUNT, host="https://proxy.example.com")
    assert check_connection(account, vendor.open).finding is Finding.KEY_REFUSED
    assert [opened.region for opened in vendor.opened] == ["ap-southeast"]


@pytest.mark.parametrize(("own", "used"), [(None, TEST_TIMEOUT), (300.0, TEST_TIMEOUT), (2.0, 2.0)])
def test_a_person_does_not_wait_long(own, used) -> None:
    vendor = Vendor({}, Unsupported("none"))
    check_connection(replace(ACCOUNT, request_timeout=own), vendor.open)
    assert vendor.opened[0].request_timeout == used
