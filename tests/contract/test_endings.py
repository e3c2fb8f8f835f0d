"""Generations that end without a video, and those that never end."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.errors import GenerationFailed, Kind, ModerationRefused
from airflow_provider_seedance.models import Failed, GenerationRequest, Pending, Status
from tests.contract.account import LONG, VENDORS, Open

each_vendor = pytest.mark.parametrize("vendor", VENDORS)


@each_vendor
def test_moderation_of_the_input(vendor: str, opened: Open) -> None:
    """Refused at once, with advice, and not asked again."""
    account = opened(vendor)
    account.emulator.add_fault(vendor=vendor, on="create", kind="moderation")
    with pytest.raises(ModerationRefused, match="Change the prompt") as caught:
        account("generations.create", GenerationRequest(prompt="x"))
    assert (caught.value.retryable, caught.value.maybe_accepted) == (False, False)
    assert (account.sent("create"), account.accepted()) == (1, 0)


@each_vendor
@pytest.mark.parametrize(
    ("medium", "field", "index"),
    [
        ("text", "prompt", None),
        ("image", "reference_images", 0),
        ("video", "reference_videos", 0),
        ("audio", "reference_audios", 0),
    ],
)
def test_what_the_filter_found_in_the_input(
    vendor: str, medium: str, field: str, index: int | None, opened: Open
) -> None:
    """The medium and our own parameter, whatever the vendor calls it."""
    account = opened(vendor)
    sample = account.emulator.sample_url
    account.emulator.add_fault(vendor=vendor, on="create", kind="moderation", medium=medium)
    asked = GenerationRequest(
        prompt="x",
        reference_images=[sample("reference.png")],
        reference_videos=[sample("reference.mp4")],
        reference_audios=[sample("reference.mp3")],
    )
    with pytest.raises(ModerationRefused) as caught:
        account("generations.create", asked)
    error = caught.value
    assert (error.stage, error.medium, error.field, error.index) == ("input", medium, field, index)
    assert error.billed is False


@each_vendor
@pytest.mark.parametrize("medium", ["video", "audio"])
def test_what_the_filter_found_in_the_result(vendor: str, medium: str, opened: Open) -> None:
    """The medium; no parameter is at fault."""
    account = opened(vendor)
    generation_id = account.create()
    account.emulator.add_fault(vendor=vendor, on="get", kind="moderation", medium=medium)
    account.get(generation_id)
    account.emulator.advance(LONG)
    seen = account.get(generation_id)
    assert isinstance(seen, Failed)
    told = seen.failure.diagnosis
    assert (told.stage, told.medium, told.field) == ("output", medium, None)


@each_vendor
@pytest.mark.parametrize(
    ("fate", "kind", "retryable"), [("moderation", Kind.MODERATION, False), ("fail", Kind.OVERLOAD, True)]
)
def test_a_generation_that_fails(vendor: str, fate: str, kind: Kind, retryable: bool, opened: Open) -> None:
    """It ends with the vendor's reason, and without a bill."""
    account = opened(vendor)
    seen = account.finished(prompt=f"[emulator:{fate}] A kitten", duration=4)
    assert isinstance(seen, Failed)
    assert (seen.status, seen.failure.kind) == (Status.FAILED, kind)
    assert GenerationFailed(seen.failure.message, kind=kind).retryable is retryable
    assert len(seen.failure.message) > 10
    assert account.emulator.ledger()["generations"][0]["billed"] is False


@each_vendor
def test_a_generation_that_turns_bad_while_it_is_watched(vendor: str, opened: Open) -> None:
    """Pending, then failed."""
    account = opened(vendor)
    generation_id = account.create()
    account.emulator.add_fault(vendor=vendor, on="get", kind="moderation")
    assert isinstance(account.get(generation_id), Pending)
    account.emulator.advance(LONG)
    seen = account.get(generation_id)
    assert isinstance(seen, Failed)
    assert seen.failure.kind is Kind.MODERATION


@each_vendor
def test_a_generation_that_never_ends(vendor: str, opened: Open) -> None:
    """Stays pending for as long as one looks."""
    account = opened(vendor)
    generation_id = account.create(prompt="[emulator:stuck]", duration=4)
    for _ in range(3):
        account.emulator.advance(LONG)
        assert isinstance(account.get(generation_id), Pending)


def test_a_generation_that_expires_in_the_queue(opened: Open) -> None:
    """A status of its own: a new generation is needed, and may well succeed."""
    account = opened("modelark")
    fields = {"prompt": "4k has one slot", "resolution": "4k", "duration": 4}
    blocking = account.create(**fields)
    account.emulator.advance(30)
    account.emulator.add_fault(on="get", kind="stuck")
    assert account.get(blocking).status is Status.RUNNING
    waiting = account.create(**fields, vendor_options={"execution_expires_after": 3600})
    account.emulator.advance(3601)
    seen = account.get(waiting)
    assert isinstance(seen, Failed)
    assert (seen.status, seen.failure.kind) == (Status.EXPIRED, Kind.EXPIRED)


@pytest.mark.parametrize(("vendor", "kind"), [("evolink", Kind.VALIDATION), ("toapis", Kind.REJECTED)])
def test_media_that_cannot_be_used(vendor: str, kind: Kind, opened: Open) -> None:
    """EvoLink accepts them and fails later; so does ToAPIs where a review was asked for."""
    account = opened(vendor)
    options = {"private_asset_review": True} if vendor == "toapis" else {}
    seen = account.finished(
        prompt="x", first_frame=account.emulator.sample_url("no-such.png"), vendor_options=options
    )
    assert isinstance(seen, Failed)
    assert seen.failure.kind is kind
