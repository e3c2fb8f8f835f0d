"""Which answers of EvoLink are errors, and what they mean (contract: evolink 6)."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from airflow_provider_seedance.core.backoff import LONGEST_RETRY_AFTER
from airflow_provider_seedance.core.vendors import newapi
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.reading import as_dict, as_text, json_or_nothing
from airflow_provider_seedance.core.vendors.replies import (
    ErrorDetails,
    effective_status,
    error_details,
    is_moderation,
    kind_of_status,
    refuse,
)
from airflow_provider_seedance.errors import Kind, VendorRefusal

#: Our fields by the names that errors have for them (contract: evolink 3.2).
PARAMETERS = {
    "image_urls": ("first_frame", "last_frame", "reference_images"),
    "video_urls": ("reference_videos",),
    "audio_urls": ("reference_audios",),
    "quality": ("resolution",),
    "model_params": ("web_search",),
}
#: Error code of a failed task -> kind (contract: evolink 6.2).
_FAILURES = {
    "content_policy_violation": Kind.MODERATION,
    "invalid_parameters": Kind.VALIDATION,
    "image_processing_error": Kind.VALIDATION,
    "image_dimension_mismatch": Kind.VALIDATION,
    "request_cancelled": Kind.CANCELLED,
    "service_error": Kind.OVERLOAD,
    "generation_timeout": Kind.OVERLOAD,
    "resource_exhausted": Kind.OVERLOAD,
    "service_unavailable": Kind.OVERLOAD,
    "upstream_error": Kind.OVERLOAD,
    "quota_exceeded": Kind.RATE_LIMIT,
    "resource_not_found": Kind.NOT_FOUND,
    "model_unavailable": Kind.AUTHENTICATION,
}
#: Error code of a refused call -> kind, where it says more than the HTTP status (contract: evolink 6.1).
_REFUSALS = {
    "content_policy_violation": Kind.MODERATION,
    "insufficient_quota": Kind.BALANCE,
    "invalid_task_id": Kind.NOT_FOUND,
    "resource_not_found": Kind.NOT_FOUND,
    "model_not_found": Kind.AUTHENTICATION,
}
#: A real person's face in the input is refused in words only.
_FACE = re.compile(r"\bfaces?\b|人脸|content policy", re.IGNORECASE)
_WAIT = re.compile(r"retry after ([0-9]{1,5}) ?s", re.IGNORECASE)


def accepted(response: HttpResponse, *, to_create: bool = False) -> dict[str, Any]:
    """The body of an answer that is no error."""
    return newapi.accepted(response, partial(_refusal, to_create=to_create))


def kind_of_failure(details: ErrorDetails) -> Kind:
    """What the error of a failed task means."""
    unexplained = Kind.MODERATION if is_moderation(details) else Kind.UNKNOWN
    return _FAILURES.get(details.code or "", unexplained)


def _refusal(response: HttpResponse, *, to_create: bool) -> VendorRefusal:
    body = json_or_nothing(response.content)
    details = error_details(body)
    hint = f"{details.message} {as_text(as_dict(body.get('error')).get('fallback_suggestion'))}"
    wait = _WAIT.search(hint)
    kind = _kind(details, response.status)
    seconds = min(float(wait.group(1)), LONGEST_RETRY_AFTER) if wait else None
    return refuse(response, kind, details, shape=newapi.SHAPE, to_create=to_create, retry_after=seconds)


def _kind(details: ErrorDetails, status: int) -> Kind:
    """What a refusal means. The status leads: a code is a text or the status again (6.1)."""
    code, status = details.code or "", effective_status(details, status)
    if status < 300:
        return _REFUSALS.get(code) or _FAILURES.get(code, Kind.UNKNOWN)
    if status >= 500:
        return Kind.OVERLOAD
    if code in _REFUSALS:
        return _REFUSALS[code]
    if status in (400, 422) and (_FACE.search(details.message or "") or is_moderation(details)):
        return Kind.MODERATION
    return kind_of_status(status)
