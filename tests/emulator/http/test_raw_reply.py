"""Replies in the place of the vendor's, as clients get them: relays, ingresses, firewalls and odd hosts."""

from __future__ import annotations

import base64
import gzip
import socket
import time
from urllib.parse import urlsplit

import httpx
import pytest

TASKS = "/api/v3/contents/generations/tasks"
BODY = {"model": "dreamina-seedance-2-0-260128", "content": [{"type": "text", "text": "x"}], "duration": 4,
        "resolution": "480p"}  # fmt: skip
PAGE = "<html><body>Access denied by the firewall</body></html>"


def download(url, **options):
    """A GET that waits until the video has been drawn, which takes its time on a busy machine."""
    return httpx.get(url, timeout=60, **options)


@pytest.fixture
def ark(api):
    """A client with a good key."""
    return api("modelark")


@pytest.fixture
def create(ark):
    """Creates a task and returns its id."""
    return lambda: ark.post(TASKS, json=BODY).json()["id"]


@pytest.fixture
def video_url(emulator, ark, create):
    """A finished video."""
    task_id = create()
    emulator.advance(1000)
    return ark.get(f"{TASKS}/{task_id}").json()["content"]["video_url"]


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def raw_get(url):
    """Everything that a server sends back to a GET, byte by byte."""
    parts, received = urlsplit(url), b""
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
        connection.sendall(
            f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
        )
        while chunk := connection.recv(65536):
            received += chunk
    return received


def test_a_page_of_a_firewall_answers_a_get(emulator, ark, create):
    """The client gets the page, the generation goes on as if nobody had asked."""
    task_id = create()
    emulator.add_fault(
        on="get", kind="reply", status=403, headers={"Content-Type": "text/html", "Server": "waf"}, body=PAGE
    )
    answer = ark.get(f"{TASKS}/{task_id}")
    assert (answer.status_code, answer.text, answer.headers["server"]) == (403, PAGE, "waf")
    assert answer.headers["content-type"] == "text/html"
    assert ark.get(f"{TASKS}/{task_id}").json()["status"] == "queued"
    emulator.advance(1000)
    assert ark.get(f"{TASKS}/{task_id}").json()["status"] == "succeeded"


@pytest.mark.parametrize("on", ["create", "get", "list", "cancel"])
def test_every_call_can_be_answered(on, emulator, ark, create):
    """An ingress that knows no such route answers all of them."""
    task_id = create()
    emulator.add_fault(on=on, kind="reply", status=404, body="404 page not found")
    method, path = {
        "create": ("POST", TASKS),
        "get": ("GET", f"{TASKS}/{task_id}"),
        "list": ("GET", TASKS),
        "cancel": ("DELETE", f"{TASKS}/{task_id}"),
    }[on]
    answer = ark.request(method, path, json=BODY if on == "create" else None)
    assert (answer.status_code, answer.text) == (404, "404 page not found")
    assert [row["status"] for row in emulator.ledger()["generations"]] == ["queued"]
    assert (emulator.requests()[-1]["fault"], emulator.requests()[-1]["status"]) == ("reply", 404)


@pytest.mark.parametrize("accept", [True, False])
def test_a_create_may_be_accepted_behind_a_strange_reply(accept, emulator, ark):
    """``accept`` decides whether there is a generation, which is billed like any other."""
    body = {"data": {"id": "task-1", "status": "pending"}}
    emulator.add_fault(on="create", kind="reply", body=body, accept=accept)
    assert ark.post(TASKS, json=BODY).json() == body
    emulator.advance(1000)
    assert [row["billed"] for row in emulator.ledger()["generations"]] == [True] * accept


def test_a_cancel_may_be_accepted_behind_a_strange_reply(emulator, ark, create):
    """The task is cancelled, though the client reads otherwise."""
    task_id = create()
    emulator.add_fault(on="cancel", kind="reply", status=502, body=PAGE, accept=True)
    assert ark.delete(f"{TASKS}/{task_id}").status_code == 502
    assert ark.get(f"{TASKS}/{task_id}").json()["status"] == "cancelled"


def test_a_reply_can_meet_one_path_only(emulator, ark, create):
    """``path`` is compared with the path of the request; an asterisk stands for anything."""
    one, two = create(), create()
    emulator.add_fault(on="get", kind="reply", path=f"*/{two}", status=502, times=None)
    assert [ark.get(f"{TASKS}/{task}").status_code for task in (one, two, two)] == [200, 502, 502]


def test_a_redirect_leads_where_it_says(emulator, ark, video_url):
    """A status, a header and no body."""
    emulator.add_fault(on="list", kind="reply", status=302, headers={"Location": video_url})
    answer = ark.get(TASKS)
    assert (answer.status_code, answer.headers["location"], answer.content) == (302, video_url, b"")


def test_a_header_can_be_repeated_and_left_out(emulator, ark):
    """Two values are two headers, null takes away what is usually added."""
    emulator.add_fault(
        on="list", kind="reply", body="{}", headers={"X-Trace": ["a", "b"], "Content-Type": None}
    )
    answer = ark.get(TASKS)
    assert answer.headers.get_list("x-trace") == ["a", "b"]
    assert "content-type" not in answer.headers


def test_a_gzip_body_is_announced_and_sent(emulator, ark):
    """The bytes are given, the client unpacks them."""
    emulator.add_fault(
        on="list",
        kind="reply",
        base64=encoded(gzip.compress(b'{"items": []}')),
        headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
    )
    assert ark.get(TASKS).json() == {"items": []}


def test_a_wrong_length_is_sent_as_given(emulator, ark):
    """More is promised than comes."""
    emulator.add_fault(on="list", kind="reply", body="{}", headers={"Content-Length": "99"})
    with pytest.raises(httpx.RemoteProtocolError):
        ark.get(TASKS)


def test_more_can_come_than_is_promised(emulator, video_url):
    """A web server would refuse to send it."""
    emulator.add_fault(on="download", kind="reply", body="too long", headers={"Content-Length": "3"})
    head, _, body = raw_get(video_url).partition(b"\r\n\r\n")
    assert b"Content-Length: 3" in head
    assert body == b"too long"


def test_a_body_without_a_length_ends_with_the_connection(emulator, video_url):
    """Cut or not looks the same on the wire."""
    emulator.add_fault(
        on="download", kind="reply", body="half of it", headers={"Content-Length": None}, cut=4
    )
    answer = download(video_url)
    assert (answer.content, "content-length" in answer.headers) == (b"half", False)


@pytest.mark.parametrize("cut", [None, 4])
def test_a_body_can_come_in_chunks(cut, emulator, ark):
    """A cut one lacks the last chunk, so the client notices."""
    emulator.add_fault(
        on="list", kind="reply", body="all of it", headers={"Transfer-Encoding": "chunked"}, cut=cut
    )
    if cut is None:
        assert ark.get(TASKS).text == "all of it"
    else:
        with pytest.raises(httpx.RemoteProtocolError):
            ark.get(TASKS)


def test_a_huge_body_is_repeated(emulator, ark):
    """A few bytes in the fault become megabytes on the wire."""
    emulator.add_fault(on="list", kind="reply", body="0123456789", repeat=1_000_000)
    content = ark.get(TASKS).content
    assert len(content) == 10_000_000
    assert content[:20] == content[-20:] == b"01234567890123456789"


def test_a_trickled_body_comes_slowly(emulator, ark):
    """Bytes per second, as ordered."""
    emulator.add_fault(on="list", kind="reply", body="x" * 40, trickle=100)
    started = time.monotonic()
    assert ark.get(TASKS).text == "x" * 40
    assert time.monotonic() - started > 0.3


def test_an_endless_body_ends_with_the_client(emulator, ark):
    """The emulator serves others meanwhile, and notices that the client has gone."""
    emulator.add_fault(on="list", kind="reply", body="x", repeat=10**12, headers={"Content-Length": None})
    received = 0
    with ark.stream("GET", TASKS) as answer:
        for chunk in answer.iter_raw():
            received += len(chunk)
            if received > 3_000_000:
                break
        assert emulator.ledger()["creates_received"] == 0
    assert ark.get(TASKS).status_code == 200


def test_a_video_with_bytes_behind_its_last_box(emulator, video_url):
    """A good file and eight zeros."""
    whole = download(video_url).content
    emulator.add_fault(
        on="download", kind="reply", base64=encoded(whole + bytes(8)), headers={"Content-Type": "video/mp4"}
    )
    assert download(video_url).content == whole + bytes(8)


def test_a_video_that_its_host_compresses(emulator, video_url):
    """Content-Encoding on a video."""
    whole = download(video_url).content
    emulator.add_fault(
        on="download",
        kind="reply",
        base64=encoded(gzip.compress(whole, 1)),
        headers={"Content-Encoding": "gzip"},
    )
    assert download(video_url).content == whole


@pytest.mark.parametrize(("unit", "start"), [("Bytes", 500), ("bytes", 100)])
def test_a_part_with_another_unit_or_an_earlier_start(unit, start, emulator, video_url):
    """A 206 that a client could go on with, though it is not quite what was asked for."""
    whole = download(video_url).content
    span = f"{unit} {start}-{len(whole) - 1}/{len(whole)}"
    emulator.add_fault(
        on="download",
        kind="reply",
        status=206,
        base64=encoded(whole[start:]),
        headers={"Content-Range": span},
    )
    answer = download(video_url, headers={"Range": "bytes=500-"})
    assert (answer.status_code, answer.headers["content-range"]) == (206, span)
    assert answer.content == whole[start:]


def test_a_download_may_be_put_off_to_a_date(emulator, video_url):
    """Retry-After as a date."""
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    emulator.add_fault(on="download", kind="status", status=503, retry_after=date)
    assert download(video_url).headers["retry-after"] == date


def test_a_link_is_not_found_twice_and_then_alive(emulator, video_url):
    """``times`` counts requests."""
    emulator.add_fault(on="download", kind="status", status=404, times=2)
    assert [download(video_url).status_code for _ in range(3)] == [404, 404, 200]


def test_a_link_is_not_alive_yet(emulator, api):
    """``not_ready`` counts seconds of vendor time since the end, and strikes until they have passed."""
    evolink = api("evolink")
    body = {"model": "seedance-2.0-text-to-video", "prompt": "x", "duration": 4, "quality": "480p"}
    task_id = evolink.post("/v1/videos/generations", json=body).json()["id"]
    emulator.advance(1000)
    url = evolink.get(f"/v1/tasks/{task_id}").json()["results"][0]
    row = emulator.ledger()["generations"][0]
    age = row["created_at"] + 1000 - row["finished_at"]
    emulator.add_fault(on="download", kind="not_ready", seconds=age + 60)
    assert [download(url).status_code for _ in range(3)] == [404] * 3
    emulator.advance(61)
    assert download(url).status_code == 200


def test_a_link_may_say_that_it_is_not_ready(emulator, video_url):
    """Status and body are those of the fault."""
    emulator.add_fault(
        on="download", kind="not_ready", seconds=10**6, status=400, body='{"code":"video_not_ready"}'
    )
    answer = download(video_url)
    assert (answer.status_code, answer.json()) == (400, {"code": "video_not_ready"})


@pytest.mark.parametrize(("link", "statuses"), [("first", [401, 200]), ("second", [200, 401])])
def test_one_of_two_links_can_be_dead(link, statuses, emulator, api):
    """AnyFast names the video at the gateway, and inside at its vendor."""
    anyfast = api("anyfast")
    body = {
        "model": "seedance-2.0",
        "content": [{"type": "text", "text": "x"}],
        "duration": 4,
        "resolution": "480p",
    }
    task_id = anyfast.post("/v1/video/generations", json=body).json()["id"]
    emulator.advance(1000)
    data = anyfast.get(f"/v1/video/generations/{task_id}").json()["data"]
    emulator.add_fault(on="download", kind="status", status=401, link=link, times=None)
    urls = data["result_url"], data["data"]["content"]["video_url"]
    assert [download(url).status_code for url in urls] == statuses


def test_a_callback_can_be_forged(emulator, api, receiver):
    """Its body and headers are those of the fault; a header that is null is left out."""
    emulator.add_fault(
        on="callback",
        kind="reply",
        body={"id": "evt_forged"},
        headers={"X-ToAPIs-Webhook-Signature": "v1=forged", "X-ToAPIs-Webhook-Timestamp": None},
    )
    body = {"model": "seedance-2", "prompt": "x", "callback_url": receiver.url}
    api("toapis").post("/v1/videos/generations", json=body)
    emulator.advance(1000)
    assert receiver.wait_for(1) == [{"id": "evt_forged"}]
    headers = receiver.headers[0]
    assert headers["x-toapis-webhook-signature"] == "v1=forged"
    assert "x-toapis-webhook-id" in headers
    assert "x-toapis-webhook-timestamp" not in headers


def test_a_forwarded_address_does_not_hide_the_connection(emulator, ark):
    """A fault closes the real connection, whatever a header claims."""
    emulator.add_fault(on="list", kind="drop_before_accept")
    with pytest.raises(httpx.RemoteProtocolError):
        ark.get(TASKS, headers={"X-Forwarded-For": "10.1.2.3"})
