"""ToAPIs' library of invented persons' media (contract: toapis 8.2).

It lists nothing, and neither renames nor deletes.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.library import Asset, AssetStatus, NewAsset
from airflow_provider_seedance.core.vendors.contract import (
    AssetCalls,
    Call,
    HttpRequest,
    HttpResponse,
    JsonBody,
)
from airflow_provider_seedance.core.vendors.reading import as_dict, as_id, as_text, as_word, required
from airflow_provider_seedance.core.vendors.toapis.errors import accepted

PATH = "/v1/videos/doubao-seedance-2-0/private-avatar"
_STATUSES = {"active": AssetStatus.ACTIVE, "failed": AssetStatus.FAILED}


def create_group(name: str, description: str | None) -> Call[str]:
    body = {"name": name, "description": description or ""}
    return _post("groups", body, "group_id")


def create(asset: NewAsset) -> Call[str]:
    body = {
        "group_id": asset.group_id,
        "asset_type": asset.kind,
        "source_url": asset.link,
        "name": asset.name,
    }
    return _post("assets", body, "asset_id")


def get(asset_id: str) -> Call[Asset]:
    return Call(HttpRequest("GET", f"{PATH}/assets/{quote(asset_id, safe='')}"), _read_asset)


def _post(path: str, body: dict[str, Any], wanted: str) -> Call[str]:
    def read(response: HttpResponse) -> str:
        return required(response, wanted, as_id(as_dict(accepted(response).get("data")).get(wanted)))

    return Call(HttpRequest("POST", f"{PATH}/{path}", body=JsonBody(body)), read, repeatable=False)


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


CALLS = AssetCalls(create_group=create_group, create=create, get=get)
