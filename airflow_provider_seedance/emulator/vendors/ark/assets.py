"""The actions of Ark's asset library, with bodies in PascalCase.

ModelArk puts the results into an envelope and requires signed requests; AnyFast does neither.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow_provider_seedance.emulator.media.inputs import BadMedia, Media
from airflow_provider_seedance.emulator.simulation.asset_library import (
    Asset,
    AssetLibrary,
    Group,
    IdentityCheck,
)
from airflow_provider_seedance.emulator.urls import is_web_url
from airflow_provider_seedance.emulator.vendors.base import Call
from airflow_provider_seedance.emulator.vendors.values import positive_int

_CHINA_TIME = timezone(timedelta(hours=8))
_KINDS = {"Image": "image", "Video": "video", "Audio": "audio"}
CHECKED_PERSON = "LivenessFace"
_TOKEN_SECONDS = 30 * 60

Result = dict[str, Any]


class AssetError(Exception):
    """An error with an HTTP status, Ark's code and a message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class ArkAssets:
    """Performs actions on the asset library of one vendor for one owner."""

    def __init__(self, call: Call, vendor: str, owner: str) -> None:
        self._call = call
        self._owner = owner
        self._library: AssetLibrary = call.state.library(vendor)

    def perform(self, action: str, body: dict[str, Any]) -> Result | None:
        """Perform an action; None means that no action has that name."""
        actions: dict[str, Callable[[dict[str, Any]], Result]] = {
            "CreateAssetGroup": self._create_group,
            "GetAssetGroup": lambda body: self._group_view(self._group(body.get("Id"), "Id")),
            "ListAssetGroups": self._list_groups,
            "UpdateAssetGroup": self._update_group,
            "DeleteAssetGroup": self._delete_group,
            "CreateAsset": self._create_asset,
            "GetAsset": lambda body: self._asset_view(self._asset(body.get("Id"))),
            "ListAssets": self._list_assets,
            "UpdateAsset": self._update_asset,
            "DeleteAsset": self._delete_asset,
            "CreateVisualValidateSession": self._start_identity_check,
            "GetVisualValidateResult": self._identity_check_result,
        }
        return actions[action](body) if action in actions else None

    def _create_group(self, body: dict[str, Any]) -> Result:
        kind = str(body.get("GroupType", "AIGC"))
        if kind != "AIGC":
            raise AssetError(400, "InvalidParameter.GroupType", "GroupType must be one of [AIGC]")
        return {
            "Id": self._new_group(str(_required(body, "Name")), str(body.get("Description", "")), kind).id
        }

    def _new_group(self, name: str, description: str, kind: str) -> Group:
        now = self._call.now
        group = Group(self._new_id("group"), self._owner, name, description, kind, now, now)
        self._library.groups[group.id] = group
        return group

    def _list_groups(self, body: dict[str, Any]) -> Result:
        wanted = body.get("Filter") or {}
        found = [
            self._group_view(group)
            for group in self._library.groups.values()
            if group.owner == self._owner
            and group.kind == wanted.get("GroupType", "AIGC")
            and group.id in wanted.get("GroupIds", [group.id])
            and str(wanted.get("Name", "")) in group.name
        ]
        return _page(found, body)

    def _update_group(self, body: dict[str, Any]) -> Result:
        group = self._group(_required(body, "Id"), "Id")
        group.name = str(body.get("Name", group.name))
        group.description = str(body.get("Description", group.description))
        group.updated_at = self._call.now
        return {"Id": group.id}

    def _delete_group(self, body: dict[str, Any]) -> Result:
        self._library.delete_group(self._group(_required(body, "Id"), "Id"))
        return {}

    def _group(self, group_id: Any, name: str) -> Group:
        if not group_id:
            raise AssetError(400, f"MissingParameter.{name}", f"The required parameter {name} is missing.")
        group = self._library.group(group_id, self._owner)
        if group is None:
            raise AssetError(404, "NotFound.group_id", f"The specified asset_group {group_id} is not found.")
        return group

    def _group_view(self, group: Group) -> Result:
        return {
            "Id": group.id,
            "Name": group.name,
            "Title": group.name,
            "Description": group.description,
            "GroupType": group.kind,
            "ProjectName": "default",
            "CreateTime": _timestamp(group.created_at),
            "UpdateTime": _timestamp(group.updated_at),
        }

    def _create_asset(self, body: dict[str, Any]) -> Result:
        group = self._group(body.get("GroupId"), "GroupId")
        url, kind = str(_required(body, "URL")), _KINDS.get(str(_required(body, "AssetType")))
        if kind is None:
            raise AssetError(
                400, "InvalidParameter.AssetType", "AssetType must be one of [Image Video Audio]"
            )
        now = self._call.now
        asset = Asset(
            id=self._new_id("asset"),
            owner=self._owner,
            group=group,
            name=str(body.get("Name", "")),
            kind=kind,
            url=url,
            media=self._fetch(url, kind),
            created_at=now,
            updated_at=now,
        )
        self._library.assets[asset.id] = asset
        return {"Id": asset.id}

    def _fetch(self, url: str, kind: str) -> Media | None:
        """The source medium; None if it cannot be read, which makes the asset fail later."""
        if not (is_web_url(url) or url.startswith("data:")):
            raise AssetError(400, "InvalidParameter.DownloadFailed", "The URL cannot be downloaded.")
        try:
            return self._call.store.find_input(url, kind, self._call.host)
        except BadMedia:
            return None

    def _list_assets(self, body: dict[str, Any]) -> Result:
        wanted = body.get("Filter") or {}
        found = [
            view
            for asset in self._library.assets.values()
            if asset.owner == self._owner
            and asset.group.id in wanted.get("GroupIds", [asset.group.id])
            and asset.group.kind == wanted.get("GroupType", asset.group.kind)
            and str(wanted.get("Name", "")) in asset.name
            and (view := self._asset_view(asset))["Status"] in wanted.get("Statuses", [view["Status"]])
        ]
        return _page(found, body)

    def _update_asset(self, body: dict[str, Any]) -> Result:
        asset = self._asset(_required(body, "Id"))
        asset.name = str(body.get("Name", asset.name))
        if "GroupId" in body:
            asset.group = self._group(body["GroupId"], "GroupId")
        asset.updated_at = self._call.now
        return {"Id": asset.id}

    def _delete_asset(self, body: dict[str, Any]) -> Result:
        del self._library.assets[self._asset(_required(body, "Id")).id]
        return {}

    def _asset(self, asset_id: Any) -> Asset:
        if not asset_id:
            raise AssetError(400, "MissingParameter.Id", "The required parameter Id is missing.")
        asset = self._library.asset(asset_id, self._owner)
        if asset is None:
            raise AssetError(404, "NotFound.asset_id", f"The specified asset {asset_id} is not found.")
        return asset

    def _asset_view(self, asset: Asset) -> Result:
        status = asset.status(self._call.now).capitalize()
        view: Result = {
            "Id": asset.id,
            "Name": asset.name,
            "URL": asset.url,
            "AssetType": asset.kind.capitalize(),
            "GroupId": asset.group.id,
            "Status": status,
            "ProjectName": "default",
            "CreateTime": _timestamp(asset.created_at),
            "UpdateTime": _timestamp(asset.updated_at),
        }
        if status == "Failed":
            code = "InputSensitiveContentDetected" if asset.rejection else "InvalidParameter.DownloadFailed"
            view["Error"] = {"Code": code, "Message": asset.rejection or "The URL cannot be downloaded."}
        return view

    def _start_identity_check(self, body: dict[str, Any]) -> Result:
        callback = body.get("CallbackURL")
        if not callback:
            text = "[***.CallbackURL] The required parameter CallbackURL is missing."
            raise AssetError(400, "MissingParameter.CallbackURL", text)
        token = self._library.token(32)
        self._library.checks[token] = IdentityCheck(self._owner, self._call.now)
        return {"BytedToken": token, "H5Link": f"{self._call.origin}/h5/{token}", "CallbackURL": callback}

    def _identity_check_result(self, body: dict[str, Any]) -> Result:
        """A token lives half an hour, and tells the group once; until the check is done the group is empty."""
        token = str(_required(body, "BytedToken"))
        check = self._library.check(token, self._owner)
        if check is None or self._call.now > check.started_at + _TOKEN_SECONDS:
            raise AssetError(404, "NotFound.byted_token", "The specified BytedToken is not found.")
        if not check.passed(self._call.now):
            return {"GroupId": ""}
        del self._library.checks[token]
        return {"GroupId": self._new_group("verified person", "", CHECKED_PERSON).id}

    def _new_id(self, kind: str) -> str:
        time = datetime.fromtimestamp(self._call.now, _CHINA_TIME)
        return f"{kind}-{time:%Y%m%d%H%M%S}-{self._library.token(5)}"


def _required(body: dict[str, Any], name: str) -> Any:
    if not body.get(name):
        raise AssetError(400, f"MissingParameter.{name}", f"The required parameter {name} is missing.")
    return body[name]


def _page(items: list[Result], body: dict[str, Any]) -> Result:
    number, size = positive_int(body.get("PageNumber"), 1), min(100, positive_int(body.get("PageSize"), 20))
    page = items[(number - 1) * size : number * size]
    return {"TotalCount": len(items), "PageNumber": number, "PageSize": size, "Items": page}


def _timestamp(when: float) -> str:
    return datetime.fromtimestamp(when, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
