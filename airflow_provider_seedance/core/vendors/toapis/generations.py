"""ToAPIs' generation task: create and get, and finding it by an id of the caller's own (contract: toapis 3, 4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors import newapi
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, JsonBody
from airflow_provider_seedance.core.vendors.reading import (
    as_decimal,
    as_dict,
    as_int,
    as_link,
    as_text,
    as_time,
    error_details,
    expiry,
    failure,
    first,
    first_link,
    required,
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
    Usage,
)

NAME = "toapis"
TASKS = "/v1/videos/generations"
#: The create body's field for an id of the caller's own.
OWN_ID = "client_business_id"
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
    return Call(HttpRequest("GET", f"{TASKS}/{quote(generation_id, safe='')}"), _read_task)


def _with_role(role: str, links: Iterable[str | None]) -> list[dict[str, str]]:
    return [{"url": link, "role": role} for link in links if link]


def _read_created(response: HttpResponse) -> Pending:
    """A repeated ``client_business_id`` is answered with the existing generation, in any state."""
    body = accepted(response)
    return Pending(status=newapi.created_status(body), **_common(response, body))


def _read_task(response: HttpResponse) -> Generation:
    body = accepted(response)
    status, common = newapi.task_status(response, body), _common(response, body)
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
    details = error_details({"error": body.get("error") or body.get("fail_reason")})
    why = failure(status, kind_of_failure(details), details)
    return Failed(status=status, failure=why, finished_at=finished_at, **common)


def _common(response: HttpResponse, body: dict[str, Any]) -> dict[str, Any]:
    generation_id = as_text(body.get("id")) or as_text(body.get("task_id"))
    searches = as_int(as_dict(as_dict(body.get("usage")).get("tool_usage")).get("web_search"))
    return {
        "vendor": NAME,
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


def mark(request: GenerationRequest, intent_id: str) -> GenerationRequest:
    """Gives the request a key of ours, which the vendor stores with the task (contract: toapis 1)."""
    return request.model_copy(update={"vendor_options": {OWN_ID: intent_id, **request.vendor_options}})


def find(request: GenerationRequest) -> Call[Generation]:
    """The task that a marked request made; its absence is certain."""
    return get(str(request.vendor_options[OWN_ID]))
