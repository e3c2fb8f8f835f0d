"""ModelArk tells no balance; its smallest list proves the key."""

from __future__ import annotations

from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse
from airflow_provider_seedance.core.vendors.modelark.errors import accepted
from airflow_provider_seedance.core.vendors.modelark.generations import TASKS


def probe() -> Call[None]:
    return Call(HttpRequest("GET", TASKS, (("page_num", "1"), ("page_size", "1"))), _read_probe)


def _read_probe(response: HttpResponse) -> None:
    accepted(response)
