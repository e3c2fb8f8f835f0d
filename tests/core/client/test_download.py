"""Result links on real sockets: what is asked for, what is made of the answer, and what errors become."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import zlib
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.client.decoding import CHUNK
from airflow_provider_seedance.core.client.download import MediaStream, media_opener, open_media
from airflow_provider_seedance.errors import (
    ConfigurationError,
    LinkDead,
    NoReply,
    NotSent,
    ResumeRefused,
    VendorUnavailable,
    VideoCorrupt,
    VideoTooLarge,
)
from tests.clocks import ManualClock
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
        Answer(206, b"x", {"Content-Range": "bytes 91-99/100"}),
        Answer(206, b"x", {"Content-Range": "bytes 90-89/100"}),
        Answer(206, b"x", {"Content-Range": "bytes 90-100/100"}),
        Answer(206, b"x", {"Content-Range": "bytes -90-99/100"}),
        Answer(206, b"x", {"Content-Range": f"bytes 90-99/{'9' * 5000}"}),
        Answer(206, b"x", {"Content-Range": f"bytes {'9' * 5000}-99/100"}),
    ],
)
def test_anything_else_than_the_part_is_refused(server: ScriptedServer, answer: Answer) -> None:
    """Bytes of unknown place are worth nothing."""
    server.answers = [answer]
    with pytest.raises(ResumeRefused), _open(f"{server.url}/v.mp4", start=90):
        pass


@pytest.mark.parametrize("claim", ["Bytes 90-99/100", "BYTES 90-99/100", " bytes  90-99/100 "])
def test_the_unit_of_a_part_has_no_case(server: ScriptedServer, claim: str) -> None:
    """Nor do blanks count."""
    server.answers = [Answer(206, b"x" * 10, {"Content-Range": claim})]
    with _open(f"{server.url}/v.mp4", start=90) as stream:
        assert (stream.start, stream.end, stream.total) == (90, 100, 100)


@pytest.mark.parametrize("first", [0, 1, 89])
def test_a_part_may_begin_earlier_than_asked(server: ScriptedServer, first: int) -> None:
    """It says where, and its length fits."""
    server.answers = [Answer(206, b"x" * (100 - first), {"Content-Range": f"bytes {first}-99/100"})]
    with _open(f"{server.url}/v.mp4", start=90) as stream:
        assert (stream.start, stream.total) == (first, 100)


def test_a_part_need_not_repeat_the_tag_it_was_asked_for(server: ScriptedServer) -> None:
    """The host has compared it."""
    server.answers = [Answer(206, b"x" * 10, {"Content-Range": "bytes 90-99/*"})]
    with _open(f"{server.url}/v.mp4", start=90, etag='"1"') as stream:
        assert (stream.etag, stream.end, stream.total) == ('"1"', 100, None)


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
    assert caught.value.retry_after == 7.0


def test_the_pause_may_be_a_date(server: ScriptedServer) -> None:
    """As for the vendor's API."""
    server.answers = [Answer(503, b"", {"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"})]
    clock = ManualClock(datetime(2026, 3, 1, 12, tzinfo=timezone.utc).timestamp())
    with pytest.raises(VendorUnavailable) as caught, _open(f"{server.url}/v.mp4", clock=clock):
        pass
    assert caught.value.retry_after == 30.0


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
    with (
        pytest.raises(NoReply, match=r"127\.0\.0\.1:\d+ gave no complete answer"),
        _open(f"{server.url}/v.mp4"),
    ):
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


MP4 = bytes(4) + b"ftypisom" + bytes(range(256)) * 40


def _compressed(window: int) -> bytes:
    engine = zlib.compressobj(wbits=window)
    return engine.compress(MP4) + engine.flush()


class TestEncodedBodies:
    """Some hosts compress what nobody asked them to."""

    @pytest.mark.parametrize(
        ("coding", "body"),
        [
            ("gzip", gzip.compress(MP4)),
            ("GZIP", gzip.compress(MP4)),
            ("x-gzip", gzip.compress(MP4)),
            ("gzip", gzip.compress(MP4[:5000]) + gzip.compress(MP4[5000:])),
            ("gzip", gzip.compress(MP4) + b"trailing"),
            ("deflate", _compressed(15)),
            ("deflate", _compressed(-15)),
            ("deflate, gzip", gzip.compress(_compressed(15))),
            ("gzip, identity", gzip.compress(MP4)),
        ],
        ids=range(9),
    )
    def test_known_encodings_are_decoded(self, server: ScriptedServer, coding: str, body: bytes) -> None:
        """What the host says of the encoded body, its length and tag, is not the video's."""
        server.answers = [Answer(200, body, {"Content-Encoding": coding, "ETag": '"1"'})]
        with _open(f"{server.url}/v.mp4") as stream:
            assert b"".join(stream.chunks) == MP4
        assert (stream.total, stream.etag) == (None, None)

    @pytest.mark.parametrize(
        "coding", ["gzip", "deflate", "br", "zstd", "aws-chunked", "gzip, br", "identity"]
    )
    def test_a_header_alone_over_a_plain_body_does_no_harm(self, server: ScriptedServer, coding: str) -> None:
        """The body is believed."""
        server.answers = [Answer(200, MP4, {"Content-Encoding": coding, "ETag": '"1"'})]
        with _open(f"{server.url}/v.mp4") as stream:
            assert b"".join(stream.chunks) == MP4
        assert (stream.total, stream.etag) == (len(MP4), '"1"')

    @pytest.mark.parametrize("coding", ["br", "zstd", "compress"])
    def test_an_unknown_encoding_is_named(self, server: ScriptedServer, coding: str) -> None:
        """Nobody else could tell what came."""
        server.answers = [Answer(200, b"\x0b\x02\x80" * 99, {"Content-Encoding": coding})]
        with pytest.raises(VideoCorrupt, match=f"in the encoding '{coding}'"), _open(f"{server.url}/v.mp4"):
            pass

    def test_a_cut_body_is_found(self, server: ScriptedServer) -> None:
        """Also if the host says that this is all."""
        server.answers = [Answer(200, gzip.compress(MP4)[:-9], {"Content-Encoding": "gzip"})]
        with _open(f"{server.url}/v.mp4") as stream, pytest.raises(NoReply, match="broke off in the middle"):
            list(stream.chunks)

    def test_a_damaged_body_is_found(self, server: ScriptedServer) -> None:
        body = bytearray(gzip.compress(MP4))
        body[40:60] = b"?" * 20
        server.answers = [Answer(200, bytes(body), {"Content-Encoding": "gzip"})]
        with _open(f"{server.url}/v.mp4") as stream, pytest.raises(VideoCorrupt, match="and is not"):
            list(stream.chunks)

    def test_a_bomb_is_stopped(self, server: ScriptedServer) -> None:
        """A megabyte may hold a gigabyte; it is unpacked in small steps."""
        server.answers = [Answer(200, gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"})]
        sizes: list[int] = []
        with (
            _open(f"{server.url}/v.mp4", max_bytes=10_000_000) as stream,
            pytest.raises(VideoTooLarge, match="a video may have 10000000"),
        ):
            sizes.extend(map(len, stream.chunks))
        assert max(sizes, default=0) <= CHUNK


class TestBounds:
    """A host promises and sends what it likes."""

    @pytest.mark.parametrize("length", ["1001", "999000000000000", "9" * 5000])
    def test_a_promise_beyond_the_limit_is_refused_at_once(self, server: ScriptedServer, length: str) -> None:
        """The error names the setting."""
        server.answers = [Answer(200, b"x", {"Content-Length": length})]
        with (
            pytest.raises(VideoTooLarge, match="raise max_video_bytes in \\[seedance\\]"),
            _open(f"{server.url}/v.mp4", max_bytes=1000),
        ):
            pass

    def test_a_part_of_more_than_the_limit_is_refused(self, server: ScriptedServer) -> None:
        server.answers = [Answer(206, b"x" * 10, {"Content-Range": "bytes 90-99/1001"})]
        with pytest.raises(VideoTooLarge), _open(f"{server.url}/v.mp4", start=90, max_bytes=1000):
            pass

    @pytest.mark.parametrize("headers", [{"Transfer-Encoding": "chunked"}, {"Content-Length": "-5"}])
    def test_a_body_without_a_length_is_stopped(
        self, server: ScriptedServer, headers: dict[str, str]
    ) -> None:
        body = b"1388\r\n" + b"x" * 5000 + b"\r\n0\r\n\r\n" if "Transfer-Encoding" in headers else b"x" * 5000
        server.answers = [Answer(200, body, headers)]
        with _open(f"{server.url}/v.mp4", max_bytes=1000) as stream, pytest.raises(VideoTooLarge):
            list(stream.chunks)

    @pytest.mark.parametrize("length", ["-1", "1e9", "twelve", "+5", "\xb2", "0x10"])
    def test_an_odd_length_is_none(self, server: ScriptedServer, length: str) -> None:
        """The body ends where the connection does."""
        server.answers = [Answer(200, b"x" * 10, {"Content-Length": length})]
        with _open(f"{server.url}/v.mp4") as stream:
            assert stream.total is None

    @pytest.mark.parametrize("etag", ['"a b"', '"' + "x" * 5000 + '"', '"a"b"', "1", ""])
    def test_an_odd_tag_is_none(self, server: ScriptedServer, etag: str) -> None:
        """It would have to be sent back."""
        server.answers = [Answer(200, b"x", {"ETag": etag})]
        with _open(f"{server.url}/v.mp4") as stream:
            assert stream.etag is None

    def test_the_body_of_a_redirect_is_not_read(self, server: ScriptedServer) -> None:
        """It may have no end."""
        server.answers = [
            Answer(302, b"x", {"Location": f"{server.url}/other.mp4"}, promise=10**12),
            Answer(200, b"video"),
        ]
        with _open(f"{server.url}/v.mp4") as stream:
            assert b"".join(stream.chunks) == b"video"

    def test_an_answer_that_comes_too_slowly_is_cut_off(
        self, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each byte comes in time, and all of them never."""
        monkeypatch.setattr("airflow_provider_seedance.core.client.media_connections.HEAD_TIME_LIMIT", 0.05)
        hold = threading.Event()
        server.answers = [Answer(200, b"x", hold=hold)]
        with pytest.raises(NoReply), _open(f"{server.url}/v.mp4"):
            pass
        hold.set()
