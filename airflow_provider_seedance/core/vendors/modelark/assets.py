"""ModelArk's asset library: Ark's actions on a host of their own, signed with an access key (contract: modelark 9)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors.ark_assets import ArkAssets, Body
from airflow_provider_seedance.core.vendors.contract import (
    ASSETS,
    HttpRequest,
    HttpResponse,
    JsonBody,
    ToSign,
)
from airflow_provider_seedance.core.vendors.modelark.errors import read_refusal
from airflow_provider_seedance.core.vendors.reading import as_dict

VERSION = "2024-01-01"
SERVICE = "ark"
#: Our region -> the one in the signature.
SIGNING_REGIONS = {"ap-southeast": "ap-southeast-1", "cn-beijing": "cn-beijing"}
_ALGORITHM = "HMAC-SHA256"


def sign(request: ToSign) -> Mapping[str, str]:
    """The headers that prove who sends a request."""
    moment = request.now.strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(request.body).hexdigest()
    headers = {
        "content-type": request.content_type,
        "host": request.host,
        "x-content-sha256": digest,
        "x-date": moment,
    }
    names = ";".join(sorted(headers))
    canonical = "\n".join(
        [
            request.method,
            request.path,
            _canonical_query(request.query),
            "".join(f"{name}:{headers[name]}\n" for name in sorted(headers)),
            names,
            digest,
        ]
    )
    scope = f"{moment[:8]}/{SIGNING_REGIONS[request.region]}/{SERVICE}/request"
    text = "\n".join([_ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = request.secret_access_key.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"{request.access_key_id}/{scope}"
    return {
        "X-Date": moment,
        "X-Content-Sha256": digest,
        "Authorization": f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}",
    }


def _canonical_query(query: tuple[tuple[str, str], ...]) -> str:
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _request(action: str, body: Body) -> HttpRequest:
    query = (("Action", action), ("Version", VERSION))
    return HttpRequest("POST", "/", query, JsonBody(body), service=ASSETS)


def _result(response: HttpResponse) -> dict[str, Any]:
    if response.status >= 300:
        raise read_refusal(response)
    body = response.json_object()
    if as_dict(body.get("ResponseMetadata")).get("Error"):
        raise read_refusal(response)
    return as_dict(body.get("Result")) or body


CALLS = ArkAssets(_request, _result).calls()
