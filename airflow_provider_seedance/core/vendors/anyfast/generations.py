"""AnyFast's generation task: Ark's own object in an envelope (contract: anyfast 2, 3)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.anyfast.errors import (
    accepted,
    has_error,
    kind_of_failure,
    read_error,
    refusal,
    unrefused,
)
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, JsonBody
from airflow_provider_seedance.core.vendors.reading import (
    ErrorDetails,
    as_dict,
    as_link,
    as_text,
    as_time,
    expiry,
    failure,
    first_link,
    json_or_nothing,
    required,
)
from airflow_provider_seedance.models import Failed, Generation, GenerationRequest, Pending, Status, Succeeded

NAME = "anyfast"
TASKS = "/v1/video/generations"
LINK_LIFE = 43_200  # seconds; pages say 12 h and 24 h, the shorter one is safe (contract: anyfast 8)

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
_PERCENT = re.compile(r"(\d{1,3})(?:\.\d+)?\s*%?")


def create(request: GenerationRequest) -> Call[Pending]:
    body = {
        "model": request.model,
        "content": [*ark.text_parts(request), *ark.frame_parts(request), *ark.reference_parts(request)],
        **ark.options(request),
        **request.vendor_options,
    }
    return Call(HttpRequest("POST", TASKS, body=JsonBody(body)), _read_created, repeatable=False)


def get(generation_id: str) -> Call[Generation]:
    return Call(HttpRequest("GET", f"{TASKS}/{quote(generation_id, safe='')}"), _read_task_answer)


def _read_created(response: HttpResponse) -> Pending:
    """The status word of this answer is not used: it may be empty (contract: anyfast 2.5)."""
    body = accepted(response)
    generation_id = _generation_id(body)
    if generation_id is None and body.get("message"):
        raise refusal(response)
    return Pending(
        vendor=NAME,
        generation_id=required(response, "task_id", generation_id),
        model=as_text(body.get("model")),
        status=Status.QUEUED,
        created_at=as_time(body.get("created_at")),
    )


def _read_task_answer(response: HttpResponse) -> Generation:
    """The envelope, or the flat form of the older models."""
    body = unrefused(response)
    if isinstance(body.get("data"), dict):
        return _read_task(response, body["data"])
    if _generation_id(body) is None and (has_error(body) or body.get("message")):
        raise refusal(response)
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
    details = _task_error_details(task, inner)
    why = failure(status, kind_of_failure(details, common["progress"]), details)
    return Failed(status=status, failure=why, finished_at=finished_at, **common)


def _common(response: HttpResponse, task: dict[str, Any], inner: dict[str, Any]) -> dict[str, Any]:
    settings = ark.settings(inner)
    started = as_time(task.get("submit_time")) or settings["created_at"]
    return {
        **settings,
        "vendor": NAME,
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
    return read_error(json_or_nothing(reason or "") or {"error": reason or task.get("error")})
