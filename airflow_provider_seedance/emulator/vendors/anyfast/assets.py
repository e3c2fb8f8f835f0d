"""AnyFast's asset library: Ark's actions as paths, with the bearer key and without an envelope."""

from __future__ import annotations

import base64
from typing import Any

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.simulation.asset_library import AssetLibrary
from airflow_provider_seedance.emulator.vendors.anyfast import NAME
from airflow_provider_seedance.emulator.vendors.anyfast.requests import account_of
from airflow_provider_seedance.emulator.vendors.ark.assets import CHECKED_PERSON, ArkAssets, AssetError
from airflow_provider_seedance.emulator.vendors.base import ApiError, Call
from airflow_provider_seedance.emulator.vendors.multipart import parse_form


def perform_action(call: Call) -> Response:
    """Perform the action that the path names."""
    account, action = account_of(call), call.path_param("action")
    try:
        body = _read_body(call)
        if action == "CreateAsset":
            _check_create(body)
        if action in ("CreateAsset", "GetAsset"):
            _check_real_person(call.state.library(NAME), body)
        if action == "ListAssetGroups":
            body = {**body, "Filter": {**(body.get("Filter") or {}), "GroupType": "AIGC"}}
        result = ArkAssets(call, NAME, account).perform(action, body)
    except AssetError as error:
        text = f"upstream_error: [{error.code}] {error}"
        raise ApiError(error.status, {"error": {"message": text}}) from error
    if result is None:
        raise ApiError(404, None)
    if action in ("DeleteAsset", "DeleteAssetGroup"):
        result = {"Id": body["Id"], "Deleted": True}
    return JSONResponse(result)


def _read_body(call: Call) -> dict[str, Any]:
    """The JSON body, or the fields of a form whose file becomes the URL; bare base64 counts as a PNG."""
    content_type = call.request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        form = parse_form(content_type, call.body)
        file = form.files.get("file")
        if file is None:
            return dict(form.fields)
        return {**form.fields, "URL": f"data:{file.mime};base64,{base64.b64encode(file.content).decode()}"}
    body = call.json_object() or {}
    url = body.get("URL")
    if isinstance(url, str) and url and ":" not in url:
        body["URL"] = f"data:image/png;base64,{url}"
    return body


def _check_create(body: dict[str, Any]) -> None:
    if not body.get("Name"):
        raise AssetError(400, "MissingParameter.Name", "The required parameter Name is missing.")
    if body.get("AssetType") == "Video" and body.get("model") != "volc-asset-video":
        text = "videos need the model volc-asset-video"
        raise AssetError(400, "InvalidParameter.model", text)


def _check_real_person(library: AssetLibrary, body: dict[str, Any]) -> None:
    """The assets of real persons are told by the list alone, and a name is there once in each of their groups."""
    for asset in library.assets.values():
        same_name = (asset.group.id, asset.name) == (body.get("GroupId"), body.get("Name"))
        if asset.group.kind == CHECKED_PERSON and (asset.id == body.get("Id") or same_name):
            text = f"The specified asset {body.get('Id') or body.get('Name')} is not found."
            raise AssetError(404, "NotFound.asset_id", text)
