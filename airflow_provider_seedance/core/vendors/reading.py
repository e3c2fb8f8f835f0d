"""Tolerant reading of vendors' JSON: a field of the wrong type is a field that is not there."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.errors import Kind, MalformedReply, VendorRefusal, refusal
from airflow_provider_seedance.models import Failure, Status

T = TypeVar("T")

_KIND_OF_STATUS = {
    401: Kind.AUTHENTICATION,
    402: Kind.BALANCE,
    403: Kind.AUTHENTICATION,
    404: Kind.NOT_FOUND,
    408: Kind.OVERLOAD,
    409: Kind.CONFLICT,
    429: Kind.RATE_LIMIT,
}


def kind_of_status(status: int) -> Kind:
    """What an HTTP status says when the body does not say more."""
    if status in _KIND_OF_STATUS:
        return _KIND_OF_STATUS[status]
    if status >= 500:
        return Kind.OVERLOAD
    return Kind.VALIDATION if status >= 400 else Kind.UNKNOWN


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_text(value: Any) -> str | None:
    """Non-empty text; numbers count, since some vendors send error codes as integers."""
    if value is None or not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return None
    text = str(value)
    if not text.isascii():
        # JSON may hold halves of surrogate pairs, which no file and no database takes.
        text = text.encode("utf-8", "replace").decode()
    return text.strip() or None


def as_number(value: Any) -> float | None:
    """A finite number."""
    if value is None or not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def as_int(value: Any) -> int | None:
    """A whole number, decimals cut off."""
    return int(value) if as_number(value) is not None else None


def as_bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def as_decimal(value: Any) -> Decimal | None:
    """A finite amount from a number or a decimal string."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def as_time(value: Any) -> datetime | None:
    """An instant from Unix seconds; 0 means "not yet"."""
    seconds = as_int(value)
    if not seconds or seconds < 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, tz=timezone.utc)
    except (OverflowError, OSError, ValueError):
        return None


def expiry(finished_at: datetime | None, life: int) -> datetime | None:
    """When a link made at ``finished_at`` dies, ``life`` in seconds."""
    try:
        return finished_at + timedelta(seconds=life) if finished_at else None
    except OverflowError:
        return None


def as_link(value: Any) -> str | None:
    """An http(s) link, or ``None``."""
    text = as_text(value)
    return text if text and text.startswith(("https://", "http://")) else None


def first_link(*places: Any) -> str | None:
    """The first http(s) link among values that may hold one."""
    return next((link for link in map(as_link, places) if link), None)


def first(items: Any) -> Any:
    """The first element of a list, or ``None``."""
    return items[0] if isinstance(items, list) and items else None


def json_or_nothing(text: str | bytes) -> dict[str, Any]:
    """The JSON object in ``text``, or an empty one."""
    try:
        return as_dict(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def required(response: HttpResponse, name: str, value: T | None) -> T:
    """``value``, which the contract promises.

    :raises MalformedReply: if it is not there.
    """
    if value is None:
        raise MalformedReply(f"the answer has no {name}", http_status=response.status)
    return value


@dataclass(frozen=True)
class ErrorDetails:
    """What an error answer says, in whatever shape. ``code`` falls back to the error's type."""

    code: str | None
    message: str | None
    request_id: str | None


_ERROR_STATUS = re.compile(r"[45][0-9]{2}")
_REQUEST_ID = re.compile(r"\(?request id:\s*([\w-]+)\)?\.?\s*$", re.IGNORECASE)


def error_details(body: Mapping[str, Any]) -> ErrorDetails:
    """The error in ``body``: an ``error`` object, an ``error`` text, or a bare ``code`` and ``message``.

    A request id at the end of the message is taken out of it.
    """
    error = body.get("error")
    details = as_dict(error) or body
    message = as_text(details.get("message")) or as_text(error)
    request_id = None
    if message and (found := _REQUEST_ID.search(message)):
        message, request_id = message[: found.start()].rstrip() or None, found.group(1)
    return ErrorDetails(as_text(details.get("code")) or as_text(details.get("type")), message, request_id)


def effective_status(details: ErrorDetails, status: int) -> int:
    """The HTTP status, or the one that an error inside a 2xx answer gives as its code."""
    return (
        int(details.code)
        if status < 300 and details.code and _ERROR_STATUS.fullmatch(details.code)
        else status
    )


def refuse(
    response: HttpResponse,
    kind: Kind,
    details: ErrorDetails,
    *,
    retry_after: float | None = None,
    advice: str | None = None,
) -> VendorRefusal:
    """The error that ``response`` is; ``retry_after`` counts where the header is silent."""
    header = response.retry_after
    return refusal(
        kind,
        details.message or _describe(response),
        code=details.code,
        http_status=response.status,
        request_id=details.request_id or response.headers.get("x-request-id"),
        retry_after=retry_after if header is None else header,
        advice=advice,
    )


def _describe(response: HttpResponse) -> str:
    """Words for an error answer that has none, such as a proxy's HTML page."""
    if not response.content.strip():
        return "an empty error answer"
    return f"an error answer without a readable reason (starts with {response.content[:40]!r})"


_ENDS = {
    Status.EXPIRED: (Kind.EXPIRED, "the vendor's time limit passed before it was finished"),
    Status.CANCELLED: (Kind.CANCELLED, "it was cancelled"),
}


def failure(status: Status, kind: Kind, details: ErrorDetails) -> Failure:
    """Why a generation ended as ``status``: expired and cancelled say it themselves, else ``kind`` does."""
    kind, default = _ENDS.get(status, (kind, "the vendor gave no reason"))
    message = details.message or details.code or default
    if details.request_id:
        message = f"{message} (request id {details.request_id})"
    return Failure(kind=kind, code=details.code, message=message)
