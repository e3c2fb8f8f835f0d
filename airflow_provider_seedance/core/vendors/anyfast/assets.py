"""AnyFast's asset library: Ark's actions as paths, with the API key (contract: anyfast 5)."""

from __future__ import annotations

from airflow_provider_seedance.core.vendors.anyfast.errors import accepted
from airflow_provider_seedance.core.vendors.ark_assets import ArkAssets, Body
from airflow_provider_seedance.core.vendors.contract import HttpRequest, JsonBody

PATH = "/volc/asset"
#: What the gateway bills an action as, by the type of the asset.
_MODELS = {"Video": "volc-asset-video", "Audio": "volc-asset-audio"}
_DEFAULT_MODEL = "volc-asset"


def _request(action: str, body: Body) -> HttpRequest:
    model = _MODELS.get(body.get("AssetType", ""), _DEFAULT_MODEL)
    return HttpRequest("POST", f"{PATH}/{action}", body=JsonBody({"model": model, **body}))


CALLS = ArkAssets(_request, accepted, gets_real_persons=False).calls()
