"""EvoLink (contract: evolink). It has no list, no cancel, no idempotency: a lost id cannot be found again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, Vendor
from airflow_provider_seedance.core.vendors.reading import (
    ErrorDetails,
    as_decimal,
    as_dict,
    as_int,
    as_number,
    as_text,
    as_time,
    effective_status,
    error_details,
    expiry,
    failure,
    first,
    first_link,
    json_or_nothing,
    kind_of_status,
    refuse,
    required,
)
from airflow_provider_seedance.errors import Kind, VendorRefusal
from airflow_provider_seedance.models import (
    Balance,
    Cost,
    Failed,
    Generation,
    GenerationRequest,
    Pending,
    Status,
    Succeeded,
)

CREATE = "/v1/videos/generations"
TASKS = "/v1/tasks"
CREDITS = "/v1/credits"
LINK_LIFE = 86_400  # seconds (contract: evolink 4)

_STATUS = {
    "pending": Status.QUEUED,
    "queued": Status.QUEUED,
    "processing": Status.RUNNING,
    "running": Status.RUNNING,
    "completed": Status.SUCCEEDED,
    "succeeded": Status.SUCCEEDED,
    "success": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "error": Status.FAILED,
    "cancelled": Status.CANCELLED,
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
}
#: A real person's face in the input is refused in words only.
_FACE = re.compile(r"\bfaces?\b|人脸|content policy", re.IGNORECASE)
_WAIT = re.compile(r"retry after (\d{1,5}) ?s", re.IGNORECASE)


def create(request: GenerationRequest) -> Call[Pending]:
    frames = [link for link in (request.first_frame, request.last_frame) if link]
    body = {
        "model": request.model,
        "prompt": request.prompt,
        "image_urls": [*frames, *request.reference_images] or None,
        "video_urls": list(request.reference_videos) or None,
        "audio_urls": list(request.reference_audios) or None,
        "duration": request.duration,
        "quality": request.resolution,
        "aspect_ratio": request.aspect_ratio,
        "generate_audio": request.generate_audio,
        "content_filter": request.content_filter,
    }
    given = {name: value for name, value in body.items() if value is not None}
    json = {**given, **request.vendor_options, **_model_params(request)}
    return Call(HttpRequest("POST", CREATE, json=json), _read_created, repeatable=False)


def get(generation_id: str) -> Call[Generation]:
    return Call(HttpRequest("GET", f"{TASKS}/{quote(generation_id, safe='')}"), _read_task)


def probe() -> Call[None]:
    return Call(HttpRequest("GET", CREDITS), _read_probe)


def balance() -> Sequence[Call[Balance]]:
    return (Call(HttpRequest("GET", CREDITS), _read_balance),)


def _model_params(request: GenerationRequest) -> dict[str, Any]:
    """The extension object: web search, and whatever the caller put into one of his own."""
    own = request.vendor_options.get("model_params")
    if not request.web_search or not (own is None or isinstance(own, dict)):
        return {}
    return {"model_params": {"web_search": True, **as_dict(own)}}


def _read_created(response: HttpResponse) -> Pending:
    body = _accepted(response)
    word = as_text(body.get("status")) or "pending"
    queued = _STATUS.get(word.lower()) is Status.QUEUED
    return Pending(status=Status.QUEUED if queued else Status.RUNNING, **_common(response, body, status=None))


def _read_task(response: HttpResponse) -> Generation:
    body = _accepted(response)
    word = required(response, "status", as_text(body.get("status")))
    status = _STATUS.get(word.lower(), Status.RUNNING)
    said = error_details({"error": body.get("error")})
    kind = _FAILURES.get(said.code or "", Kind.UNKNOWN)
    if status is Status.FAILED and kind is Kind.CANCELLED:
        status = Status.CANCELLED
    common = _common(response, body, status=status)
    if status in (Status.QUEUED, Status.RUNNING):
        return Pending(status=status, **common)
    if status is Status.SUCCEEDED:
        return Succeeded(
            video_url=required(response, "video link", _video_url(body)),
            # The end is not told; counted from the start, a link is never believed alive too long.
            expires_at=expiry(common["created_at"], LINK_LIFE),
            **common,
        )
    return Failed(status=status, failure=failure(status, kind, said), **common)


def _common(response: HttpResponse, body: dict[str, Any], *, status: Status | None) -> dict[str, Any]:
    """What every state of the task tells; ``status`` is ``None`` for the answer to a create."""
    info = as_dict(body.get("task_info"))
    return {
        "vendor": VENDOR.name,
        "generation_id": required(response, "id", as_text(body.get("id"))),
        "model": as_text(body.get("model")),
        "vendor_status": as_text(body.get("status")),
        "created_at": as_time(body.get("created")),
        "progress": as_int(body.get("progress")),
        "estimated_seconds": as_number(info.get("estimated_time")),
        "duration": as_number(info.get("video_duration")),
        "charge": _charge(as_dict(body.get("usage")), status),
    }


def _charge(usage: dict[str, Any], status: Status | None) -> Cost | None:
    """What a finished task used, else what is reserved for one that has not failed (contract: evolink 4)."""
    settled = [as_decimal(usage.get(name)) for name in ("credits_used", "credits_consumed", "credits")]
    if status in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED):
        for amount in settled:
            if amount is not None:
                return Cost(amount=amount, currency="credits", basis="billed")
    if status in (Status.FAILED, Status.CANCELLED):
        return None
    reserved = as_decimal(usage.get("credits_reserved"))
    return None if reserved is None else Cost(amount=reserved, currency="credits", basis="estimated")


def _video_url(body: dict[str, Any]) -> str | None:
    """The link, in the official clients' order of places (contract: evolink 4)."""
    data = as_dict(first(body.get("result_data")))
    return first_link(
        first(body.get("results")),
        data.get("video_url"),
        data.get("url"),
        as_dict(body.get("output")).get("video_url"),
        body.get("video_url"),
        as_dict(body.get("result")).get("video_url"),
        body.get("url"),
    )


def _read_probe(response: HttpResponse) -> None:
    _accepted(response)


def _read_balance(response: HttpResponse) -> Balance:
    """The lower of the key's and the account's credits."""
    data = as_dict(_accepted(response).get("data"))
    token, user = as_dict(data.get("token")), as_dict(data.get("user"))
    limits = [as_decimal(user.get("remaining_credits"))]
    if token.get("unlimited_credits") is not True:
        limits.append(as_decimal(token.get("remaining_credits")))
    lowest = min((limit for limit in limits if limit is not None), default=None)
    return Balance(amount=required(response, "remaining_credits", lowest), currency="credits")


def _accepted(response: HttpResponse) -> dict[str, Any]:
    """The body of a 2xx answer, unless it is a complaint: an error without the state of a task."""
    if response.status >= 300:
        raise _refusal(response)
    body = response.json_object()
    if body.get("success") is False or (body.get("error") and not body.get("status")):
        raise _refusal(response)
    return body


def _refusal(response: HttpResponse) -> VendorRefusal:
    body = json_or_nothing(response.content)
    said = error_details(body)
    hint = f"{said.message} {as_text(as_dict(body.get('error')).get('fallback_suggestion'))}"
    wait = _WAIT.search(hint)
    kind = _kind(said, response.status)
    return refuse(response, kind, said, retry_after=float(wait.group(1)) if wait else None)


def _kind(said: ErrorDetails, status: int) -> Kind:
    """What a refusal means. The status leads: a code is a text or the status again (6.1)."""
    code, status = said.code or "", effective_status(said, status)
    if status < 300:
        return _REFUSALS.get(code) or _FAILURES.get(code, Kind.UNKNOWN)
    if status >= 500:
        return Kind.OVERLOAD
    if status == 400 and _FACE.search(said.message or ""):
        return Kind.MODERATION
    return _REFUSALS.get(code) or kind_of_status(status)


VENDOR = Vendor(
    name="evolink",
    base_urls={"global": "https://api.evolink.ai"},
    create=create,
    get=get,
    probe=probe,
    balance=balance,
)
