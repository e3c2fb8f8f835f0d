"""ToAPIs: uploads, and the library of private (virtual) and real avatars."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.http.multipart import read_form
from airflow_provider_seedance.emulator.media.inputs import BadMedia, Media, is_web_url
from airflow_provider_seedance.emulator.simulation.asset_library import Asset, Group
from airflow_provider_seedance.emulator.simulation.state import StoredFile
from airflow_provider_seedance.emulator.vendors.base import Call, Endpoint

NAME = "toapis"

_AVATARS = "/v1/videos/doubao-seedance-2-0"
_FOREVER = 10 * 365 * 86400
_KINDS = {
    "images": (("image/jpeg", "image/png", "image/webp", "image/gif"), 10, "JPEG, PNG, WebP, GIF"),
    "videos": (("video/mp4", "video/quicktime"), 50, "MP4, MOV"),
    "audios": (("audio/mpeg", "audio/wav", "audio/x-wav", "audio/vnd.wave"), 15, "MP3, WAV"),
}


class AssetService:
    """Everything below ``/v1/uploads`` and the avatar paths."""

    def __init__(self, account: Callable[[Call], str]) -> None:
        self._account = account

    def endpoints(self) -> Sequence[Endpoint]:
        """All paths of the service."""
        private, real = f"{_AVATARS}/private-avatar", f"{_AVATARS}/real-avatar"
        return (
            *(Endpoint("POST", f"/v1/uploads/{kind}", self._upload) for kind in _KINDS),
            Endpoint("POST", f"{private}/groups", self._create_group),
            *(Endpoint("POST", f"{base}/assets", self._create_asset) for base in (private, real)),
            *(Endpoint("GET", f"{base}/assets/{{id}}", self._get_asset) for base in (private, real)),
            Endpoint("POST", f"{real}/verify-tasks", self._start_check),
            Endpoint("GET", f"{real}/verify-tasks/{{id}}", self._get_check),
            Endpoint("GET", f"{real}/verify-results", self._check_result),
        )

    def _upload(self, call: Call) -> Response:
        account = self._account(call)
        mimes, megabytes, names = _KINDS[call.request.url.path.rpartition("/")[2]]
        word = mimes[0].partition("/")[0]
        form = read_form(call.request.headers.get("content-type", ""), call.body)
        file = form.files.get("file")
        if file is None:
            return _refuse("file is required")
        if file.mime not in mimes:
            return _refuse(f"Unsupported {word} type. Allowed: {names}")
        if len(file.content) > megabytes * 1024 * 1024:
            return _refuse(f"{word.capitalize()} too large. Maximum size is {megabytes}MB")
        upload_id = call.world.token(8)
        path = (
            f"/media/{NAME}/uploads/{int(call.now)}_{upload_id}{mimetypes.guess_extension(file.mime) or ''}"
        )
        call.world.files[path] = StoredFile(
            upload_id, NAME, account, file.name, file.mime, file.content, call.now, call.now + _FOREVER
        )
        data = {"id": f"upload_{upload_id}", "url": call.origin + path, "mime_type": file.mime}
        return _done({**data, "size": len(file.content)})

    def _create_group(self, call: Call) -> Response:
        account, body = self._account(call), call.json_object()
        if body is None or not body.get("name"):
            return _refuse("invalid request body")
        group = self._new_group(call, account, str(body["name"]), str(body.get("description", "")), "private")
        return _done({"group_id": group.id, "name": group.name, "description": group.description})

    def _new_group(self, call: Call, account: str, name: str, description: str, kind: str) -> Group:
        group = Group(f"pg_{call.world.token(10)}", account, name, description, kind, call.now, call.now)
        call.world.library(NAME).groups[group.id] = group
        return group

    def _create_asset(self, call: Call) -> Response:
        account, body = self._account(call), call.json_object() or {}
        kind, url = body.get("asset_type"), str(body.get("source_url", ""))
        if kind not in ("image", "video", "audio") or not is_web_url(url):
            return _refuse("invalid request body")
        library = call.world.library(NAME)
        group = library.group(body.get("group_id"), account)
        if group is None:
            return _refuse("group not found", 404)
        media: Media | None = None
        try:
            media = call.store.find(url, kind, call.host)
        except BadMedia:
            media = None
        asset = Asset(
            id=f"pa_{call.world.token(10)}",
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
        return _done(_view(asset, call.now))

    def _get_asset(self, call: Call) -> Response:
        asset = call.world.library(NAME).asset(call.path("id"), self._account(call))
        if asset is None:
            return _refuse("asset not found", 404)
        failed = asset.status(call.now) == "failed"
        return _done(_view(asset, call.now), "source could not be fetched" if failed else "")

    def _start_check(self, call: Call) -> Response:
        account, body = self._account(call), call.json_object() or {}
        if not is_web_url(str(body.get("callback_url", ""))):
            return _refuse("invalid request body")
        task_id = f"rav_{call.world.token(10)}"
        call.world.library(NAME).sessions[task_id] = account
        return _done({"task_id": task_id, "status": "processing"})

    def _get_check(self, call: Call) -> Response:
        account, task_id = self._account(call), call.path("id")
        if call.world.library(NAME).sessions.get(task_id) != account:
            return _refuse("task not found", 404)
        link = f"{call.origin}/{NAME}/h5/{task_id}"
        data = {"task_id": task_id, "status": "completed", "h5_link": link, "byted_token": f"bt_{task_id}"}
        return _done({**data, "expires_at": int(call.now) + 120})

    def _check_result(self, call: Call) -> Response:
        """Nobody holds a phone here: whoever asks for the result has passed."""
        account, query = self._account(call), call.request.query_params
        task_id = query.get("task_id") or query.get("byted_token", "").removeprefix("bt_")
        if call.world.library(NAME).sessions.get(task_id) != account:
            return _refuse("task not found", 404)
        known = call.world.library(NAME).groups.values()
        group = next((group for group in known if group.name == task_id), None)
        group = group or self._new_group(call, account, task_id, "", "real")
        return _done({"group_id": group.id})


def find_asset(call: Call, account: str, asset_id: str, kind: str) -> Media:
    """The medium behind ``asset://<id>``; raises BadMedia unless it can be used."""
    asset = call.world.library(NAME).asset(asset_id, account)
    if asset is None:
        raise BadMedia("asset", f"asset {asset_id} not found")
    if asset.status(call.now) != "active" or asset.media is None:
        raise BadMedia("asset", f"asset {asset_id} is not active")
    if asset.kind != kind:
        raise BadMedia("asset", f"asset {asset_id} is not an {kind}")
    return asset.media


def _view(asset: Asset, now: float) -> dict[str, Any]:
    return {
        "asset_id": asset.id,
        "group_id": asset.group.id,
        "asset_type": asset.kind,
        "source_url": asset.url,
        "name": asset.name,
        "status": asset.status(now),
        "asset_url": f"asset://{asset.id}",
    }


def _done(data: dict[str, Any], message: str = "") -> Response:
    return JSONResponse({"success": True, "message": message, "data": data})


def _refuse(message: str, status: int = 400) -> Response:
    return JSONResponse({"success": False, "message": message}, status)
