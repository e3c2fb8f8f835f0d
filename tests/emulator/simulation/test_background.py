"""Callbacks and webhooks, really delivered to a loopback address."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

import httpx
import pytest

from airflow_provider_seedance.emulator import serve

ARK = "/api/v3/contents/generations/tasks"
ARK_BODY = {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "x"}]}
EVOLINK_BODY = {"model": "seedance-2.0-text-to-video", "prompt": "x"}
TOAPIS_BODY = {
    "model": "seedance-2",
    "prompt": "x",
    "duration": 5,
    "trace_id": "t-1",
    "client_business_id": "b-1",
}


def until(condition):
    """Wait until another thread has done its part."""
    deadline = time.monotonic() + 10
    while not (value := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return value


def test_modelark_tells_every_change(emulator, api, receiver):
    """Queued, running, succeeded; each body is that of GET."""
    ark = api("modelark")
    task_id = ark.post(ARK, json={**ARK_BODY, "callback_url": receiver.url}).json()["id"]
    receiver.wait_for(1)
    emulator.advance(10)
    receiver.wait_for(2)
    emulator.advance(1000)
    bodies = receiver.wait_for(3)
    assert [body["status"] for body in bodies] == ["queued", "running", "succeeded"]
    assert bodies[-1] == ark.get(f"{ARK}/{task_id}").json()


def test_modelark_says_nothing_about_a_cancellation(emulator, api, receiver):
    """The contract does not list it."""
    ark = api("modelark")
    task_id = ark.post(ARK, json={**ARK_BODY, "callback_url": receiver.url}).json()["id"]
    receiver.wait_for(1)
    ark.delete(f"{ARK}/{task_id}")
    ark.get(f"{ARK}/{task_id}")
    assert len(emulator.callbacks()) == 1


def test_evolink_tells_the_end_and_repeats_three_times(emulator, api, receiver):
    """Four attempts, 1, 2 and 4 vendor seconds apart."""
    receiver.statuses = [500, 503, 404, 500, 200]
    api("evolink").post("/v1/videos/generations", json={**EVOLINK_BODY, "callback_url": receiver.url})
    emulator.advance(1000)
    for attempt in (1, 2, 3, 4):
        receiver.wait_for(attempt)
        assert until(lambda attempt=attempt: emulator.callbacks()[-1]["status"] is not None)
        emulator.advance(5)
    assert {body["status"] for body in receiver.wait_for(4)} == {"completed"}
    emulator.advance(100)
    assert [note["status"] for note in emulator.callbacks()] == [500, 503, 404, 500]


def test_toapis_signs_its_webhook(emulator, api, receiver, golden, shape):
    """HMAC over id, timestamp and body; the timestamp is wall time, the body that of the contract."""
    api("toapis").post("/v1/videos/generations", json={**TOAPIS_BODY, "callback_url": receiver.url})
    emulator.advance(1000)
    (body,) = receiver.wait_for(1)
    headers = receiver.headers[0]
    event, moment = headers["x-toapis-webhook-id"], headers["x-toapis-webhook-timestamp"]
    message = f"{event}.{moment}.".encode() + receiver.bodies[0]
    expected = hmac.new(b"whsec-emulator", message, hashlib.sha256).hexdigest()
    assert headers["x-toapis-webhook-signature"] == f"v1={expected}"
    assert abs(time.time() - int(moment)) < 60
    assert body["id"] == event
    assert (body["data"].pop("trace_id"), body["data"].pop("client_business_id")) == ("t-1", "b-1")
    assert shape(body) == shape(golden("toapis", "webhook"))


def test_toapis_signs_with_both_secrets_while_one_is_replaced(receiver):
    """The new one's signature, then the previous one's."""
    with serve(rate=0, webhook_secret="new,previous") as emulator:
        url = f"{emulator.vendor_url('toapis')}/v1/videos/generations"
        key = {"Authorization": "Bearer sk-one"}
        httpx.post(url, json={**TOAPIS_BODY, "callback_url": receiver.url}, headers=key, trust_env=False)
        emulator.advance(1000)
        receiver.wait_for(1)
    headers = receiver.headers[0]
    message = f"{headers['x-toapis-webhook-id']}.{headers['x-toapis-webhook-timestamp']}.".encode()
    message += receiver.bodies[0]
    expected = [hmac.new(secret, message, hashlib.sha256).hexdigest() for secret in (b"new", b"previous")]
    assert headers["x-toapis-webhook-signature"] == ",".join(f"v1={digest}" for digest in expected)


def test_strangers_are_never_called(emulator, api):
    """Only recorded."""
    url = "https://hooks.example.com/x"
    api("toapis").post("/v1/videos/generations", json={**TOAPIS_BODY, "callback_url": url})
    emulator.advance(1000)
    note = until(lambda: emulator.callbacks())[0]
    assert (note["url"], note["sent"], note["status"]) == (url, False, None)


@pytest.mark.parametrize("kind", ["drop_before_accept", "status"])
def test_a_callback_can_be_lost(kind, emulator, api, receiver):
    """A fault keeps it from arriving."""
    emulator.add_fault(on="callback", kind=kind)
    api("evolink").post("/v1/videos/generations", json={**EVOLINK_BODY, "callback_url": receiver.url})
    emulator.advance(1000)
    note = until(lambda: emulator.callbacks())[0]
    assert (note["sent"], note["fault"]) == (False, kind)
    assert receiver.bodies == []


def test_a_callback_can_be_garbage(emulator, api, receiver):
    """A receiver must not trust what it gets."""
    emulator.add_fault(on="callback", kind="malformed", body='"?"')
    api("evolink").post("/v1/videos/generations", json={**EVOLINK_BODY, "callback_url": receiver.url})
    emulator.advance(1000)
    assert receiver.wait_for(1) == [json.loads('"?"')]
