"""AnyFast's asset library: Ark's actions as paths, with the bearer key and flat answers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.http.multipart import read_form
from airflow_provider_seedance.emulator.vendors.ark.assets import ArkAssets, AssetError
from airflow_provider_seedance.emulator.vendors.base import Call, Refusal

NAME = "anyfast"


class AssetActions:
    """Everything below ``/volc/asset``."""

    def __init__(self, account: Callable[[Call], str]) -> None:
        self._account = account

    def answer(self, call: Call) -> Response:
        """One action, given in the path."""
        account, action = self._account(call), call.path("action")
        try:
            body = _body(call)
            if action == "CreateAsset":
                _check_create(body)
            result = ArkAssets(call, NAME, account).do(action, body)
        except AssetError as error:
            text = f"upstream_error: [{error.code}] {error}"
            raise Refusal(error.status, {"error": {"message": text}}) from error
        if result is None:
            raise Refusal(404, None)
        if action in ("DeleteAsset", "DeleteAssetGroup"):
            result = {"Id": body["Id"], "Deleted": True}
        return JSONResponse(result)


def _body(call: Call) -> dict[str, Any]:
    """JSON, or a form whose file takes the place of the URL."""
    content_type = call.request.headers.get("content-type", "")
    if content_type.startswith("multipart/form-data"):
        form = read_form(content_type, call.body)
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
