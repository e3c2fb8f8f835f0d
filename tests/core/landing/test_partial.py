"""A partial file knows what it holds, and takes only what belongs to it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.landing.land import VideoSource
from airflow_provider_seedance.core.landing.partial import Partial, Version, read_metadata
from airflow_provider_seedance.errors import ResumeRefused
from tests.core.landing.conftest import NOW

LINK = "https://files.example/abc/v.mp4?X-Tos-Signature=secret"


def _stream(*, start: int = 0, total: int | None = 10, etag: str | None = '"1"') -> MediaStream:
    return MediaStream(iter(()), total=total, content_type=None, etag=etag, start=start)


def _reopened(path: Path, clip: VideoSource, version: Version) -> Partial:
    """What another try finds."""
    return Partial(path, path.open("r+b", buffering=0), clip.provenance, None, path.stat().st_size, version)


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
    assert now.continues(earlier) is answer


def test_bytes_are_hashed_as_they_come(partial: Partial) -> None:
    """And are in the file at once: the process may die."""
    partial.begin(_stream(), LINK, NOW)
    for chunk in (b"01234", b"56789"):
        partial.append(chunk)
        assert partial.path.read_bytes().endswith(chunk)
    assert partial.complete
    assert partial.sha256 == hashlib.sha256(b"0123456789").hexdigest()


def test_the_note_tells_no_link(partial: Partial) -> None:
    """With some vendors the path alone is a key."""
    partial.begin(_stream(), LINK, NOW)
    assert partial.note
    assert json.loads(partial.note.read_bytes()) == {
        "etag": '"1"',
        "total": 10,
        "vendor": "evolink",
        "generation_id": "task-1",
        "host": "files.example",
        "started_at": "2026-03-01T12:00:00Z",
    }


def test_what_cannot_be_told_apart_gets_no_note(partial: Partial) -> None:
    """Nobody could go on with it."""
    partial.begin(_stream(), LINK, NOW)
    partial.begin(_stream(total=None, etag=None), LINK, NOW)
    assert partial.note
    assert not partial.note.exists()


@pytest.mark.parametrize("text", ["", "{", '{"etag": 1}', '{"total": 10}'])
def test_a_note_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    """A killed process may leave half of one."""
    (tmp_path / "note").write_text(text)
    assert read_metadata(tmp_path / "note") is None
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
def test_the_next_byte(tmp_path: Path, clip: VideoSource, there: bytes, version: Version, place: int) -> None:
    """Of a whole file the last one, so that the host can confirm it."""
    (tmp_path / "part").write_bytes(there)
    assert _reopened(tmp_path / "part", clip, version).next_byte == place


@pytest.mark.parametrize("start", [0, 3, 5])
def test_another_try_goes_on(tmp_path: Path, clip: VideoSource, start: int) -> None:
    """From the end or before it; the hash is over all bytes."""
    (tmp_path / "part").write_bytes(b"01234")
    again = _reopened(tmp_path / "part", clip, Version(etag='"1"'))
    again.begin(_stream(start=start), LINK, NOW)
    again.append(b"0123456789"[start:])
    assert (tmp_path / "part").read_bytes() == b"0123456789"
    assert again.sha256 == hashlib.sha256(b"0123456789").hexdigest()
    assert again.complete


def test_the_middle_of_another_version_is_refused(tmp_path: Path, clip: VideoSource) -> None:
    """What is there stays as it is."""
    (tmp_path / "part").write_bytes(b"01234")
    again = _reopened(tmp_path / "part", clip, Version(etag='"1"'))
    with pytest.raises(ResumeRefused, match="has changed at its host"):
        again.begin(_stream(start=5, etag='"2"'), LINK, NOW)
    assert (tmp_path / "part").read_bytes() == b"01234"
