"""From request to finished video, on every vendor, in every mode, with every option of the contracts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import (
    Cost,
    Generation,
    GenerationRequest,
    Mode,
    Pending,
    Status,
    Succeeded,
)
from tests.contract.account import LONG, VENDORS, AccountUnderTest, Open, filled
from tests.contract.orders import IMAGE, ORDERS, Order

each_order = pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.vendor}: {order.name}")


def _request(order: Order, account: AccountUnderTest) -> GenerationRequest:
    return GenerationRequest(**filled(order.asked, account.emulator))


def _opened(order: Order, opened: Open) -> AccountUnderTest:
    return opened(order.vendor, region=order.region)


def _told(generation: Generation) -> dict[str, Any]:
    usage = generation.usage.model_dump() if generation.usage else {}
    return {**generation.model_dump(), **usage, "tokens": usage.get("completion_tokens")}


@each_order
def test_what_arrives_is_what_was_asked_for(order: Order, opened: Open) -> None:
    """The whole body, field for field; nothing dropped and nothing added."""
    account = _opened(order, opened)
    account("generations.create", _request(order, account))
    assert account.bodies() == [filled(order.wire, account.emulator)]


@each_order
def test_a_generation_goes_from_queued_to_a_video(order: Order, opened: Open) -> None:
    """With what the vendor tells about it in the end."""
    account = _opened(order, opened)
    created = account("generations.create", _request(order, account))
    assert isinstance(created, Pending)
    assert created.status is Status.QUEUED
    assert isinstance(account.get(created.generation_id), Pending)
    account.emulator.advance(LONG)
    finished = account.get(created.generation_id)
    assert isinstance(finished, Succeeded)
    assert (finished.vendor, finished.generation_id) == (order.vendor, created.generation_id)
    told = _told(finished)
    assert {name: told[name] for name in order.told} == order.told
    assert (finished.last_frame_url is not None) is order.last_frame


@each_order
def test_the_vendor_reads_the_mode_from_the_media(order: Order, opened: Open) -> None:
    """As the client does."""
    account = _opened(order, opened)
    request = _request(order, account)
    account("generations.create", request)
    (row,) = account.emulator.ledger()["generations"]
    assert row["mode"] == order.mode == request.mode.value


@each_order
def test_the_cost_of_a_finished_generation(order: Order, opened: Open) -> None:
    """The vendor's own word where it has one, else its tokens at the list price, else unknown."""
    account = _opened(order, opened)
    request = _request(order, account)
    finished = account.finished(**filled(order.asked, account.emulator))
    assert isinstance(finished, Succeeded)
    expected = Cost()
    if order.cost:
        amount, currency, basis = order.cost
        expected = Cost(amount=Decimal(amount), currency=currency, basis=basis)
    assert account.settings.catalog().cost(finished, request) == expected


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_mode_is_covered(vendor: str) -> None:
    """So that a mode cannot be forgotten here; a draft's final render has a test of its own."""
    modes = {order.mode for order in ORDERS if order.vendor == vendor}
    assert modes == {mode.value for mode in Mode} - {"draft_final"}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_running_generation_says_so(vendor: str, opened: Open) -> None:
    """Between the queue and the end."""
    account = opened(vendor)
    generation_id = account.create()
    account.emulator.advance(30)
    assert account.get(generation_id).status is Status.RUNNING


#: What is known of a generation's cost from its id alone. ToAPIs tells the charge, EvoLink the credits it reserved,
#: ModelArk the model and its tokens; AnyFast tells nothing from which it could be computed.
BASIS_WITHOUT_REQUEST = {
    "modelark": "estimated",
    "evolink": "estimated",
    "anyfast": "unknown",
    "toapis": "billed",
}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_finished_generation_can_be_taken_over_by_its_id_alone(vendor: str, opened: Open) -> None:
    """Its cost is what the vendor tells, else computed from what it tells, else unknown."""
    account = opened(vendor)
    finished = account.finished()
    assert isinstance(finished, Succeeded)
    cost = account.settings.catalog().cost(finished)
    assert cost.basis == BASIS_WITHOUT_REQUEST[vendor]
    assert (cost.amount is None) is (cost.basis == "unknown")


@pytest.mark.parametrize("vendor", VENDORS)
def test_times_are_in_order(vendor: str, opened: Open) -> None:
    """Created, then finished, then the links die; what a vendor does not tell is null."""
    finished = opened(vendor).finished()
    assert isinstance(finished, Succeeded)
    told = [finished.created_at, finished.finished_at, finished.expires_at]
    known = [moment for moment in told if moment]
    assert known == sorted(known)
    assert finished.created_at
    assert finished.expires_at


def test_a_draft_and_its_final_render(opened: Open) -> None:
    """The final render sends the draft's id and nothing that the draft has settled."""
    account = opened("modelark")
    draft = account.finished(
        model="seedance-1.5-pro",
        prompt="A girl holds a fox",
        seed=20,
        duration=6,
        resolution="480p",
        vendor_options={"draft": True},
    )
    assert draft.draft is True
    final = account.finished(
        model="seedance-1.5-pro",
        draft_task_id=draft.generation_id,
        resolution="720p",
        watermark=False,
        return_last_frame=True,
    )
    assert isinstance(final, Succeeded)
    assert (final.seed, final.duration, final.resolution) == (20, 6, "720p")
    assert final.last_frame_url
    assert account.bodies()[1] == {
        "model": "seedance-1-5-pro-251215",
        "content": [{"type": "draft_task", "draft_task": {"id": draft.generation_id}}],
        "resolution": "720p",
        "watermark": False,
        "return_last_frame": True,
    }


def test_the_last_frame_of_one_shot_starts_the_next(opened: Open) -> None:
    """The link is taken as an input as long as it lives."""
    account = opened("modelark")
    shot = account.finished(prompt="One", return_last_frame=True)
    assert isinstance(shot, Succeeded)
    following = account.finished(prompt="Two", first_frame=shot.last_frame_url)
    assert following.status is Status.SUCCEEDED


@pytest.mark.parametrize(("vendor", "length"), [("modelark", -1), ("toapis", -1), ("toapis", 0)])
def test_the_model_may_choose_the_length(vendor: str, length: int, opened: Open) -> None:
    """ModelArk tells the length that was chosen, ToAPIs does not; the vendor is asked for just that."""
    account = opened(vendor)
    finished = account.finished(prompt="As long as it takes", duration=length)
    assert finished.status is Status.SUCCEEDED
    assert account.bodies()[0]["duration"] == length
    told = isinstance(finished.duration, float) and 4 <= finished.duration <= 15
    assert told if vendor == "modelark" else finished.duration is None


def test_an_endpoint_id_stands_for_a_model(opened: Open) -> None:
    """ModelArk's own ids go through unchecked and untouched."""
    account = opened("modelark")
    finished = account.finished(model="ep-20260101-abcde", prompt="x", duration=4)
    assert finished.status is Status.SUCCEEDED
    assert account.bodies()[0]["model"] == "ep-20260101-abcde"


def test_a_caller_id_finds_its_generation(opened: Open) -> None:
    """ToAPIs looks it up in place of its own id, and a second create with it makes nothing new."""
    account = opened("toapis")
    order = {"prompt": "x", "duration": 4, "vendor_options": {"client_business_id": "job-0001"}}
    generation_id = account.create(**order)
    assert account.get("job-0001").generation_id == generation_id
    assert account.create(**order) == generation_id
    assert account.accepted() == 1


ASSETS: dict[str, tuple[str, dict[str, Any], str, str, dict[str, Any]]] = {
    "anyfast": (
        "/volc/asset/CreateAssetGroup",
        {"model": "volc-asset", "Name": "cast"},
        "/volc/asset/CreateAsset",
        "GroupId",
        {"model": "volc-asset", "Name": "hero", "AssetType": "Image", "URL": IMAGE},
    ),
    "toapis": (
        "/v1/videos/doubao-seedance-2-0/private-avatar/groups",
        {"name": "cast"},
        "/v1/videos/doubao-seedance-2-0/private-avatar/assets",
        "group_id",
        {"asset_type": "image", "source_url": IMAGE, "name": "hero"},
    ),
}


def _stored_asset(account: AccountUnderTest) -> str:
    """The id of an image in the vendor's library, made without the client's help."""
    groups, group, assets, group_field, asset = ASSETS[account.vendor]
    settings = account.settings
    headers = {"Authorization": f"Bearer {settings.api_key}"}
    with httpx.Client(headers=headers, trust_env=False) as http:

        def post(path: str, body: dict[str, Any]) -> Any:
            answer = http.post(settings.base_url + path, json=filled(body, account.emulator)).json()
            return answer.get("data", answer)

        made = post(groups, group)
        group_id = made.get("Id") or made["group_id"]
        stored = post(assets, {**asset, group_field: group_id})
    account.emulator.advance(120)
    asset_id: str = stored.get("Id") or stored["asset_id"]
    return asset_id


@pytest.mark.parametrize("vendor", ASSETS)
def test_an_asset_of_the_vendors_library_is_a_medium_too(vendor: str, opened: Open) -> None:
    """As ``asset://<id>``, wherever an image is taken."""
    account = opened(vendor)
    asset_id = _stored_asset(account)
    finished = account.finished(prompt="@image1 waves", reference_images=[f"asset://{asset_id}"])
    assert finished.status is Status.SUCCEEDED


@pytest.mark.parametrize(
    "unsayable", [{1, 2}, float("nan"), "\ud800", object()], ids=["set", "nan", "surrogate", "object"]
)
def test_what_json_cannot_hold_is_refused(unsayable: object) -> None:
    """Like any other field that is wrong: before anything is sent, or an intent put on record."""
    with pytest.raises(RequestInvalid, match="vendor_options"):
        GenerationRequest.parse({"prompt": "x", "vendor_options": {"new": [unsayable]}})
