"""Which answers of ModelArk are errors, and which ones (contract: modelark 7)."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.reading import error_details, json_or_nothing, refuse
from airflow_provider_seedance.errors import VendorRefusal


def accepted(response: HttpResponse) -> dict[str, Any]:
    """The body of an answer that is no error."""
    raise_refusal(response)
    return response.json_object()


def raise_refusal(response: HttpResponse) -> None:
    """Raise the error that an answer is, if it is one."""
    if response.status >= 300:
        raise read_refusal(response)


def read_refusal(response: HttpResponse) -> VendorRefusal:
    """The typed error in a non-2xx answer; ``error.code`` decides, the HTTP status where there is none."""
    details = error_details(json_or_nothing(response.content))
    return refuse(response, ark.kind_of(details, status=response.status), details)
