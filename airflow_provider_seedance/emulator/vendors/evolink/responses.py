"""The bodies of EvoLink's responses: tasks and errors."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.vendors.base import ApiError

_STATUS = {
    Phase.QUEUED: "pending",
    Phase.RUNNING: "processing",
    Phase.SUCCEEDED: "completed",
    Phase.FAILED: "failed",
}

_STOCK_ERRORS = {
    400: ("invalid_request", "invalid_request_error", "Invalid request parameters"),
    401: ("unauthorized", "authentication_error", "Invalid or expired token"),
    402: ("insufficient_quota", "insufficient_quota", "Insufficient quota. Please top up your account."),
    403: (
        "model_access_denied",
        "invalid_request_error",
        "Token does not have access to the specified model",
    ),
    404: ("task_not_found", "invalid_request_error", "The requested task could not be found"),
    429: ("rate_limit_exceeded", "rate_limit_error", "Too many requests, please try again later"),
    500: ("internal_error", "api_error", "Internal server error"),
    502: ("upstream_error", "upstream_error", "Upstream AI service unavailable"),
    503: ("service_unavailable", "service_unavailable_error", "Service temporarily unavailable"),
}
FAILURES = {
    "moderation": (
        "content_policy_violation",
        "Content policy violation.\nYour request was blocked by safety filters.",
    ),
    "fail": ("service_error", "The service is temporarily unavailable. Please try again later."),
    "media": ("image_processing_error", "A media URL could not be fetched or read."),
    "limits": ("invalid_parameters", "A media file is outside the limits."),
}


def task_body(generation: Generation, origin: str, now: float) -> dict[str, Any]:
    """A task as create, GET and the callback show it."""
    order, phase = generation.order, generation.phase
    task: dict[str, Any] = {
        "id": generation.id,
        "object": "video.generation.task",
        "created": int(generation.created_at),
        "model": order.model,
        "status": _STATUS[phase],
        "progress": generation.progress(now),
        "type": "video",
        "task_info": {"can_cancel": not phase.is_final},
    }
    if phase is Phase.QUEUED:
        task["task_info"].update(estimated_time=order.vendor_data["estimate"], video_duration=order.seconds)
    if phase in (Phase.QUEUED, Phase.SUCCEEDED):
        usage = {"billing_rule": "per_second", "credits_reserved": order.price, "user_group": "default"}
        task["usage"] = usage
    if phase is Phase.SUCCEEDED:
        task["results"] = [origin + generation.links["video"]]
    if phase is Phase.FAILED:
        kind, _, medium = (generation.outcome or "fail").partition(":")
        code, message = FAILURES[kind]
        if medium:
            message = f"Content policy violation.\nThe generated {medium} was blocked by safety filters."
        task["error"] = {"code": code, "message": message, "type": "task_error"}
    return task


def field_error(param: str, message: str) -> ApiError:
    """The error about an invalid field."""
    return api_error(400, message=message, param=param)


def refused_by_filter(medium: str | None) -> ApiError:
    """The filter's refusal of what was sent; only the words tell of which medium."""
    words = {
        None: FAILURES["moderation"][1],
        "text": "Content policy violation in the prompt",
        "image": "The image contains a real human face",
    }
    message = words.get(medium, f"Third-party content violation in the reference {medium}")
    return api_error(400, code="content_policy_violation", message=message)


def api_error(
    status: int, *, code: str | None = None, message: str | None = None, param: str | None = None
) -> ApiError:
    """The usual error with that status, or one of the same type with another code and message."""
    stock_code, kind, text = _STOCK_ERRORS.get(status, _STOCK_ERRORS[500])
    error = {"code": code or stock_code, "message": message or text, "type": kind}
    if param:
        error["param"] = param
    return ApiError(status, {"error": error})
