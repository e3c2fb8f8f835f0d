"""The bodies of ToAPIs' responses and webhooks: tasks, balances and errors."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.simulation.callbacks import Delivery
from airflow_provider_seedance.emulator.simulation.generation import Generation, Phase
from airflow_provider_seedance.emulator.simulation.state import State
from airflow_provider_seedance.emulator.vendors.base import EMPTY_KEY, ApiError
from airflow_provider_seedance.emulator.vendors.toapis import NAME
from airflow_provider_seedance.emulator.vendors.toapis.models import CREDITS_PER_USD
from airflow_provider_seedance.emulator.vendors.values import json_bytes

BASE32_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's alphabet, of which ids are made."""

_START_CREDITS = 1_000_000.0
_WEBHOOK_RETRY_DELAYS = (10.0, 60.0, 300.0, 1800.0)
_WEBHOOK_TIMEOUT = 10.0
_STATUS = {
    Phase.QUEUED: "queued",
    Phase.RUNNING: "in_progress",
    Phase.SUCCEEDED: "completed",
    Phase.FAILED: "failed",
}
_FAILURES = {
    "moderation": "生成失败: 内容违反了内容政策",
    "fail": "call upstream API failed: upstream returned status 500",
    "review": "private asset review failed: media could not be fetched",
}
_STOCK_ERRORS = {
    400: ("invalid_request", "invalid request"),
    401: ("unauthorized", "身份验证失败，请检查您的API密钥"),
    402: ("insufficient_quota", "账户余额不足"),
    403: ("", "该令牌无权访问此模型"),
    404: ("task_not_found", "任务不存在"),
    422: ("content_policy_violation", "The prompt or media violates the content policy (内容违反了内容政策)"),
    429: ("rate_limit_exceeded", "Async task request rate exceeded"),
    500: ("internal_error", "internal error"),
}


def task_body(generation: Generation, origin: str, now: float) -> dict[str, Any]:
    """A task as create and GET show it."""
    order, phase = generation.order, generation.phase
    task: dict[str, Any] = {"id": generation.id}
    if order.vendor_data["business_id"]:
        task["client_business_id"] = order.vendor_data["business_id"]
    task |= {
        "object": "generation.task",
        "model": order.model,
        "status": _STATUS[phase],
        "progress": generation.progress(now),
        "created_at": int(generation.created_at),
    }
    if phase is Phase.SUCCEEDED:
        item = {"url": origin + generation.links["video"], "format": "mp4"}
        if "last_frame" in generation.links:
            item["last_frame_url"] = origin + generation.links["last_frame"]
        task["completed_at"] = int(generation.updated_at)
        task["expires_at"] = int(generation.links_expire_at or 0)
        task["result"] = {"type": "video", "data": [item]}
        if order.vendor_data["searches"]:
            task["usage"] = {"tool_usage": {"web_search": order.vendor_data["searches"]}}
        usd = order.vendor_data["usd"]
        task["billing"] = {
            "status": "settled",
            "credits": _decimal_text(usd * CREDITS_PER_USD),
            "cost_usd": _decimal_text(usd),
        }
    if phase is Phase.FAILED:
        kind, _, medium = (generation.outcome or "fail").partition(":")
        message = f"the generated {medium} violates the content policy" if medium else _FAILURES[kind]
        task["error"] = {"code": "generation_failed", "message": message}
        task["billing"] = {"status": "refunded", "credits": "0", "cost_usd": "0"}
    return task


def _decimal_text(value: Decimal) -> str:
    return f"{value.normalize():f}"


def webhook(state: State, generation: Generation) -> Delivery:
    """The signed webhook about the end of a generation.

    All attempts have the same id and body, but each has its own timestamp. It is wall time and not vendor time, since
    receivers compare it with their own clock.
    """
    order, completed = generation.order, generation.phase is Phase.SUCCEEDED
    data = {
        "task_id": generation.id,
        "task_type": "video",
        "model": order.model,
        "status": _STATUS[generation.phase],
    }
    for name, value in (
        ("client_business_id", order.vendor_data["business_id"]),
        ("trace_id", order.vendor_data["trace_id"]),
    ):
        if value:
            data[name] = value
    event_id = f"evt_01{state.token(24, BASE32_ALPHABET)}"
    kind = "generation.completed" if completed else "generation.failed"
    body = json_bytes({"id": event_id, "type": kind, "data": data})

    def headers(content: bytes) -> dict[str, str]:
        timestamp = str(int(state.clock.wall()))
        message = f"{event_id}.{timestamp}.".encode() + content
        secrets = state.settings.webhook_secret.split(",")
        return {
            "X-ToAPIs-Webhook-Id": event_id,
            "X-ToAPIs-Webhook-Timestamp": timestamp,
            "X-ToAPIs-Webhook-Signature": ",".join(_signature(secret, message) for secret in secrets),
        }

    return Delivery(
        NAME, generation.id, str(order.callback), body, _WEBHOOK_RETRY_DELAYS, _WEBHOOK_TIMEOUT, headers
    )


def _signature(secret: str, message: bytes) -> str:
    return f"v1={hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()}"


def balance_body(state: State, account: str) -> dict[str, Any]:
    """What is left and what was used, in credits and in dollars."""
    used = round(state.spent(NAME, account), 4)
    left = 0.0 if account == EMPTY_KEY else _START_CREDITS - used
    return {
        "success": True,
        "remain_balance": round(left / CREDITS_PER_USD, 6),
        "used_balance": round(used / CREDITS_PER_USD, 6),
        "remain_credits": round(left, 4),
        "used_credits": used,
        "credits_per_usd": CREDITS_PER_USD,
    }


def api_error(status: int, message: str | None = None, *, integer: bool = False) -> ApiError:
    """The usual error with that status, or one with another message.

    A create answers with a word as code; a query answers with a number, which is ``integer``.
    """
    code, text = _STOCK_ERRORS.get(status, _STOCK_ERRORS[500])
    kinds = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
    error: dict[str, Any] = {"code": status if integer else code, "message": message or text}
    if integer:
        error["type"] = kinds.get(status, "invalid_request_error")
    return ApiError(status, {"error": error})


def refused_by_filter(items: Sequence[tuple[str, str, str]], medium: str | None) -> ApiError:
    """The filter's refusal: of the prompt in the gateway's own words, of a medium in those of the upstream.

    :param items: the request's media by kind, role and URL; the upstream counts them after the text.
    """
    if medium in (None, "text"):
        return api_error(422, "The prompt violates the content policy" if medium else None)
    place = next((number for number, (kind, _, _) in enumerate(items, start=1) if kind == medium), 0)
    code = f"Input{str(medium).capitalize()}SensitiveContentDetected"
    text = (
        f"The request failed because the input {medium} 'content[{place}]' may contain sensitive information."
    )
    return ApiError(400, {"error": {"code": code, "message": text}})


def success_response(data: dict[str, Any], message: str = "") -> Response:
    """A success of the upload and asset services."""
    return JSONResponse({"success": True, "message": message, "data": data})


def error_response(message: str, status: int = 400) -> Response:
    """An error of the upload and asset services."""
    return JSONResponse({"success": False, "message": message}, status)
