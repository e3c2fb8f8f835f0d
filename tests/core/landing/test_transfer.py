"""A video comes from its result link into a partial file, over connections that break."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.core.landing.land import VideoSource
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.landing.transfer import MAX_ATTEMPTS, TIME_LIMIT, TransferResult, transfer
from airflow_provider_seedance.errors import (
    DestinationError,
    DownloadIncomplete,
    LinkDead,
    NoReply,
    NotSent,
    SeedanceError,
    VendorUnavailable,
)
from tests.clocks import ManualClock
from tests.core.landing.host import HttpOpener, VideoHost

BODY = bytes(range(256)) * 40


def _fetch(opener, partial: Partial, clock: ManualClock, fresh_url=lambda: None) -> TransferResult:
    return transfer(opener, "https://files.example/1", partial, fresh_url=fresh_url, clock=clock)


def _land(host: VideoHost, partial: Partial, clock: ManualClock, fresh_url=lambda: None) -> TransferResult:
    return transfer(HttpOpener(), host.url, partial, fresh_url=fresh_url, clock=clock)


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


def test_a_dead_link_is_exchanged_for_a_fresh_one(serving, partial, clock) -> None:
    """Without a pause, and for the rest of the transfer."""
    opener = serving(LinkDead("HTTP 403"), NoReply("reset"), BODY)
    assert _fetch(opener, partial, clock, lambda: "https://files.example/2").length == len(BODY)
    assert opener.opened == [f"https://files.example/{number}" for number in (1, 2, 2)]


def test_a_dead_link_without_a_fresh_one_is_an_error(serving, partial, clock) -> None:
    """The error says what was tried."""
    with pytest.raises(LinkDead, match="HTTP 403, and the vendor has no other"):
        _fetch(serving(LinkDead("files.example answered HTTP 403")), partial, clock)


def test_a_fresh_link_is_asked_for_once(serving, partial, clock) -> None:
    """A vendor that gives dead links is not asked for ever."""
    asked: list[str] = []

    def fresh_url() -> str:
        asked.append("once")
        return "https://files.example/2"

    with pytest.raises(LinkDead, match="as it did before for another"):
        _fetch(serving(LinkDead("HTTP 403"), LinkDead("HTTP 403")), partial, clock, fresh_url)
    assert asked == ["once"]


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
        assert received == TransferResult(len(video), hashlib.sha256(video).hexdigest(), "video/mp4")
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

    def test_on_a_fresh_link(self, host: VideoHost, partial: Partial, clock, video) -> None:
        """The old one died in the middle; the new one leads to the same file."""
        host.does.statuses, host.does.cuts = [None, 403], [1000]
        _land(host, partial, clock, lambda: f"{host.url}&fresh=1")
        assert partial.path.read_bytes() == video
        assert host.fetches[-1].path.endswith("fresh=1")
        assert [fetch.range for fetch in host.fetches] == [None, "bytes=1000-", "bytes=1000-"]

    def test_on_one_fresh_link_after_the_other(self, host: VideoHost, partial: Partial, clock, video) -> None:
        """As long as each brings something."""
        host.does.statuses, host.does.cuts = [None, 403, None, 403], [1000, 2000]
        _land(host, partial, clock, lambda: host.url)
        assert host.sent == len(video)

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

    def test_what_is_all_there_needs_no_living_link(self, host: VideoHost, partial, clock, video) -> None:
        """An earlier try had everything, and could not put it in place."""
        _land(host, partial, clock)
        host.does.statuses = [403, 403]
        received = _land(host, partial, clock, lambda: host.url)
        assert (received.length, received.sha256) == (len(video), hashlib.sha256(video).hexdigest())

    def test_more_bytes_than_promised_are_not_resumed(self, serving, reply, partial, clock) -> None:
        """Something is wrong with all of them."""
        with pytest.raises(DownloadIncomplete):
            _fetch(serving(*[reply(BODY + b"!", promised=len(BODY))] * MAX_ATTEMPTS), partial, clock)
        assert (partial.length, partial.path.read_bytes()) == (0, b"")

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cuts=st.lists(st.integers(0, 3498), max_size=8), reset=st.booleans(), tagged=st.booleans())
    def test_wherever_the_connection_breaks(
        self, host: VideoHost, partial: Partial, video, cuts, reset, tagged
    ) -> None:
        """The bytes are right, and after a clean break none comes twice."""
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
transfer(Opener(), "https://files.example/1", partial, fresh_url=lambda: None, clock=SYSTEM_CLOCK)
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
