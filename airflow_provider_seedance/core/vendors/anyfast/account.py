"""AnyFast tells no balance; its list of models proves the key."""

from __future__ import annotations

from airflow_provider_seedance.core.vendors.anyfast.errors import accepted
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse

MODELS = "/v1/models"


def probe() -> Call[None]:
    return Call(HttpRequest("GET", MODELS), _read_probe)


def _read_probe(response: HttpResponse) -> None:
    accepted(response)
