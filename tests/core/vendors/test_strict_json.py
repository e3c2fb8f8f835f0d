"""JSON that came over the wire."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.core.vendors.strict_json import parse_json


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": 1}', {"a": 1}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        ('{"a": NaN, "b": Infinity, "c": -Infinity}', {"a": None, "b": None, "c": None}),
        (f'{{"a": {"9" * 5_000}, "b": {"9" * 40}}}', {"a": None, "b": int("9" * 40)}),
        (f'{{"a": 1.{"0" * 5_000}}}', {"a": None}),
        ('{"a": 1, "b": 2, "a": 1}', {"a": 1, "b": 2}),
        ('{"a": 1, "b": 2, "a": 3, "a": 1}', {"b": 2}),
    ],
)
def test_what_is_out_of_bounds_is_not_there(content: Any, value: Any) -> None:
    """The rest of the answer is read all the same."""
    assert parse_json(content) == value


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b"\x00", "[" * 200_000, '{"a":' * 200_000, '"x'],
    ids=["empty", "page", "zero", "nested lists", "nested objects", "cut"],
)
def test_what_is_not_json_is_a_value_error(content: Any) -> None:
    """Endless nesting included."""
    with pytest.raises(ValueError, match=r"Expecting|nested|Unterminated"):
        parse_json(content)
