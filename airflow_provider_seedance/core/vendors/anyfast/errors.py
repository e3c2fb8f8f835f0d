"""Which answers of AnyFast are errors, and what they mean; Ark's own stand inside of some (contract: anyfast 4)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.reading import as_dict, json_or_nothing
from airflow_provider_seedance.core.vendors.replies import (
    ErrorDetails,
    OwnShape,
    effective_status,
    error_details,
    refuse,
)
from airflow_provider_seedance.errors import Kind, VendorRefusal

SHAPE = OwnShape(flat_code=True, success_flag=True)
ASSET_PAUSE = 10.0  # seconds between tries while an asset spreads (contract: anyfast 4)
#: The gateway's own codes -> kind, where they say more than the HTTP status (contract: anyfast 4).
_KINDS = {
    "task_not_exist": Kind.NOT_FOUND,
    "insufficient_user_quota": Kind.BALANCE,
    "invalid_api_platform": Kind.AUTHENTICATION,
    "model_mapping_failed": Kind.AUTHENTICATION,
    "model_price_error": Kind.AUTHENTICATION,
    "model_not_found": Kind.AUTHENTICATION,
}
_ASSET_NOT_READY = re.compile(
    r"still processing and is not available yet|specified asset\b.{1,250} not found"
)
_QUOTA = re.compile(r"quota|额度", re.IGNORECASE)
_NO_CHANNEL = re.compile(r"no available channel|无可用渠道", re.IGNORECASE)
_TROUBLE = re.compile(r"timed? ?out|超时|internal|unavailable|overload|status 5\d\d", re.IGNORECASE)
_ARK_CODE = re.compile(r"\[([A-Za-z0-9_.*]{1,200})\]")


def accepted(response: HttpResponse, *, to_create: bool = False) -> dict[str, Any]:
    """The body of a 2xx answer that does not complain all the same."""
    body = unrefused(response, to_create=to_create)
    if has_error(body):
        raise refusal(response, to_create=to_create)
    return body


def unrefused(response: HttpResponse, *, to_create: bool = False) -> dict[str, Any]:
    """The body of a 2xx answer, which may hold an error all the same."""
    if response.status >= 300:
        raise refusal(response, to_create=to_create)
    return response.json_object()


def has_error(body: dict[str, Any]) -> bool:
    """Whether ``body`` holds an error, the gateway's own or its asset service's."""
    return bool(body.get("error") or as_dict(body.get("ResponseMetadata")).get("Error"))


def read_error(body: dict[str, Any]) -> ErrorDetails:
    """The error in ``body``; Ark's own one is a JSON text inside the message (contract: anyfast 4)."""
    details = error_details(body)
    in_brackets = _ARK_CODE.search(details.message or "")
    return replace(details, code=in_brackets.group(1)) if in_brackets and not details.code else details


def refusal(response: HttpResponse, *, to_create: bool = False) -> VendorRefusal:
    """The typed error in an answer."""
    details = read_error(json_or_nothing(response.content))
    if response.status == 400 and _ASSET_NOT_READY.search(details.message or ""):
        return refuse(
            response,
            Kind.RATE_LIMIT,
            details,
            shape=SHAPE,
            to_create=to_create,
            retry_after=ASSET_PAUSE,
            advice="An asset is usable some seconds after it became active; try again, or correct its id.",
        )
    kind = _kind_of_refusal(details, response.status)
    return refuse(response, kind, details, shape=SHAPE, to_create=to_create)


def _kind_of_refusal(details: ErrorDetails, status: int) -> Kind:
    code, message, status = details.code or "", details.message or "", effective_status(details, status)
    if code in _KINDS:
        return _KINDS[code]
    if status == 403 and _QUOTA.search(message):
        return Kind.BALANCE
    if status == 503 and _NO_CHANNEL.search(message):
        return Kind.AUTHENTICATION
    if status == 502 and "Face consistency" in message:
        return Kind.MODERATION
    return ark.kind_of(details, status=status)


def kind_of_failure(details: ErrorDetails, progress: int | None) -> Kind:
    """At 100 % an error means moderation, unless it says otherwise (contract: anyfast 3.2)."""
    kind = ark.kind_of(details, status=0)
    if kind is not Kind.UNKNOWN:
        return kind
    if _TROUBLE.search(f"{details.code} {details.message}"):
        return Kind.OVERLOAD
    return Kind.MODERATION if progress == 100 and (details.code or details.message) else Kind.UNKNOWN
