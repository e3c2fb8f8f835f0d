"""Which answers of ToAPIs are errors, and what they mean (contract: toapis 6)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import Any

from airflow_provider_seedance.core.vendors import newapi
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.reading import json_or_nothing
from airflow_provider_seedance.core.vendors.replies import (
    ErrorDetails,
    effective_status,
    error_details,
    is_moderation,
    kind_of_status,
    refuse,
)
from airflow_provider_seedance.errors import Kind, VendorRefusal

_IMAGES = ("first_frame", "last_frame", "reference_images")
#: Our fields by the names that errors have for them; ``content`` is that of the upstream (contract: toapis 3, 6.2).
PARAMETERS = {
    "image_with_roles": _IMAGES,
    "image_urls": _IMAGES,
    "video_with_roles": ("reference_videos",),
    "audio_with_roles": ("reference_audios",),
    "content": ("prompt", *_IMAGES, "reference_videos", "reference_audios"),
    "tools": ("web_search",),
}
#: Error code -> kind, where it says more than the HTTP status (contract: toapis 6.2).
_KINDS = {
    "insufficient_quota": Kind.BALANCE,
    "quota_not_enough": Kind.BALANCE,
    "content_policy_violation": Kind.MODERATION,
    "model_not_found": Kind.AUTHENTICATION,
    "task_not_found": Kind.NOT_FOUND,
}
#: With a 503 for a create, the gateway's own words that it has sent it nowhere (contract: toapis 6.2).
_SHAPE = replace(newapi.SHAPE, busy_codes=("rate_limit_exceeded", "rate_limit_error", "new_api_error"))
_TROUBLE = re.compile(r"timed? ?out|upstream returned status 5|超时", re.IGNORECASE)


def accepted(response: HttpResponse, *, to_create: bool = False) -> dict[str, Any]:
    """The body of an answer that is no error."""
    return newapi.accepted(response, partial(_refusal, to_create=to_create))


def kind_of_failure(details: ErrorDetails) -> Kind:
    """There is one code for everything, so the words decide; what they leave open is not repeated (6.3)."""
    if is_moderation(details):
        return Kind.MODERATION
    return Kind.OVERLOAD if _TROUBLE.search(f"{details.code} {details.message}") else Kind.REJECTED


def _refusal(response: HttpResponse, *, to_create: bool) -> VendorRefusal:
    details = error_details(json_or_nothing(response.content))
    kind = _kind_of_refusal(details, response.status)
    return refuse(response, kind, details, shape=_SHAPE, to_create=to_create)


def _kind_of_refusal(details: ErrorDetails, status: int) -> Kind:
    """What a refusal means. The status leads; texts are in many languages (contract: toapis 1, 6)."""
    status = effective_status(details, status)
    if status >= 500 and status != 503:
        return Kind.OVERLOAD
    if details.code in _KINDS:
        return _KINDS[details.code]
    if status == 503:
        # The gateway's own 503 is surely not accepted, as a 429; one of what is behind it may be (contract: toapis 1).
        return Kind.RATE_LIMIT
    if status in (400, 422) and is_moderation(details):
        return Kind.MODERATION
    return kind_of_status(status)
