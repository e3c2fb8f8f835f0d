"""Probing of input media."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.emulator.media.inputs import BadMedia, probe, read_data_uri
from airflow_provider_seedance.emulator.media.samples import SAMPLES


def test_files_are_examined():
    """Size, length and rate of what was sent in."""
    video = probe(SAMPLES["reference.mp4"].media.load(), "video")
    assert (video.width, video.height, video.fps) == (1280, 720, 24.0)
    assert video.seconds == pytest.approx(5, abs=0.1)
    assert probe(SAMPLES["reference.wav"].media.load(), "audio").seconds == pytest.approx(5)


@pytest.mark.parametrize(("uri", "kind"), [
    ("data:image/png;base64,@@@", "image"), ("data:image/png;base64,AAAA", "image"),
    ("data:image/PNG;base64,AAAA", "image"), ("data:audio/wav;base64,AAAA", "audio"), ("data:image/png,AA", "image"),
])  # fmt: skip
def test_bad_data_uris_are_refused(uri, kind):
    """Form, encoding and content are all looked at."""
    with pytest.raises(BadMedia):
        read_data_uri(uri, kind)
