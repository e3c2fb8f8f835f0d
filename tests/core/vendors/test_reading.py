"""Strict reading of vendors' values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.vendors import reading
from airflow_provider_seedance.errors import MalformedReply

INFINITY = float("inf")


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (reading.as_text, " a ", "a"),
        (reading.as_text, 404, "404"),
        (reading.as_text, "\ud800!", "!"),
        (reading.as_text, "a\x1b[31m\r\nb\x00", "a[31m b"),
        (reading.as_text, "x" * 3_000, "x" * 1_997 + "..."),
        (reading.as_text, 10**30, None),
        (reading.as_word, "x" * 300, "x" * 197 + "..."),
        (reading.as_id, "cgt-20260101-a.b:c_D", "cgt-20260101-a.b:c_D"),
        (reading.as_id, "a" * 200, "a" * 200),
        (reading.as_id, 12345, "12345"),
        (reading.as_id, "a" * 201, None),
        (reading.as_id, "", None),
        (reading.as_id, ".", None),
        (reading.as_id, "..", None),
        (reading.as_id, "a/b", None),
        (reading.as_id, "cgt-1\n", None),
        (reading.as_id, "cgt-1\x1b[31m", None),
        (reading.as_id, "任务", None),
        (reading.as_id, "\u0661", None),
        (reading.as_id, True, None),
        (reading.as_id, 0, None),
        (reading.as_text, "  ", None),
        (reading.as_text, True, None),
        (reading.as_text, ["a"], None),
        (reading.as_int, 5, 5),
        (reading.as_int, 5.9, 5),
        (reading.as_int, "108900", 108900),
        (reading.as_int, " 5.0 ", 5),
        (reading.as_int, "five", None),
        (reading.as_int, "1e300000000", None),
        (reading.as_int, "9" * 5_000, None),
        (reading.as_int, -1, None),
        (reading.as_int, 10**16, None),
        (reading.as_int, False, None),
        (reading.as_int, INFINITY, None),
        (reading.as_int, 10**400, None),
        (reading.as_number, 5.04, 5.04),
        (reading.as_number, "5.04", 5.04),
        (reading.as_number, "nan", None),
        (reading.as_number, "Infinity", None),
        (reading.as_number, "1_000", None),
        (reading.as_number, float("nan"), None),
        (reading.as_bool, False, False),
        (reading.as_bool, "true", True),
        (reading.as_bool, "False", False),
        (reading.as_bool, "yes", None),
        (reading.as_bool, 0, None),
        (reading.as_percent, 65, 65),
        (reading.as_percent, "65%", 65),
        (reading.as_percent, "65.4 %", 65),
        (reading.as_percent, 101, None),
        (reading.as_percent, -1, None),
        (reading.as_percent, "9" * 4, None),
        (reading.as_amount, "0.135", Decimal("0.135")),
        (reading.as_amount, 1095.3996, Decimal("1095.3996")),
        (reading.as_amount, "1E+3", Decimal(1000)),
        (reading.as_amount, 10**9, Decimal(10**9)),
        (reading.as_amount, "-0", Decimal(0)),
        (reading.as_amount, "a lot", None),
        (reading.as_amount, "1e300000000", None),
        (reading.as_amount, "1e308", None),
        (reading.as_amount, 10**9 + 1, None),
        (reading.as_amount, -3, None),
        (reading.as_amount, "-0.01", None),
        (reading.as_amount, INFINITY, None),
        (reading.as_amount, True, None),
        (reading.as_time, 1779348818, datetime(2026, 5, 21, 7, 33, 38, tzinfo=timezone.utc)),
        (reading.as_time, 0, None),
        (reading.as_time, -5, None),
        (reading.as_time, "1779348818", datetime(2026, 5, 21, 7, 33, 38, tzinfo=timezone.utc)),
        (reading.as_time, 10**18, None),
        (reading.as_time, 253402300799, None),
        (reading.as_time, 60, None),
        (reading.as_link, "https://h/v.mp4", "https://h/v.mp4"),
        (reading.as_link, "file:///etc/passwd", None),
        (reading.as_link, "https://h/v.mp4 https://h/w.mp4", None),
        (reading.as_link, "https://h/v\r\nX: y", None),
        (reading.as_link, "https://h/" + "v" * 9_000, None),
        (reading.as_link, None, None),
        (reading.as_dict, [], {}),
        (reading.first, ["a", "b"], "a"),
        (reading.first, [], None),
        (reading.first, {"0": "a"}, None),
        (reading.json_or_nothing, '{"a": 1}', {"a": 1}),
        (reading.json_or_nothing, b"<html>", {}),
        (reading.json_or_nothing, "[1]", {}),
    ],
)
def test_a_value_of_the_wrong_type_is_absent(read: Callable[[Any], Any], value: Any, expected: Any) -> None:
    """Each reader takes what fits and gives nothing for the rest."""
    assert expected == read(value)


@pytest.mark.parametrize(
    "text", ["1e-18", "0.1234567890123456789012", "999999999.999999999999999999", "1e-99"]
)
def test_an_amount_is_short(text: str) -> None:
    """Whatever the notation, it is some thirty characters at most when it is written out."""
    amount = reading.as_amount(text)
    assert amount is not None
    assert len(f"{amount:f}") <= 30


def test_an_overdrawn_balance_is_an_amount() -> None:
    """Below zero only where the reader says so."""
    assert reading.as_amount("-3.5", low=-reading.MAX_AMOUNT) == Decimal("-3.5")


def test_expiry() -> None:
    """A link dies its life after it was made, if that is known."""
    made = datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert made + timedelta(hours=1) == reading.expiry(made, 3600)
    assert reading.expiry(None, 3600) is None


def test_required(reply: Callable[..., Any]) -> None:
    """What the contract promises and the answer lacks makes the answer malformed."""
    assert reading.required(reply(), "id", "x") == "x"
    with pytest.raises(MalformedReply, match="the answer has no id: it is empty"):
        reading.required(reply(), "id", None)
    with pytest.raises(
        MalformedReply, match=r'the answer has no id; it reads: {"ID": "cgt-1", "url": "https://h/v\?\*\*\*"}'
    ):
        reading.required(reply(200, {"ID": "cgt-1", "url": "https://h/v?sig=1"}), "id", None)
