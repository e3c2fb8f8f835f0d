"""EvoLink's generation task: create and get (contract: evolink 3, 4)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors import newapi
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, JsonBody
from airflow_provider_seedance.core.vendors.evolink.errors import accepted, kind_of_failure
from airflow_provider_seedance.core.vendors.reading import (
    as_decimal,
    as_dict,
    as_int,
    as_number,
    as_text,
    as_time,
    error_details,
    expiry,
    failure,
    first,
    first_link,
    required,
)
from airflow_provider_seedance.errors import Kind
from airflow_provider_seedance.models import (
    Cost,
    Failed,
    Generation,
    GenerationRequest,
    Pending,
    Status,
    Succeeded,
)

NAME = "evolink"
CREATE = "/v1/videos/generations"
TASKS = "/v1/tasks"
LINK_LIFE = 86_400  # seconds (contract: evolink 4)


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
    return Call(HttpRequest("POST", CREATE, body=JsonBody(json)), _read_created, repeatable=False)


def get(generation_id: str) -> Call[Generation]:
    return Call(HttpRequest("GET", f"{TASKS}/{quote(generation_id, safe='')}"), _read_task)


def _model_params(request: GenerationRequest) -> dict[str, Any]:
    """The extension object: web search, and whatever the caller put into one of his own."""
    own = request.vendor_options.get("model_params")
    if not request.web_search or not (own is None or isinstance(own, dict)):
        return {}
    return {"model_params": {"web_search": True, **as_dict(own)}}


def _read_created(response: HttpResponse) -> Pending:
    body = accepted(response)
    return Pending(status=newapi.created_status(body), **_common(response, body, status=None))


def _read_task(response: HttpResponse) -> Generation:
    body = accepted(response)
    status = newapi.task_status(response, body)
    details = error_details({"error": body.get("error")})
    kind = kind_of_failure(details)
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
    return Failed(status=status, failure=failure(status, kind, details), **common)


def _common(response: HttpResponse, body: dict[str, Any], *, status: Status | None) -> dict[str, Any]:
    """What every state of the task tells; ``status`` is ``None`` for the answer to a create."""
    info = as_dict(body.get("task_info"))
    return {
        "vendor": NAME,
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
    ended_without_video = status in (Status.FAILED, Status.EXPIRED, Status.CANCELLED)
    settled = [as_decimal(usage.get(name)) for name in ("credits_used", "credits_consumed", "credits")]
    if status is Status.SUCCEEDED or ended_without_video:
        for amount in settled:
            if amount is not None:
                return Cost(amount=amount, currency="credits", basis="billed")
    if ended_without_video:
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
