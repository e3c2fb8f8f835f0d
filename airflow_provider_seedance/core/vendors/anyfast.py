"""AnyFast: a gateway that wraps Ark's task object into an envelope of its own (contract: anyfast).

It has no list, no cancel and no idempotency: a lost id cannot be found again.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, Vendor
from airflow_provider_seedance.core.vendors.reading import (
    ErrorDetails,
    as_dict,
    as_link,
    as_text,
    as_time,
    effective_status,
    error_details,
    expiry,
    failure,
    first_link,
    json_or_nothing,
    refuse,
    required,
)
from airflow_provider_seedance.errors import Kind, VendorRefusal
from airflow_provider_seedance.models import (
    Failed,
    Generation,
    GenerationRequest,
    Pending,
    Status,
    Succeeded,
)

TASKS = "/v1/video/generations"
MODELS = "/v1/models"
LINK_LIFE = 43_200  # seconds; pages say 12 h and 24 h, the shorter one is safe (contract: anyfast 8)
ASSET_PAUSE = 10.0  # seconds between tries while an asset spreads (contract: anyfast 4)

#: The envelope's words, Ark's own, and those of the flat form (contract: anyfast 3.1).
_STATUS = {
    "": Status.QUEUED,
    "NOT_START": Status.QUEUED,
    "SUBMITTED": Status.QUEUED,
    "UNKNOWN": Status.QUEUED,
    "QUEUED": Status.QUEUED,
    "IN_PROGRESS": Status.RUNNING,
    "SUCCESS": Status.SUCCEEDED,
    "SUCCEEDED": Status.SUCCEEDED,
    "COMPLETED": Status.SUCCEEDED,
    "FAILURE": Status.FAILED,
    "FAILED": Status.FAILED,
    "ERROR": Status.FAILED,
    "EXPIRED": Status.EXPIRED,
    "CANCELLED": Status.CANCELLED,
}
#: The gateway's own codes -> kind, where they say more than the HTTP status (contract: anyfast 4).
_KINDS = {
    "task_not_exist": Kind.NOT_FOUND,
    "insufficient_user_quota": Kind.BALANCE,
    "invalid_api_platform": Kind.AUTHENTICATION,
    "model_mapping_failed": Kind.AUTHENTICATION,
    "model_price_error": Kind.AUTHENTICATION,
    "model_not_found": Kind.AUTHENTICATION,
}
_ASSET_NOT_READY = re.compile(r"still processing and is not available yet|specified asset\b.* not found")
_QUOTA = re.compile(r"quota|额度", re.IGNORECASE)
_NO_CHANNEL = re.compile(r"no available channel|无可用渠道", re.IGNORECASE)
_TROUBLE = re.compile(r"timed? ?out|超时|internal|unavailable|overload|status 5\d\d", re.IGNORECASE)
_ARK_CODE = re.compile(r"\[([A-Za-z0-9_.*]+)\]")
_PERCENT = re.compile(r"(\d{1,3})(?:\.\d+)?\s*%?")


def create(request: GenerationRequest) -> Call[Pending]:
    body = {
        "model": request.model,
        "content": [*ark.text_parts(request), *ark.frame_parts(request), *ark.reference_parts(request)],
        **ark.options(request),
        **request.vendor_options,
    }
    return Call(HttpRequest("POST", TASKS, json=body), _read_created, repeatable=False)


def get(generation_id: str) -> Call[Generation]:
    return Call(HttpRequest("GET", f"{TASKS}/{quote(generation_id, safe='')}"), _read_task_answer)


def probe() -> Call[None]:
    return Call(HttpRequest("GET", MODELS), _read_probe)


def _read_created(response: HttpResponse) -> Pending:
    """The status word of this answer is not used: it may be empty (contract: anyfast 2.5)."""
    body = _accepted(response)
    generation_id = _generation_id(body)
    if generation_id is None and body.get("message"):
        raise _refusal(response)
    return Pending(
        vendor=VENDOR.name,
        generation_id=required(response, "task_id", generation_id),
        model=as_text(body.get("model")),
        status=Status.QUEUED,
        created_at=as_time(body.get("created_at")),
    )


def _read_task_answer(response: HttpResponse) -> Generation:
    """The envelope, or the flat form of the older models."""
    body = _unrefused(response)
    if isinstance(body.get("data"), dict):
        return _read_task(response, body["data"])
    if _generation_id(body) is None and (_has_error(body) or body.get("message")):
        raise _refusal(response)
    return _read_task(response, body)


def _read_task(response: HttpResponse, task: dict[str, Any]) -> Generation:
    inner = as_dict(task.get("data"))
    status, common = _status(task, inner), _common(response, task, inner)
    if status in (Status.QUEUED, Status.RUNNING):
        return Pending(status=status, **common)
    finished_at = as_time(task.get("finish_time")) or common["updated_at"]
    if status is Status.SUCCEEDED:
        return Succeeded(
            video_url=required(response, "video link", _video_url(task, inner)),
            last_frame_url=as_link(as_dict(inner.get("content")).get("last_frame_url")),
            finished_at=finished_at,
            expires_at=expiry(finished_at, LINK_LIFE),
            **common,
        )
    said = _task_error_details(task, inner)
    why = failure(status, _kind_of_failure(said, common["progress"]), said)
    return Failed(status=status, failure=why, finished_at=finished_at, **common)


def _common(response: HttpResponse, task: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    settings = ark.settings(inner)
    started = as_time(task.get("submit_time")) or settings["created_at"]
    return {
        **settings,
        "vendor": VENDOR.name,
        "generation_id": required(response, "task_id", _generation_id(task)),
        # Only the flat form names AnyFast's model; the inner object has the upstream's name for it.
        "model": as_text(task.get("model")),
        "vendor_status": as_text(task.get("status")),
        "created_at": started or as_time(task.get("created_at")),
        "progress": _progress(task),
    }


def _generation_id(task: dict[str, Any]) -> str | None:
    return as_text(task.get("task_id")) or as_text(task.get("id"))


def _status(task: dict[str, Any], inner: dict[str, Any]) -> Status:
    """The envelope has one word for every bad end; Ark's own word tells them apart."""
    status = _STATUS.get((as_text(task.get("status")) or "").upper(), Status.RUNNING)
    if status is Status.FAILED and inner.get("status") in (Status.EXPIRED.value, Status.CANCELLED.value):
        return Status(inner["status"])
    return status


def _progress(task: dict[str, Any]) -> int | None:
    found = _PERCENT.fullmatch(as_text(task.get("progress")) or "")
    return int(found.group(1)) if found else None


def _video_url(task: dict[str, Any], inner: dict[str, Any]) -> str | None:
    """The gateway's link, else Ark's, else the copy that old rows keep in ``fail_reason``."""
    return first_link(
        task.get("result_url"),
        as_dict(inner.get("content")).get("video_url"),
        task.get("video_url"),
        task.get("fail_reason"),
    )


def _task_error_details(task: dict[str, Any], inner: dict[str, Any]) -> ErrorDetails:
    """Why a task failed: Ark's error, else ``fail_reason`` as JSON, else as text (contract: anyfast 3.2)."""
    if inner.get("error"):
        return ark.task_error_details(inner)
    reason = as_text(task.get("fail_reason"))
    return _error_details(json_or_nothing(reason or "") or {"error": reason or task.get("error")})


def _kind_of_failure(said: ErrorDetails, progress: int | None) -> Kind:
    """At 100 % an error means moderation, unless it says otherwise (contract: anyfast 3.2)."""
    kind = ark.kind_of(said, status=0)
    if kind is not Kind.UNKNOWN:
        return kind
    if _TROUBLE.search(f"{said.code} {said.message}"):
        return Kind.OVERLOAD
    return Kind.MODERATION if progress == 100 and (said.code or said.message) else Kind.UNKNOWN


def _read_probe(response: HttpResponse) -> None:
    _accepted(response)


def _accepted(response: HttpResponse) -> dict[str, Any]:
    """The body of a 2xx answer that does not complain all the same."""
    body = _unrefused(response)
    if _has_error(body):
        raise _refusal(response)
    return body


def _unrefused(response: HttpResponse) -> dict[str, Any]:
    if response.status >= 300:
        raise _refusal(response)
    return response.json_object()


def _has_error(body: dict[str, Any]) -> bool:
    return bool(body.get("error") or as_dict(body.get("ResponseMetadata")).get("Error"))


def _error_details(body: dict[str, Any]) -> ErrorDetails:
    """The error in ``body``; Ark's own one is a JSON text inside the message (contract: anyfast 4)."""
    metadata = as_dict(as_dict(body.get("ResponseMetadata")).get("Error"))
    if metadata:
        return error_details({"code": metadata.get("Code"), "message": metadata.get("Message")})
    said = error_details(body)
    nested = as_dict(json_or_nothing(said.message or "").get("error"))
    if nested:
        return error_details({"error": nested})
    in_brackets = _ARK_CODE.search(said.message or "")
    return replace(said, code=in_brackets.group(1)) if in_brackets and not said.code else said


def _refusal(response: HttpResponse) -> VendorRefusal:
    said = _error_details(json_or_nothing(response.content))
    if response.status == 400 and _ASSET_NOT_READY.search(said.message or ""):
        return refuse(
            response,
            Kind.RATE_LIMIT,
            said,
            retry_after=ASSET_PAUSE,
            advice="An asset is usable some seconds after it became active; try again, or correct its id.",
        )
    return refuse(response, _kind_of_refusal(said, response.status), said)


def _kind_of_refusal(said: ErrorDetails, status: int) -> Kind:
    code, message, status = said.code or "", said.message or "", effective_status(said, status)
    if code in _KINDS:
        return _KINDS[code]
    if status == 403 and _QUOTA.search(message):
        return Kind.BALANCE
    if status == 503 and _NO_CHANNEL.search(message):
        return Kind.AUTHENTICATION
    if status == 502 and "Face consistency" in message:
        return Kind.MODERATION
    return ark.kind_of(said, status=status)


VENDOR = Vendor(
    name="anyfast",
    base_urls={"global": "https://www.anyfast.ai"},
    create=create,
    get=get,
    probe=probe,
)
