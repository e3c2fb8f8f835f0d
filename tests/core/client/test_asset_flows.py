"""Making groups and assets when answers are lost: looked for, never sent twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_seedance.core.client.asset_flows import AssetFlows
from airflow_provider_seedance.core.client.flows import Flow, Send
from airflow_provider_seedance.core.library import NewAsset
from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import HttpResponse, JsonBody
from airflow_provider_seedance.errors import NoReply, NotFound, SeedanceError, ValidationRefused

FLOWS = AssetFlows(load_vendor("anyfast"), lambda: 0.0)
ASSET = NewAsset(group_id="group-1", name="Anna #0123456789ab", kind="image", link="https://h/a.png")
ROW = {"Id": "asset-1", "Name": ASSET.name, "GroupId": "group-1", "AssetType": "Image", "Status": "Active"}


def _run(flow: Flow[Any], answer: Callable[[str, dict], Any]) -> tuple[Any, list[str]]:
    """What a flow comes to, and the actions that it sent; ``answer`` returns a body, or an error to throw."""
    sent: list[str] = []
    given: HttpResponse | SeedanceError | None = None
    while True:
        try:
            step = flow.throw(given) if isinstance(given, SeedanceError) else flow.send(given)
        except StopIteration as end:
            return end.value, sent
        given = None
        if isinstance(step, Send):
            action = step.request.path.rpartition("/")[2]
            sent.append(action)
            sent_body = step.request.body
            body = answer(action, dict(sent_body.json) if isinstance(sent_body, JsonBody) else {})
            given = (
                body
                if isinstance(body, SeedanceError)
                else HttpResponse(200, {}, json.dumps(body).encode(), 0.0)
            )


def _page(*rows: dict) -> dict:
    return {"TotalCount": len(rows), "Items": list(rows)}


def test_an_asset_whose_answer_was_lost_is_found_by_its_name() -> None:
    def answer(action, body):
        return NoReply("lost") if action == "CreateAsset" else _page({**ROW, "Name": "other"}, ROW)

    asset, sent = _run(FLOWS.create(ASSET), answer)
    assert asset.asset_id == "asset-1"
    assert sent == ["CreateAsset", "ListAssets"]


def test_a_group_whose_answer_was_lost_likewise() -> None:
    def answer(action, body):
        return NoReply("lost") if action == "CreateAssetGroup" else _page({"Id": "group-7", "Name": "cast"})

    group, sent = _run(FLOWS.create_group("cast"), answer)
    assert group.group_id == "group-7"
    assert sent == ["CreateAssetGroup", "ListAssetGroups"]


def test_what_is_not_found_is_not_sent_again() -> None:
    """It is looked for three times; the next try of the task looks again, first of all."""
    sent: list[str] = []

    def answer(action, body):
        sent.append(action)
        return NoReply("lost") if action == "CreateAsset" else _page()

    with pytest.raises(NoReply):
        _run(FLOWS.create(ASSET), answer)
    assert sent == ["CreateAsset", *["ListAssets"] * 3]


def test_what_was_refused_is_not_looked_for() -> None:
    sent: list[str] = []

    def answer(action, body):
        sent.append(action)
        return ValidationRefused("no", http_status=400)

    with pytest.raises(ValidationRefused):
        _run(FLOWS.create(ASSET), answer)
    assert sent == ["CreateAsset"]


@pytest.mark.parametrize("at", [0, 99, 100, 149])
def test_a_name_is_found_on_any_page(at) -> None:
    rows = [{**ROW, "Id": f"asset-{number}", "Name": f"{number}"} for number in range(150)]
    rows[at]["Name"] = ASSET.name

    def answer(action, body):
        start = (body["PageNumber"] - 1) * body["PageSize"]
        return {"TotalCount": 150, "Items": rows[start : start + body["PageSize"]]}

    found, _ = _run(FLOWS.find("group-1", ASSET.name), answer)
    assert found.asset_id == f"asset-{at}"


def test_an_asset_of_a_real_person_is_looked_for_among_those() -> None:
    """Also when it is only read: AnyFast tells of it in the list of its group."""

    def answer(action, body):
        if action == "CreateAsset":
            return NoReply("lost")
        return _page(ROW) if body["Filter"]["GroupType"] == "LivenessFace" else _page()

    asset, sent = _run(FLOWS.create(ASSET.model_copy(update={"real_person": True})), answer)
    assert (asset.asset_id, sent) == ("asset-1", ["CreateAsset", "ListAssets"])
    asset, sent = _run(FLOWS.get("asset-1", "group-1"), answer)
    assert (asset.asset_id, sent) == ("asset-1", ["ListAssets"])
    with pytest.raises(NotFound, match="no asset asset-2"):
        _run(FLOWS.get("asset-2", "group-1"), answer)


@pytest.mark.parametrize("links", [["https://h5/x"], [None, "https://h5/x"], [None, None, "https://h5/x"]])
def test_the_link_of_a_check_is_waited_for(links) -> None:
    """Where the vendor makes it after its first answer."""
    left = list(links)

    def answer(action, body):
        data = {"task_id": "rav_1"} if action == "verify-tasks" else {"h5_link": left.pop(0)}
        return {"success": True, "message": "", "data": data}

    check, sent = _run(
        AssetFlows(load_vendor("toapis"), lambda: 0.0).start_person_check("https://h/b"), answer
    )
    assert (check.token, check.link) == ("rav_1", "https://h5/x")
    assert sent == ["verify-tasks", *["rav_1"] * len(links)]


def test_a_check_without_a_link_is_an_error() -> None:
    """A second one is not begun."""
    sent: list[str] = []

    def answer(action, body):
        sent.append(action)
        return {"success": True, "message": "", "data": {"task_id": "rav_1"}}

    with pytest.raises(SeedanceError, match="no link"):
        _run(AssetFlows(load_vendor("toapis"), lambda: 0.0).start_person_check("https://h/b"), answer)
    assert sent == ["verify-tasks", *["rav_1"] * 3]
