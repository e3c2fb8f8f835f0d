"""Reading values of JSON bodies and query strings, and writing JSON."""

from __future__ import annotations

import json
from typing import Any

MAX_SEED = 2**32 - 1


def is_integer(value: Any, least: int, most: int) -> bool:
    """Whether the value is an integer within bounds; a boolean or 5.0 is none."""
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def positive_int(value: Any, default: int) -> int:
    """A page number or size; the default stands in for anything that is not a positive integer."""
    text = str(value)
    return int(text) if text.isdigit() and text.isascii() and int(text) > 0 else default


def json_bytes(value: Any) -> bytes:
    """The value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
