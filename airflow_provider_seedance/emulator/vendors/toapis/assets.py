"""ToAPIs' asset library, which holds the avatars of invented ("private") and of real persons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from airflow_provider_seedance.emulator.media.inputs import BadMedia, Media
from airflow_provider_seedance.emulator.simulation.asset_library import Asset, Group, IdentityCheck
from airflow_provider_seedance.emulator.urls import is_web_url
from airflow_provider_seedance.emulator.vendors.base import Call, Endpoint
from airflow_provider_seedance.emulator.vendors.toapis import NAME
from airflow_provider_seedance.emulator.vendors.toapis.requests import account_of
from airflow_provider_seedance.emulator.vendors.toapis.responses import error_response, success_response

_AVATARS = "/v1/videos/doubao-seedance-2-0"
_LINK_SECONDS = 120


class AssetLibraryService:
    """Groups, assets, and the identity checks of real persons."""

    def endpoints(self) -> Sequence[Endpoint]:
        """All routes of the service."""
        private, real = f"{_AVATARS}/private-avatar", f"{_AVATARS}/real-avatar"
        return (
            Endpoint("POST", f"{private}/groups", self._create_group),
            *(Endpoint("POST", f"{base}/assets", self._create_asset) for base in (private, real)),
            *(Endpoint("GET", f"{base}/assets/{{id}}", self._get_asset) for base in (private, real)),
            Endpoint("POST", f"{real}/verify-tasks", self._start_identity_check),
            Endpoint("GET", f"{real}/verify-tasks/{{id}}", self._get_identity_check),
            Endpoint("GET", f"{real}/verify-results", self._identity_check_result),
        )

    def _create_group(self, call: Call) -> Response:
        account, body = account_of(call), call.json_object()
        if body is None or not body.get("name"):
            return error_response("invalid request body")
        group = self._new_group(call, account, str(body["name"]), str(body.get("description", "")), "private")
        return success_response({"group_id": group.id, "name": group.name, "description": group.description})

    def _new_group(self, call: Call, account: str, name: str, description: str, kind: str) -> Group:
        group = Group(f"pg_{call.state.token(10)}", account, name, description, kind, call.now, call.now)
        call.state.library(NAME).groups[group.id] = group
        return group

    def _create_asset(self, call: Call) -> Response:
        account, body = account_of(call), call.json_object() or {}
        kind, url = body.get("asset_type"), str(body.get("source_url", ""))
        if kind not in ("image", "video", "audio") or not is_web_url(url):
            return error_response("invalid request body")
        library = call.state.library(NAME)
        group = library.group(body.get("group_id"), account)
        if group is None or f"/{group.kind}-avatar/" not in call.request.url.path:
            return error_response("group not found", 404)
        media: Media | None = None
        try:
            media = call.store.find_input(url, kind, call.host)
        except BadMedia:
            media = None
        asset = Asset(
            id=f"pa_{call.state.token(10)}",
            owner=account,
            group=group,
            name=str(body.get("name", "")),
            kind=kind,
            url=url,
            media=media,
            created_at=call.now,
            updated_at=call.now,
        )
        library.assets[asset.id] = asset
        return success_response(_asset_body(asset, call.now))

    def _get_asset(self, call: Call) -> Response:
        asset = call.state.library(NAME).asset(call.path_param("id"), account_of(call))
        if asset is None or f"/{asset.group.kind}-avatar/" not in call.request.url.path:
            return error_response("asset not found", 404)
        failed = asset.status(call.now) == "failed"
        return success_response(
            _asset_body(asset, call.now), (asset.rejection or "source could not be fetched") if failed else ""
        )

    def _start_identity_check(self, call: Call) -> Response:
        account, body = account_of(call), call.json_object() or {}
        if not is_web_url(str(body.get("callback_url", ""))):
            return error_response("invalid request body")
        task_id = f"rav_{call.state.token(10)}"
        call.state.library(NAME).checks[task_id] = IdentityCheck(account, call.now)
        return success_response({"task_id": task_id, "status": "processing"})

    def _get_identity_check(self, call: Call) -> Response:
        """``completed`` says that the link is there, not that the person is through."""
        account, task_id = account_of(call), call.path_param("id")
        check = call.state.library(NAME).check(task_id, account)
        if check is None:
            return error_response("task not found", 404)
        link = f"{call.origin}/{NAME}/h5/{task_id}"
        data = {"task_id": task_id, "status": "completed", "h5_link": link, "byted_token": f"bt_{task_id}"}
        return success_response({**data, "expires_at": int(check.started_at) + _LINK_SECONDS})

    def _identity_check_result(self, call: Call) -> Response:
        account, query = account_of(call), call.request.query_params
        task_id = query.get("task_id") or query.get("byted_token", "").removeprefix("bt_")
        check = call.state.library(NAME).check(task_id, account)
        if check is None:
            return error_response("task not found", 404)
        if not check.passed(call.now):
            return success_response({"group_id": None})
        check.group = check.group or self._new_group(call, account, task_id, "", "real")
        return success_response({"group_id": check.group.id})


def _asset_body(asset: Asset, now: float) -> dict[str, Any]:
    return {
        "asset_id": asset.id,
        "group_id": asset.group.id,
        "asset_type": asset.kind,
        "source_url": asset.url,
        "name": asset.name,
        "status": asset.status(now),
        "asset_url": f"asset://{asset.id}",
    }
