"""Ark's actions on an asset library. ModelArk signs and wraps them, AnyFast does neither.

Contracts: modelark 9, anyfast 5.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from airflow_provider_seedance.core.library import (
    Asset,
    AssetGroup,
    AssetGroupPage,
    AssetPage,
    AssetStatus,
    NewAsset,
    PersonCheck,
)
from airflow_provider_seedance.core.vendors.contract import (
    AssetCalls,
    Call,
    HttpRequest,
    HttpResponse,
    PersonCalls,
)
from airflow_provider_seedance.core.vendors.reading import (
    as_dict,
    as_id,
    as_int,
    as_iso_time,
    as_link,
    as_text,
    as_word,
    required,
)

T = TypeVar("T")
Body = dict[str, Any]

PAGE_SIZE = 100
#: The types of groups: of invented persons and things, and what a check of a real person makes.
INVENTED, REAL_PERSON = "AIGC", "LivenessFace"
_STATUSES = {
    "active": AssetStatus.ACTIVE,
    "failed": AssetStatus.FAILED,
    "inactive": AssetStatus.INACTIVE,
}


@dataclass(frozen=True)
class ArkAssets:
    """The actions of one vendor.

    :param request: the request for an action with its body.
    :param result: the result in an answer; raises the error that it is instead.
    :param gets_real_persons: whether ``GetAsset`` knows the assets of real persons, which a list tells in any case.
    """

    request: Callable[[str, Body], HttpRequest]
    result: Callable[[HttpResponse], Body]
    gets_real_persons: bool = True

    def calls(self) -> AssetCalls:
        """The group for the vendor's contract."""
        return AssetCalls(
            create_group=self.create_group,
            create=self.create,
            get=self.get,
            list_groups=self.list_groups,
            rename_group=lambda group_id, name: self._change("UpdateAssetGroup", Id=group_id, Name=name),
            delete_group=lambda group_id: self._change("DeleteAssetGroup", Id=group_id),
            list=self.list,
            rename=lambda asset_id, name: self._change("UpdateAsset", Id=asset_id, Name=name),
            delete=lambda asset_id: self._change("DeleteAsset", Id=asset_id),
            persons=PersonCalls(
                start=self.start_person_check,
                result=self.person_check_result,
                create=self.create,
                get=self.get if self.gets_real_persons else None,
                list=partial(self.list, group_type=REAL_PERSON),
            ),
        )

    def create_group(self, name: str, description: str | None) -> Call[str]:
        body = {"Name": name, "GroupType": INVENTED}
        if description:
            body["Description"] = description
        return self._call("CreateAssetGroup", body, _read_id, repeatable=False)

    def create(self, asset: NewAsset) -> Call[str]:
        body = {
            "GroupId": asset.group_id,
            "Name": asset.name,
            "AssetType": asset.kind.capitalize(),
            "URL": asset.link,
        }
        return self._call("CreateAsset", body, _read_id, repeatable=False)

    def get(self, asset_id: str) -> Call[Asset]:
        return self._call("GetAsset", {"Id": asset_id}, _read_asset)

    def list_groups(self, name: str | None, page: int) -> Call[AssetGroupPage]:
        return self._call("ListAssetGroups", _page_of({"Name": name}, page, INVENTED), _read_groups)

    def list(
        self, group_id: str | None, name: str | None, page: int, group_type: str = INVENTED
    ) -> Call[AssetPage]:
        wanted = {"GroupIds": [group_id] if group_id else None, "Name": name}
        return self._call("ListAssets", _page_of(wanted, page, group_type), _read_assets)

    def start_person_check(self, callback_url: str) -> Call[PersonCheck]:
        return self._call("CreateVisualValidateSession", {"CallbackURL": callback_url}, _read_check)

    def person_check_result(self, token: str) -> Call[str | None]:
        """Sent once: a token works one time."""
        return self._call(
            "GetVisualValidateResult",
            {"BytedToken": token},
            lambda _, body: as_id(body.get("GroupId")),
            repeatable=False,
        )

    def _change(self, action: str, **body: str) -> Call[None]:
        return self._call(action, body, lambda *_: None, repeatable=False)

    def _call(
        self, action: str, body: Body, read: Callable[[HttpResponse, Body], T], *, repeatable: bool = True
    ) -> Call[T]:
        return Call(
            self.request(action, body), lambda response: read(response, self.result(response)), repeatable
        )


def _page_of(wanted: Body, page: int, group_type: str) -> Body:
    given = {name: value for name, value in wanted.items() if value}
    return {"Filter": {**given, "GroupType": group_type}, "PageNumber": page, "PageSize": PAGE_SIZE}


def _read_id(response: HttpResponse, body: Body) -> str:
    return required(response, "Id", as_id(body.get("Id")))


def _read_groups(response: HttpResponse, body: Body) -> AssetGroupPage:
    rows = [as_dict(row) for row in body.get("Items") or ()]
    return AssetGroupPage(
        total=required(response, "TotalCount", as_int(body.get("TotalCount"))),
        items=tuple(
            AssetGroup(
                group_id=group_id,
                name=as_text(row.get("Name")) or "",
                description=as_text(row.get("Description")),
                created_at=as_iso_time(row.get("CreateTime")),
            )
            for row in rows
            if (group_id := as_id(row.get("Id")))
        ),
    )


def _read_assets(response: HttpResponse, body: Body) -> AssetPage:
    rows = [as_dict(row) for row in body.get("Items") or ()]
    return AssetPage(
        total=required(response, "TotalCount", as_int(body.get("TotalCount"))),
        items=tuple(_asset(row, asset_id) for row in rows if (asset_id := as_id(row.get("Id")))),
    )


def _read_asset(response: HttpResponse, body: Body) -> Asset:
    return _asset(body, _read_id(response, body))


def _asset(row: Body, asset_id: str) -> Asset:
    error = as_dict(row.get("Error"))
    reason = as_text(error.get("Message")) or as_text(error.get("Code"))
    return Asset(
        asset_id=asset_id,
        group_id=as_id(row.get("GroupId")),
        vendor_name=as_text(row.get("Name")) or "",
        kind=(as_word(row.get("AssetType")) or "").lower() or None,
        status=_STATUSES.get((as_word(row.get("Status")) or "").lower(), AssetStatus.PROCESSING),
        reason=reason,
        created_at=as_iso_time(row.get("CreateTime")),
    )


def _read_check(response: HttpResponse, body: Body) -> PersonCheck:
    return PersonCheck(
        token=required(response, "BytedToken", as_text(body.get("BytedToken"))),
        link=required(response, "H5Link", as_link(body.get("H5Link"))),
    )
