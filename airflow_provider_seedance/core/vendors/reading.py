"""Strict reading of vendors' values: one of the wrong type, form or range is one that is not there.

Every text is cut and cleaned before any pattern runs over it, since a triggerer's event loop may have to read it.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, TypeVar

from airflow_provider_seedance.core.clock import parse_time
from airflow_provider_seedance.core.redaction import MAX_TEXT, clean
from airflow_provider_seedance.core.vendors.contract import HttpResponse
from airflow_provider_seedance.core.vendors.strict_json import parse_json
from airflow_provider_seedance.errors import MalformedReply
from airflow_provider_seedance.models import GENERATION_ID

T = TypeVar("T")

#: The longest word (a state, a code, a model, a trace id), in characters.
MAX_WORD = 200
#: The longest link, in characters; a signed one has some 1,500.
MAX_LINK = 8_192
#: The longest text that is read as JSON, in characters.
MAX_NESTED_JSON = 65_536
#: The largest count (tokens, rows), and the largest amount of money or credits.
MAX_COUNT, MAX_AMOUNT = 10**15, Decimal(10**9)
#: Decimals of an amount; what is finer is rounded.
MAX_DECIMALS = 18
#: An instant outside of this century is not there.
EARLIEST, LATEST = (int(datetime(year, 1, 1, tzinfo=timezone.utc).timestamp()) for year in (2000, 2100))

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,2})?")
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.[0-9]{1,30})? ?%?")
_LINK = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f\ud800-\udfff\"<>\\^`{|}]+")
_ISO_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def as_text(value: Any, limit: int = MAX_TEXT) -> str | None:
    """Non-empty text without control characters; numbers count, since some vendors send error codes as integers."""
    if isinstance(value, str):
        # Most texts need no cleaning, and are read again and again.
        return (value.strip() if len(value) <= limit and value.isprintable() else clean(value, limit)) or None
    number = as_number(value)
    return str(value) if number is not None and abs(number) < MAX_COUNT else None


def as_word(value: Any) -> str | None:
    """A short text: a state, a code, a name, a trace id."""
    return as_text(value, MAX_WORD)


def as_id(value: Any) -> str | None:
    """A generation's id: 1 to 200 letters, digits, dots, colons, hyphens and underscores, and not only dots."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < MAX_COUNT:
        return str(value)
    return value if isinstance(value, str) and GENERATION_ID.fullmatch(value) else None


def as_number(value: Any, *, low: float = -math.inf, high: float = math.inf) -> float | None:
    """A finite number from ``low`` to ``high``, as a number or as text."""
    if value is None:
        return None
    if isinstance(value, str):
        value = value.strip() if len(value) <= MAX_WORD else ""
        value = value if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) and low <= number <= high else None


def as_int(value: Any, *, low: int = 0, high: int = MAX_COUNT) -> int | None:
    """A whole number from ``low`` to ``high``, decimals cut off."""
    if value is None:
        return None
    if type(value) is int:  # a boolean is none
        return value if low <= value <= high else None
    number = as_number(value, low=low, high=high)
    return None if number is None else int(number)


def as_bool(value: Any) -> bool | None:
    """A boolean, also as the text ``true`` or ``false``."""
    if isinstance(value, str) and len(value) <= MAX_WORD:
        return _BOOLEANS.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def as_percent(value: Any) -> int | None:
    """Progress from 0 to 100, as a number or as text with or without a percent sign."""
    if isinstance(value, str):
        found = _PERCENT.fullmatch(value.strip()) if len(value) <= MAX_WORD else None
        value = int(found.group(1)) if found else None
    return as_int(value, high=100)


def as_amount(value: Any, *, low: Decimal = Decimal(0)) -> Decimal | None:
    """An amount of money or credits from ``low`` to :data:`MAX_AMOUNT`, in :data:`MAX_DECIMALS` decimals at most."""
    if as_number(value, low=float(low), high=float(MAX_AMOUNT)) is None:
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent > 0:
        amount = Decimal(int(amount))
    elif exponent < -MAX_DECIMALS:
        amount = amount.quantize(Decimal(1).scaleb(-MAX_DECIMALS))
    return amount or Decimal(0)


def as_time(value: Any) -> datetime | None:
    """An instant from Unix seconds, in this century; 0 means "not yet"."""
    seconds = as_int(value, low=EARLIEST, high=LATEST)
    return None if seconds is None else _instant(seconds)


@lru_cache(maxsize=4_096)
def _instant(seconds: int) -> datetime:
    """Kept, since each answer about a task repeats when it was made."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def as_iso_time(value: Any) -> datetime | None:
    """An instant from a text such as ``2026-10-12T00:00:00+08:00``; without a zone it is UTC."""
    if not isinstance(value, str) or not _ISO_TIME.fullmatch(text := value.strip()):
        return None
    try:
        found = parse_time(text)
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return as_time(found.timestamp())


def expiry(finished_at: datetime | None, life: int) -> datetime | None:
    """When a link made at ``finished_at`` dies, ``life`` in seconds."""
    return finished_at + timedelta(seconds=life) if finished_at else None


def as_link(value: Any) -> str | None:
    """An http(s) link, or ``None``."""
    if not isinstance(value, str) or len(value) > MAX_LINK:
        return None
    return link if _LINK.fullmatch(link := value.strip()) else None


def first(items: Any) -> Any:
    """The first element of a list, or ``None``."""
    return items[0] if isinstance(items, list) and items else None


def nested_json(text: Any) -> dict[str, Any]:
    """The JSON object that ``text`` is, or an empty one."""
    if not isinstance(text, str) or len(text) > MAX_NESTED_JSON or text.lstrip()[:1] != "{":
        return {}
    return json_or_nothing(text)


def json_or_nothing(content: str | bytes) -> dict[str, Any]:
    """The JSON object in ``content``, or an empty one."""
    try:
        return as_dict(parse_json(content))
    except ValueError:
        return {}


def required(response: HttpResponse, name: str, value: T | None) -> T:
    """``value``, which the contract promises.

    :raises MalformedReply: if it is not there; the message quotes the answer.
    """
    if value is None:
        raise malformed(response, f"the answer has no {name}")
    return value


def malformed(response: HttpResponse, what: str) -> MalformedReply:
    """The error for an answer that cannot be read; it quotes the answer's beginning."""
    said = response.head
    return MalformedReply(
        f"{what}; it reads: {said}" if said else f"{what}: it is empty",
        http_status=response.status,
        retry_after=response.retry_after,
    )
