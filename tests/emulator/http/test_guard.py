"""The control surface is for programs, not for web pages."""

from __future__ import annotations

import httpx
import pytest

from airflow_provider_seedance.emulator.http.guard import refusal


@pytest.mark.parametrize(
    ("host", "bound"),
    [
        ("127.0.0.1:8765", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("localhost:8765", "127.0.0.1"),
        ("LOCALHOST:8765", "127.0.0.1"),
        ("[::1]:8765", "::1"),
        ("emulator:8765", "emulator"),
        ("192.168.1.5:8765", "192.168.1.5"),
        ("192.168.1.5:8765", "0.0.0.0"),
        ("[2001:db8::1]:8765", "::"),
    ],
)
def test_its_own_names_are_good(host, bound):
    """Loopback, localhost, and what it was bound to."""
    assert refusal({"host": host}, bound) is None
    assert refusal({"host": host, "origin": f"http://{host}"}, bound) is None


@pytest.mark.parametrize(
    ("host", "bound"),
    [
        ("", "127.0.0.1"),
        ("evil.example:8765", "127.0.0.1"),
        ("evil.example:8765", "0.0.0.0"),
        ("127.0.0.1.evil.example", "127.0.0.1"),
        ("localhost.evil.example", "127.0.0.1"),
        ("127.0.0.1@evil.example", "127.0.0.1"),
        ("192.168.1.5:8765", "127.0.0.1"),
        ("[", "127.0.0.1"),
    ],
)
def test_a_name_that_was_rebound_is_refused(host, bound):
    """The browser believes that page and emulator are one site; ``Host`` tells the page's name."""
    assert "Host" in (refusal({"host": host}, bound) or "")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://localhost:3000",
        "https://127.0.0.1:8765",
        "http://127.0.0.1:8765.evil.example",
    ],
)
def test_a_page_of_another_site_is_refused(origin):
    """Whatever the page, also one of another port."""
    assert "Origin" in (refusal({"host": "127.0.0.1:8765", "origin": origin}, "127.0.0.1") or "")


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("GET", "ledger"),
        ("POST", "faults"),
        ("DELETE", "faults"),
        ("POST", "clock"),
        ("GET", "clock"),
        ("POST", "reset"),
        ("GET", "requests"),
    ],
)
@pytest.mark.parametrize("header", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_every_call_of_the_control_surface_is_guarded(method, name, header, emulator):
    """403 with the reason."""
    answer = httpx.request(method, f"{emulator.url}/_emulator/{name}", headers=header)
    assert (answer.status_code, next(iter(header)) in answer.json()["error"]) == (403, True)


def test_a_page_posts_no_fault(emulator, api):
    """A form or a script of any page could send this body without asking anybody."""
    body = '{"on": "list", "kind": "status"}'
    headers = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
    httpx.post(f"{emulator.url}/_emulator/faults", content=body, headers=headers)
    assert api("modelark").get("/api/v3/contents/generations/tasks").status_code == 200
