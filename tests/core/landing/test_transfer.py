"""A video comes from its result link into a partial file, over connections that break."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.core.landing.land import VideoSource
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.landing.transfer import (
    MAX_ATTEMPTS,
    TIME_LIMIT,
    MediaOpener,
    TransferResult,
    transfer,
)
from airflow_provider_seedance.core.storage.writable import SPACE_RESERVE
from airflow_provider_seedance.errors import (
    DestinationError,
    DownloadIncomplete,
    LinkDead,
    NoReply,
    NotSent,
    NoVideo,
    SeedanceError,
    VendorUnavailable,
    VideoCorrupt,
    VideoTooLarge,
)
from tests.clocks import ManualClock
from tests.core.landing.host import HttpOpener, VideoHost

BODY = bytes(range(256)) * 40


def _fetch(opener, partial: Partial, clock: ManualClock, **options: Any) -> TransferResult:
    return _transfer(opener, "https://files.example/1", partial, clock, **options)


def _land(host: VideoHost, partial: Partial, clock: ManualClock, **options: Any) -> TransferResult:
    return _transfer(HttpOpener(), host.url, partial, clock, **options)


def _transfer(
    opener: MediaOpener, url: str, partial: Partial, clock: ManualClock, **options: Any
) -> TransferResult:
    deadline = clock.now() + TIME_LIMIT.total_seconds()
    settings = {"accept": lambda received: received, "strict": False, "deadline": deadline, **options}
    return transfer(opener, url, partial, clock=clock, **settings)


def test_all_bytes_arrive_and_are_hashed(serving, partial, clock) -> None:
    """The partial file holds what was sent, and the result says so."""
    received = _fetch(serving(BODY), partial, clock)
    assert partial.path.read_bytes() == BODY
    assert received == TransferResult(len(BODY), hashlib.sha256(BODY).hexdigest(), "video/mp4")


def test_a_host_need_not_say_the_length(serving, reply, partial, clock) -> None:
    """Whether all came is then for the file's own structure to tell."""
    assert _fetch(serving(reply(BODY)), partial, clock).length == len(BODY)


@pytest.mark.parametrize(
    "trouble",
    [NotSent("no connection"), NoReply("connection reset"), VendorUnavailable("HTTP 503", http_status=503)],
)
def test_passing_trouble_is_waited_out(serving, partial, clock, trouble: SeedanceError) -> None:
    """The transfer starts over after a growing pause."""
    opener = serving(trouble, trouble, BODY)
    assert _fetch(opener, partial, clock).length == len(BODY)
    assert clock.pauses == [1.0, 2.0]


@pytest.mark.parametrize(
    ("content", "promised"), [(BODY[:-1], len(BODY)), (BODY + b"!", len(BODY)), (b"", None)]
)
def test_a_wrong_length_is_incomplete(serving, reply, partial, clock, content, promised) -> None:
    """Too few bytes, too many, or none: fetched again, and in the end an error with both numbers."""
    opener = serving(*[reply(content, promised=promised)] * MAX_ATTEMPTS)
    with pytest.raises(DownloadIncomplete, match=f"{len(content)} bytes of the video came"):
        _fetch(opener, partial, clock)
    assert len(opener.opened) == MAX_ATTEMPTS


def test_trouble_that_stays_is_raised(serving, partial, clock) -> None:
    """After the last attempt, the error is the vendor's own."""
    with pytest.raises(NoReply, match="the last one"):
        _fetch(serving(*[NoReply("reset")] * (MAX_ATTEMPTS - 1), NoReply("the last one")), partial, clock)
    assert clock.pauses == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(("asked", "slept"), [(7.0, 7.0), (0.1, 1.0), (3600.0, 60.0)])
def test_the_host_may_ask_for_a_longer_pause(serving, partial, clock, asked, slept) -> None:
    """Within reason."""
    _fetch(serving(VendorUnavailable("HTTP 503", retry_after=asked), BODY), partial, clock)
    assert clock.pauses == [slept]


def test_a_dead_link_is_not_tried_again(serving, partial, clock) -> None:
    """Whoever calls knows other links, or none."""
    opener = serving(LinkDead("HTTP 403"))
    with pytest.raises(LinkDead, match="HTTP 403"):
        _fetch(opener, partial, clock)
    assert clock.pauses == []


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"  \n<!DOCTYPE html>", b"\xef\xbb\xbf<?xml?>", b'{"code": "video_not_ready"}', b"[]"],
)
def test_a_page_or_a_message_is_no_video(serving, partial, clock, content: bytes) -> None:
    """It is told by its first bytes, however strict the caller is, and is not asked for again."""
    with pytest.raises(NoVideo, match="is not an MP4: it starts with"):
        _fetch(serving(content), partial, clock)
    assert clock.pauses == []


@pytest.mark.parametrize("content", [b"GIF89a" * 9, b"short", b"\x89PNG" * 9])
def test_a_strict_caller_takes_nothing_but_videos(serving, partial, clock, content: bytes) -> None:
    """Other bytes are refused before the rest of them comes."""
    with pytest.raises(NoVideo):
        _fetch(serving(content), partial, clock, strict=True)


def test_no_video_leaves_what_is_there(host: VideoHost, partial: Partial, clock, video) -> None:
    """A page in the place of the rest does not cost the bytes that have come."""
    host.does.cuts, host.does.statuses = [1000], [None, *[503] * 4]
    with pytest.raises(VendorUnavailable):
        _land(host, partial, clock)
    with pytest.raises(NoVideo):
        _fetch_page(partial, clock)
    assert partial.path.read_bytes() == video[:1000]
    _land(host, partial, clock)
    assert host.sent == len(video)


def _fetch_page(partial: Partial, clock: ManualClock) -> None:
    page = VideoHost(b"<html>Sign in</html>")
    page.does.ranges = False
    try:
        _land(page, partial, clock)
    finally:
        page.close()


class TestCorruptBytes:
    """What the caller does not accept is fetched again only where that can change something."""

    def _accept_at(self, attempt: int):
        seen: list[TransferResult] = []

        def accept(received: TransferResult) -> TransferResult:
            seen.append(received)
            if len(seen) < attempt:
                raise VideoCorrupt("cut")
            return received

        return accept, seen

    def test_a_body_of_unknown_length_is_fetched_again(self, serving, reply, partial, clock) -> None:
        """It may have been cut, which nothing but its own structure shows."""
        accept, _ = self._accept_at(2)
        received = _fetch(serving(reply(BODY[:-1]), reply(BODY)), partial, clock, accept=accept)
        assert (received.length, partial.path.read_bytes()) == (len(BODY), BODY)

    def test_a_body_of_the_promised_length_is_not(self, serving, partial, clock) -> None:
        """The next one would be the same."""
        accept, seen = self._accept_at(9)
        with pytest.raises(VideoCorrupt):
            _fetch(serving(BODY), partial, clock, accept=accept)
        assert (len(seen), partial.length) == (1, 0)

    def test_the_same_bytes_are_not_fetched_a_third_time(self, serving, reply, partial, clock) -> None:
        """Twice the same is no cut."""
        accept, seen = self._accept_at(9)
        with pytest.raises(VideoCorrupt):
            _fetch(serving(*[reply(BODY)] * 4), partial, clock, accept=accept)
        assert len(seen) == 2

    def test_a_body_that_is_cut_each_time_is_given_up(self, serving, reply, partial, clock) -> None:
        """After as many attempts as for any other trouble."""
        accept, seen = self._accept_at(9)
        with pytest.raises(VideoCorrupt):
            _fetch(serving(*[reply(BODY[:-at]) for at in range(1, 9)]), partial, clock, accept=accept)
        assert len(seen) == MAX_ATTEMPTS

    def test_bytes_that_were_resumed_are_fetched_anew(self, host: VideoHost, partial, clock, video) -> None:
        """Their beginning may have been another file's."""
        accept, seen = self._accept_at(2)
        host.does.cuts = [1000]
        _land(host, partial, clock, accept=accept)
        assert [fetch.range for fetch in host.fetches] == [None, "bytes=1000-", None]
        assert [received.certain for received in seen] == [False, True]


@pytest.mark.parametrize("fault", [VideoTooLarge("too many bytes"), VideoCorrupt("no gzip")])
def test_bytes_that_are_refused_while_they_come_are_removed(serving, reply, partial, clock, fault) -> None:
    """Whatever becomes of the other links."""
    with pytest.raises(type(fault)):
        _fetch(serving(reply(BODY, breaks_with=fault)), partial, clock)
    assert partial.path.stat().st_size == 0


class TestSpace:
    """A download takes no disk's last bytes."""

    def _free(self, monkeypatch: pytest.MonkeyPatch, *free: int) -> None:
        told = list(free)
        usage = lambda folder: (10**12, 0, told.pop(0) if len(told) > 1 else told[0])  # noqa: E731
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(*usage(folder)))

    def test_a_promise_beyond_it_is_refused_at_once(
        self, serving, reply, partial, clock, monkeypatch
    ) -> None:
        """Before a byte is written."""
        self._free(monkeypatch, 10**9)
        with pytest.raises(
            DestinationError, match=r"cannot write 999000000 bytes .* has 1000000000 bytes of free"
        ):
            _fetch(serving(reply(BODY, promised=999_000_000)), partial, clock)
        assert partial.length == 0

    def test_a_body_without_a_length_is_stopped(self, serving, partial, clock, reply, monkeypatch) -> None:
        """It is looked at again while the bytes come; what was taken is given back."""
        monkeypatch.setattr("airflow_provider_seedance.core.landing.transfer.SPACE_CHECK_INTERVAL", 4000)
        self._free(monkeypatch, 10**9, SPACE_RESERVE - 1)
        with pytest.raises(DestinationError, match="cannot write more bytes"):
            _fetch(serving(reply(BODY)), partial, clock)
        assert partial.path.stat().st_size == 0

    def test_a_disk_that_does_not_tell_is_written(self, serving, partial, clock, monkeypatch) -> None:
        """Some network filesystems give 0 for everything."""
        monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(0, 0, 0))
        assert _fetch(serving(BODY), partial, clock).length == len(BODY)


class FullDisk(io.FileIO):
    """A file on a disk without space."""

    def write(self, chunk: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_named(serving, source: VideoSource, tmp_path: Path, clock) -> None:
    """The system's own words tell full from forbidden, and no second attempt is made."""
    path = tmp_path / "part"
    with (
        FullDisk(path, "x+") as file,
        pytest.raises(DestinationError, match=r"cannot write .*/part: .*No space left on device"),
    ):
        _fetch(serving(BODY), Partial(path, file, source.generation), clock)
    assert clock.pauses == []


class SlowClock(ManualClock):
    """A clock that shows a twentieth of the time limit more at each look."""

    def now(self) -> float:
        self.moment += TIME_LIMIT.total_seconds() / 20
        return self.moment


class TestResuming:
    """After a break, only what is missing is fetched."""

    def test_from_the_byte_that_is_missing(self, host: VideoHost, partial: Partial, clock, video) -> None:
        """The entity tag makes sure that the host has the same file still."""
        host.does.cuts = [1000, 2500]
        received = _land(host, partial, clock)
        assert partial.path.read_bytes() == video
        assert (received.length, received.sha256) == (len(video), hashlib.sha256(video).hexdigest())
        assert [(fetch.range, fetch.if_range) for fetch in host.fetches] == [
            (None, None),
            ("bytes=1000-", '"v1"'),
            ("bytes=2500-", '"v1"'),
        ]
        assert host.sent == len(video)

    @pytest.mark.parametrize("etag", [None, 'W/"weak"'])
    def test_by_the_length_alone(self, host: VideoHost, partial: Partial, clock, video, etag) -> None:
        """A host without strong entity tags tells its total with each part."""
        host.does.etag, host.does.cuts = etag, [1000]
        _land(host, partial, clock)
        assert partial.path.read_bytes() == video
        assert [(fetch.range, fetch.if_range) for fetch in host.fetches[1:]] == [("bytes=1000-", None)]

    def test_never_without_anything_to_tell_the_file_by(self, host: VideoHost, partial, clock, video) -> None:
        """Neither tag nor length: the beginning is asked for."""
        host.does.etag, host.does.length, host.does.reset, host.does.cuts = None, False, True, [1000]
        _land(host, partial, clock)
        assert partial.path.read_bytes() == video
        assert [fetch.range for fetch in host.fetches] == [None, None]

    def test_a_host_without_ranges_starts_over(self, host: VideoHost, partial, clock, video) -> None:
        """It answers with the whole file, which replaces the half."""
        host.does.ranges, host.does.cuts = False, [1000]
        _land(host, partial, clock)
        assert partial.path.read_bytes() == video
        assert host.sent == 1000 + len(video)

    @pytest.mark.parametrize("etag", ['"v2"', None])
    def test_another_file_starts_over(self, host: VideoHost, partial, clock, video, etag) -> None:
        """Known by its tag before a byte comes, or by its length; no bytes of the two ever meet."""
        host.does.etag, host.does.cuts = etag and '"v1"', [1000]

        def change(at: int) -> None:
            host.does.content, host.does.etag = bytes(reversed(video)) + b"!", etag

        host.does.on_end = change
        _land(host, partial, clock)
        assert partial.path.read_bytes() == bytes(reversed(video)) + b"!"

    def test_a_host_that_refuses_the_range_starts_over(self, host: VideoHost, partial, clock, video) -> None:
        """HTTP 416."""
        host.does.statuses, host.does.cuts = [None, 416], [1000]
        _land(host, partial, clock)
        assert partial.path.read_bytes() == video
        assert [fetch.range for fetch in host.fetches] == [None, "bytes=1000-", None]

    @pytest.mark.parametrize(
        "claim", ["", "bytes 0-{end}/{total}", "bytes 1001-{end}/{total}", "items 1-2/3"]
    )
    def test_another_part_than_asked_for_starts_over(
        self, host: VideoHost, partial, clock, video, claim
    ) -> None:
        """Its bytes are not even read."""
        host.does.content_range, host.does.cuts = claim, [1000]
        _land(host, partial, clock)
        assert partial.path.read_bytes() == video
        assert [fetch.range for fetch in host.fetches] == [None, "bytes=1000-", None]

    def test_as_long_as_something_new_comes(self, host: VideoHost, partial: Partial, clock, video) -> None:
        """More often than the attempts that bring nothing."""
        host.does.cuts = list(range(100, 3400, 100))
        _land(host, partial, clock)
        assert partial.path.read_bytes() == video
        assert clock.pauses == [1.0] * 33

    def test_not_as_long_as_the_same_comes_again(self, host: VideoHost, partial: Partial, clock) -> None:
        """A host without ranges that always breaks off at the same place is given up."""
        host.does.ranges, host.does.cuts = False, [1000] * 9
        with pytest.raises(NoReply, match="broke off with 2498 bytes to come"):
            _land(host, partial, clock)
        assert len(host.fetches) == MAX_ATTEMPTS

    def test_not_for_ever(self, host: VideoHost, partial: Partial) -> None:
        """However little comes each time, there is an end to it; the next try goes on."""
        host.does.cuts = list(range(1, 3000))
        with pytest.raises(SeedanceError) as caught:
            _land(host, partial, SlowClock())
        assert caught.value.retryable
        assert len(host.fetches) < 20

    def test_more_bytes_than_promised_are_not_resumed(self, serving, reply, partial, clock) -> None:
        """Something is wrong with all of them."""
        with pytest.raises(DownloadIncomplete):
            _fetch(serving(*[reply(BODY + b"!", promised=len(BODY))] * MAX_ATTEMPTS), partial, clock)
        assert (partial.length, partial.path.read_bytes()) == (0, b"")

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cuts=st.lists(st.integers(16, 3498), max_size=8), reset=st.booleans(), tagged=st.booleans())
    def test_wherever_the_connection_breaks(
        self, host: VideoHost, partial: Partial, video, cuts, reset, tagged
    ) -> None:
        """The bytes are right, and after a clean break none comes twice, but for the few that show what comes."""
        partial.clear()
        host.fetches.clear()
        host.does.cuts, host.does.reset, host.does.etag = sorted(set(cuts)), reset, '"v1"' if tagged else None
        received = _land(host, partial, ManualClock())
        assert partial.path.read_bytes() == video
        assert received.sha256 == hashlib.sha256(video).hexdigest()
        assert reset or host.sent == len(video)


_FETCH_300_MIB = """
import re, sys
from contextlib import contextmanager
from pathlib import Path
from airflow_provider_seedance.core.clock import SYSTEM_CLOCK
from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.landing.manifest import GenerationReference
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.landing.transfer import transfer

class Opener:
    @contextmanager
    def open(self, url, *, start, etag):
        yield MediaStream((bytes(1 << 20) for _ in range(300)), 300 << 20, None, None)

def peak():
    # In kB; the system's ru_maxrss would begin with what the parent process had.
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

path = Path(sys.argv[1])
partial = Partial(path, path.open("x+b", buffering=0), GenerationReference(vendor="evolink", generation_id="task-1"))
before = peak()
transfer(
    Opener(), "https://files.example/1", partial, accept=lambda received: received, strict=False,
    deadline=SYSTEM_CLOCK.now() + 600, clock=SYSTEM_CLOCK,
)
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_memory_stays_flat(tmp_path: Path) -> None:
    """300 MiB pass through at most 32 MiB more than were in use before."""
    run = subprocess.run(
        [sys.executable, "-c", _FETCH_300_MIB, str(tmp_path / "part")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (tmp_path / "part").stat().st_size == 300 << 20
    assert int(run.stdout) <= 32 * 1024
