"""Whether a value is one that a field takes."""

from __future__ import annotations

import re
from typing import Any

from airflow_provider_seedance.core.catalog.schema import FieldSpec

_TYPES: dict[str, type | tuple[type, ...]] = {"integer": int, "boolean": bool, "string": str, "object": dict}


def accepts(spec: FieldSpec, value: Any) -> bool:
    """Whether the field takes the value; a field without limits takes everything of its type."""
    if not _of_type(spec, value):
        return False
    if value in spec.also:
        return True
    return (
        (not spec.values or value in spec.values)
        and (spec.min is None or value >= spec.min)
        and (spec.max is None or value <= spec.max)
        and (spec.step is None or (value - (spec.min or 0)) % spec.step == 0)
        and (spec.max_length is None or len(value) <= spec.max_length)
        and (spec.pattern is None or re.fullmatch(spec.pattern, value) is not None)
    )


def bounded(spec: FieldSpec) -> bool:
    """Whether the catalog knows limits of the field's values."""
    return bool(spec.values) or spec.min is not None or spec.max is not None


def describe_values(spec: FieldSpec) -> str:
    """The values that the field takes, in words."""
    parts = []
    if spec.values:
        parts.append(", ".join(map(str, spec.values)))
    elif spec.description:
        parts.append(spec.description)
    elif spec.min is not None and spec.max is not None:
        parts.append(f"{spec.min} to {spec.max}" + (f" in steps of {spec.step}" if spec.step else ""))
    elif spec.type:
        parts.append(f"{'an' if spec.type[0] in 'aeiou' else 'a'} {spec.type}")
    if spec.max_length is not None:
        parts.append(f"at most {spec.max_length} characters")
    return ", ".join(parts) + "".join(f" or {value}" for value in spec.also)


def _of_type(spec: FieldSpec, value: Any) -> bool:
    if spec.type is None:
        return True
    return isinstance(value, _TYPES[spec.type]) and (spec.type == "boolean" or not isinstance(value, bool))
