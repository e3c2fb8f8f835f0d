"""With PyAV a file is also played a little; without it, the boxes must do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from airflow_provider_seedance.core.landing.manifest import Media
from airflow_provider_seedance.core.landing.probe import probe
from airflow_provider_seedance.errors import VideoCorrupt

SECOND = Media(duration=1.042, width=64, height=48, fps=24.0, video_codec="h264", audio_codec="aac")


@pytest.fixture
def without_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)


@pytest.mark.parametrize("shape", ["sound", "faststart", "mov"])
def test_a_player_finds_what_the_boxes_say(films: dict[str, Path], shape: str) -> None:
    """The two readings use the same words and units."""
    assert probe(films[shape]) == SECOND


@pytest.mark.usefixtures("without_pyav")
def test_the_extra_is_optional(films: dict[str, Path]) -> None:
    """Without PyAV the boxes' own answer is given."""
    assert probe(films["silent"]) == SECOND.model_copy(update={"audio_codec": None})


def test_a_player_knows_the_length_of_a_fragmented_file(films: dict[str, Path]) -> None:
    """What the boxes leave open, PyAV fills in."""
    assert probe(films["fragmented"]).duration == pytest.approx(1.04, abs=0.1)


def test_pictures_that_cannot_be_decoded_are_corrupt(tmp_path: Path, films: dict[str, Path]) -> None:
    """Right boxes around the wrong bytes are found by playing."""
    whole = films["faststart"].read_bytes()
    start = whole.index(b"mdat") + 4
    damaged = tmp_path / "v.mp4"
    damaged.write_bytes(whole[:start] + bytes(len(whole) - start))
    with pytest.raises(VideoCorrupt, match="has the form of an MP4"):
        probe(damaged)


@pytest.mark.usefixtures("without_pyav")
def test_boxes_alone_do_not_see_into_the_pictures(tmp_path: Path, films: dict[str, Path]) -> None:
    """The price of leaving the extra out."""
    whole = films["faststart"].read_bytes()
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
