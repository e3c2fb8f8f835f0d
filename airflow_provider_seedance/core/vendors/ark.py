"""Ark's own objects: content parts, the task object and error codes.

ModelArk speaks them directly, AnyFast nests them in an envelope of its own (contracts: modelark 2.3, 3, 7.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_seedance.core.vendors.reading import (
    as_bool,
    as_dict,
    as_int,
    as_number,
    as_time,
    as_word,
)
from airflow_provider_seedance.core.vendors.replies import (
    ErrorDetails,
    error_details,
    is_moderation,
    kind_of_status,
)
from airflow_provider_seedance.errors import Kind
from airflow_provider_seedance.models import GenerationRequest, Usage

Body = dict[str, Any]
#: Seconds; a longer duration is not there.
LONGEST_VIDEO = 86_400.0


def options(request: GenerationRequest) -> Body:
    """The request's settings in Ark's field names, unset ones left out."""
    body: Body = {
        "resolution": request.resolution,
        "ratio": request.aspect_ratio,
        "duration": request.duration,
        "seed": request.seed,
        "generate_audio": request.generate_audio,
        "watermark": request.watermark,
        "return_last_frame": request.return_last_frame,
        "camera_fixed": request.camera_fixed,
        "service_tier": request.service_tier,
        "priority": request.priority,
        "tools": [{"type": "web_search"}] if request.web_search else None,
    }
    return {name: value for name, value in body.items() if value is not None}


def text_parts(request: GenerationRequest) -> Iterator[Body]:
    if request.prompt:
        yield {"type": "text", "text": request.prompt}


def frame_parts(request: GenerationRequest) -> Iterator[Body]:
    if request.first_frame:
        yield media_part("image", request.first_frame, "first_frame")
    if request.last_frame:
        yield media_part("image", request.last_frame, "last_frame")


def reference_parts(request: GenerationRequest) -> Iterator[Body]:
    """All images, then all videos, then all audios: the order AnyFast insists on."""
    for kind, links in (
        ("image", request.reference_images),
        ("video", request.reference_videos),
        ("audio", request.reference_audios),
    ):
        for link in links:
            yield media_part(kind, link, f"reference_{kind}")


def media_part(kind: str, link: str, role: str) -> Body:
    return {"type": f"{kind}_url", f"{kind}_url": {"url": link}, "role": role}


def settings(task: Body) -> dict[str, Any]:
    """What the task object says about the video, in our field names."""
    return {
        "created_at": as_time(task.get("created_at")),
        "updated_at": as_time(task.get("updated_at")),
        "resolution": as_word(task.get("resolution")),
        "aspect_ratio": as_word(task.get("ratio")),
        "duration": as_number(task.get("duration"), low=0, high=LONGEST_VIDEO),
        "frames": as_int(task.get("frames")),
        "seed": as_int(task.get("seed"), low=-1),
        "generate_audio": as_bool(task.get("generate_audio")),
        "service_tier": as_word(task.get("service_tier")),
        "priority": as_int(task.get("priority")),
        "draft": as_bool(task.get("draft")),
        "expires_after": as_int(task.get("execution_expires_after")),
        "usage": usage(as_dict(task.get("usage"))),
    }


def usage(counted: Body) -> Usage | None:
    """What was counted; ``None`` if there is no count that can be read."""
    counts = {
        "completion_tokens": as_int(counted.get("completion_tokens")),
        "total_tokens": as_int(counted.get("total_tokens")),
        "super_resolution_tokens": as_int(counted.get("super_resolution_tokens")),
        "web_searches": as_int(as_dict(counted.get("tool_usage")).get("web_search")),
    }
    return Usage(**counts) if any(count is not None for count in counts.values()) else None


def task_error_details(task: Body) -> ErrorDetails:
    """Why a task failed; in lists the field may be called ``failure_reason`` (contract: modelark 4)."""
    return error_details(
        {"error": task.get("error") or task.get("failure_reason") or task.get("fail_reason")}
    )


_IMAGES = ("first_frame", "last_frame", "reference_images")
#: Our fields by their names in Ark's errors; ``content`` has its parts in this order (contract: modelark 2.3, 7.3).
PARAMETERS = {
    "content": ("draft_task_id", "prompt", *_IMAGES, "reference_videos", "reference_audios"),
    "text": ("prompt",),
    "image_url": _IMAGES,
    "video_url": ("reference_videos",),
    "audio_url": ("reference_audios",),
    "ratio": ("aspect_ratio",),
    "tools": ("web_search",),
}

#: Beginning of an error code -> kind; the first match counts (contract: modelark 7.2).
_KINDS = (
    ("ContentSecurityDetectionError", Kind.OVERLOAD),
    ("AuthenticationError", Kind.AUTHENTICATION),
    ("InvalidAccountStatus", Kind.AUTHENTICATION),
    ("AccessDenied", Kind.AUTHENTICATION),
    ("AccountOverdueError", Kind.BALANCE),
    ("OperationDenied.ServiceOverdue", Kind.BALANCE),
    ("OperationDenied", Kind.AUTHENTICATION),
    ("SetLimitExceeded", Kind.BALANCE),
    ("InvalidEndpointOrModel", Kind.AUTHENTICATION),
    ("ModelNotOpen", Kind.AUTHENTICATION),
    ("UnsupportedModel", Kind.AUTHENTICATION),
    ("InvalidEndpoint.ClosedEndpoint", Kind.OVERLOAD),
    ("NotFound", Kind.NOT_FOUND),
    ("InvalidAction", Kind.CONFLICT),
    ("RateLimitExceeded", Kind.RATE_LIMIT),
    ("ModelAccount", Kind.RATE_LIMIT),
    ("APIAccount", Kind.RATE_LIMIT),
    ("AccountRateLimitExceeded", Kind.RATE_LIMIT),
    ("ServerOverloaded", Kind.RATE_LIMIT),
    ("RequestBurstTooFast", Kind.RATE_LIMIT),
    ("InflightBatchsizeExceeded", Kind.RATE_LIMIT),
    ("InternalServiceError", Kind.OVERLOAD),
    ("MissingParameter", Kind.VALIDATION),
    ("InvalidParameter", Kind.VALIDATION),
    ("InvalidImageURL", Kind.VALIDATION),
    ("OutofContextError", Kind.VALIDATION),
    ("Duplicate.", Kind.VALIDATION),
)
#: Where the words of an unknown code decide: of a failed task, and of a wrong request.
_UNEXPLAINED = (0, 400, 422)
_QUOTA_USED_UP = ("free trial", "plan", "exhausted", "used up")


def kind_of(details: ErrorDetails, *, status: int) -> Kind:
    """What an Ark error code means; for an unknown one the HTTP ``status`` decides (0 for a failed task)."""
    code, message = details.code or "", details.message or ""
    if "SensitiveContentDetected" in code or "RiskDetection" in code:
        return Kind.MODERATION
    if code == "QuotaExceeded":
        used_up = any(words in message.lower() for words in _QUOTA_USED_UP)
        return Kind.BALANCE if used_up else Kind.RATE_LIMIT
    for start, kind in _KINDS:
        if code.startswith(start):
            return kind
    if status in _UNEXPLAINED and is_moderation(details):
        return Kind.MODERATION
    return kind_of_status(status)
