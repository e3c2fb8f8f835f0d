"""ToAPIs (contract: toapis). It has no list, no cancel, but finds a generation by an id of the caller's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, Vendor
from airflow_provider_seedance.core.vendors.reading import (
    ErrorDetails,
    as_decimal,
    as_dict,
    as_int,
    as_link,
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
    Usage,
)

TASKS = "/v1/videos/generations"
#: The create body's field for an id of the caller's own.
OWN_ID = "client_business_id"
KEY_BALANCE = "/v1/balance"
ACCOUNT_BALANCE = "/v1/user/balance"
LINK_LIFE = 86_400  # seconds (contract: toapis 4)

_STATUS = {
    "queued": Status.QUEUED,
    "submitted": Status.QUEUED,
    "pending": Status.QUEUED,
    "in_progress": Status.RUNNING,
    "processing": Status.RUNNING,
    "running": Status.RUNNING,
    "completed": Status.SUCCEEDED,
    "succeeded": Status.SUCCEEDED,
    "success": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "error": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "expired": Status.EXPIRED,
}
#: Error code -> kind, where it says more than the HTTP status (contract: toapis 6.2).
_KINDS = {
    "insufficient_quota": Kind.BALANCE,
    "quota_not_enough": Kind.BALANCE,
    "content_policy_violation": Kind.MODERATION,
    "model_not_found": Kind.AUTHENTICATION,
    "task_not_found": Kind.NOT_FOUND,
}
_MODERATION = re.compile(r"policy|sensitive|违反|敏感|审核|real person|privacy", re.IGNORECASE)
_TROUBLE = re.compile(r"timed? ?out|upstream returned status 5|超时", re.IGNORECASE)


def create(request: GenerationRequest) -> Call[Pending]:
    images = [
        *_with_role("first_frame", (request.first_frame,)),
        *_with_role("last_frame", (request.last_frame,)),
        *_with_role("reference_image", request.reference_images),
    ]
    body = {
        "model": request.model,
        "prompt": request.prompt,
        "duration": request.duration,
        "aspect_ratio": request.aspect_ratio,
        "resolution": request.resolution,
        "image_with_roles": images or None,
        "video_with_roles": _with_role("reference_video", request.reference_videos) or None,
        "audio_with_roles": _with_role("reference_audio", request.reference_audios) or None,
        "generate_audio": request.generate_audio,
        "return_last_frame": request.return_last_frame,
        "seed": request.seed,
        "tools": [{"type": "web_search"}] if request.web_search else None,
    }
    given = {name: value for name, value in body.items() if value is not None}
    json = {**given, **request.vendor_options}
    return Call(HttpRequest("POST", TASKS, json=json), _read_created, repeatable=False)


def get(generation_id: str) -> Call[Generation]:
    """``generation_id`` is the vendor's id, or the ``client_business_id`` of the create."""
    return Call(HttpRequest("GET", f"{TASKS}/{quote(generation_id, safe='')}"), _read_task)


def probe() -> Call[None]:
    return Call(HttpRequest("GET", KEY_BALANCE), _read_probe)


def balance() -> Sequence[Call[Balance]]:
    """The key's limit and the account's, in credits: the money figures depend on the site's settings."""
    return tuple(Call(HttpRequest("GET", path), _read_balance) for path in (KEY_BALANCE, ACCOUNT_BALANCE))


def _with_role(role: str, links: Iterable[str | None]) -> list[dict[str, str]]:
    return [{"url": link, "role": role} for link in links if link]


def _read_created(response: HttpResponse) -> Pending:
    """A repeated ``client_business_id`` is answered with the existing generation, in any state."""
    body = _accepted(response)
    word = as_text(body.get("status")) or "queued"
    queued = _STATUS.get(word.lower()) is Status.QUEUED
    return Pending(status=Status.QUEUED if queued else Status.RUNNING, **_common(response, body))


def _read_task(response: HttpResponse) -> Generation:
    body = _accepted(response)
    word = required(response, "status", as_text(body.get("status")))
    status, common = _STATUS.get(word.lower(), Status.RUNNING), _common(response, body)
    if status in (Status.QUEUED, Status.RUNNING):
        return Pending(status=status, **common)
    finished_at = as_time(body.get("completed_at"))
    if status is Status.SUCCEEDED:
        video = as_dict(first(as_dict(body.get("result")).get("data")))
        link = first_link(video.get("url"), body.get("url"), body.get("video_url"))
        return Succeeded(
            video_url=required(response, "video link", link),
            last_frame_url=as_link(video.get("last_frame_url")),
            finished_at=finished_at,
            expires_at=as_time(body.get("expires_at")) or expiry(finished_at, LINK_LIFE),
            **common,
        )
    said = error_details({"error": body.get("error") or body.get("fail_reason")})
    why = failure(status, _kind_of_failure(said), said)
    return Failed(status=status, failure=why, finished_at=finished_at, **common)


def _common(response: HttpResponse, body: dict[str, Any]) -> dict[str, Any]:
    generation_id = as_text(body.get("id")) or as_text(body.get("task_id"))
    searches = as_int(as_dict(as_dict(body.get("usage")).get("tool_usage")).get("web_search"))
    return {
        "vendor": VENDOR.name,
        "generation_id": required(response, "id", generation_id),
        "model": as_text(body.get("model")),
        "vendor_status": as_text(body.get("status")),
        "created_at": as_time(body.get("created_at")),
        "progress": as_int(body.get("progress")),
        "usage": None if searches is None else Usage(web_searches=searches),
        "charge": _charge(as_dict(body.get("billing"))),
    }


def _charge(billing: dict[str, Any]) -> Cost | None:
    amount = as_decimal(billing.get("cost_usd"))
    if amount is None:
        return None
    final = billing.get("status") in ("settled", "refunded")
    return Cost(amount=amount, currency="USD", basis="billed" if final else "estimated")


def _kind_of_failure(said: ErrorDetails) -> Kind:
    """There is one code for everything, so the words decide; what they leave open is not repeated (6.3)."""
    words = f"{said.code} {said.message}"
    if _MODERATION.search(words):
        return Kind.MODERATION
    return Kind.OVERLOAD if _TROUBLE.search(words) else Kind.REJECTED


def _read_probe(response: HttpResponse) -> None:
    _accepted(response)


def _read_balance(response: HttpResponse) -> Balance:
    body = _accepted(response)
    if body.get("unlimited_quota") is True:
        return Balance(amount=None, currency="credits")
    left = required(response, "remain_credits", as_decimal(body.get("remain_credits")))
    return Balance(amount=left, currency="credits")


def _accepted(response: HttpResponse) -> dict[str, Any]:
    """The body of a 2xx answer, unless it is a complaint: an error without the state of a task."""
    if response.status >= 300:
        raise _refusal(response)
    body = response.json_object()
    if body.get("success") is False or (body.get("error") and not body.get("status")):
        raise _refusal(response)
    return body


def _refusal(response: HttpResponse) -> VendorRefusal:
    said = error_details(json_or_nothing(response.content))
    return refuse(response, _kind_of_refusal(said, response.status), said)


def _kind_of_refusal(said: ErrorDetails, status: int) -> Kind:
    """What a refusal means. The status leads; texts are in many languages (contract: toapis 1, 6)."""
    status = effective_status(said, status)
    if status >= 500 and status != 503:
        return Kind.OVERLOAD
    if said.code in _KINDS:
        return _KINDS[said.code]
    if status == 503:
        # The vendor's own 503 is surely not accepted, as a 429; a proxy's page says nothing (contract: toapis 1).
        return Kind.RATE_LIMIT if said.code or said.message else Kind.OVERLOAD
    if status in (400, 422) and _MODERATION.search(f"{said.code} {said.message}"):
        return Kind.MODERATION
    return kind_of_status(status)


def mark(request: GenerationRequest, intent_id: str) -> GenerationRequest:
    """Gives the request a key of ours, which the vendor stores with the task (contract: toapis 1)."""
    return request.model_copy(update={"vendor_options": {OWN_ID: intent_id, **request.vendor_options}})


def find(request: GenerationRequest) -> Call[Generation]:
    """The task that a marked request made; its absence is certain."""
    return get(str(request.vendor_options[OWN_ID]))


VENDOR = Vendor(
    name="toapis",
    base_urls={"global": "https://toapis.com"},
    create=create,
    get=get,
    probe=probe,
    balance=balance,
    mark=mark,
    find=find,
)
