"""Checks of real persons, and the assets in their groups: what is sent, and what the answers come to."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.library import NewAsset
from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import Call, HttpResponse, JsonBody, PersonCalls
from airflow_provider_seedance.errors import MalformedReply, VendorRefusal

ANNA = NewAsset(group_id="g-1", name="Anna", kind="image", link="https://h/a.png", real_person=True)
REAL_AVATAR = "/v1/videos/doubao-seedance-2-0/real-avatar"


def _persons(vendor: str) -> PersonCalls:
    assets = load_vendor(vendor).assets
    assert assets
    assert assets.persons
    return assets.persons


def _read(call: Call[Any], body: object, status: int = 200) -> Any:
    return call.read(HttpResponse(status, {}, json.dumps(body).encode(), 0.0))


def _toapis(**data: object) -> dict[str, object]:
    return {"success": True, "message": "", "data": data}


def test_toapis_begins_a_check_whose_link_is_read_later() -> None:
    persons = _persons("toapis")
    start = persons.start("https://h/back")
    assert (start.request.method, start.request.path) == ("POST", f"{REAL_AVATAR}/verify-tasks")
    assert start.request.body == JsonBody({"callback_url": "https://h/back"})
    assert not start.repeatable
    started = _read(start, _toapis(task_id="rav_1"))
    assert (started.token, started.link) == ("rav_1", None)
    read = persons.read("rav/1")
    assert (read.request.method, read.request.path) == ("GET", f"{REAL_AVATAR}/verify-tasks/rav%2F1")
    check = _read(read, _toapis(h5_link="https://h5/x", byted_token="bt", expires_at=1_795_000_000))
    assert (check.token, check.link) == ("rav/1", "https://h5/x")
    assert check.expires_at == datetime.fromtimestamp(1_795_000_000, timezone.utc)


@pytest.mark.parametrize(
    ("body", "group_id"),
    [
        (_toapis(group_id="pg_1"), "pg_1"),
        (_toapis(group_id=None), None),
        (_toapis(group_id=""), None),
        (_toapis(), None),
    ],
)
def test_toapis_names_the_group_when_the_person_is_through(body, group_id) -> None:
    call = _persons("toapis").result("rav_1")
    assert (call.request.path, call.request.query) == (
        f"{REAL_AVATAR}/verify-results",
        (("task_id", "rav_1"),),
    )
    assert _read(call, body) == group_id


@pytest.mark.parametrize("status", [200, 400])
def test_toapis_refuses_a_check_whatever_its_status(status) -> None:
    with pytest.raises(VendorRefusal, match="task not found"):
        _read(_persons("toapis").result("rav_1"), {"success": False, "message": "task not found"}, status)


def test_toapis_without_an_id_has_begun_nothing_that_can_be_used() -> None:
    with pytest.raises(MalformedReply):
        _read(_persons("toapis").start("https://h/back"), _toapis())


def test_toapis_keeps_real_persons_apart() -> None:
    persons = _persons("toapis")
    assert persons.get
    assert persons.create(ANNA).request.path == f"{REAL_AVATAR}/assets"
    assert persons.get("pa_1").request.path == f"{REAL_AVATAR}/assets/pa_1"
    assets = load_vendor("toapis").assets
    invented = ANNA.model_copy(update={"real_person": False})
    assert "/private-avatar/" in assets.create(invented).request.path
    assert "/private-avatar/" in assets.get("pa_1").request.path


@pytest.mark.parametrize("vendor", ["anyfast", "modelark"])
def test_ark_lists_real_persons_under_a_type_of_their_own(vendor) -> None:
    persons = _persons(vendor)
    assert persons.list
    wanted = persons.list("group-1", None, 2).request.body.json
    assert wanted["Filter"] == {"GroupIds": ["group-1"], "GroupType": "LivenessFace"}
    others = load_vendor(vendor).assets.list("group-1", None, 2).request.body.json
    assert others["Filter"]["GroupType"] == "AIGC"


@pytest.mark.parametrize(
    ("body", "group_id"), [({"GroupId": "group-1"}, "group-1"), ({"GroupId": ""}, None), ({}, None)]
)
def test_an_empty_group_of_anyfast_is_a_check_that_goes_on(body, group_id) -> None:
    assert _read(_persons("anyfast").result("token"), body) == group_id


def test_anyfast_tells_of_an_asset_of_a_real_person_by_the_list_alone() -> None:
    assert _persons("anyfast").get is None
    assert _persons("modelark").get
