"""When no answer comes back from a create: sent once, and found again where the vendor has a way to look."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.errors import (
    MalformedReply,
    NoReply,
    SeedanceError,
    Unsupported,
    VendorUnavailable,
)
from airflow_provider_seedance.models import GenerationRequest
from tests.contract.account import VENDORS, AccountUnderTest, Open

REQUEST = GenerationRequest(prompt="A kitten yawns", duration=4)
INTENT = "sd-0123456789abcdef012345-1"
#: An hour before the test: the emulator's clock only ever runs ahead of ours.
SINCE = datetime.now(timezone.utc) - timedelta(hours=1)

each_vendor = pytest.mark.parametrize("vendor", VENDORS)


def _lose(account: AccountUnderTest, request: GenerationRequest = REQUEST, **fault: Any) -> SeedanceError:
    account.emulator.add_fault(vendor=account.vendor, on="create", **fault)
    with pytest.raises(SeedanceError) as caught:
        account("generations.create", request, INTENT)
    return caught.value


def _found(account: AccountUnderTest, request: GenerationRequest = REQUEST) -> list[str]:
    return [seen.generation_id for seen in account("generations.find", request, INTENT, SINCE)]


@each_vendor
@pytest.mark.parametrize(
    ("fault", "error", "accepted"),
    [
        ({"kind": "drop_before_accept"}, NoReply, 0),
        ({"kind": "drop_after_accept"}, NoReply, 1),
        ({"kind": "truncate"}, NoReply, 1),
        ({"kind": "delay", "seconds": 0.6}, NoReply, 1),
        ({"kind": "malformed"}, MalformedReply, 1),
        ({"kind": "malformed", "body": ""}, MalformedReply, 1),
        ({"kind": "malformed", "body": "[]"}, MalformedReply, 1),
        ({"kind": "malformed", "body": "{}"}, MalformedReply, 1),
        ({"kind": "malformed", "status": 502}, VendorUnavailable, 1),
        ({"kind": "status", "status": 500}, VendorUnavailable, 0),
        ({"kind": "status", "status": 502}, VendorUnavailable, 0),
        ({"kind": "status", "status": 504}, VendorUnavailable, 0),
        ({"kind": "status", "status": 504, "body": ""}, VendorUnavailable, 0),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_a_create_without_a_clear_answer_is_sent_once(
    vendor: str, fault: dict[str, Any], error: type[SeedanceError], accepted: int, opened: Open
) -> None:
    """It may have been accepted, and so billed; the error says that."""
    account = opened(vendor, request_timeout=0.2)
    caught = _lose(account, **fault)
    assert type(caught) is error
    assert caught.maybe_accepted
    assert caught.vendor == vendor
    assert (account.sent("create"), account.accepted()) == (1, accepted)


@pytest.mark.parametrize("vendor", ["modelark", "toapis"])
def test_a_lost_generation_is_found_by_its_mark(vendor: str, opened: Open) -> None:
    """Among others that look the same."""
    account = opened(vendor)
    account("generations.create", REQUEST, "sd-another-1")
    account("generations.create", REQUEST)
    _lose(account, kind="drop_after_accept")
    (lost,) = [
        row["generation_id"]
        for row in account.emulator.ledger()["generations"]
        if row["generation_id"] in _found(account)
    ]
    assert _found(account) == [lost]
    account.emulator.advance(9_000)
    assert _found(account) == [lost], "after it has ended, too"


@pytest.mark.parametrize("vendor", ["modelark", "toapis"])
def test_what_was_not_accepted_is_not_found(vendor: str, opened: Open) -> None:
    """However much the others look like it."""
    account = opened(vendor)
    account("generations.create", REQUEST, "sd-another-1")
    _lose(account, kind="drop_before_accept")
    assert _found(account) == []


@pytest.mark.parametrize("vendor", ["evolink", "anyfast"])
def test_a_vendor_without_a_way_to_look(vendor: str, opened: Open) -> None:
    """That is said, and nothing is guessed."""
    account = opened(vendor)
    _lose(account, kind="drop_after_accept")
    with pytest.raises(Unsupported, match="look a lost generation up"):
        _found(account)


@pytest.mark.parametrize(
    "fields",
    [
        {"model": "seedance-1.5-pro", "service_tier": "flex", "generate_audio": False},
        {"model": "seedance-1.0-pro", "vendor_options": {"frames": 57}},
        {"duration": -1, "aspect_ratio": "9:16", "seed": -1, "priority": 9},
        {"model": "seedance-1.5-pro", "resolution": "480p", "vendor_options": {"draft": True}},
        {"model": "ep-20260101-abcde", "duration": 4},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_whatever_was_ordered_is_recognised(fields: dict[str, Any], opened: Open) -> None:
    """Queued or finished, on either tier; what the model chose itself does not count against it."""
    account = opened("modelark")
    request = GenerationRequest(prompt="x", **fields)
    _lose(account, request, kind="drop_after_accept")
    queued = _found(account, request)
    account.emulator.advance(20_000)
    assert len(queued) == 1
    assert _found(account, request) == queued


def test_a_lost_generation_is_found_behind_a_full_page(opened: Open) -> None:
    """The list is read to its end."""
    account = opened("modelark")
    _lose(account, kind="drop_after_accept")
    body = {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "Another"}]}
    settings = account.settings
    with httpx.Client(headers={"Authorization": f"Bearer {settings.api_key}"}, trust_env=False) as others:
        for _ in range(500):
            others.post(f"{settings.base_url}/api/v3/contents/generations/tasks", json=body)
    assert len(_found(account)) == 1
    assert account.sent("list") == 3, "two pages of one tier, and one of the other"
