"""A file's boxes tell whether it is whole, and what is in it."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.core.landing.manifest import Media
from airflow_provider_seedance.core.landing.mp4 import read_mp4
from airflow_provider_seedance.errors import VideoCorrupt

SECOND = Media(duration=1.042, width=64, height=48, fps=24.0, video_codec="h264", audio_codec="aac")

one_file = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("shape", ["sound", "faststart", "mov"])
def test_a_file_tells_what_is_in_it(videos: dict[str, Path], shape: str) -> None:
    """Wherever the index stands, and in MP4 as in QuickTime."""
    assert read_mp4(videos[shape]) == SECOND


def test_a_file_without_sound(videos: dict[str, Path]) -> None:
    """No sound track is no audio codec."""
    assert read_mp4(videos["silent"]) == SECOND.model_copy(update={"audio_codec": None})


def test_a_fragmented_file_does_not_tell_its_length(videos: dict[str, Path]) -> None:
    """What its first index does not know is left open."""
    assert read_mp4(videos["fragmented"]) == SECOND.model_copy(update={"duration": None, "fps": None})


def test_large_sizes_are_read(tmp_path: Path, video: bytes) -> None:
    """A size of 1 says that the size follows in 64 bits."""
    padding = struct.pack(">I4sQ", 1, b"free", 20) + b"pad."
    assert read_mp4(_written(tmp_path, video + padding)) == SECOND


def test_the_last_box_may_be_open_ended(tmp_path: Path, videos: dict[str, Path]) -> None:
    """A size of 0 says "to the end of the file"."""
    assert read_mp4(_written(tmp_path, _open_ended(videos["faststart"].read_bytes()))) == SECOND


@pytest.mark.parametrize("shape", ["sound", "faststart", "silent", "mov"])
def test_a_file_cut_anywhere_is_found(videos: dict[str, Path], tmp_path: Path, shape: str) -> None:
    """Not one byte may be missing at the end."""
    whole = videos[shape].read_bytes()
    for length in range(0, len(whole), 7):
        with pytest.raises(VideoCorrupt):
            read_mp4(_written(tmp_path, whole[:length]))
    with pytest.raises(VideoCorrupt):
        read_mp4(_written(tmp_path, whole[:-1]))


def test_a_cut_in_an_open_ended_box_is_found(tmp_path: Path, videos: dict[str, Path]) -> None:
    """The box still fits, and the index knows of samples beyond the end."""
    whole = _open_ended(videos["faststart"].read_bytes())
    with pytest.raises(VideoCorrupt, match="last sample ends at byte"):
        read_mp4(_written(tmp_path, whole[:-1]))


TRAILERS = {
    "zeros": bytes(8),
    "many zeros": bytes(5000),
    "a few bytes": b"tail",
    "garbage": bytes(range(255, 0, -1)),
    "half a box": struct.pack(">I4s", 5000, b"free") + bytes(90),
    "half a media box": struct.pack(">I4s", 5000, b"mdat") + bytes(90),
    "half a header": struct.pack(">I", 5000),
    "a box without size": struct.pack(">I4s", 4, b"free"),
    "an ID3 tag": b"TAG" + b"title".ljust(125, b"\0"),
    "a page": b"<html></html>",
}


@pytest.mark.parametrize("shape", ["sound", "faststart", "silent", "mov"])
@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
def test_bytes_after_the_last_box_are_a_note(videos, tmp_path: Path, shape: str, trailer: bytes) -> None:
    """The video plays everywhere: index, media and all samples are whole."""
    media = read_mp4(_written(tmp_path, videos[shape].read_bytes() + trailer))
    assert media.notes == (
        f"{len(trailer)} bytes after the video's last box are no part of it, and are kept.",
    )
    assert media.model_copy(update={"notes": ()}) == read_mp4(videos[shape])


@pytest.mark.parametrize("kind", [b"free", b"uuid", b"skip", b"udta", b"id32"])
def test_whole_boxes_after_the_media_are_nothing_unusual(tmp_path: Path, video: bytes, kind: bytes) -> None:
    box = struct.pack(">I4s", 24, kind) + bytes(16)
    assert read_mp4(_written(tmp_path, video + box)).notes == ()


@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
def test_a_fragmented_file_must_end_with_a_box(videos, tmp_path: Path, trailer: bytes) -> None:
    """Its index does not know all samples: what follows may be what is left of a fragment."""
    with pytest.raises(VideoCorrupt):
        read_mp4(_written(tmp_path, videos["fragmented"].read_bytes() + trailer))


@pytest.mark.parametrize("shape", ["sound", "faststart"])
@pytest.mark.parametrize("trailer", [bytes(8), b"tail"])
def test_a_cut_file_with_a_trailer_is_still_cut(videos, tmp_path: Path, shape: str, trailer: bytes) -> None:
    """The bytes that are missing are not made up for by others."""
    whole = videos[shape].read_bytes()
    for missing in (len(trailer), 100, 700):
        with pytest.raises(VideoCorrupt):
            read_mp4(_written(tmp_path, whole[: -missing - 1] + trailer))


def test_error_texts_are_short(tmp_path: Path) -> None:
    """However many kinds of boxes there are."""
    boxes = b"".join(struct.pack(">I4s", 8, f"{number:04x}".encode()) for number in range(9000))
    with pytest.raises(VideoCorrupt) as caught:
        read_mp4(_written(tmp_path, struct.pack(">I4s", 8, b"ftyp") + boxes))
    assert len(str(caught.value)) < 500


@given(at=st.integers(0, 3497), junk=st.binary(min_size=1, max_size=64))
@one_file
def test_any_damage_is_either_harmless_or_corrupt(tmp_path: Path, video: bytes, at: int, junk: bytes) -> None:
    """Whatever the bytes, no other error comes out."""
    _read_or_refuse(_written(tmp_path, video[:at] + junk + video[at + len(junk) :]))


@given(at=st.integers(2000, 3490), value=st.sampled_from([0, 1, 7, 2**31, 2**32 - 1]))
@one_file
def test_any_wrong_number_in_the_index_is_either_harmless_or_corrupt(
    tmp_path: Path, video: bytes, at: int, value: int
) -> None:
    """Counts and sizes of any height cost neither memory nor another error."""
    _read_or_refuse(_written(tmp_path, video[:at] + struct.pack(">I", value) + video[at + 4 :]))


@given(junk=st.binary(max_size=200))
@one_file
def test_any_bytes_after_the_start_are_either_harmless_or_corrupt(tmp_path: Path, junk: bytes) -> None:
    """A file that only starts like an MP4 is refused."""
    with pytest.raises(VideoCorrupt):
        read_mp4(_written(tmp_path, struct.pack(">I4s8s", 16, b"ftyp", b"isom") + junk))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda whole: b"", "it starts with b''"),
        (lambda whole: b"<html><body>Forbidden</body></html>", "it starts with b'<html>"),
        (lambda whole: whole.replace(b"moov", b"free"), "no box 'moov'; it has ftyp, free, mdat"),
        (lambda whole: whole.replace(b"mdat", b"free"), "no box 'mdat'"),
        (lambda whole: whole.replace(b"vide", b"text"), "no video track"),
        (lambda whole: whole.replace(b"mdia", b"free"), "'trak' has no box 'mdia'"),
        (lambda whole: _resized(whole, b"stsd", 4), "gives its size as 4, less than its header"),
        (lambda whole: _resized(whole, b"stsd", 0), "gives its size as 0, less than its header"),
        (lambda whole: _resized(whole, b"mvhd", 2**31), "'mvhd' at byte .* needs 2147483648 bytes"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, video: bytes, change, message: str) -> None:
    """The error names the box and the place."""
    with pytest.raises(VideoCorrupt, match=message):
        read_mp4(_written(tmp_path, change(video)))


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "v.mp4"
    path.write_bytes(content)
    return path


def _read_or_refuse(path: Path) -> None:
    try:
        media = read_mp4(path)
    except VideoCorrupt:
        return
    assert isinstance(media, Media)


def _resized(whole: bytes, kind: bytes, size: int) -> bytes:
    at = whole.index(kind) - 4
    return whole[:at] + struct.pack(">I", size) + whole[at + 4 :]


def _open_ended(whole: bytes) -> bytes:
    """``whole``, whose last box is ``mdat``, with that box's size left open."""
    return _resized(whole, b"mdat", 0)
