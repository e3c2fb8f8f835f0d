"""From a result link into a part file, over connections that break."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_seedance.errors import (
    DestinationError,
    DownloadIncomplete,
    LinkDead,
    NoReply,
    NotSent,
    SeedanceError,
    VendorUnavailable,
)
from airflow_provider_seedance.landing.transfer import ATTEMPTS, Received, transfer

BODY = bytes(range(256)) * 40


def _fetch(source, part: Path, naps: list[float], fresh_url=lambda: None) -> Received:
    return transfer(source, "https://files.example/1", part, fresh_url=fresh_url, sleep=naps.append)


def test_all_bytes_arrive_and_are_hashed(serving, tmp_path: Path, naps) -> None:
    """The part file holds what was sent, and the record says so."""
    received = _fetch(serving(BODY), tmp_path / "part", naps)
    assert (tmp_path / "part").read_bytes() == BODY
    assert received == Received(len(BODY), hashlib.sha256(BODY).hexdigest(), "video/mp4")


def test_a_host_need_not_say_the_length(serving, reply, tmp_path: Path, naps) -> None:
    """Whether all came is then for the file's own structure to tell."""
    assert _fetch(serving(reply(BODY)), tmp_path / "part", naps).length == len(BODY)


@pytest.mark.parametrize(
    "trouble",
    [NotSent("no connection"), NoReply("connection reset"), VendorUnavailable("HTTP 503", http_status=503)],
)
def test_passing_trouble_is_waited_out(serving, tmp_path: Path, naps, trouble: SeedanceError) -> None:
    """The transfer starts over after a growing pause."""
    source = serving(trouble, trouble, BODY)
    assert _fetch(source, tmp_path / "part", naps).length == len(BODY)
    assert naps == [1.0, 2.0]


def test_a_break_in_the_middle_leaves_nothing_behind(serving, reply, tmp_path: Path, naps) -> None:
    """The second attempt's bytes are not added to the first one's."""
    broken = reply(BODY * 2, promised=len(BODY) * 3, breaks_with=NoReply("connection reset"))
    _fetch(serving(broken, BODY), tmp_path / "part", naps)
    assert (tmp_path / "part").read_bytes() == BODY


@pytest.mark.parametrize(
    ("content", "promised"), [(BODY[:-1], len(BODY)), (BODY + b"!", len(BODY)), (b"", None)]
)
def test_a_wrong_length_is_incomplete(serving, reply, tmp_path: Path, naps, content, promised) -> None:
    """Too few bytes, too many, or none: fetched again, and in the end an error with both numbers."""
    source = serving(*[reply(content, promised=promised)] * ATTEMPTS)
    with pytest.raises(DownloadIncomplete, match=f"{len(content)} bytes of the video came"):
        _fetch(source, tmp_path / "part", naps)
    assert len(source.opened) == ATTEMPTS


def test_trouble_that_stays_is_raised(serving, tmp_path: Path, naps) -> None:
    """After the last attempt, the error is the vendor's own."""
    with pytest.raises(NoReply, match="the last one"):
        _fetch(
            serving(*[NoReply("reset")] * (ATTEMPTS - 1), NoReply("the last one")), tmp_path / "part", naps
        )
    assert naps == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(("asked", "slept"), [(7.0, 7.0), (0.1, 1.0), (3600.0, 60.0)])
def test_the_host_may_ask_for_a_longer_pause(serving, tmp_path: Path, naps, asked, slept) -> None:
    """Within reason."""
    _fetch(serving(VendorUnavailable("HTTP 503", retry_after=asked), BODY), tmp_path / "part", naps)
    assert naps == [slept]


def test_a_dead_link_is_exchanged_for_a_fresh_one(serving, tmp_path: Path, naps) -> None:
    """Without a pause, and for the rest of the transfer."""
    source = serving(LinkDead("HTTP 403"), NoReply("reset"), BODY)
    assert _fetch(source, tmp_path / "part", naps, lambda: "https://files.example/2").length == len(BODY)
    assert source.opened == [f"https://files.example/{number}" for number in (1, 2, 2)]


def test_a_dead_link_without_a_fresh_one_is_an_error(serving, tmp_path: Path, naps) -> None:
    """The error says what was tried."""
    with pytest.raises(LinkDead, match="HTTP 403, and the vendor has no other"):
        _fetch(serving(LinkDead("files.example answered HTTP 403")), tmp_path / "part", naps)


def test_a_fresh_link_is_asked_for_once(serving, tmp_path: Path, naps) -> None:
    """A vendor that gives dead links is not asked for ever."""
    asked: list[str] = []

    def fresh_url() -> str:
        asked.append("once")
        return "https://files.example/2"

    with pytest.raises(LinkDead, match="as it did before for another"):
        _fetch(serving(LinkDead("HTTP 403"), LinkDead("HTTP 403")), tmp_path / "part", naps, fresh_url)
    assert asked == ["once"]


def test_a_part_file_that_cannot_be_written_is_named(serving, tmp_path: Path, naps) -> None:
    """The path and the system's own words."""
    with pytest.raises(DestinationError, match=r"cannot write .*nowhere/part: .*No such file"):
        _fetch(serving(BODY), tmp_path / "nowhere" / "part", naps)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_named(serving, naps) -> None:
    """The system's own words tell full from forbidden, and no second attempt is made."""
    source = serving(BODY)
    with pytest.raises(DestinationError, match=r"cannot write /dev/full: .*No space left on device"):
        _fetch(source, Path("/dev/full"), naps)
    assert naps == []


_LAND_300_MIB = """
import resource, sys
from contextlib import contextmanager
from pathlib import Path
from airflow_provider_seedance.client.media import MediaStream
from airflow_provider_seedance.landing.transfer import transfer

class Source:
    @contextmanager
    def open(self, url):
        yield MediaStream((bytes(1 << 20) for _ in range(300)), 300 << 20, None, None)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak()
transfer(Source(), "https://files.example/1", Path(sys.argv[1]), fresh_url=lambda: None, sleep=print)
print(peak() - before)
"""


def test_memory_stays_flat(tmp_path: Path) -> None:
    """300 MiB pass through at most 32 MiB more than were in use before."""
    run = subprocess.run(
        [sys.executable, "-c", _LAND_300_MIB, str(tmp_path / "part")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (tmp_path / "part").stat().st_size == 300 << 20
    assert int(run.stdout) <= 32 * 1024
