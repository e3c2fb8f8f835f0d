"""Reading the definition of a fault, which is the body of ``POST /_emulator/faults``."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from typing import Any

from airflow_provider_seedance.emulator.simulation.faults import DROPS, OUTCOMES
from airflow_provider_seedance.emulator.simulation.replies import Reply, encode_body

_REPLIES = frozenset({"status", "delay", "malformed", "truncate", "reply"})
_KINDS_OF = {
    "create": DROPS | _REPLIES | OUTCOMES,
    "get": DROPS | _REPLIES | OUTCOMES,
    "list": DROPS | _REPLIES | OUTCOMES,
    "cancel": DROPS | _REPLIES,
    "download": DROPS | _REPLIES | {"not_ready"},
    "callback": DROPS | {"status", "delay", "malformed", "reply"},
}
_FIELDS = ("vendor", "on", "kind", "times", "probability", "path")
_FIELDS_OF_REPLY = ("status", "headers", "body", "base64", "repeat", "trickle", "cut", "accept")
_FIELDS_OF_KIND = {
    "status": ("status", "retry_after", "body"),
    "delay": ("seconds",),
    "malformed": ("status", "body"),
    "moderation": ("medium",),
    "not_ready": ("seconds", "status", "retry_after", "body"),
    "reply": _FIELDS_OF_REPLY,
}
_NUMBERS: Mapping[str, tuple[float, float]] = {
    "times": (0, 10**9),
    "probability": (0, 1),
    "status": (200, 599),
    "seconds": (0, 10**9),
    "repeat": (1, 10**12),
    "trickle": (0.01, 10**9),
    "cut": (0, 10**15),
}
_INTEGERS = frozenset({"times", "status", "repeat", "cut"})
_MAX_CALLBACK_BYTES = 64 * 1024 * 1024
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[^\r\n\0]*")


class BadFault(ValueError):
    """The definition of a fault is invalid; the message names the field."""


def read_fault(spec: Mapping[str, Any], vendors: Collection[str]) -> dict[str, Any]:
    """The fields of the fault that ``spec`` describes; raises BadFault. A field that is null counts as not given."""
    kind = _check_choices(spec, vendors)
    given = {name: value for name, value in spec.items() if value is not None}
    _check_names(spec, given, kind)
    for name in _NUMBERS.keys() & given.keys():
        _check_number(name, given[name])
    fields = {name: given[name] for name in _FIELDS if name in given}
    fields |= {"vendor": given.get("vendor", "*"), "times": _times(spec, kind)}
    if "link" in given:
        fields["link"] = given["link"]
    if kind == "reply":
        reply = _read_reply(given)
        if spec["on"] == "callback" and reply.size > _MAX_CALLBACK_BYTES:
            raise BadFault(f"repeat must not make a callback of more than {_MAX_CALLBACK_BYTES:,} bytes")
        return {**fields, "reply": reply}
    fields |= {name: given[name] for name in _FIELDS_OF_KIND.get(kind, ()) if name in given}
    if "retry_after" in fields:
        fields["retry_after"] = str(fields["retry_after"])
    if not isinstance(fields.get("body", ""), str):
        raise BadFault("body must be text")
    return fields


def _times(spec: Mapping[str, Any], kind: str) -> int | None:
    """How often the fault strikes; a link that is not ready stays so until its time has come."""
    times: int | None = spec.get("times", None if kind == "not_ready" else 1)
    return times


def _check_choices(spec: Mapping[str, Any], vendors: Collection[str]) -> str:
    """Check what is chosen from a list; returns the kind."""
    _choose("vendor", spec.get("vendor") or "*", {"*", *vendors})
    on = _choose("on", spec.get("on"), _KINDS_OF)
    if spec.get("link") is not None:
        _choose("link", spec["link"], ("first", "second"))
    if spec.get("medium") is not None:
        _choose("medium", spec["medium"], ("text", "image", "video", "audio"))
    return _choose("kind", spec.get("kind"), _KINDS_OF[on], f"kind for {on}")


def _choose(name: str, value: Any, choices: Collection[str], words: str = "") -> str:
    if not isinstance(value, str) or value not in choices:
        raise BadFault(f"{words or name} must be one of {', '.join(sorted(choices))}")
    return value


def _check_names(spec: Mapping[str, Any], given: Mapping[str, Any], kind: str) -> None:
    """Refuse fields that no fault has, and those that mean nothing for this one."""
    known = {*_FIELDS, "link", *(name for names in _FIELDS_OF_KIND.values() for name in names)}
    if unknown := set(spec) - known:
        raise BadFault(f"unknown field: {', '.join(sorted(unknown))}")
    allowed = {*_FIELDS, *_FIELDS_OF_KIND.get(kind, ())}
    if spec["on"] == "download":
        allowed.add("link")
    if spec["on"] not in ("create", "cancel"):
        allowed.discard("accept")
    if spec["on"] == "callback":
        allowed -= {"path", "trickle", "cut"} | ({"status"} if kind == "reply" else set())
    if senseless := given.keys() - allowed:
        raise BadFault(f"{', '.join(sorted(senseless))} must be left out for {kind} on {spec['on']}")
    if not isinstance(given.get("path", ""), str):
        raise BadFault("path must be text, in which * stands for anything")


def _check_number(name: str, value: Any) -> None:
    low, high = _NUMBERS[name]
    types = (int,) if name in _INTEGERS else (int, float)
    if isinstance(value, bool) or not isinstance(value, types) or not low <= value <= high:
        word = "a whole number" if name in _INTEGERS else "a number"
        raise BadFault(f"{name} must be {word} from {low:,} to {high:,}")


def _read_reply(given: Mapping[str, Any]) -> Reply:
    if not isinstance(given.get("accept", False), bool):
        raise BadFault("accept must be true or false")
    plain = {name: given[name] for name in ("status", "repeat", "trickle", "cut", "accept") if name in given}
    return Reply(headers=_read_headers(given.get("headers", {})), **_read_body(given), **plain)


def _read_body(given: Mapping[str, Any]) -> dict[str, Any]:
    if "base64" in given and "body" in given:
        raise BadFault("base64 and body must not both be given")
    if "base64" in given:
        try:
            content = base64.b64decode(given["base64"], validate=True)
        except (binascii.Error, TypeError, ValueError) as error:
            raise BadFault("base64 must be text in Base64") from error
        return {"body": content, "media_type": "application/octet-stream"}
    if "body" in given:
        content, media_type = encode_body(given["body"])
        return {"body": content, "media_type": media_type}
    return {}


def _read_headers(headers: Any) -> dict[str, Any]:
    if not isinstance(headers, dict):
        raise BadFault("headers must be an object of names and values")
    for name, value in headers.items():
        values = value if isinstance(value, list) else [value]
        if not _HEADER_NAME.fullmatch(name):
            raise BadFault(f"headers: {name!r} is not a name")
        if not all(
            each is None or (isinstance(each, str) and _HEADER_VALUE.fullmatch(each)) for each in values
        ):
            raise BadFault(f"headers: {name} must be one line of text, a list of such lines, or null")
        if isinstance(value, list) and None in value:
            raise BadFault(f"headers: {name} must not have null in its list")
    return headers
