"""A file's boxes, and a player where there is one, tell whether it is whole; it is compared with what was asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from airflow_provider_seedance.core.landing.manifest import Media, Mismatch
from airflow_provider_seedance.core.landing.verify import find_mismatches, probe
from airflow_provider_seedance.errors import VideoCorrupt
from airflow_provider_seedance.models import ExpectedVideo

SECOND = Media(duration=1.042, width=64, height=48, fps=24.0, video_codec="h264", audio_codec="aac")
MEDIA = Media(duration=5.042, width=1280, height=720, fps=24.0, video_codec="h264", audio_codec="aac")


@pytest.fixture
def without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)


@pytest.mark.parametrize("shape", ["sound", "faststart", "mov"])
def test_a_player_finds_what_the_boxes_say(videos: dict[str, Path], shape: str) -> None:
    """The two readings use the same words and units."""
    assert probe(videos[shape]) == SECOND


@pytest.mark.usefixtures("without_pyav")
def test_the_extra_is_optional(videos: dict[str, Path]) -> None:
    """Without PyAV the boxes' own answer is given."""
    assert probe(videos["silent"]) == SECOND.model_copy(update={"audio_codec": None})


def test_a_player_knows_the_length_of_a_fragmented_file(videos: dict[str, Path]) -> None:
    """What the boxes leave open, PyAV fills in."""
    assert probe(videos["fragmented"]).duration == pytest.approx(1.04, abs=0.1)


def test_pictures_that_cannot_be_decoded_are_corrupt(tmp_path: Path, videos: dict[str, Path]) -> None:
    """Right boxes around the wrong bytes are found by playing."""
    whole = videos["faststart"].read_bytes()
    start = whole.index(b"mdat") + 4
    damaged = tmp_path / "v.mp4"
    damaged.write_bytes(whole[:start] + bytes(len(whole) - start))
    with pytest.raises(VideoCorrupt, match="has the form of an MP4"):
        probe(damaged)


@pytest.mark.usefixtures("without_pyav")
def test_boxes_alone_do_not_see_into_the_pictures(tmp_path: Path, videos: dict[str, Path]) -> None:
    """The price of leaving the extra out."""
    whole = videos["faststart"].read_bytes()
    start = whole.index(b"mdat") + 4
    damaged = tmp_path / "v.mp4"
    damaged.write_bytes(whole[:start] + bytes(len(whole) - start))
    assert probe(damaged) == SECOND


@pytest.mark.parametrize("content", [b"", b"not a video", b"\x00\x00\x00\x08ftyp"])
def test_what_is_no_video_is_corrupt(tmp_path: Path, content: bytes) -> None:
    """The boxes are looked at first."""
    path = tmp_path / "v.mp4"
    path.write_bytes(content)
    with pytest.raises(VideoCorrupt):
        probe(path)


@pytest.mark.parametrize(
    "expected",
    [
        ExpectedVideo(),
        ExpectedVideo(duration=5),
        ExpectedVideo(duration=5.29),
        ExpectedVideo(duration=4.8, width=1280, height=720, audio=True),
    ],
)
def test_a_video_as_expected(expected: ExpectedVideo) -> None:
    """One frame more than 24 a second is the rule, and a little sound may trail."""
    assert find_mismatches(expected, MEDIA) == ()


@pytest.mark.parametrize(
    ("expected", "mismatch"),
    [
        (ExpectedVideo(duration=10), Mismatch(field="duration", expected=10, actual=5.042)),
        (ExpectedVideo(duration=4.7), Mismatch(field="duration", expected=4.7, actual=5.042)),
        (ExpectedVideo(width=1281), Mismatch(field="width", expected=1281, actual=1280)),
        (ExpectedVideo(height=704), Mismatch(field="height", expected=704, actual=720)),
        (ExpectedVideo(audio=False), Mismatch(field="audio", expected=False, actual=True)),
    ],
)
def test_a_difference_is_named(expected: ExpectedVideo, mismatch: Mismatch) -> None:
    """Length within a quarter of a second, size to the pixel, sound or none."""
    assert find_mismatches(expected, MEDIA) == (mismatch,)


def test_all_differences_are_named() -> None:
    """Not only the first one."""
    silent = MEDIA.model_copy(update={"audio_codec": None})
    found = find_mismatches(ExpectedVideo(duration=9, width=1, height=2, audio=True), silent)
    assert [mismatch.field for mismatch in found] == ["duration", "width", "height", "audio"]


def test_what_is_not_known_of_the_file_is_not_a_difference() -> None:
    """A file that was not read says nothing about its sound either."""
    assert find_mismatches(ExpectedVideo(duration=9, width=1, height=2, audio=True), Media()) == ()
