"""Keys, balances and ids of strangers, on every vendor."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.errors import (
    AuthenticationRefused,
    BalanceRefused,
    Kind,
    NotFound,
    RequestInvalid,
    SeedanceError,
    Unsupported,
)
from airflow_provider_seedance.models import Balance, GenerationRequest, ListQuery
from tests.contract.account import KEY, VENDORS, Open

REQUEST = GenerationRequest(prompt="A kitten yawns", duration=4)
CREDITS = Decimal(1_000_000)

each_vendor = pytest.mark.parametrize("vendor", VENDORS)


@each_vendor
def test_a_good_key_passes_the_probe(vendor: str, opened: Open) -> None:
    """Without ordering anything."""
    account = opened(vendor)
    account("account.probe")
    assert account.sent("create") == 0


CALLS: list[tuple[str, tuple[Any, ...]]] = [
    ("account.probe", ()),
    ("generations.create", (REQUEST,)),
    ("generations.get", ("task-unified-1-abcdefgh",)),
    ("generations.list", (ListQuery(),)),
    ("generations.cancel", ("x",)),
    ("account.balance", ()),
]


@each_vendor
@pytest.mark.parametrize(("method", "arguments"), CALLS, ids=[method for method, _ in CALLS])
def test_a_wrong_key_is_refused_by_every_call(
    vendor: str, method: str, arguments: tuple[Any, ...], opened: Open
) -> None:
    """Once, with advice; where the vendor lacks the call, that is what is said."""
    account = opened(vendor, api_key="sk-invalid")
    with pytest.raises((AuthenticationRefused, Unsupported)) as caught:
        account(method, *arguments)
    assert caught.value.vendor == vendor
    assert "sk-invalid" not in str(caught.value)
    received = [note for note in account.emulator.requests() if note["vendor"] == vendor]
    assert len(received) == (0 if isinstance(caught.value, Unsupported) else 1)


@each_vendor
def test_an_empty_account_is_told_to_top_up(vendor: str, opened: Open) -> None:
    """A retry would not mend it, and nothing was accepted."""
    account = opened(vendor, api_key="sk-empty")
    with pytest.raises(BalanceRefused, match="Top up") as caught:
        account("generations.create", REQUEST)
    assert (caught.value.retryable, caught.value.maybe_accepted) == (False, False)
    assert (account.sent("create"), account.accepted()) == (1, 0)


@pytest.mark.parametrize("vendor", ["evolink", "toapis"])
def test_the_balance_shrinks_by_what_was_spent(vendor: str, opened: Open) -> None:
    """In credits."""
    account = opened(vendor)
    assert account("account.balance") == Balance(amount=CREDITS, currency="credits")
    account.finished()
    (row,) = account.emulator.ledger()["generations"]
    spent = CREDITS - account("account.balance").amount
    assert spent == pytest.approx(Decimal(str(row["amount"])), abs=Decimal("0.0001"))
    assert opened(vendor, api_key="sk-empty")("account.balance").amount == 0


@pytest.mark.parametrize("vendor", ["modelark", "anyfast"])
def test_a_vendor_that_does_not_tell_its_balance(vendor: str, opened: Open) -> None:
    """Nothing is sent."""
    account = opened(vendor)
    with pytest.raises(Unsupported, match="balance"):
        account("account.balance")
    assert account.emulator.requests() == []


UNKNOWN = {
    "modelark": "cgt-20260101120000-abcde",
    "evolink": "task-unified-1774857405-abc12345",
    "anyfast": "asyntask_h81ef0c4b7a94d2e8c1f6a5b3d907e24",
    "toapis": "tsk_vid_01JXABCDEF",
}


@each_vendor
def test_an_unknown_id_is_not_found(vendor: str, opened: Open) -> None:
    """Asked for once; the error names it."""
    account = opened(vendor)
    with pytest.raises(NotFound, match=UNKNOWN[vendor]) as caught:
        account.get(UNKNOWN[vendor])
    assert not caught.value.retryable
    assert account.sent("get") == 1


@each_vendor
@pytest.mark.parametrize("strange", ["..", "../balance", "a b", "ü", "x?y=1#z"])
def test_what_cannot_be_an_id_is_refused(vendor: str, strange: str, opened: Open) -> None:
    """It cannot lead to another path of the vendor's, and proves nothing about a generation."""
    account = opened(vendor)
    with pytest.raises(RequestInvalid, match="generation_id"):
        account.get(strange)
    assert account.sent("get") == 0


@each_vendor
def test_a_strangers_generation_cannot_be_read(vendor: str, opened: Open) -> None:
    """EvoLink says that it is somebody else's, the others that there is none."""
    theirs = opened(vendor, api_key="sk-somebody-else-9876").create()
    with pytest.raises(SeedanceError) as caught:
        opened(vendor).get(theirs)
    assert caught.value.kind is (Kind.AUTHENTICATION if vendor == "evolink" else Kind.NOT_FOUND)
    assert theirs in str(caught.value)


@each_vendor
def test_the_key_is_in_no_repr(vendor: str, opened: Open) -> None:
    """Nor is the link, which is a key to the file."""
    account = opened(vendor)
    shown = [repr(account.settings), repr(account.settings.vendor), repr(account.finished())]
    assert not any(KEY in text for text in shown)
    assert "video_url" not in shown[2]
