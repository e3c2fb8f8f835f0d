"""ModelArk's generation task: create, get, cancel, and what recognises a lost one (contract: modelark 2, 3, 5)."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, JsonBody
from airflow_provider_seedance.core.vendors.modelark.errors import accepted, read_cancelled, read_refusal
from airflow_provider_seedance.core.vendors.reading import as_dict, as_id, as_link, as_word, expiry, required
from airflow_provider_seedance.core.vendors.replies import failure
from airflow_provider_seedance.core.vendors.status_words import PENDING, status_of
from airflow_provider_seedance.core.vendors.tasks import (
    confirmed_id,
    created_id,
    is_complaint,
    read_pending,
    read_status,
    task_in,
    video_links,
    word_of,
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

ID_PREFIXES = ("cgt-",)


def create(request: GenerationRequest) -> Call[Pending]:
    body = {
        "model": request.model,
        "content": _content(request),
        **ark.options(request),
        **request.vendor_options,
    }
    return Call(HttpRequest("POST", TASKS, body=JsonBody(body)), _read_created, repeatable=False)


def get(generation_id: str) -> Call[Generation]:
    def read(response: HttpResponse) -> Generation:
        task = task_in(accepted(response))
        return read_task(response, task, confirmed_id(response, task, generation_id))

    return Call(HttpRequest("GET", _path(generation_id)), read)


def cancel(generation_id: str) -> Call[None]:
    """Cancels a queued task, is refused for a running one, and deletes the record of a finished one."""
    return Call(HttpRequest("DELETE", _path(generation_id)), read_cancelled, repeatable=False)


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
    if response.status >= 300:
        raise read_refusal(response, to_create=True)
    body = response.json_object()
    if is_complaint(body):
        raise read_refusal(response, to_create=True)
    return Pending(vendor=NAME, generation_id=created_id(response, body, ID_PREFIXES), status=Status.QUEUED)


def read_row(response: HttpResponse, row: dict[str, Any]) -> Generation:
    """The generation that a row of the list is.

    The list also holds other modalities' tasks: their success has no video. Such a row counts as running, for a page
    must not be lost by one row, nor a row be taken for absent.
    """
    generation_id = required(response, "id", as_id(row.get("id")))
    if status_of(word_of(row) or "") is Status.SUCCEEDED and not _video_links(row):
        return Pending(status=Status.RUNNING, **_common_fields(row, generation_id))
    return read_task(response, row, generation_id)


def read_task(response: HttpResponse, task: dict[str, Any], generation_id: str) -> Generation:
    """The generation that a task object is.

    :raises MalformedReply: if it lacks what its state promises.
    """
    status, common = read_status(response, task, {}), _common_fields(task, generation_id)
    if status in PENDING:
        return read_pending(
            status, common, links=partial(_video_links, task), details=partial(ark.task_error_details, task)
        )
    links, details = _video_links(task), ark.task_error_details(task)
    finished_at = common["updated_at"]
    if status is Status.SUCCEEDED:
        return Succeeded(
            video_url=required(response, "content.video_url", next(iter(links), None)),
            video_urls=links,
            last_frame_url=as_link(as_dict(task.get("content")).get("last_frame_url")),
            finished_at=finished_at,
            expires_at=expiry(finished_at, LINK_LIFE),
            **common,
        )
    why = failure(status, ark.kind_of(details, status=0), details)
    return Failed(status=status, failure=why, finished_at=finished_at, **common)


def _common_fields(task: dict[str, Any], generation_id: str) -> dict[str, Any]:
    """What a task tells in every state, in our field names."""
    return {
        "vendor": NAME,
        "generation_id": generation_id,
        "model": as_word(task.get("model")),
        "vendor_status": word_of(task),
        **ark.settings(task),
    }


def _video_links(task: dict[str, Any]) -> tuple[str, ...]:
    return video_links(task, as_dict(task.get("content")).get("video_url"))
