"""What the client makes of each trouble: which error, whether it asks again, and what it tells."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from airflow_provider_seedance.core.client.flows import Cancellation
from airflow_provider_seedance.core.client.retry import MAX_ATTEMPTS
from airflow_provider_seedance.errors import (
    Kind,
    MalformedReply,
    NoReply,
    RateLimited,
    SeedanceError,
    VendorUnavailable,
)
from airflow_provider_seedance.models import GenerationRequest, ListQuery, Status
from tests.contract.account import KEY, VENDORS, AccountUnderTest, Open

REQUEST = GenerationRequest(prompt="A kitten yawns", duration=4)
#: More often than any call is repeated.
ALWAYS = 99

each_vendor = pytest.mark.parametrize("vendor", VENDORS)

#: A trouble that passes, and the error it is while it lasts.
PASSING: list[tuple[dict[str, Any], type[SeedanceError]]] = [
    ({"kind": "drop_before_accept"}, NoReply),
    ({"kind": "drop_after_accept"}, NoReply),
    ({"kind": "truncate"}, NoReply),
    ({"kind": "delay", "seconds": 0.4}, NoReply),
    ({"kind": "malformed"}, MalformedReply),
    ({"kind": "malformed", "body": ""}, MalformedReply),
    ({"kind": "malformed", "body": "null"}, MalformedReply),
    ({"kind": "malformed", "status": 502}, VendorUnavailable),
    ({"kind": "status", "status": 500}, VendorUnavailable),
    ({"kind": "status", "status": 504, "body": "<html>"}, VendorUnavailable),
    ({"kind": "status", "status": 429, "retry_after": "0"}, RateLimited),
]
each_passing = pytest.mark.parametrize(
    ("fault", "error"),
    PASSING,
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
#: Status of a create's refusal -> its kind, where all vendors agree.
REFUSALS = {400: Kind.VALIDATION, 401: Kind.AUTHENTICATION, 429: Kind.RATE_LIMIT, 500: Kind.OVERLOAD}
#: Where they do not: ModelArk and AnyFast have 403 for an empty account.
OWN_REFUSALS = {
    ("modelark", 403): Kind.BALANCE,
    ("anyfast", 403): Kind.BALANCE,
    ("evolink", 402): Kind.BALANCE,
    ("toapis", 402): Kind.BALANCE,
    ("evolink", 403): Kind.AUTHENTICATION,
    ("toapis", 403): Kind.AUTHENTICATION,
    ("toapis", 422): Kind.MODERATION,
}


def _troubled(opened: Open, vendor: str, on: str, fault: dict[str, Any], times: int) -> AccountUnderTest:
    """An account that meets the fault from now on; an answer is waited for 0.2 s."""
    account = opened(vendor, request_timeout=0.2)
    account.emulator.add_fault(vendor=vendor, on=on, times=times, **fault)
    return account


@each_vendor
@each_passing
def test_a_look_is_repeated_while_trouble_passes(
    vendor: str, fault: dict[str, Any], error: type[SeedanceError], opened: Open
) -> None:
    """The caller does not notice."""
    generation_id = opened(vendor).create()
    account = _troubled(opened, vendor, "get", fault, times=1)
    assert account.get(generation_id).status is Status.QUEUED
    assert account.sent("get") == 2


@each_vendor
@each_passing
def test_a_look_has_an_end_when_trouble_stays(
    vendor: str, fault: dict[str, Any], error: type[SeedanceError], opened: Open
) -> None:
    """The error names vendor and generation, and says that a retry may help."""
    generation_id = opened(vendor).create()
    account = _troubled(opened, vendor, "get", fault, times=ALWAYS)
    with pytest.raises(error) as caught:
        account.get(generation_id)
    assert str(caught.value).startswith(f"{vendor} generation {generation_id}: ")
    assert caught.value.retryable
    assert KEY not in str(caught.value)
    assert account.sent("get") == MAX_ATTEMPTS


@each_passing
def test_a_list_is_repeated_while_trouble_passes(
    fault: dict[str, Any], error: type[SeedanceError], opened: Open
) -> None:
    """As a look is."""
    account = _troubled(opened, "modelark", "list", fault, times=1)
    assert account("generations.list", ListQuery()).total == 0
    assert account.sent("list") == 2


@each_passing
def test_a_cancel_is_sent_once(fault: dict[str, Any], error: type[SeedanceError], opened: Open) -> None:
    """A second one might hit a finished generation and delete its record. The body of a 200 says nothing here."""
    generation_id = opened("modelark").create()
    account = _troubled(opened, "modelark", "cancel", fault, times=ALWAYS)
    if error is MalformedReply:
        assert account("generations.cancel", generation_id) is Cancellation.CANCELLED
    else:
        with pytest.raises(error, match=generation_id):
            account("generations.cancel", generation_id)
    assert account.sent("cancel") == 1


@each_vendor
@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_of_a_create(vendor: str, status: int, opened: Open) -> None:
    """Only "one too many" is sent again, since only that surely had no effect and may pass."""
    fault = {"kind": "status", "status": status, "retry_after": "0"}
    account = _troubled(opened, vendor, "create", fault, times=ALWAYS)
    with pytest.raises(SeedanceError) as caught:
        account("generations.create", REQUEST)
    assert (caught.value.kind, caught.value.http_status) == (REFUSALS[status], status)
    assert caught.value.vendor == vendor
    assert account.sent("create") == (MAX_ATTEMPTS if status == 429 else 1)
    assert account.accepted() == 0


@pytest.mark.parametrize(("vendor", "status"), OWN_REFUSALS)
def test_a_refusal_with_a_vendors_own_meaning(vendor: str, status: int, opened: Open) -> None:
    """No retry mends it, and nothing was accepted."""
    account = _troubled(opened, vendor, "create", {"kind": "status", "status": status}, times=ALWAYS)
    with pytest.raises(SeedanceError) as caught:
        account("generations.create", REQUEST)
    assert caught.value.kind is OWN_REFUSALS[vendor, status]
    assert (caught.value.retryable, caught.value.maybe_accepted) == (False, False)
    assert account.sent("create") == 1


@each_vendor
def test_a_create_that_was_one_too_many_goes_through_later(vendor: str, opened: Open) -> None:
    """Once the vendor has room again."""
    fault = {"kind": "status", "status": 429, "retry_after": "0"}
    account = _troubled(opened, vendor, "create", fault, times=2)
    account.create()
    assert (account.sent("create"), account.accepted()) == (3, 1)


def test_a_503_of_toapis_was_surely_not_accepted(opened: Open) -> None:
    """Its contract says so; with any other vendor that is not known."""
    fault = {"kind": "status", "status": 503, "retry_after": "0"}
    busy = '{"error": {"code": "", "message": "upstream is busy", "type": "new_api_error"}}'
    account = _troubled(opened, "toapis", "create", {**fault, "body": busy}, times=1)
    account.create()
    assert account.sent("create") == 2
    for vendor in ("modelark", "evolink", "anyfast"):
        account = _troubled(opened, vendor, "create", fault, times=1)
        with pytest.raises(VendorUnavailable) as caught:
            account.create()
        assert caught.value.maybe_accepted
        assert account.sent("create") == 1


@each_vendor
@pytest.mark.parametrize("on", ["create", "get"])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_long_retry_after_is_left_to_the_caller(vendor: str, on: str, form: str, opened: Open) -> None:
    """In either form of the header; nothing is asked again meanwhile."""
    generation_id = opened(vendor).create()
    later = datetime.now(timezone.utc) + timedelta(seconds=120)
    header = "120" if form == "seconds" else format_datetime(later, usegmt=True)
    fault = {"kind": "status", "status": 429, "retry_after": header}
    account = _troubled(opened, vendor, on, fault, times=ALWAYS)
    before = account.sent(on)
    with pytest.raises(RateLimited) as caught:
        account.get(generation_id) if on == "get" else account.create()
    assert caught.value.retry_after == pytest.approx(120, abs=15)
    assert account.sent(on) == before + 1


@each_vendor
def test_a_retry_after_that_is_past_means_now(vendor: str, opened: Open) -> None:
    """A date in the past is no reason to wait."""
    past = format_datetime(datetime(2026, 1, 1, tzinfo=timezone.utc), usegmt=True)
    fault = {"kind": "status", "status": 429, "retry_after": past}
    account = _troubled(opened, vendor, "create", fault, times=1)
    account.create()
    assert account.sent("create") == 2
