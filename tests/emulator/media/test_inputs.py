"""Probing of input media."""

from __future__ import annotations

import io

import pytest
from PIL import Image

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


SDP = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5004 RTP/AVP 96\r\n"
HLS = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://%s\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile '%s'\n"
DASH = b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>'


@pytest.mark.parametrize("kind", ["video", "audio"])
@pytest.mark.parametrize("content", [SDP, HLS, CONCAT, DASH, b"", b"x" * 100])
def test_what_names_other_files_and_addresses_is_no_medium(content, kind, tmp_path):
    """A playlist of a good file is refused as well, so nothing that it names was opened."""
    good = tmp_path / ("good.mp4" if kind == "video" else "good.wav")
    good.write_bytes(SAMPLES["reference.mp4" if kind == "video" else "reference.wav"].media.load())
    content = content.replace(b"%s", str(good).encode())
    with pytest.raises(BadMedia, match=f"not a readable {kind}"):
        probe(content, kind)


@pytest.mark.parametrize("kind", ["video", "audio"])
@pytest.mark.parametrize("disguise", [b"\0\0\0\x18ftypisom", b"RIFF\0\0\0\0WAVE", b"ID3\4\0\0\0\0\0\0"])
def test_a_playlist_behind_the_first_bytes_of_a_medium_stays_unread(disguise, kind):
    """The reader is chosen by the first bytes, and it is the only one that is tried."""
    with pytest.raises(BadMedia):
        probe(disguise + CONCAT.replace(b"%s", b"/etc/passwd"), kind)


def test_a_picture_in_another_format_is_refused():
    """Only the decoders of the formats that vendors take are tried."""
    target = io.BytesIO()
    Image.new("RGB", (400, 400)).save(target, "PPM")
    with pytest.raises(BadMedia, match="not a readable image"):
        probe(target.getvalue(), "image")
