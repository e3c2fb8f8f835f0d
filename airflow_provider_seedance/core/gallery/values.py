"""What tasks returned or were given, read strictly: XComs are anyone's to write, and no value may break a page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from airflow_provider_seedance.core.redaction import MAX_DEPTH

#: Above every number of an honest card: bytes, rows, amounts.
_LARGEST = 10**15
#: Characters of an amount, and its digits behind the point.
_MAX_AMOUNT, _MAX_DIGITS = 50, 30
# Halves of surrogate pairs are no UTF-8, and no path or database takes a NUL.
_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def readable(value: Any, levels: int = MAX_DEPTH) -> Any:
    """A copy of a JSON value that can be shown, sent as JSON and calculated with.

    Its texts are UTF-8, its numbers finite and below 10**15. ``None`` stands for what is not, and for what is deeper
    than ``levels``.
    """
    if isinstance(value, str):
        return _NOT_TEXT.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, Mapping) and levels:
        return {readable(str(key)): readable(item, levels - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and levels:
        return [readable(item, levels - 1) for item in value]
    return None


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object; empty for anything else."""
    return dict(value) if isinstance(value, Mapping) else {}


def text(value: Any) -> str | None:
    """A text, or a number as one; ``None`` for anything else."""
    return str(value) if isinstance(value, (str, int, float)) else None


def number(value: Any) -> int | float | None:
    """A number between -10**15 and 10**15; ``None`` for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    # Nothing is less than a NaN.
    return value if abs(value) < _LARGEST else None


def whole(value: Any) -> int | None:
    """A whole number from 0; ``None`` for anything else."""
    found = number(value)
    return found if isinstance(found, int) and found >= 0 else None


def amount(value: Any) -> Decimal | None:
    """An amount of money from 0; ``None`` for anything else."""
    told = "" if isinstance(value, bool) else text(value) or ""
    try:
        found = Decimal(told) if len(told) <= _MAX_AMOUNT else None
    except InvalidOperation:
        return None
    if found is None or not found.is_finite() or not 0 <= found < _LARGEST:
        return None
    return found if -int(found.as_tuple().exponent) <= _MAX_DIGITS else None
