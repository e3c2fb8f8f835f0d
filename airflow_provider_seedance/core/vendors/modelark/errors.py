"""Which answers of ModelArk are errors, and which ones (contract: modelark 7)."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.reading import json_or_nothing
from airflow_provider_seedance.core.vendors.replies import effective_status, error_details, refuse
from airflow_provider_seedance.core.vendors.tasks import is_complaint
from airflow_provider_seedance.errors import VendorRefusal


def accepted(response: HttpResponse) -> dict[str, Any]:
    """The body of an answer that is no error."""
    if response.status >= 300:
        raise read_refusal(response)
    body = response.json_object()
    if is_complaint(body):
        raise read_refusal(response)
    return body


def read_cancelled(response: HttpResponse) -> None:
    """Raise the error that the answer to a cancel is, if it is one; its body may be empty."""
    if response.status >= 300:
        raise read_refusal(response)


def read_refusal(response: HttpResponse, *, to_create: bool = False) -> VendorRefusal:
    """The typed error in an answer; ``error.code`` decides, the HTTP status where there is none."""
    details = error_details(json_or_nothing(response.content))
    kind = ark.kind_of(details, status=effective_status(details, response.status))
    return refuse(response, kind, details, to_create=to_create)
