"""The bodies of AnyFast's responses: tasks in their envelope, and errors in three forms."""

from __future__ import annotations

import json
from typing import Any

from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.vendors.ark.content import ArkError
from airflow_provider_seedance.emulator.vendors.ark.responses import failure_of, request_id, task_object
from airflow_provider_seedance.emulator.vendors.base import ApiError

_ACCEPTED_SECONDS = 2.0
_STATUS = {
    Phase.QUEUED: "QUEUED",
    Phase.RUNNING: "IN_PROGRESS",
    Phase.SUCCEEDED: "SUCCESS",
    Phase.FAILED: "FAILURE",
}
_ACTIONS = {
    "text": "generate",
    "first_frame": "generate",
    "first_last_frame": "firstTailGenerate",
    "reference": "referenceGenerate",
}
_STOCK_ERRORS = {
    400: {"code": "invalid_request", "message": "invalid request"},
    403: {"code": "insufficient_user_quota", "message": "user quota is not enough", "data": None},
    404: {"error": {"message": "upstream_error: [NotFound.id] The specified resource is not found."}},
    429: {"code": "fail_to_fetch_task", "data": None},
    500: {"code": "do_request_failed", "message": "do request failed", "data": None},
}


def task_body(generation: Generation, origin: str, now: float) -> dict[str, Any]:
    """A task of the gateway; from the first poll by the gateway on, Ark's task is inside."""
    order, phase = generation.order, generation.phase
    unpolled = phase is Phase.QUEUED and now < generation.created_at + _ACCEPTED_SECONDS
    inner = None if unpolled else _inner_task(generation, origin)
    data: dict[str, Any] = {
        "task_id": generation.id,
        "action": _ACTIONS[order.mode],
        "status": "NOT_START" if unpolled else _STATUS[phase],
        "fail_reason": "",
        "submit_time": int(generation.created_at),
        "start_time": int(generation.started_at or 0),
        "finish_time": int(generation.finished_at or 0),
        "progress": _progress_text(generation, now, unpolled),
        "request_id": order.vendor_data["request_id"],
        "data": inner,
    }
    if phase is Phase.SUCCEEDED:
        data["result_url"] = origin + generation.links["video"]
        if order.vendor_data["super_tokens"]:
            data["original_result_url"] = data["result_url"]
    if phase is Phase.FAILED:
        code, message = failure_of(generation.outcome)
        data["fail_reason"] = json.dumps({"error": {"code": code, "message": message}})
    return data


def _inner_task(generation: Generation, origin: str) -> dict[str, Any]:
    """The task as Ark shows it to the gateway."""
    order, vendor_data = generation.order, generation.order.vendor_data
    vendor_fields: dict[str, Any] = {"id": vendor_data["inner_id"], "model": vendor_data["upstream"]}
    if generation.phase is Phase.SUCCEEDED:
        vendor_fields["service_tier"] = "default"
        if vendor_data["audio"]:
            vendor_fields |= {"generate_audio": order.audio, "draft": False}
        spent = int(order.price) - vendor_data["super_tokens"]
        vendor_fields["usage"] = {"completion_tokens": spent, "total_tokens": spent}
        if vendor_data["super_tokens"]:
            vendor_fields["super_resolution"] = order.resolution
            vendor_fields["usage"]["super_resolution_tokens"] = vendor_data["super_tokens"]
    task = task_object(generation, origin, vendor_fields)
    if generation.phase is Phase.SUCCEEDED:
        task["content"]["video_url"] = origin + generation.links["second_video"]
    return task


def _progress_text(generation: Generation, now: float, unpolled: bool) -> str:
    if generation.phase is Phase.RUNNING:
        return f"{50 + generation.progress(now) // 2}%"
    if generation.phase is Phase.QUEUED:
        return "0%" if unpolled else "20%"
    return "100%"


def stock_error(status: int) -> ApiError:
    """The usual error with that status."""
    if status == 401:
        return gateway_error(401, "invalid_api_key", "Invalid token")
    if status == 429:
        text = "The requests per minute (RPM) limit of the endpoint is exceeded."
        return relayed_error(ArkError("RateLimitExceeded.EndpointRPMExceeded", text), 429, "TooManyRequests")
    return ApiError(status, _STOCK_ERRORS.get(status, _STOCK_ERRORS[500]))


def gateway_error(status: int, code: str, message: str) -> ApiError:
    """An error of the gateway itself."""
    text = f"{message} (request id: {request_id()})"
    return ApiError(status, {"error": {"type": "new_api_error", "code": code, "message": text}})


def plain_error(status: int, code: str, message: str) -> ApiError:
    """An error about the form of the request."""
    return ApiError(status, {"code": code, "message": message})


def relayed_error(error: ArkError, status: int = 400, kind: str = "BadRequest") -> ApiError:
    """An error of Ark, whose body becomes a JSON string inside that of the gateway."""
    text = f"{error} Request id: {request_id()}"
    body = {"error": {"code": error.code, "message": text, "param": error.param, "type": kind}}
    return ApiError(status, {"code": "fail_to_fetch_task", "message": json.dumps(body), "data": None})
