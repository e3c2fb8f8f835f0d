"""What opens something is found anywhere in a text, in one pass."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_seedance.core.redaction import MAX_TEXT, clean, redact, without


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://h/v.mp4?X-Tos-Signature=abc&x=1 now", "see https://h/v.mp4?*** now"),
        ("HTTPS://h/v.mp4?sig=abc", "HTTPS://h/v.mp4?***"),
        (" https://h/v.mp4?sig=abc", " https://h/v.mp4?***"),
        ('{"url":"https://h/v.mp4?sig=abc"}', '{"url":"https://h/v.mp4?***"}'),
        ("['https://h/a?sig=1', 'https://h/b?sig=2']", "['https://h/a?***', 'https://h/b?***']"),
        ("a cat like https://h/a.png?sig=1", "a cat like https://h/a.png?***"),
        ("url=https://h/a,https://h/b?sig=1", "url=https://h/a,https://h/b?***"),
        ("https://h/v.mp4#token", "https://h/v.mp4?***"),
        ("https://user:pass@h/v.mp4", "https://***@h/v.mp4"),
        ("https://user:p@ss@h/v.mp4", "https://***@h/v.mp4"),
        ("http://user:p%2Fss@proxy:1", "http://***@proxy:1"),
        ("socks5://user:pass@proxy:1", "socks5://user:***@proxy:1"),
        ("http://a/x,http://u:p@b/y", "http://a/x,http://***@b/y"),
        (r"https:\/\/h\/v.mp4?sig=abc", r"https:\/\/h\/v.mp4?***"),
        ("https%3A%2F%2Fh%2Fv.mp4%3Fsig%3Dabc", "https%3A%2F%2Fh%2Fv.mp4?***"),
        ("https%3a%2f%2fu%3Ap%40h%2Fv", "https%3a%2f%2f***@h%2Fv"),
        ("https://h/v.mp4", "https://h/v.mp4"),
        ("data:image/png;base64," + "A" * 40, "data:image/png;base64,***"),
        ("DATA:video/mp4;BASE64," + "A" * 40, "DATA:video/mp4;BASE64,***"),
        ("data:text/plain," + "A" * 40, "data:text/plain,***"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
        ("key sk-abcdef123456 is wrong", "key sk-*** is wrong"),
        ("a task-unified-1 is no key", "a task-unified-1 is no key"),
        ("basic settings, basically", "basic settings, basically"),
        ("what? https is no link #1", "what? https is no link #1"),
    ],
)
def test_signatures_passwords_media_and_keys_go(text: str, shown: str) -> None:
    """What a reader needs to find the file stays."""
    assert redact(text) == shown


WORST = {
    "links without an end": "http://a",
    "encoded links": "http%3A%2F%2Fa",
    "users": "http://a@",
    "data": "data:image/png;base64,",
    "data without an end": "data:image/png;",
    "bearers": "bearer ",
    "keys": "sk-",
    "queries": "https://h/?",
    "at signs": "@",
    "percent": "%40",
}


@pytest.mark.parametrize("unit", WORST.values(), ids=WORST)
def test_a_megabyte_of_the_worst_takes_a_moment(unit: str) -> None:
    """An error text stops no event loop; the bound is generous for busy machines, quadratic work takes minutes."""
    text = unit * (1_000_000 // len(unit))
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 2.0


@given(st.text(alphabet="htps:/@?#%3aA2fF40dbe64, \"'\\", max_size=60))
def test_redacting_twice_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b", "ab"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("one\r\ntwo", "one two"),
        ("\u202egnp.exe", "gnp.exe"),
        ("half \ud800 pair", "half  pair"),
        ("  padded\t", "padded"),
        ("中文", "中文"),
    ],
)
def test_control_characters_go(text: str, cleaned: str) -> None:
    """A vendor's text forges no line in a log, and every database takes it."""
    assert clean(text) == cleaned


@given(st.text(max_size=3 * 200), st.integers(10, 200))
def test_a_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(clean(text, limit)) <= limit


def test_a_cut_text_says_so() -> None:
    assert clean("x" * 10_000).endswith("x...")
    assert len(clean("x" * 10_000)) == MAX_TEXT


KEY = "e5a1c0de/9f+key=="


@pytest.mark.parametrize(
    "quoted",
    [KEY, "e5a1c0de%2F9f%2Bkey%3D%3D", base64.b64encode(KEY.encode()).decode(), f"Bearer {KEY}"],
)
def test_a_known_secret_goes_in_every_form(quoted: str) -> None:
    """By its value: no pattern knows what every key looks like."""
    shown = without([KEY], f"Incorrect API key provided: {quoted}.".encode()).decode()
    assert KEY not in shown
    assert "e5a1c0de" not in shown
    assert "ZTVhMWMw" not in shown
    assert shown.startswith("Incorrect API key provided: ")
