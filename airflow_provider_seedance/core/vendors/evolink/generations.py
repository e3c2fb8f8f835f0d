"""EvoLink's generation task: create and get (contract: evolink 3, 4)."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.vendors import ark, newapi
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, JsonBody
from airflow_provider_seedance.core.vendors.evolink.errors import accepted, kind_of_failure
from airflow_provider_seedance.core.vendors.reading import (
    as_amount,
    as_dict,
    as_number,
    as_percent,
    as_time,
    as_word,
    expiry,
    first,
    required,
)
from airflow_provider_seedance.core.vendors.replies import failure
from airflow_provider_seedance.core.vendors.status_words import PENDING
from airflow_provider_seedance.core.vendors.tasks import (
    confirmed_id,
    created_id,
    read_pending,
    read_status,
    task_in,
    video_links,
    word_of,
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
    Usage,
)

NAME = "evolink"
CREATE = "/v1/videos/generations"
TASKS = "/v1/tasks"
ID_PREFIXES = ("task-unified-",)
LINK_LIFE = 86_400  # seconds (contract: evolink 4)
#: Seconds; a longer estimate is not there.
_LONGEST_RUN = 604_800.0


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
    def read(response: HttpResponse) -> Generation:
        task = task_in(accepted(response))
        return _read_task(response, task, confirmed_id(response, task, generation_id))

    return Call(HttpRequest("GET", f"{TASKS}/{quote(generation_id, safe='')}"), read)


def _model_params(request: GenerationRequest) -> dict[str, Any]:
    """The extension object: web search, and whatever the caller put into one of his own."""
    own = request.vendor_options.get("model_params")
    if not request.web_search or not (own is None or isinstance(own, dict)):
        return {}
    return {"model_params": {"web_search": True, **as_dict(own)}}


def _read_created(response: HttpResponse) -> Pending:
    body = accepted(response, to_create=True)
    generation_id, task = created_id(response, body, ID_PREFIXES), task_in(body)
    return Pending(status=newapi.created_status(task), **_common(task, generation_id, status=None))


def _read_task(response: HttpResponse, task: dict[str, Any], generation_id: str) -> Generation:
    status = read_status(response, task, {}, shape=newapi.SHAPE)
    if status in PENDING:
        common = _common(task, generation_id, status=status)
        return read_pending(
            status,
            common,
            links=partial(_video_links, task),
            details=partial(newapi.task_error_details, task),
        )
    links, details = _video_links(task), newapi.task_error_details(task)
    kind = kind_of_failure(details)
    if status is Status.FAILED and kind is Kind.CANCELLED:
        status = Status.CANCELLED
    common = _common(task, generation_id, status=status)
    if status is Status.SUCCEEDED:
        return Succeeded(
            video_url=required(response, "video link", next(iter(links), None)),
            video_urls=links,
            # The end is not told; counted from the start, a link is never believed alive too long.
            expires_at=expiry(common["created_at"], LINK_LIFE),
            **common,
        )
    return Failed(status=status, failure=failure(status, kind, details), **common)


def _common(task: dict[str, Any], generation_id: str, *, status: Status | None) -> dict[str, Any]:
    """What every state of the task tells; ``status`` is ``None`` for the answer to a create."""
    info, counted = as_dict(task.get("task_info")), as_dict(task.get("usage"))
    charge = _charge(counted, status)
    return {
        "vendor": NAME,
        "generation_id": generation_id,
        "model": as_word(task.get("model")),
        "vendor_status": word_of(task),
        "created_at": as_time(task.get("created")),
        "progress": as_percent(task.get("progress")),
        "estimated_seconds": as_number(info.get("estimated_time"), low=0, high=_LONGEST_RUN),
        "duration": as_number(info.get("video_duration"), low=0, high=ark.LONGEST_VIDEO),
        "usage": _usage(counted, charge),
        "charge": charge,
    }


def _usage(counted: dict[str, Any], charge: Cost | None) -> Usage | None:
    """Tokens as far as they are told, and the credits of the charge."""
    tokens = ark.usage(counted)
    if charge is None or charge.amount is None:
        return tokens
    used = float(charge.amount)
    return tokens.model_copy(update={"credits": used}) if tokens else Usage(credits=used)


def _charge(counted: dict[str, Any], status: Status | None) -> Cost | None:
    """What a finished task used, else what is reserved for one that has not failed (contract: evolink 4)."""
    if status not in (None, *PENDING):
        for name in ("credits_used", "credits_consumed", "credits"):
            if (amount := as_amount(counted.get(name))) is not None:
                return Cost(amount=amount, currency="credits", basis="billed")
        if status is not Status.SUCCEEDED:
            return None
    reserved = as_amount(counted.get("credits_reserved"))
    return None if reserved is None else Cost(amount=reserved, currency="credits", basis="estimated")


def _video_links(task: dict[str, Any]) -> tuple[str, ...]:
    """The links, in the official clients' order of places (contract: evolink 4)."""
    data = as_dict(first(task.get("result_data")))
    return video_links(
        task,
        first(task.get("results")),
        data.get("video_url"),
        data.get("url"),
        as_dict(task.get("output")).get("video_url"),
        task.get("video_url"),
        as_dict(task.get("result")).get("video_url"),
        task.get("url"),
    )
