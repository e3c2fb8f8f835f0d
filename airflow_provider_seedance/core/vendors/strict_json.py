"""JSON that came over the wire, read so that nothing in it can break its reader.

A value that is out of bounds (a number of thousands of digits, ``NaN``, ``Infinity``, a key that is given twice with
different values) is read as one that is not there.
"""

from __future__ import annotations

import json
from typing import Any

#: A whole number of more digits than this is not there.
MAX_DIGITS = 40
#: A decimal number of more characters than this is not there.
MAX_FLOAT_CHARACTERS = 100


def parse_json(content: bytes | str) -> Any:
    """The value that ``content`` is in JSON; bytes that are not valid text become replacement characters.

    :raises ValueError: if it is not JSON, or is nested too deeply.
    """
    if isinstance(content, bytes):
        content = content.decode(json.detect_encoding(content), "replace")
    try:
        return _DECODER.decode(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= MAX_DIGITS else None


def _decimal(digits: str) -> float | None:
    return float(digits) if len(digits) <= MAX_FLOAT_CHARACTERS else None


def _nothing(constant: str) -> None:
    """What ``NaN`` and the infinities are."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        for name, value in pairs:
            if name in found and found[name] != value:
                del found[name]
    return found


#: Made once: thousands of answers are read with it, and making one costs a fifth of reading a short answer.
_DECODER = json.JSONDecoder(
    parse_int=_integer, parse_float=_decimal, parse_constant=_nothing, object_pairs_hook=_object
)
