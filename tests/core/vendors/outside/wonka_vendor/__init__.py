"""A vendor from outside, in one module and one catalog file: it speaks EvoLink's dialect, under a name of its own."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from airflow_provider_seedance.core.vendors.contract import (
    API,
    AccountCalls,
    Call,
    GenerationCalls,
    HttpRequest,
    HttpResponse,
    JsonBody,
    Service,
    Vendor,
)
from airflow_provider_seedance.errors import Kind, refusal
from airflow_provider_seedance.models import (
    Failed,
    Failure,
    Generation,
    GenerationRequest,
    Pending,
    Status,
    Succeeded,
)

NAME = "wonka"


def create(request: GenerationRequest) -> Call[Pending]:
    body = {
        "model": request.model,
        "prompt": request.prompt,
        "duration": request.duration,
        "quality": request.resolution,
        "aspect_ratio": request.aspect_ratio,
    }
    return Call(
        HttpRequest("POST", "/v1/videos/generations", body=JsonBody(body)), _read_created, repeatable=False
    )


def get(generation_id: str) -> Call[Generation]:
    return Call(HttpRequest("GET", f"/v1/tasks/{quote(generation_id, safe='')}"), _read_task)


def probe() -> Call[None]:
    return Call(HttpRequest("GET", "/v1/credits"), _refuse_errors)


def _refuse_errors(response: HttpResponse) -> None:
    if response.status >= 300:
        raise refusal(Kind.UNKNOWN, "refused", http_status=response.status)


def _read_created(response: HttpResponse) -> Pending:
    _refuse_errors(response)
    return Pending(vendor=NAME, generation_id=response.json_object()["id"], status=Status.QUEUED)


def _read_task(response: HttpResponse) -> Generation:
    _refuse_errors(response)
    task = response.json_object()
    common = {"vendor": NAME, "generation_id": task["id"], "vendor_status": task["status"]}
    if task["status"] == "completed":
        return Succeeded(video_url=task["results"][0], **common)
    if task["status"] == "failed":
        return Failed(status=Status.FAILED, failure=Failure(), **common)
    return Pending(status=Status.RUNNING, **common)


VENDOR = Vendor(
    name=NAME,
    services=(Service(API, {"global": "https://api.wonka.example"}),),
    generations=GenerationCalls(create=create, get=get),
    account=AccountCalls(probe=probe),
    catalog=Path(__file__).with_name("wonka.json"),
)
