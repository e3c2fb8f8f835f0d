"""A partial file knows what it holds, and takes only bytes that belong to it."""

from __future__ import annotations

import gc
import hashlib
import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.landing.land import VideoSource
from airflow_provider_seedance.core.landing.partial import Partial, RunningHash, Version, read_metadata
from airflow_provider_seedance.errors import ResumeRefused
from tests.core.landing.conftest import NOW

LINK = "https://files.example/abc/v.mp4?X-Tos-Signature=secret"


def _stream(*, start: int = 0, total: int | None = 10, etag: str | None = '"1"') -> MediaStream:
    return MediaStream(iter(()), total=total, content_type=None, etag=etag, start=start)


def _reopened(path: Path, source: VideoSource, version: Version) -> Partial:
    """What another try finds."""
    return Partial(path, path.open("r+b", buffering=0), source.generation, None, path.stat().st_size, version)


@pytest.mark.parametrize(
    ("earlier", "now", "answer"),
    [
        (Version(etag='"1"', total=10), Version(etag='"1"', total=10), True),
        (Version(etag='"1"', total=10), Version(etag='"2"', total=10), False),
        (Version(etag='"1"', total=10), Version(etag='"1"', total=11), False),
        (Version(etag='"1"'), Version(etag='"1"', total=10), True),
        (Version(total=10), Version(etag='"1"', total=10), True),
        (Version(etag='"1"'), Version(total=10), False),
        (Version(), Version(), False),
    ],
)
def test_versions_agree_in_all_that_both_tell(earlier: Version, now: Version, answer: bool) -> None:
    """And they must both tell something."""
    assert now.may_follow(earlier) is answer


def test_bytes_are_hashed_as_they_come(partial: Partial) -> None:
    """And are in the file at once: the process may die."""
    partial.begin(_stream(), LINK, NOW)
    for chunk in (b"01234", b"56789"):
        partial.append(chunk)
        assert partial.path.read_bytes().endswith(chunk)
    assert partial.complete
    assert partial.sha256 == hashlib.sha256(b"0123456789").hexdigest()


def test_the_metadata_hold_no_link(partial: Partial) -> None:
    """With some vendors the path alone is a key."""
    partial.begin(_stream(), LINK, NOW)
    assert partial.metadata_path
    assert json.loads(partial.metadata_path.read_bytes()) == {
        "etag": '"1"',
        "total": 10,
        "vendor": "evolink",
        "generation_id": "task-1",
        "host": "files.example",
        "started_at": "2026-03-01T12:00:00Z",
    }


def test_what_cannot_be_told_apart_gets_no_metadata(partial: Partial) -> None:
    """Nobody could resume it."""
    partial.begin(_stream(), LINK, NOW)
    partial.begin(_stream(total=None, etag=None), LINK, NOW)
    assert partial.metadata_path
    assert not partial.metadata_path.exists()


@pytest.mark.parametrize("text", ["", "{", '{"etag": 1}', '{"total": 10}'])
def test_metadata_that_cannot_be_read_are_none(tmp_path: Path, text: str) -> None:
    """A killed process may leave half of one."""
    (tmp_path / "metadata").write_text(text)
    assert read_metadata(tmp_path / "metadata") is None
    assert read_metadata(tmp_path / "nothing") is None


@pytest.mark.parametrize(
    ("there", "version", "place"),
    [
        (b"", Version(etag='"1"', total=10), 0),
        (b"01234", Version(etag='"1"', total=10), 5),
        (b"01234", Version(etag='"1"'), 5),
        (b"0123456789", Version(total=10), 9),
        (b"01234", Version(), 0),
    ],
)
def test_where_it_resumes(
    tmp_path: Path, source: VideoSource, there: bytes, version: Version, place: int
) -> None:
    """Of a whole file the last one, so that the host can confirm it."""
    (tmp_path / "part").write_bytes(there)
    assert _reopened(tmp_path / "part", source, version).resume_at == place


@pytest.mark.parametrize("start", [0, 3, 5])
def test_another_try_resumes(tmp_path: Path, source: VideoSource, start: int) -> None:
    """From the end or before it; the hash is over all bytes."""
    (tmp_path / "part").write_bytes(b"01234")
    again = _reopened(tmp_path / "part", source, Version(etag='"1"'))
    again.begin(_stream(start=start), LINK, NOW)
    again.append(b"0123456789"[start:])
    assert (tmp_path / "part").read_bytes() == b"0123456789"
    assert again.sha256 == hashlib.sha256(b"0123456789").hexdigest()
    assert again.complete


def test_the_middle_of_another_version_is_refused(tmp_path: Path, source: VideoSource) -> None:
    """What is there stays as it is."""
    (tmp_path / "part").write_bytes(b"01234")
    again = _reopened(tmp_path / "part", source, Version(etag='"1"'))
    with pytest.raises(ResumeRefused, match="has changed at its host"):
        again.begin(_stream(start=5, etag='"2"'), LINK, NOW)
    assert (tmp_path / "part").read_bytes() == b"01234"


@given(st.lists(st.binary()))
def test_chunks_are_hashed_in_order(chunks: list[bytes]) -> None:
    """Whatever their number and size; it can be asked for in between."""
    running = RunningHash()
    for number, chunk in enumerate(chunks, 1):
        running.update(chunk)
        if number == 2:
            assert running.hexdigest() == hashlib.sha256(b"".join(chunks[:2])).hexdigest()
    assert running.hexdigest() == hashlib.sha256(b"".join(chunks)).hexdigest()


def test_the_hashing_thread_ends_with_its_hash() -> None:
    """A worker that lands many videos does not gather threads."""
    before = set(threading.enumerate())
    running = RunningHash()
    running.update(b"chunk")
    assert running.hexdigest()
    (thread,) = set(threading.enumerate()) - before
    del running
    gc.collect()
    thread.join(10)
    assert not thread.is_alive()
