"""What is known of a file by its content alone."""

from __future__ import annotations

import io
import sys

import pytest

from airflow_provider_seedance.core.media.probe import Unreadable, probe
from tests.core.media.files import image, lasting, sample, wav


def _probe(content: bytes):
    return probe(io.BytesIO(content), len(content))


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "bmp", "tiff", "webp"])
def test_an_image_is_known_by_its_content(form) -> None:
    info = _probe(image(640, 480, form))
    assert (info.kind, info.format, info.width, info.height) == ("image", form, 640, 480)


def test_a_video_is_measured_by_its_index() -> None:
    info = _probe(lasting(sample("reference.mp4"), 16))
    assert (info.kind, info.format, info.width, info.height) == ("video", "mp4", 1280, 720)
    assert (info.seconds, info.fps) == (16, 24)
    assert (info.video_codec, info.audio_codec) == ("h264", "aac")


@pytest.mark.parametrize(("content", "seconds"), [(wav(2.5), 2.5), (wav(3, 44_100), 3)])
def test_a_wav_by_its_header(content, seconds) -> None:
    info = _probe(content)
    assert (info.kind, info.format, info.seconds) == ("audio", "wav", seconds)


def test_an_mp3_by_its_frames() -> None:
    info = _probe(sample("reference.mp3"))
    assert (info.kind, info.format) == ("audio", "mp3")
    assert info.seconds == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize("content", [b"", b"hello, world", b"<html>", b"%PDF-1.7", bytes(64)])
def test_anything_else_is_no_medium(content) -> None:
    assert _probe(content).kind is None


@pytest.mark.parametrize(
    "content",
    [image()[:20], image(form="jpeg")[:10], sample("reference.mp4")[:5_000], wav()[:20], b"ID3" + bytes(40)],
)
def test_a_broken_file_says_so(content) -> None:
    with pytest.raises(Unreadable):
        _probe(content)


@pytest.mark.parametrize(
    ("library", "content", "unmeasured"),
    [("PIL", image(), ("side", "ratio")), ("av", sample("reference.mp3"), ("seconds",))],
)
def test_without_a_library_what_it_tells_is_unknown(library, content, unmeasured, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    info = _probe(content)
    assert info.kind
    assert info.unmeasured == unmeasured
