"""ToAPIs' generation task: create and get, and finding it by an id of the caller's own (contract: toapis 3, 4)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors import ark, newapi
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, JsonBody
from airflow_provider_seedance.core.vendors.reading import (
    as_amount,
    as_dict,
    as_id,
    as_link,
    as_percent,
    as_text,
    as_time,
    as_word,
    expiry,
    first,
    malformed,
    required,
)
from airflow_provider_seedance.core.vendors.replies import failure
from airflow_provider_seedance.core.vendors.status_words import PENDING
from airflow_provider_seedance.core.vendors.tasks import (
    ID_NAMES,
    confirmed_id,
    created_id,
    read_pending,
    read_status,
    task_in,
    video_links,
    word_of,
)
from airflow_provider_seedance.core.vendors.toapis.errors import accepted, kind_of_failure
from airflow_provider_seedance.models import (
    Cost,
    Failed,
    Generation,
    GenerationRequest,
    Pending,
    Status,
    Succeeded,
)

NAME = "toapis"
TASKS = "/v1/videos/generations"
#: The create body's field for an id of the caller's own.
OWN_ID = "client_business_id"
ID_PREFIXES = ("tsk_", "task_", "task-")
LINK_LIFE = 86_400  # seconds (contract: toapis 4)


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
    return Call(HttpRequest("POST", TASKS, body=JsonBody(json)), _read_created, repeatable=False)


def get(generation_id: str) -> Call[Generation]:
    """``generation_id`` is the vendor's id, or the ``client_business_id`` of the create."""

    def read(response: HttpResponse) -> Generation:
        task = task_in(accepted(response))
        return _read_task(response, task, confirmed_id(response, task, generation_id, also=(OWN_ID,)))

    return Call(_get(generation_id), read)


def _get(known_as: str) -> HttpRequest:
    return HttpRequest("GET", f"{TASKS}/{quote(known_as, safe='')}")


def _with_role(role: str, links: Iterable[str | None]) -> list[dict[str, str]]:
    return [{"url": link, "role": role} for link in links if link]


def _read_created(response: HttpResponse) -> Pending:
    """A repeated ``client_business_id`` is answered with the existing generation, in any state."""
    body = accepted(response, to_create=True)
    generation_id, task = created_id(response, body, ID_PREFIXES), task_in(body)
    return Pending(status=newapi.created_status(task), **_common(task, generation_id))


def _read_task(response: HttpResponse, task: dict[str, Any], generation_id: str) -> Generation:
    status = read_status(response, task, {}, shape=newapi.SHAPE)
    common = _common(task, generation_id)
    if status in PENDING:
        return read_pending(
            status,
            common,
            links=partial(_video_links, task),
            details=partial(newapi.task_error_details, task),
        )
    links, details = _video_links(task), newapi.task_error_details(task)
    finished_at = as_time(task.get("completed_at"))
    if status is Status.SUCCEEDED:
        return Succeeded(
            video_url=required(response, "video link", next(iter(links), None)),
            video_urls=links,
            last_frame_url=as_link(_result(task).get("last_frame_url")),
            finished_at=finished_at,
            expires_at=as_time(task.get("expires_at")) or expiry(finished_at, LINK_LIFE),
            **common,
        )
    why = failure(status, kind_of_failure(details), details)
    return Failed(status=status, failure=why, finished_at=finished_at, **common)


def _result(task: dict[str, Any]) -> dict[str, Any]:
    return as_dict(first(as_dict(task.get("result")).get("data")))


def _video_links(task: dict[str, Any]) -> tuple[str, ...]:
    return video_links(task, _result(task).get("url"), task.get("url"), task.get("video_url"))


def _common(task: dict[str, Any], generation_id: str) -> dict[str, Any]:
    return {
        "vendor": NAME,
        "generation_id": generation_id,
        "model": as_word(task.get("model")),
        "vendor_status": word_of(task),
        "created_at": as_time(task.get("created_at")),
        "progress": as_percent(task.get("progress")),
        "usage": ark.usage(as_dict(task.get("usage"))),
        "charge": _charge(as_dict(task.get("billing"))),
    }


def _charge(billing: dict[str, Any]) -> Cost | None:
    amount = as_amount(billing.get("cost_usd"))
    if amount is None:
        return None
    final = billing.get("status") in ("settled", "refunded")
    return Cost(amount=amount, currency="USD", basis="billed" if final else "estimated")


def mark(request: GenerationRequest, intent_id: str) -> GenerationRequest:
    """Gives the request a key of ours, which the vendor stores with the task (contract: toapis 1)."""
    return request.model_copy(update={"vendor_options": {OWN_ID: intent_id, **request.vendor_options}})


def find(request: GenerationRequest) -> Call[Generation]:
    """The task that a marked request made; its absence is certain."""
    key = str(request.vendor_options[OWN_ID])

    def read(response: HttpResponse) -> Generation:
        task = task_in(accepted(response))
        if as_text(task.get(OWN_ID)) not in (None, key):
            raise malformed(response, f"the answer is about another {OWN_ID}")
        ids = (as_id(task.get(name)) for name in ID_NAMES)
        return _read_task(response, task, required(response, "id", next(filter(None, ids), None)))

    return Call(_get(key), read)
