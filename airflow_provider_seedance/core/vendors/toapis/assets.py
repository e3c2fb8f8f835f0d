"""ToAPIs' library of media of invented and of real persons (contracts: toapis 8.2 and 8.3).

It lists nothing, and neither renames nor deletes.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.library import Asset, AssetStatus, NewAsset, PersonCheck
from airflow_provider_seedance.core.vendors.contract import (
    AssetCalls,
    Call,
    HttpRequest,
    HttpResponse,
    JsonBody,
    PersonCalls,
)
from airflow_provider_seedance.core.vendors.reading import (
    as_dict,
    as_id,
    as_link,
    as_text,
    as_time,
    as_word,
    required,
)
from airflow_provider_seedance.core.vendors.toapis.errors import accepted

INVENTED = "/v1/videos/doubao-seedance-2-0/private-avatar"
REAL_PERSONS = "/v1/videos/doubao-seedance-2-0/real-avatar"
_STATUSES = {"active": AssetStatus.ACTIVE, "failed": AssetStatus.FAILED}


def create_group(name: str, description: str | None) -> Call[str]:
    body = {"name": name, "description": description or ""}
    return _post(f"{INVENTED}/groups", body, "group_id")


def create(asset: NewAsset) -> Call[str]:
    body = {
        "group_id": asset.group_id,
        "asset_type": asset.kind,
        "source_url": asset.link,
        "name": asset.name,
    }
    return _post(f"{REAL_PERSONS if asset.real_person else INVENTED}/assets", body, "asset_id")


def get(asset_id: str, base: str = INVENTED) -> Call[Asset]:
    return Call(HttpRequest("GET", f"{base}/assets/{quote(asset_id, safe='')}"), _read_asset)


def start_person_check(callback_url: str) -> Call[PersonCheck]:
    """The answer names the check; its link is read by that."""
    call = _post(f"{REAL_PERSONS}/verify-tasks", {"callback_url": callback_url}, "task_id")
    return Call(call.request, lambda response: PersonCheck(token=call.read(response)), repeatable=False)


def read_person_check(token: str) -> Call[PersonCheck]:
    def read(response: HttpResponse) -> PersonCheck:
        data = as_dict(accepted(response).get("data"))
        return PersonCheck(
            token=token, link=as_link(data.get("h5_link")), expires_at=as_time(data.get("expires_at"))
        )

    return Call(HttpRequest("GET", f"{REAL_PERSONS}/verify-tasks/{quote(token, safe='')}"), read)


def person_check_result(token: str) -> Call[str | None]:
    request = HttpRequest("GET", f"{REAL_PERSONS}/verify-results", (("task_id", token),))
    return Call(request, lambda response: as_id(as_dict(accepted(response).get("data")).get("group_id")))


def _post(path: str, body: dict[str, Any], wanted: str) -> Call[str]:
    def read(response: HttpResponse) -> str:
        return required(response, wanted, as_id(as_dict(accepted(response).get("data")).get(wanted)))

    return Call(HttpRequest("POST", path, body=JsonBody(body)), read, repeatable=False)


def _read_asset(response: HttpResponse) -> Asset:
    body = accepted(response)
    data = as_dict(body.get("data"))
    return Asset(
        asset_id=required(response, "data.asset_id", as_id(data.get("asset_id"))),
        group_id=as_id(data.get("group_id")),
        vendor_name=as_text(data.get("name")) or "",
        kind=as_word(data.get("asset_type")),
        status=_STATUSES.get(as_word(data.get("status")) or "", AssetStatus.PROCESSING),
        reason=as_text(data.get("message")) or as_text(body.get("message")),
    )


CALLS = AssetCalls(
    create_group=create_group,
    create=create,
    get=get,
    persons=PersonCalls(
        start=start_person_check,
        result=person_check_result,
        create=create,
        get=partial(get, base=REAL_PERSONS),
        read=read_person_check,
    ),
)
