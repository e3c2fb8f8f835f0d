"""The bodies of ModelArk's responses: tasks and errors."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.vendors.ark.content import ArkError
from airflow_provider_seedance.emulator.vendors.ark.responses import request_id, task_object
from airflow_provider_seedance.emulator.vendors.base import ApiError

_STOCK_ERRORS = {
    400: ("InvalidParameter", "A parameter specified in the request is not valid.", "BadRequest"),
    401: (
        "AuthenticationError",
        "The API key or AK/SK in the request is missing or invalid.",
        "Unauthorized",
    ),
    403: (
        "AccountOverdueError",
        "The request failed because your account has an overdue balance. Please recharge it.",
        "Forbidden",
    ),
    404: ("NotFound.id", "The specified resource is not found.", "NotFound"),
    409: (
        "InvalidAction.RunningTaskDeletion",
        "Cannot delete task because it is currently running.",
        "Conflict",
    ),
    429: (
        "RateLimitExceeded.EndpointRPMExceeded",
        "The requests per minute (RPM) limit of the endpoint is exceeded. Please try again later.",
        "TooManyRequests",
    ),
    500: (
        "InternalServiceError",
        "The service encountered an unexpected internal error.",
        "InternalServerError",
    ),
}


def task_body(generation: Generation, origin: str) -> dict[str, Any]:
    """A task as GET, the list and callbacks show it."""
    return task_object(generation, origin, _vendor_fields(generation))


def _vendor_fields(generation: Generation) -> dict[str, Any]:
    """The fields that ModelArk alone has; most of them echo the request."""
    vendor_data = generation.order.vendor_data
    body, model = vendor_data["body"], vendor_data["model"]
    fields: dict[str, Any] = {
        "service_tier": body.get("service_tier", "default"),
        "execution_expires_after": body.get("execution_expires_after", 172800),
    }
    if model.priority:
        fields["priority"] = body.get("priority", 0)
    if "safety_identifier" in body:
        fields["safety_identifier"] = body["safety_identifier"]
    if vendor_data["draft_id"]:
        fields["draft_task_id"] = vendor_data["draft_id"]
    if generation.phase is not Phase.SUCCEEDED:
        return fields
    if "frames" in body:
        fields["frames"] = body["frames"]
    if model.audio:
        fields["generate_audio"] = generation.order.audio
        fields["draft"] = body.get("draft", False)
    if model.family == "2.5":
        fields["output_format"] = generation.order.container
    if body.get("tools"):
        fields["tools"] = body["tools"]
    return fields


def stock_error(status: int) -> ApiError:
    """The usual error with that status."""
    code, message, kind = _STOCK_ERRORS.get(status, _STOCK_ERRORS[500])
    return api_error(status, code, message, kind=kind)


def error_of(error: ArkError) -> ApiError:
    """The response for an error in the request."""
    return api_error(400, error.code, str(error), error.param)


def api_error(status: int, code: str, message: str, param: str = "", *, kind: str = "BadRequest") -> ApiError:
    """An error in Ark's form."""
    text = f"{message} Request id: {request_id()}"
    return ApiError(status, {"error": {"code": code, "message": text, "param": param, "type": kind}})
