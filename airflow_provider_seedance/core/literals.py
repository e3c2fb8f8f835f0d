"""Lists and dicts that a template has turned into text."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

#: The longest text that is read as a Python literal, in characters: reading takes a hundred times its memory.
MAX_PYTHON_LITERAL = 4_000_000
#: How deep lists and dicts may be nested that go to a vendor or into a result.
MAX_NESTING = 50

_TOO_DEEP = f"it nests deeper than {MAX_NESTING} levels"


def parse_literal(text: str) -> Any:
    """The value that ``text`` writes down, in JSON's notation or in Python's.

    :raises ValueError: if it is neither, nests too deep, or holds a number with thousands of digits.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = _python_literal(text)
    if nests_deeper(value, MAX_NESTING):
        raise ValueError(_TOO_DEEP)
    return value


def _python_literal(text: str) -> Any:
    if len(text) > MAX_PYTHON_LITERAL:
        raise ValueError("not JSON, and too long for a Python literal")
    try:
        return ast.literal_eval(text.strip())
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        pass
    raise ValueError("neither JSON nor a Python literal")


def nests_deeper(value: Any, levels: int) -> bool:
    """Whether lists and dicts in ``value`` are nested deeper than so many levels."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [inner for outer in layer for inner in _items(outer)]
        if not layer:
            return False
    return True


def _items(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else []


def check_json(value: Any) -> None:
    """Refuse what a JSON document cannot hold.

    :raises ValueError: saying why.
    """
    if nests_deeper(value, MAX_NESTING):
        raise ValueError(_TOO_DEEP)
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError) as fault:
        reason = str(fault)
    else:
        return
    raise ValueError(f"JSON cannot hold it: {reason}")


def mapping_in(value: Any) -> Any:
    """The mapping that ``value`` is or writes down; any other value as it is."""
    if not isinstance(value, str) or not value.strip().startswith("{"):
        return value
    try:
        found = parse_literal(value)
    except ValueError:
        return value
    return found if isinstance(found, Mapping) else value
