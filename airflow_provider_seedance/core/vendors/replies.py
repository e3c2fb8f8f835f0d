"""Who wrote an answer, and what it says: a vendor's own refusal, its reason, or something that came in between.

A page of a proxy, of a firewall or of a login gate has a status too. Only the vendor's own word decides about money and
about a wait that is paid for, and :func:`is_vendors_own` alone decides whose word an error answer is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.redaction import MAX_TEXT, clean, redact
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.diagnosis import diagnose
from airflow_provider_seedance.core.vendors.reading import (
    MAX_WORD,
    as_dict,
    as_text,
    as_word,
    json_or_nothing,
    nested_json,
)
from airflow_provider_seedance.errors import IntermediaryReply, Kind, VendorRefusal, refusal
from airflow_provider_seedance.models import Failure, Status

_KIND_OF_STATUS = {
    401: Kind.AUTHENTICATION,
    402: Kind.BALANCE,
    403: Kind.AUTHENTICATION,
    404: Kind.NOT_FOUND,
    408: Kind.OVERLOAD,
    409: Kind.CONFLICT,
    429: Kind.RATE_LIMIT,
}
#: Statuses of a create that are about its request or its account; with a reason in JSON beside them nothing in between
#: says them.
_ABOUT_THE_REQUEST = (400, 402, 409, 415, 422)
#: Statuses of a create that refuse its size, whoever says so.
_TOO_LARGE = (413, 414, 431)


def kind_of_status(status: int) -> Kind:
    """What an HTTP status says when the body does not say more."""
    if status in _KIND_OF_STATUS:
        return _KIND_OF_STATUS[status]
    if status >= 500:
        return Kind.OVERLOAD
    return Kind.VALIDATION if status >= 400 else Kind.UNKNOWN


@dataclass(frozen=True)
class ErrorDetails:
    """What an error answer says, in whatever shape. ``code`` falls back to the error's type.

    :param param: the vendor's name of the parameter at fault.
    """

    code: str | None
    message: str | None
    request_id: str | None
    param: str | None = None


#: Where errors stand, in the order in which they are believed, and where their words do.
_CODES = ("code", "error_code", "errorCode", "Code", "type")
_MESSAGES = (
    "message",
    "msg",
    "Message",
    "detail",
    "details",
    "error_description",
    "error_message",
    "errorMessage",
    "error_msg",
    "reason",
    "fail_reason",
    "failure_reason",
    "title",
)
_MOST_REASONS = 5
_DEEPEST_REASON = 6
_ERROR_STATUS = re.compile(r"[45][0-9]{2}")
_REQUEST_ID = re.compile(r"\(?request id:\s{0,9}([\w-]{1,200})\)?\.?\s*$", re.IGNORECASE)
_MODERATION = re.compile(
    r"policy|policies|sensitive|moderation|moderated|nsfw|nudity|prohibited|safety (?:filter|system|check)"
    r"|real (?:person|human|face)|privacy|copyright|违反|违规|敏感|审核|人脸|侵权",
    re.IGNORECASE,
)


def error_details(body: Mapping[str, Any]) -> ErrorDetails:
    """The error in ``body``, in any of the shapes that vendors and their frameworks use.

    A request id at the end of the message is taken out of it; the name of a parameter is put into it.
    """
    if not any(body.values()):
        return ErrorDetails(None, None, None)
    error = body.get("error") or as_dict(body.get("ResponseMetadata")).get("Error")
    details = as_dict(error) or nested_json(error) or body
    details = as_dict(details.get("error")) or details
    message, inner = _reason(error) if error else (None, None)
    if message is None:
        message, inner = _reason({name: value for name, value in body.items() if name != "error"})
    request_id = None
    if message and (found := _REQUEST_ID.search(message)):
        message, request_id = message[: found.start()].rstrip() or None, found.group(1)
    if message is None and error and isinstance(error, (dict, list)) and not request_id:
        message = _as_it_stands(error)
    if not _code(details):
        details = as_dict(body.get("detail")) or details
    param = _param(details)
    if message and param and param not in message:
        message = f"{message} (parameter {param})"
    return ErrorDetails(inner or _code(details), message, request_id, param)


def _param(details: Mapping[str, Any]) -> str | None:
    """The parameter at fault, also of an error that a gateway passes on as JSON in its message."""
    inner = as_dict(nested_json(details.get("message")).get("error"))
    return as_word(details.get("param")) or as_word(inner.get("param"))


def _code(details: Mapping[str, Any]) -> str | None:
    return next((code for name in _CODES if (code := as_word(details.get(name)))), None)


def _as_it_stands(error: Any) -> str | None:
    """The beginning of an error that has no words, without secrets; ``None`` for one that has a code at least."""
    if isinstance(error, dict) and _code(error):
        return None
    return clean(redact(clean(json.dumps(error, ensure_ascii=False, default=str), 1_000)), 300)


def _reason(value: Any, depth: int = 0) -> tuple[str | None, str | None]:
    """The words in an error, and the code beside them where they stand inside of another one."""
    if depth > _DEEPEST_REASON:
        return None, None
    if isinstance(value, list):
        return "; ".join(_reasons(value, depth)) or None, None
    if isinstance(value, dict):
        return _reason_of_object(value, depth)
    if inner := nested_json(value):
        words, code = _reason(inner.get("error") or inner, depth + 1)
        if words or code:
            return words, code or _code(as_dict(inner.get("error")) or inner)
    return (as_text(value) if isinstance(value, str) else None), None


def _reasons(items: list[Any], depth: int) -> Iterator[str]:
    for item in items[:_MOST_REASONS]:
        words, _ = _reason(item, depth + 1)
        if words:
            where = ".".join(filter(None, map(as_word, _location(item))))
            yield f"{where}: {words}" if where else words


def _location(item: Any) -> list[Any]:
    """The place in the request that one of FastAPI's reasons is about."""
    place = as_dict(item).get("loc")
    return place[:_MOST_REASONS] if isinstance(place, list) else []


def _reason_of_object(value: Mapping[str, Any], depth: int) -> tuple[str | None, str | None]:
    for name in (*_MESSAGES, "errors", "error"):
        inner = value.get(name)
        words, code = _reason(inner, depth + 1) if inner else (None, None)
        if words:
            return words, code
    return None, None


def is_moderation(details: ErrorDetails) -> bool:
    """Whether a reason speaks of the vendor's safety filter; asked only where no code says more."""
    return bool(_MODERATION.search(f"{details.code} {details.message}"[:MAX_TEXT]))


def effective_status(details: ErrorDetails, status: int) -> int:
    """The HTTP status, or the one that an error inside a 2xx answer gives as its code."""
    return (
        int(details.code)
        if status < 300 and details.code and _ERROR_STATUS.fullmatch(details.code)
        else status
    )


@dataclass(frozen=True)
class OwnShape:
    """The shapes of a vendor's errors beside the ``error`` object with words or a code, which all of them have.

    :param flat_code: ``{"code": "a_word", "message": ...}`` at the top.
    :param success_flag: ``{"success": false, "message": ...}`` at the top.
    :param busy_codes: codes that say beside a server error that a create was surely not accepted.
    """

    flat_code: bool = False
    success_flag: bool = False
    busy_codes: tuple[str, ...] = ()


#: A vendor whose errors are such objects only.
ERROR_OBJECT = OwnShape()

#: Codes that mean that the vendor does not know a generation, and types of error that do.
_ABSENT_CODES = ("task_not_found", "task_not_exist", "invalid_task_id", "resource_not_found")
_ABSENT_TYPES = ("not_found_error", "NotFound")
#: A new-api gateway's words for a path that it does not have: the host leads elsewhere.
_NO_SUCH_PATH = "Invalid URL ("


def is_vendors_own(body: Mapping[str, Any], shape: OwnShape) -> bool:
    """Whether an error answer is the vendor's own word, by the shape of its body.

    All else was said in between: pages and plain texts, empty bodies, and the JSON of proxies, meshes and firewalls.
    """
    error = as_dict(body.get("error")) or as_dict(as_dict(body.get("ResponseMetadata")).get("Error"))
    words = as_text(error.get("message")) or as_text(error.get("Message")) or ""
    if error and (words or _code(error)):
        return not words.startswith(_NO_SUCH_PATH)
    code, message = as_word(body.get("code")), as_text(body.get("message"))
    if shape.flat_code and code and not code.isdecimal():
        return True
    return shape.success_flag and body.get("success") is False and message is not None


def is_absence(body: Mapping[str, Any], details: ErrorDetails) -> bool:
    """Whether a vendor's own word says that it does not know a generation: a status alone does not."""
    kind = as_word(as_dict(body.get("error")).get("type"))
    code = details.code or ""
    return code in _ABSENT_CODES or code.startswith("NotFound") or kind in _ABSENT_TYPES


def refuse(
    response: HttpResponse,
    kind: Kind,
    details: ErrorDetails,
    *,
    shape: OwnShape = OwnShape(),  # frozen
    to_create: bool = False,
    retry_after: float | None = None,
    advice: str | None = None,
) -> VendorRefusal:
    """The error that ``response`` is.

    :param kind: what it means if the vendor says it; what something in between says is an
        :class:`IntermediaryReply` instead.
    :param to_create: whether it answers a request that is sent once; else it answers a reading.
    :param retry_after: counts where the header is silent.
    """
    body = json_or_nothing(response.content)
    status = effective_status(details, response.status)
    if not _is_believed(status, kind, body, details, shape, to_create=to_create):
        if response.status < 500:
            return intermediary_reply(response, details)
        kind = Kind.OVERLOAD  # whoever says so, the vendor's side has trouble
    if to_create and kind is Kind.RATE_LIMIT and not _is_surely_busy(status, response, details, shape):
        kind = Kind.OVERLOAD
    if response.status in _TOO_LARGE and kind is not Kind.MODERATION:
        kind = Kind.VALIDATION
    header = response.retry_after
    return refusal(
        kind,
        details.message or describe(response),
        code=details.code,
        http_status=response.status,
        request_id=details.request_id or as_word(response.headers.get("x-request-id")),
        retry_after=retry_after if header is None else header,
        advice=advice,
        diagnosis=diagnose(kind, details.code, details.message, details.param, accepted=False),
    )


def _is_believed(
    status: int,
    kind: Kind,
    body: Mapping[str, Any],
    details: ErrorDetails,
    shape: OwnShape,
    *,
    to_create: bool,
) -> bool:
    """Whether an error answer means what it says, rather than that something else answered."""
    if status == 429:
        return True  # one too many, whoever counts: surely not accepted
    own = is_vendors_own(body, shape)
    if not to_create:
        return own and (kind is not Kind.NOT_FOUND or is_absence(body, details))
    about_the_request = status in _ABOUT_THE_REQUEST or kind is Kind.MODERATION
    return own or (about_the_request and details.message is not None) or status in _TOO_LARGE


def _is_surely_busy(status: int, response: HttpResponse, details: ErrorDetails, shape: OwnShape) -> bool:
    """Whether a rate limit was applied before the create was accepted: a server error may come after that."""
    may_come_late = status >= 500 or status == 408
    return not may_come_late or response.retry_after is not None or details.code in shape.busy_codes


def intermediary_reply(response: HttpResponse, details: ErrorDetails | None = None) -> IntermediaryReply:
    """The error for an answer that the vendor did not write."""
    said = (details.message if details else None) or describe(response)
    return IntermediaryReply(
        f"something between Airflow and the vendor answered: {said}",
        http_status=response.status,
        retry_after=response.retry_after,
    )


def describe(response: HttpResponse) -> str:
    """Words for an error answer that has none, such as a proxy's HTML page."""
    head = response.head
    return f"an error answer without a readable reason: {head}" if head else "an empty error answer"


_ENDS = {
    Status.EXPIRED: (Kind.EXPIRED, "the vendor's time limit passed before it was finished"),
    Status.CANCELLED: (Kind.CANCELLED, "it was cancelled"),
}


def failure(status: Status, kind: Kind, details: ErrorDetails) -> Failure:
    """Why a generation ended as ``status``: expired and cancelled say it themselves, else ``kind`` does."""
    kind, default = _ENDS.get(status, (kind, "the vendor gave no reason"))
    message = details.message or details.code or default
    if details.request_id:
        message = f"{message} (request id {details.request_id[:MAX_WORD]})"
    diagnosis = diagnose(kind, details.code, details.message, details.param, accepted=True)
    return Failure(kind=kind, code=details.code, message=message, diagnosis=diagnosis)
