"""The values of a request's fields, as templates, YAML and files write them; and what is wrong with the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from os import PathLike
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BeforeValidator

from airflow_provider_seedance.core.literals import check_json, mapping_in, parse_literal
from airflow_provider_seedance.core.request_fields import (
    REQUEST_FIELDS,
    AspectRatio,
    Model,
    Resolution,
)
from airflow_provider_seedance.core.suggestions import did_you_mean


def absent(value: Any) -> Any:
    """A template that rendered to nothing means "not given"."""
    return None if isinstance(value, str) and value.strip() in ("", "None") else value


def _written(value: Any) -> Any:
    """The text of a path, such as ``Path`` and ``ObjectStoragePath``; anything else as it is."""
    is_path = isinstance(value, PathLike) or (hasattr(value, "protocol") and hasattr(value, "path"))
    return str(value) if is_path else value


def _sequence(value: Any) -> Any:
    """One link, a list, or a list that a template turned into text."""
    value = absent(_written(value))
    if value is None:
        return ()
    if not isinstance(value, str):
        return value
    text = value.strip()
    return parse_literal(text) if text.startswith(("[", "(")) else (text,)


def _mapping(value: Any) -> Any:
    value = absent(value)
    if value is None:
        return {}
    return parse_literal(value) if isinstance(value, str) else value


def _sendable(options: dict[str, Any]) -> dict[str, Any]:
    """Refused here, not when the request is written and its intent is on record already."""
    check_json(options)
    return options


def _medium(value: Any) -> Any:
    """A link or a path, and not the result that holds it."""
    value = _written(value)
    if isinstance(mapping_in(value), Mapping):
        raise ValueError("a link is needed, not a dict; of a result, give its video_url or last_frame_url")
    if isinstance(value, str) and _NEXT_LINK.search(value.strip()):
        raise ValueError(
            "this text holds several links; several are given as a list, in a file as a JSON list"
        )
    return absent(value)


def _media(value: Any) -> Any:
    links = _sequence(value)
    return [_medium(link) for link in links] if isinstance(links, (list, tuple)) else _medium(links)


def _whole_number(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("a number is needed, not a boolean")
    return absent(value)


def _writable(number: int | None) -> int | None:
    if number is not None and not -(2**63) <= number < 2**63:
        raise ValueError("this number has too many digits")
    return number


def _text(value: Any) -> Any:
    """A whole number is a text too, when native rendering or YAML has made one of it."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**20:
        return str(value)
    return absent(value)


OptionalText = Annotated[str | None, BeforeValidator(_text)]
OptionalInt = Annotated[int | None, BeforeValidator(_whole_number), AfterValidator(_writable)]
OptionalBool = Annotated[bool | None, BeforeValidator(absent)]
OptionalLink = Annotated[str | None, BeforeValidator(_medium)]
Links = Annotated[tuple[str, ...], BeforeValidator(_media)]
Options = Annotated[dict[str, Any], BeforeValidator(_mapping), AfterValidator(_sendable)]
RequiredText = Annotated[str, BeforeValidator(_text)]

#: The beginning of a further link in a text; within a link, a comma may be written as %2C.
_NEXT_LINK = re.compile(r"[\s,;|](?:https?|asset)://|[\s,;|]data:[a-z]+/", re.IGNORECASE)
#: What is needed where a value has the wrong type, by the beginning of pydantic's name for that.
_NEEDED = {
    "bool": "true or false is needed",
    "int": "a whole number is needed",
    "dict": "a dict is needed",
    "tuple": "a link, or a list of links, is needed",
    "string_too_short": "is needed",
    "string": "text is needed",
}
_VALUES = {
    "model": get_args(Model),
    "resolution": get_args(Resolution),
    "aspect_ratio": get_args(AspectRatio),
}


def reason_for(error: Mapping[str, Any]) -> str:
    """What is wrong with a field's value, and what it may be."""
    kind, field, value = error["type"], str(error["loc"][0]) if error["loc"] else "request", error["input"]
    if kind == "extra_forbidden":
        return f"is no field of a request; {did_you_mean(field, REQUEST_FIELDS)}".rstrip("; ")
    needed = next((words for name, words in _NEEDED.items() if kind.startswith(name)), None)
    if needed is None:
        return str(error["msg"]).removeprefix("Value error, ")
    if kind == "string_type" and not isinstance(value, (dict, list, tuple)):
        needed = f"{needed}, not a {type(value).__name__}; quote it"
    if allowed := _VALUES.get(field):
        needed = f"{needed}; {did_you_mean(value, allowed)}known: {', '.join(allowed)}"
    return needed
