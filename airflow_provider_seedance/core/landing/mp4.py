"""Whether a local file is a whole MP4 (or QuickTime) file, and what is in it, told by its boxes alone.

The media bytes themselves are stepped over, not read (contract: ISO/IEC 14496-12).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from airflow_provider_seedance.core.landing.boxes import (
    Box,
    file_as_box,
    iter_children,
    read_numbers,
    read_table,
)
from airflow_provider_seedance.core.landing.manifest import Media
from airflow_provider_seedance.errors import VideoCorrupt

_CODECS = {
    "avc1": "h264",
    "avc3": "h264",
    "hvc1": "hevc",
    "hev1": "hevc",
    "av01": "av1",
    "vp09": "vp9",
    "mp4v": "mpeg4",
    "mp4a": "aac",
    ".mp3": "mp3",
    "ac-3": "ac3",
    "ec-3": "eac3",
}
_UNKNOWN_DURATIONS = (0, 2**32 - 1, 2**64 - 1)


def read_mp4(path: Path) -> Media:
    """What the boxes of the file at ``path`` tell about it.

    :raises VideoCorrupt: if it is not an MP4 file, or not a whole one, saying what is wrong where.
    """
    with path.open("rb") as file:
        start = file.read(16)
        if start[4:8] != b"ftyp":
            raise VideoCorrupt(f"the file is not an MP4: it starts with {start!r}")
        whole = file_as_box(file)
        top = _by_kind(file, whole)
        moov = _require(top, "moov", whole)
        _require(top, "mdat", whole)
        return _read_movie(file, moov, whole.size)


def _read_movie(file: BinaryIO, moov: Box, file_size: int) -> Media:
    tracks: dict[str, tuple[Box, Box]] = {}
    for trak in iter_children(file, moov):
        if trak.kind == "trak":
            mdia = _require(_by_kind(file, trak), "mdia", trak)
            parts = _by_kind(file, mdia)
            minf = _require(parts, "minf", mdia)
            stbl = _require(_by_kind(file, minf), "stbl", minf)
            _check_samples(file, stbl, file_size)
            (handler,) = read_numbers(file, _require(parts, "hdlr", mdia), ">4s", 8)
            tracks.setdefault(handler.decode("latin-1"), (_require(parts, "mdhd", mdia), stbl))
    if "vide" not in tracks:
        raise VideoCorrupt("the file has no video track")
    mvhd = _require(_by_kind(file, moov), "mvhd", moov)
    media_header, stbl = tracks["vide"]
    width, height = read_numbers(file, _require(_by_kind(file, stbl), "stsd", stbl), ">HH", 40)
    return Media(
        duration=_duration(file, mvhd),
        width=width,
        height=height,
        fps=_frame_rate(file, media_header, stbl),
        video_codec=_codec(file, stbl),
        audio_codec=_codec(file, tracks["soun"][1]) if "soun" in tracks else None,
    )


def _by_kind(file: BinaryIO, box: Box) -> dict[str, Box]:
    """The first child of each kind."""
    found: dict[str, Box] = {}
    for child in iter_children(file, box):
        found.setdefault(child.kind, child)
    return found


def _require(found: dict[str, Box], kind: str, parent: Box) -> Box:
    if kind not in found:
        raise VideoCorrupt(f"{parent.kind!r} has no box {kind!r}; it has {', '.join(found) or 'nothing'}")
    return found[kind]


def _scale_and_units(file: BinaryIO, header: Box) -> tuple[int, int]:
    """Units per second and duration in them; ``mvhd`` and ``mdhd`` have them in the same place."""
    (version,) = read_numbers(file, header, ">B")
    scale, units = (
        read_numbers(file, header, ">IQ", 20) if version == 1 else read_numbers(file, header, ">II", 12)
    )
    if scale == 0:
        raise VideoCorrupt(f"box {header.kind!r} at byte {header.start} counts 0 units per second")
    return scale, units


def _duration(file: BinaryIO, mvhd: Box) -> float | None:
    scale, units = _scale_and_units(file, mvhd)
    # A fragmented file does not know its length up front.
    return None if units in _UNKNOWN_DURATIONS else round(units / scale, 3)


def _frame_rate(file: BinaryIO, mdhd: Box, stbl: Box) -> float | None:
    scale, _ = _scale_and_units(file, mdhd)
    runs = read_table(file, _require(_by_kind(file, stbl), "stts", stbl), "II")
    frames, units = sum(count for count, _ in runs), sum(count * step for count, step in runs)
    return round(frames * scale / units, 3) if units else None


def _codec(file: BinaryIO, stbl: Box) -> str:
    """ffmpeg's name for the first sample description, or its own four letters."""
    (letters,) = read_numbers(file, _require(_by_kind(file, stbl), "stsd", stbl), ">4s", 12)
    name = str(letters, "latin-1")
    return _CODECS.get(name, name.strip().lower())


def _check_samples(file: BinaryIO, stbl: Box, file_size: int) -> None:
    """Refuse a file that ends before its last sample: an ``mdat`` that runs "to the end" hides the loss.

    :raises VideoCorrupt: naming the missing bytes.
    """
    found = _by_kind(file, stbl)
    offsets_box = found.get("stco") or found.get("co64")
    if not (offsets_box and "stsc" in found and "stsz" in found):
        return
    offsets = [
        offset for (offset,) in read_table(file, offsets_box, "I" if offsets_box.kind == "stco" else "Q")
    ]
    runs = read_table(file, found["stsc"], "III")
    first_chunks = [first for first, _, _ in runs]
    bytes_of = _sample_sizes(file, found["stsz"])
    end, sample = 0, 0
    for chunk, offset in enumerate(offsets if runs else (), 1):
        _, count, _ = runs[bisect_right(first_chunks, chunk) - 1]
        end = max(end, offset + bytes_of(sample, count))
        sample += count
    if end > file_size:
        raise VideoCorrupt(f"the last sample ends at byte {end}, and the file at byte {file_size}")


def _sample_sizes(file: BinaryIO, stsz: Box) -> Callable[[int, int], int]:
    """How many bytes so many samples from a given one take."""
    (uniform,) = read_numbers(file, stsz, ">I", 4)
    if uniform:
        return lambda _, count: count * int(uniform)
    sizes = [size for (size,) in read_table(file, stsz, "I", 8)]
    return lambda first, count: sum(sizes[first : first + count])
