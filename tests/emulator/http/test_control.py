"""The control surface: ledger, log, clock and reset."""

from __future__ import annotations

import httpx
import pytest

TASKS = "/api/v3/contents/generations/tasks"
BODY = {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "A cat"}]}


def test_an_empty_ledger_has_all_counters(emulator):
    """Every vendor and operation is there from the start."""
    counts = dict.fromkeys(("create", "get", "list", "cancel", "download"), 0)
    vendors = ("modelark", "evolink", "anyfast", "toapis")
    assert emulator.ledger() == {
        "creates_received": 0, "requests": dict.fromkeys(vendors, counts), "generations": [],
    }  # fmt: skip


def test_the_ledger_tells_what_was_asked_and_billed(emulator, api):
    """One row per generation, in the words of the design."""
    ark = api("modelark")
    task_id = ark.post(TASKS, json=BODY).json()["id"]
    ark.post(TASKS, json={})
    ark.get(f"{TASKS}/{task_id}")
    emulator.advance(1000)
    ledger = emulator.ledger()
    assert ledger["creates_received"] == 2
    assert ledger["requests"]["modelark"] == {"create": 2, "get": 1, "list": 0, "cancel": 0, "download": 0}
    row = ledger["generations"][0]
    created, finished = row.pop("created_at"), row.pop("finished_at")
    assert created < finished < created + 1000
    assert row == {
        "vendor": "modelark", "generation_id": task_id, "model": BODY["model"], "mode": "text",
        "status": "succeeded", "billed": True, "amount": 108900, "unit": "tokens", "prompt": "A cat",
    }  # fmt: skip


def test_requests_are_kept_without_the_key(emulator, api):
    """Headers and body as received, the key masked."""
    api("modelark", "sk-very-secret").post(TASKS, json=BODY)
    note = emulator.requests()[-1]
    assert (note["method"], note["path"], note["body"]) == ("POST", f"/modelark{TASKS}", BODY)
    assert note["headers"]["authorization"] == "Bearer ***"
    assert "secret" not in str(note)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", "sk-secret", "***"),
        ("Authorization", "sk-secret sk-secret", "***"),
        ("Authorization", "HMAC-SHA256 Credential=secret, Signature=secret", "HMAC-SHA256 ***"),
        ("Proxy-Authorization", "Basic secret", "Basic ***"),
        ("Cookie", "a=secret; b=secret", "***"),
        ("X-Api-Key", "secret", "***"),
        ("Api-Key", "secret", "***"),
        ("X-Goog-Api-Key", "secret", "***"),
        ("X-Amz-Security-Token", "secret", "***"),
        ("X-Amz-Date", "secret", "***"),
        ("X-Security-Token", "secret", "***"),
        ("X-Date", "20260427T000000Z", "***"),
        ("X-Content-Sha256", "secret", "***"),
        ("Idempotency-Key", "plain", "plain"),
        ("X-Request-Id", "plain", "plain"),
    ],
)
def test_every_header_that_carries_a_credential_is_masked(name, value, shown, emulator, api):
    """Also those of other vendors, of proxies and of signed requests."""
    api("modelark", None).get(TASKS, headers={name: value})
    assert emulator.requests()[-1]["headers"][name.lower()] == shown


def test_reset_forgets_everything_but_the_clock(emulator, api):
    """State, faults and counters go; the time stays."""
    api("modelark").post(TASKS, json=BODY)
    emulator.add_fault(on="list", kind="status")
    before = httpx.get(f"{emulator.url}/_emulator/clock").json()["now"]
    emulator.reset()
    assert emulator.ledger()["creates_received"] == 0
    assert emulator.requests() == []
    assert api("modelark").get(TASKS).json()["total"] == 0
    assert httpx.get(f"{emulator.url}/_emulator/clock").json()["now"] >= before


@pytest.mark.parametrize("body", [{}, {"advance": -1}, {"speed": 3}, {"rate": "fast"}, {"rate": -1}, []])
def test_a_senseless_clock_order_is_refused(body, emulator):
    """400 with a reason."""
    answer = httpx.post(f"{emulator.url}/_emulator/clock", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_the_rate_can_be_changed(emulator, api):
    """With the clock running, generations finish by themselves."""
    ark = api("modelark")
    task_id = ark.post(TASKS, json=BODY).json()["id"]
    emulator.set_rate(1_000_000)
    for _ in range(200):
        if ark.get(f"{TASKS}/{task_id}").status_code == 404:
            break
    assert emulator.ledger()["generations"][0]["status"] == "succeeded"
