"""Faults, seen from the wire: raw sockets prove what a client receives and what it does not."""

from __future__ import annotations

import json
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

TASKS = "/api/v3/contents/generations/tasks"
BODY = {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "x"}], "duration": 4,
        "resolution": "480p"}  # fmt: skip


def raw_create(url):
    """Everything the server sends back to a create, byte by byte."""
    parts, body = urlsplit(url), json.dumps(BODY).encode()
    head = (
        f"POST {parts.path}{TASKS} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer sk-one\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    received = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        try:
            while chunk := connection.recv(4096):
                received += chunk
        except ConnectionResetError:
            pass
    return received


def download(url, **options):
    """A GET that waits until the video has been drawn, which takes its time on a busy machine."""
    return httpx.get(url, timeout=60, **options)


@pytest.fixture
def ark(api):
    """A client with a good key."""
    return api("modelark")


@pytest.fixture
def video_url(emulator, ark):
    """A finished video."""
    task_id = ark.post(TASKS, json=BODY).json()["id"]
    emulator.advance(1000)
    return ark.get(f"{TASKS}/{task_id}").json()["content"]["video_url"]


def test_a_dropped_create_sends_not_one_byte(emulator):
    """drop_before_accept: the socket closes, nothing was stored."""
    emulator.add_fault(on="create", kind="drop_before_accept")
    assert raw_create(emulator.vendor_url("modelark")) == b""
    assert emulator.ledger()["generations"] == []
    assert emulator.ledger()["creates_received"] == 1


def test_a_lost_reply_leaves_one_billed_task(emulator):
    """drop_after_accept: not one byte either, but the task lives and is billed."""
    emulator.add_fault(on="create", kind="drop_after_accept")
    assert raw_create(emulator.vendor_url("modelark")) == b""
    emulator.advance(1000)
    assert [row["billed"] for row in emulator.ledger()["generations"]] == [True]


@pytest.mark.parametrize(("vendor", "path"), [
    ("modelark", TASKS), ("evolink", "/v1/videos/generations"), ("anyfast", "/v1/video/generations"),
    ("toapis", "/v1/videos/generations"),
])  # fmt: skip
def test_a_status_on_create_means_not_accepted(vendor, path, emulator, api):
    """Each vendor answers in its own error form, with Retry-After as given."""
    emulator.add_fault(vendor=vendor, on="create", kind="status", status=503, retry_after="3")
    answer = api(vendor).post(path, json={})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")
    assert isinstance(answer.json(), dict)
    assert emulator.ledger()["generations"] == []


def test_retry_after_may_be_a_date(emulator, ark):
    """It is sent as given."""
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    emulator.add_fault(on="list", kind="status", status=429, retry_after=date)
    assert ark.get(TASKS).headers["retry-after"] == date


def test_a_fault_strikes_so_often_and_no_more(emulator, ark):
    """times counts down."""
    emulator.add_fault(on="list", kind="status", status=500, times=2)
    assert [ark.get(TASKS).status_code for _ in range(3)] == [500, 500, 200]


def test_a_fault_without_times_strikes_until_cleared(emulator, ark):
    """times null means for ever."""
    emulator.add_fault(on="list", kind="status", status=500, times=None)
    assert {ark.get(TASKS).status_code for _ in range(5)} == {500}
    emulator.clear_faults()
    assert ark.get(TASKS).status_code == 200


def test_a_fault_meets_its_vendor_only(emulator, ark):
    """Another vendor's fault does not matter."""
    emulator.add_fault(vendor="toapis", on="list", kind="status")
    assert ark.get(TASKS).status_code == 200


def test_a_malformed_answer_hides_an_accepted_task(emulator, ark):
    """An HTML page with status 200, while the task was stored."""
    emulator.add_fault(on="create", kind="malformed")
    answer = ark.post(TASKS, json=BODY)
    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")
    assert len(emulator.ledger()["generations"]) == 1


def test_a_malformed_body_can_be_given(emulator, ark):
    """Also an empty one."""
    emulator.add_fault(on="list", kind="malformed", body="")
    assert ark.get(TASKS).content == b""


def test_a_delayed_answer_comes_late(emulator, ark):
    """The task is stored at once; a client that gives up has lost the reply only."""
    emulator.add_fault(on="create", kind="delay", seconds=0.4)
    with pytest.raises(httpx.ReadTimeout):
        ark.post(TASKS, json=BODY, timeout=0.1)
    assert len(emulator.ledger()["generations"]) == 1


def test_a_truncated_download_breaks_its_promise(emulator, video_url):
    """Content-Length says more than arrives."""
    whole = download(video_url).content
    emulator.add_fault(on="download", kind="truncate")
    received = []
    with httpx.stream("GET", video_url) as answer:
        assert int(answer.headers["content-length"]) == len(whole)
        with pytest.raises(httpx.RemoteProtocolError):
            received += answer.iter_raw()
    assert b"".join(received) == whole[: len(whole) // 2]
    assert download(video_url).content == whole


def test_a_dropped_download_sends_nothing(emulator, video_url):
    """drop on download."""
    emulator.add_fault(on="download", kind="drop_before_accept")
    with pytest.raises(httpx.RemoteProtocolError):
        download(video_url)


def test_a_dead_link_lives_again_after_the_fault(emulator, video_url):
    """403 once, then the same URL works."""
    emulator.add_fault(on="download", kind="status", status=403)
    assert [download(video_url).status_code for _ in range(2)] == [403, 200]


def test_a_lost_cancel_has_happened(emulator, ark):
    """drop_after_accept on cancel: cancelled, but nobody was told."""
    task_id = ark.post(TASKS, json=BODY).json()["id"]
    emulator.add_fault(on="cancel", kind="drop_after_accept")
    with pytest.raises(httpx.RemoteProtocolError):
        ark.delete(f"{TASKS}/{task_id}")
    assert ark.get(f"{TASKS}/{task_id}").json()["status"] == "cancelled"


def test_a_prompt_can_decide_the_outcome(emulator, ark):
    """[emulator:fail] in a prompt is enough for a demo."""
    ark.post(TASKS, json={**BODY, "content": [{"type": "text", "text": "a cat [emulator:fail]"}]})
    emulator.advance(1000)
    assert emulator.ledger()["generations"][0]["status"] == "failed"


def test_a_generation_stuck_while_running_holds_its_place(emulator, ark):
    """on=get, kind=stuck freezes the state that was seen."""
    task_id = ark.post(TASKS, json=BODY).json()["id"]
    emulator.advance(10)
    emulator.add_fault(on="get", kind="stuck")
    ark.get(f"{TASKS}/{task_id}")
    emulator.advance(100_000)
    assert ark.get(f"{TASKS}/{task_id}").json()["status"] == "running"


@pytest.mark.parametrize(
    "spec",
    [
        {"on": "create"},
        {"on": "create", "kind": "explode"},
        {"on": "lunch", "kind": "status"},
        {"on": "download", "kind": "stuck"},
        {"on": "create", "kind": "status", "vendor": "nobody"},
        {"on": "create", "kind": "status", "statsu": 500},
        {"on": "create", "kind": "status", "probability": 2},
    ],
)
def test_a_senseless_fault_is_refused(spec, emulator):
    """A typo must not make a test pass."""
    with pytest.raises(ValueError, match=r"must be|unknown field"):
        emulator.add_fault(**spec)


def test_drops_are_fast(emulator):
    """A closed socket is noticed at once, not after a timeout."""
    emulator.add_fault(on="create", kind="drop_before_accept")
    started = time.monotonic()
    raw_create(emulator.vendor_url("modelark"))
    assert time.monotonic() - started < 2
