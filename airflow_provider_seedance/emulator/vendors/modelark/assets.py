"""ModelArk's asset library: requests are signed, and results are put into an envelope."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.vendors.ark.assets import ArkAssets, AssetError
from airflow_provider_seedance.emulator.vendors.ark.responses import request_id
from airflow_provider_seedance.emulator.vendors.base import INVALID_KEY, Call
from airflow_provider_seedance.emulator.vendors.modelark import NAME

OWNER = "modelark account"
"""The one owner of all assets, since they belong to an account and not to one of its keys."""
SECRET_KEY = "emulator-secret-key"
"""The secret key to every access key."""

_VERSION = "2024-01-01"
_AUTHORIZATION = re.compile(
    r"HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


def perform_action(call: Call) -> Response:
    """Perform the action that the query string names."""
    query = call.request.query_params
    action, version = query.get("Action", ""), query.get("Version", "")
    try:
        region = _check_signature(call)
        result = None
        if version == _VERSION:
            body = call.json_object() or {}
            if str(body.get("URL", "")).startswith("data:"):
                raise AssetError(400, "InvalidParameter.DownloadFailed", "The URL must be a web url.")
            result = ArkAssets(call, NAME, OWNER).perform(action, body)
        if result is None:
            text = f"Could not find operation {action} for version {version}."
            raise AssetError(404, "InvalidActionOrVersion", text)
    except AssetError as error:
        problem = {"Code": error.code, "Message": str(error)}
        return JSONResponse(
            {"ResponseMetadata": {**_metadata(action, version, "ap-southeast-1"), "Error": problem}},
            error.status,
        )
    return JSONResponse({"ResponseMetadata": _metadata(action, version, region), "Result": result})


def _metadata(action: str, version: str, region: str) -> dict[str, Any]:
    return {
        "RequestId": request_id(),
        "Action": action,
        "Version": version,
        "Service": "ark",
        "Region": region,
    }


def _check_signature(call: Call) -> str:
    """Compare the signature with the expected one; returns the region for which it was made."""
    parts = _AUTHORIZATION.fullmatch(call.request.headers.get("authorization", ""))
    if parts is None:
        raise AssetError(401, "MissingAuthenticationToken", "The request is missing a valid signature.")
    if parts["key"] == INVALID_KEY:
        raise AssetError(401, "InvalidAccessKey", "The access key does not exist.")
    body_hash = hashlib.sha256(call.body).hexdigest()
    expected = (_signature(call, parts, path, body_hash) for path in ("/", call.request.url.path))
    given = parts["signature"]
    if call.request.headers.get("x-content-sha256", body_hash) != body_hash or given not in expected:
        text = "The request signature we calculated does not match the signature you provided."
        raise AssetError(403, "SignatureDoesNotMatch", text)
    return parts["scope"].split("/")[1]


def _signature(call: Call, parts: re.Match[str], path: str, body_hash: str) -> str:
    """The expected signature for a path.

    The real service knows only ``/``. Here the path has a prefix, and a client may have signed either of the two.
    """
    headers, names = call.request.headers, parts["headers"].split(";")
    query = sorted(parse_qsl(call.request.url.query, keep_blank_values=True))
    canonical = "\n".join(
        [
            call.request.method,
            path,
            "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query),
            "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names),
            parts["headers"],
            body_hash,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["HMAC-SHA256", headers.get("x-date", ""), parts["scope"], digest])
    key = SECRET_KEY.encode()
    for piece in parts["scope"].split("/"):
        key = hmac.new(key, piece.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
