"""Result links on real sockets: what is asked for, what is made of the answer, and what errors become."""

from __future__ import annotations

import socket
import ssl
from contextlib import AbstractContextManager
from typing import Any

import pytest

from airflow_provider_seedance.core.client.download import MediaStream, media_opener, open_media
from airflow_provider_seedance.errors import (
    ConfigurationError,
    LinkDead,
    NoReply,
    NotSent,
    ResumeRefused,
    VendorUnavailable,
)
from tests.core.client.scripted import Answer, ScriptedServer

TLS = ssl.create_default_context()
PART = Answer(206, b"x" * 10, {"Content-Range": "bytes 90-99/100", "ETag": '"1"'})


def _open(url: str, **asked: Any) -> AbstractContextManager[MediaStream]:
    return open_media(media_opener(TLS), url, **asked)


def test_a_link_is_opened(server: ScriptedServer) -> None:
    """With what the host says about the file; nothing about a part is asked."""
    server.answers = [Answer(200, b"x" * 1000, {"Content-Type": "video/mp4", "ETag": '"1"'})]
    with _open(f"{server.url}/v.mp4?sig=1") as stream:
        assert b"".join(stream.chunks) == b"x" * 1000
    assert (stream.start, stream.total, stream.content_type, stream.etag) == (0, 1000, "video/mp4", '"1"')
    (seen,) = server.seen
    assert seen.path == "/v.mp4?sig=1"
    assert seen.headers["accept-encoding"] == "identity"
    assert seen.headers["user-agent"].startswith("airflow-provider-seedance/")
    assert not {"authorization", "range", "if-range"} & seen.headers.keys()


def test_a_part_is_asked_for(server: ScriptedServer) -> None:
    """And recognised: its place in the file, and the length of the whole."""
    server.answers = [PART]
    with _open(f"{server.url}/v.mp4", start=90, etag='"1"') as stream:
        assert b"".join(stream.chunks) == b"x" * 10
    assert (stream.start, stream.total, stream.etag) == (90, 100, '"1"')
    assert server.seen[0].headers["range"] == "bytes=90-"
    assert server.seen[0].headers["if-range"] == '"1"'


def test_a_host_may_not_know_the_length_of_the_whole(server: ScriptedServer) -> None:
    """A star stands for it."""
    server.answers = [Answer(206, b"x", {"Content-Range": "bytes 90-99/*"})]
    with _open(f"{server.url}/v.mp4", start=90) as stream:
        assert (stream.start, stream.total) == (90, None)


def test_a_host_may_answer_with_the_beginning(server: ScriptedServer) -> None:
    """It knows no ranges, or has another file by now."""
    server.answers = [Answer(200, b"x" * 100)]
    with _open(f"{server.url}/v.mp4", start=90) as stream:
        assert (stream.start, stream.total) == (0, 100)


def test_a_weak_entity_tag_is_none(server: ScriptedServer) -> None:
    """It allows for bytes that differ."""
    server.answers = [Answer(200, b"x", {"ETag": 'W/"1"'})]
    with _open(f"{server.url}/v.mp4") as stream:
        assert stream.etag is None


@pytest.mark.parametrize(
    "answer",
    [
        Answer(416, b"", {"Content-Range": "bytes */50"}),
        Answer(206, b"x", {}),
        Answer(206, b"x", {"Content-Range": "bytes 80-99/100"}),
        Answer(206, b"x", {"Content-Range": "bytes=90-99/100"}),
        Answer(206, b"x", {"Content-Range": "bytes */100"}),
    ],
)
def test_anything_else_than_the_part_is_refused(server: ScriptedServer, answer: Answer) -> None:
    """Bytes of unknown place are worth nothing."""
    server.answers = [answer]
    with pytest.raises(ResumeRefused), _open(f"{server.url}/v.mp4", start=90):
        pass


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_dead_link(server: ScriptedServer, status: int) -> None:
    """The link itself is not shown: with a new query it may live again."""
    server.answers = [Answer(status)]
    with pytest.raises(LinkDead) as caught, _open(f"{server.url}/v.mp4?X-Tos-Signature=secret"):
        pass
    assert caught.value.http_status == status
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [204, 400, 429, 500, 503])
def test_passing_trouble(server: ScriptedServer, status: int) -> None:
    """With the pause that the host asks for."""
    server.answers = [Answer(status, b"", {"Retry-After": "7"})]
    with pytest.raises(VendorUnavailable) as caught, _open(f"{server.url}/v.mp4"):
        pass
    assert caught.value.http_status == status
    assert caught.value.retry_after == (None if status == 204 else 7.0)


def test_a_redirect_is_followed_with_the_part(server: ScriptedServer) -> None:
    """The storage behind a link may be elsewhere."""
    server.answers = [Answer(302, b"", {"Location": f"{server.url}/other.mp4"}), PART]
    with _open(f"{server.url}/v.mp4", start=90) as stream:
        assert stream.start == 90
    assert [(seen.path, seen.headers["range"]) for seen in server.seen] == [
        ("/v.mp4", "bytes=90-"),
        ("/other.mp4", "bytes=90-"),
    ]


@pytest.mark.parametrize("promise", [11, 1000])
def test_a_download_that_breaks_off(server: ScriptedServer, promise: int) -> None:
    """Shows while streaming, after all that came."""
    server.answers = [Answer(200, b"x" * 10, promise=promise)]
    with _open(f"{server.url}/v.mp4") as stream:
        assert next(stream.chunks) == b"x" * 10
        with pytest.raises(NoReply, match=f"broke off with {promise - 10} bytes to come"):
            next(stream.chunks)


def test_no_answer_at_all(server: ScriptedServer) -> None:
    """The connection was made, and broke."""
    server.answers = [Answer(drop=True)]
    with pytest.raises(NoReply, match=r"127\.0\.0\.1 gave no complete answer"), _open(f"{server.url}/v.mp4"):
        pass


def test_no_connection() -> None:
    """An error of its own."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with (
        pytest.raises(NotSent, match=r"no connection to 127\.0\.0\.1"),
        _open(f"http://127.0.0.1:{port}/v.mp4"),
    ):
        pass


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:port/v.mp4", "http://[broken/v.mp4", "file:///etc/passwd", "no link"]
)
def test_what_is_no_link(url: str) -> None:
    """Not opened, whatever else Python could open."""
    with pytest.raises((ConfigurationError, NotSent)), _open(url):
        pass


def test_letters_that_are_no_ascii_are_encoded(server: ScriptedServer) -> None:
    """What is encoded already stays as it is."""
    server.answers = [Answer(200, b"x")]
    with _open(f"{server.url}/猫 %2F.mp4?a=b%20c"):
        assert server.seen[0].path == "/%E7%8C%AB%20%2F.mp4?a=b%20c"


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_the_environments_proxy_is_used(server: ScriptedServer, monkeypatch: Any, variable: str) -> None:
    """As for the vendor's API."""
    for name in ("http_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv(variable, server.url)
    server.answers = [Answer(200, b"video")]
    with _open("http://files.example/v.mp4") as stream:
        assert b"".join(stream.chunks) == b"video"
    assert server.seen[0].path == "http://files.example/v.mp4"
