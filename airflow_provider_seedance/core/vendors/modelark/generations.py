"""ModelArk's generation task: create, get, cancel, and what recognises a lost one (contract: modelark 2, 3, 5)."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, JsonBody
from airflow_provider_seedance.core.vendors.modelark.errors import accepted, raise_refusal, read_refusal
from airflow_provider_seedance.core.vendors.reading import (
    as_dict,
    as_link,
    as_text,
    expiry,
    failure,
    required,
)
from airflow_provider_seedance.models import (
    Failed,
    Generation,
    GenerationRequest,
    Mode,
    Pending,
    Status,
    Succeeded,
)

NAME = "modelark"
TASKS = "/api/v3/contents/generations/tasks"
EXPIRY = "execution_expires_after"
#: Seconds; the vendor takes up to 259200 (contract: modelark 2.1).
DEFAULT_EXPIRY, EXPIRY_SPREAD = 172_800, 86_400
LINK_LIFE = 86_400  # seconds (contract: modelark 10)

_STATUS = {status.value: status for status in Status}


def create(request: GenerationRequest) -> Call[Pending]:
    body = {
        "model": request.model,
        "content": _content(request),
        **ark.options(request),
        **request.vendor_options,
    }
    return Call(HttpRequest("POST", TASKS, body=JsonBody(body)), _read_created, repeatable=False)


def get(generation_id: str) -> Call[Generation]:
    return Call(HttpRequest("GET", _path(generation_id)), _read_task_answer)


def cancel(generation_id: str) -> Call[None]:
    """Cancels a queued task, is refused for a running one, and deletes the record of a finished one."""
    return Call(HttpRequest("DELETE", _path(generation_id)), raise_refusal, repeatable=False)


def mark(request: GenerationRequest, intent_id: str) -> GenerationRequest:
    """Gives the request an expiry of its own, two to three days: the one free field echoed in every state."""
    if EXPIRY in request.vendor_options:
        return request
    digest = int(hashlib.sha256(intent_id.encode()).hexdigest(), 16)
    chosen = DEFAULT_EXPIRY + digest % EXPIRY_SPREAD
    return request.model_copy(update={"vendor_options": {**request.vendor_options, EXPIRY: chosen}})


def matches(request: GenerationRequest, seen: Generation) -> bool:
    """Whether everything that the task echoes is as in the marked request; what the model chose is not compared."""
    pairs = (
        (None if request.model.startswith("ep-") else request.model, seen.model),
        (request.resolution, seen.resolution),
        (None if request.aspect_ratio == "adaptive" else request.aspect_ratio, seen.aspect_ratio),
        (None if request.duration == -1 else request.duration, seen.duration),
        (None if request.seed == -1 else request.seed, seen.seed),
        (request.generate_audio, seen.generate_audio),
        (request.service_tier, seen.service_tier),
        (request.priority, seen.priority),
        (request.vendor_options.get("draft"), seen.draft),
        (request.vendor_options.get(EXPIRY), seen.expires_after),
    )
    return all(requested is None or echoed is None or requested == echoed for requested, echoed in pairs)


def _path(generation_id: str) -> str:
    return f"{TASKS}/{quote(generation_id, safe='')}"


def _content(request: GenerationRequest) -> list[dict[str, Any]]:
    if request.draft_task_id:
        return [{"type": "draft_task", "draft_task": {"id": request.draft_task_id}}]
    parts = [*ark.text_parts(request), *ark.frame_parts(request), *ark.reference_parts(request)]
    return [_without_role(part) for part in parts] if request.mode is Mode.FIRST_FRAME else parts


def _without_role(part: dict[str, Any]) -> dict[str, Any]:
    """A single image needs no role, and ModelArk's own samples give none."""
    return {name: value for name, value in part.items() if name != "role"}


def _read_created(response: HttpResponse) -> Pending:
    body = accepted(response)
    if body.get("error"):
        raise read_refusal(response)
    generation_id = required(response, "id", as_text(body.get("id")))
    return Pending(vendor=NAME, generation_id=generation_id, status=Status.QUEUED)


def _read_task_answer(response: HttpResponse) -> Generation:
    return read_task(response, accepted(response))


def common_fields(response: HttpResponse, task: dict[str, Any]) -> dict[str, Any]:
    """What a task tells in every state, in our field names."""
    return {
        "vendor": NAME,
        "generation_id": required(response, "id", as_text(task.get("id"))),
        "model": as_text(task.get("model")),
        "vendor_status": required(response, "status", as_text(task.get("status"))),
        **ark.settings(task),
    }


def video_url(task: dict[str, Any]) -> str | None:
    """The link to the finished video."""
    return as_link(as_dict(task.get("content")).get("video_url"))


def read_task(response: HttpResponse, task: dict[str, Any]) -> Generation:
    """The generation that a task object is.

    :raises MalformedReply: if it lacks what its state promises.
    """
    common = common_fields(response, task)
    status = _STATUS.get(common["vendor_status"].lower(), Status.RUNNING)
    if status in (Status.QUEUED, Status.RUNNING):
        return Pending(status=status, **common)
    finished_at = common["updated_at"]
    if status is Status.SUCCEEDED:
        return Succeeded(
            video_url=required(response, "content.video_url", video_url(task)),
            last_frame_url=as_link(as_dict(task.get("content")).get("last_frame_url")),
            finished_at=finished_at,
            expires_at=expiry(finished_at, LINK_LIFE),
            **common,
        )
    details = ark.task_error_details(task)
    why = failure(status, ark.kind_of(details, status=0), details)
    return Failed(status=status, failure=why, finished_at=finished_at, **common)
