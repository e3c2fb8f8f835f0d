"""AnyFast's generation task: Ark's own object in an envelope (contract: anyfast 2, 3)."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.anyfast.errors import (
    SHAPE,
    accepted,
    has_error,
    kind_of_failure,
    read_error,
    refusal,
    unrefused,
)
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, JsonBody
from airflow_provider_seedance.core.vendors.reading import (
    as_dict,
    as_link,
    as_percent,
    as_text,
    as_time,
    as_word,
    expiry,
    nested_json,
    required,
)
from airflow_provider_seedance.core.vendors.replies import ErrorDetails, failure, is_vendors_own
from airflow_provider_seedance.core.vendors.status_words import PENDING, status_of
from airflow_provider_seedance.core.vendors.tasks import (
    ID_NAMES,
    confirmed_id,
    created_id,
    is_complaint,
    read_pending,
    read_status,
    task_in,
    video_links,
    word_of,
)
from airflow_provider_seedance.models import Failed, Generation, GenerationRequest, Pending, Status, Succeeded

NAME = "anyfast"
TASKS = "/v1/video/generations"
LINK_LIFE = 43_200  # seconds; pages say 12 h and 24 h, the shorter one is safe (contract: anyfast 8)

#: What the gateway says before the upstream has the task (contract: anyfast 3.1).
_WORDS = {"": Status.QUEUED, "unknown": Status.QUEUED}
ID_PREFIXES = ("asyntask_", "cgt-", "gen-", "task_")


def create(request: GenerationRequest) -> Call[Pending]:
    body = {
        "model": request.model,
        "content": [*ark.text_parts(request), *ark.frame_parts(request), *ark.reference_parts(request)],
        **ark.options(request),
        **request.vendor_options,
    }
    return Call(HttpRequest("POST", TASKS, body=JsonBody(body)), _read_created, repeatable=False)


def get(generation_id: str) -> Call[Generation]:
    def read(response: HttpResponse) -> Generation:
        task = _task_in(response)
        return _read_task(response, task, confirmed_id(response, task, generation_id))

    return Call(HttpRequest("GET", f"{TASKS}/{quote(generation_id, safe='')}"), read)


def _read_created(response: HttpResponse) -> Pending:
    """The status word of this answer is not used: it may be empty (contract: anyfast 2.5)."""
    body = accepted(response, to_create=True)
    if is_complaint(body) or (body.get("message") and _has_error_code(body)):
        raise refusal(response, to_create=True)
    task = task_in(body)
    return Pending(
        vendor=NAME,
        generation_id=created_id(response, body, ID_PREFIXES),
        model=as_word(task.get("model")),
        status=Status.QUEUED,
        created_at=as_time(task.get("created_at")),
    )


def _task_in(response: HttpResponse) -> dict[str, Any]:
    """The task in the envelope, or in the flat form of the older models."""
    body = unrefused(response)
    if not _has_id(body) and isinstance(inner := body.get("data"), dict) and not has_error(body):
        return inner
    task = task_in(body)
    if not _has_id(task) and (has_error(body) or body.get("message")):
        raise refusal(response)
    return task


def _has_error_code(body: dict[str, Any]) -> bool:
    """Whether the body has a code of the gateway's own that is not that of every found task (contract: anyfast 3)."""
    return body.get("code") != "success" and is_vendors_own(body, SHAPE)


def _has_id(task: dict[str, Any]) -> bool:
    return any(task.get(name) for name in ID_NAMES)


def _read_task(response: HttpResponse, task: dict[str, Any], generation_id: str) -> Generation:
    inner = as_dict(task.get("data"))
    status, common = _status(response, task, inner), _common(task, inner, generation_id)
    if status in PENDING:
        return read_pending(
            status,
            common,
            links=partial(_video_links, task, inner),
            details=partial(_task_error_details, task, inner),
            also=_WORDS,
        )
    links, details = _video_links(task, inner), _task_error_details(task, inner)
    finished_at = as_time(task.get("finish_time")) or common["updated_at"]
    if status is Status.SUCCEEDED:
        return Succeeded(
            video_url=required(response, "video link", next(iter(links), None)),
            video_urls=links,
            last_frame_url=as_link(as_dict(inner.get("content")).get("last_frame_url")),
            finished_at=finished_at,
            expires_at=expiry(finished_at, LINK_LIFE),
            **common,
        )
    why = failure(status, kind_of_failure(details, common["progress"]), details)
    return Failed(status=status, failure=why, finished_at=finished_at, **common)


def _common(task: dict[str, Any], inner: dict[str, Any], generation_id: str) -> dict[str, Any]:
    settings = ark.settings(inner)
    started = as_time(task.get("submit_time")) or settings["created_at"]
    return {
        **settings,
        "vendor": NAME,
        "generation_id": generation_id,
        # Only the flat form names AnyFast's model; the inner object has the upstream's name for it.
        "model": as_word(task.get("model")),
        "vendor_status": word_of(task),
        "created_at": started or as_time(task.get("created_at")),
        "progress": as_percent(task.get("progress")),
    }


def _status(response: HttpResponse, task: dict[str, Any], inner: dict[str, Any]) -> Status:
    """The envelope has one word for every bad end; Ark's own word tells them apart."""
    status = read_status(response, task, _WORDS, shape=SHAPE)
    finer = status_of(word_of(inner) or "")
    return finer if status is Status.FAILED and finer in (Status.EXPIRED, Status.CANCELLED) else status


def _video_links(task: dict[str, Any], inner: dict[str, Any]) -> tuple[str, ...]:
    """The gateway's link, else Ark's, else the copy that old rows keep in ``fail_reason``."""
    return video_links(
        task,
        task.get("result_url"),
        as_dict(inner.get("content")).get("video_url"),
        task.get("video_url"),
        task.get("fail_reason"),
    )


def _task_error_details(task: dict[str, Any], inner: dict[str, Any]) -> ErrorDetails:
    """Why a task failed: Ark's error, else ``fail_reason`` as JSON, else as text (contract: anyfast 3.2)."""
    if inner.get("error"):
        return ark.task_error_details(inner)
    reason = task.get("fail_reason")
    if as_link(reason):
        reason = None
    return read_error(nested_json(reason) or {"error": as_text(reason) or reason or task.get("error")})
