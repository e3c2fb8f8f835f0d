"""How a result link's connection moves from one place to the next."""

from __future__ import annotations

import io
from email.message import Message
from urllib.request import Request

import pytest

from airflow_provider_seedance.core.client.media_connections import RedirectHandler
from airflow_provider_seedance.errors import LinkRefused

SECURE = "https://files.example.com/a.mp4?signature=secret"


def redirected(link: str, to: str, status: int = 302) -> Request | None:
    headers = Message()
    headers["Location"] = to
    return RedirectHandler().redirect_request(Request(link), io.BytesIO(), status, "Found", headers, to)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "to",
    ["http://files.example.com/a.mp4", "HTTP://other.example.com/b.mp4", "ftp://files.example.com/a.mp4"],
)
def test_a_secure_link_is_not_followed_to_an_insecure_one(status: int, to: str) -> None:
    with pytest.raises(LinkRefused, match="from https") as caught:
        redirected(SECURE, to, status)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("link", "to"),
    [
        (SECURE, "https://other.example.com/b.mp4"),
        (SECURE, "HTTPS://other.example.com/b.mp4"),
        ("http://127.0.0.1/a.mp4", "http://127.0.0.1/b.mp4"),
        ("http://files.example.com/a.mp4", "https://files.example.com/a.mp4"),
    ],
)
def test_any_other_is_followed(link: str, to: str) -> None:
    request = redirected(link, to)
    assert request is not None
    assert request.full_url == to
