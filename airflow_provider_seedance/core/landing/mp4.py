"""Whether a local file is a whole MP4 (or QuickTime) file, and what is in it, told by its boxes alone.

The media bytes themselves are stepped over, not read (contract: ISO/IEC 14496-12).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from airflow_provider_seedance.core.landing.boxes import (
    Box,
    BoxFile,
    TooComplex,
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
#: Kinds of boxes in an error's message.
_MAX_NAMED = 12
_UNKNOWN_DURATIONS = (0, 2**32 - 1, 2**64 - 1)


def read_mp4(path: Path) -> Media:
    """What the boxes of the file at ``path`` tell about it.

    Bytes after the last box do no harm, if the index and all samples that it knows are there: they are a note.

    :raises VideoCorrupt: if it is not an MP4 file, or not a whole one, saying what is wrong where.
    """
    with path.open("rb") as raw:
        return read_open_mp4(raw)


def read_open_mp4(raw: BinaryIO) -> Media:
    """As :func:`read_mp4`, for a file that is open."""
    start = raw.read(16)
    if start[4:8] != b"ftyp":
        raise VideoCorrupt(f"the file is not an MP4: it starts with {start!r}")
    file = BoxFile(raw)
    whole = file_as_box(file)
    top, end, fault = _top_level(file, whole)
    moov = _require(top, "moov", whole)
    _require(top, "mdat", whole)
    media, all_samples_found = _read_movie(file, moov, whole.size)
    if fault is None:
        return media
    # A file whose index does not know all of its samples may as well have been cut here.
    if "moof" in top or not all_samples_found:
        raise fault
    note = f"{whole.end - end} bytes after the video's last box are no part of it, and are kept."
    return media.model_copy(update={"notes": (note,)})


def _top_level(file: BoxFile, whole: Box) -> tuple[dict[str, Box], int, VideoCorrupt | None]:
    """The first box of each kind, where the last one ends, and what is wrong there."""
    found: dict[str, Box] = {}
    end = 0
    try:
        for child in iter_children(file, whole):
            found.setdefault(child.kind, child)
            end = child.end
    except TooComplex:
        raise
    except VideoCorrupt as fault:
        if {"moov", "mdat"} <= found.keys():
            return found, end, fault
        raise
    return found, end, None


def _read_movie(file: BoxFile, moov: Box, file_size: int) -> tuple[Media, bool]:
    """What the index tells, and whether it knows where all samples of all tracks are."""
    tracks: dict[str, tuple[Box, Box]] = {}
    complete = True
    for trak in iter_children(file, moov):
        complete = complete and trak.kind != "mvex"
        if trak.kind == "trak":
            mdia = _require(_by_kind(file, trak), "mdia", trak)
            parts = _by_kind(file, mdia)
            minf = _require(parts, "minf", mdia)
            stbl = _require(_by_kind(file, minf), "stbl", minf)
            complete = _check_samples(file, stbl, file_size) and complete
            (handler,) = read_numbers(file, _require(parts, "hdlr", mdia), ">4s", 8)
            tracks.setdefault(handler.decode("latin-1"), (_require(parts, "mdhd", mdia), stbl))
    if "vide" not in tracks:
        raise VideoCorrupt("the file has no video track")
    mvhd = _require(_by_kind(file, moov), "mvhd", moov)
    media_header, stbl = tracks["vide"]
    width, height = read_numbers(file, _require(_by_kind(file, stbl), "stsd", stbl), ">HH", 40)
    media = Media(
        duration=_duration(file, mvhd),
        width=width,
        height=height,
        fps=_frame_rate(file, media_header, stbl),
        video_codec=_codec(file, stbl),
        audio_codec=_codec(file, tracks["soun"][1]) if "soun" in tracks else None,
    )
    return media, complete


def _by_kind(file: BoxFile, box: Box) -> dict[str, Box]:
    """The first child of each kind."""
    found: dict[str, Box] = {}
    for child in iter_children(file, box):
        found.setdefault(child.kind, child)
    return found


def _require(found: dict[str, Box], kind: str, parent: Box) -> Box:
    if kind not in found:
        others = ", ".join(islice(found, _MAX_NAMED)) or "nothing"
        raise VideoCorrupt(f"{parent.kind!r} has no box {kind!r}; it has {others}")
    return found[kind]


def _scale_and_units(file: BoxFile, header: Box) -> tuple[int, int]:
    """Units per second and duration in them; ``mvhd`` and ``mdhd`` have them in the same place."""
    (version,) = read_numbers(file, header, ">B")
    scale, units = (
        read_numbers(file, header, ">IQ", 20) if version == 1 else read_numbers(file, header, ">II", 12)
    )
    if scale == 0:
        raise VideoCorrupt(f"box {header.kind!r} at byte {header.start} counts 0 units per second")
    return scale, units


def _duration(file: BoxFile, mvhd: Box) -> float | None:
    scale, units = _scale_and_units(file, mvhd)
    # A fragmented file does not know its length up front.
    return None if units in _UNKNOWN_DURATIONS else round(units / scale, 3)


def _frame_rate(file: BoxFile, mdhd: Box, stbl: Box) -> float | None:
    scale, _ = _scale_and_units(file, mdhd)
    runs = read_table(file, _require(_by_kind(file, stbl), "stts", stbl), "II")
    frames, units = sum(count for count, _ in runs), sum(count * step for count, step in runs)
    return round(frames * scale / units, 3) if units else None


def _codec(file: BoxFile, stbl: Box) -> str:
    """ffmpeg's name for the first sample description, or its own four letters."""
    (letters,) = read_numbers(file, _require(_by_kind(file, stbl), "stsd", stbl), ">4s", 12)
    name = str(letters, "latin-1")
    return _CODECS.get(name, name.strip().lower())


def _check_samples(file: BoxFile, stbl: Box, file_size: int) -> bool:
    """Refuse a file that ends before its last sample: an ``mdat`` that runs "to the end" hides the loss.

    :returns: whether the places of the samples are known.
    :raises VideoCorrupt: naming the missing bytes.
    """
    found = _by_kind(file, stbl)
    offsets_box = found.get("stco") or found.get("co64")
    if not (offsets_box and "stsc" in found and "stsz" in found):
        return False
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
    return bool(end)


def _sample_sizes(file: BoxFile, stsz: Box) -> Callable[[int, int], int]:
    """How many bytes so many samples from a given one take."""
    (uniform,) = read_numbers(file, stsz, ">I", 4)
    if uniform:
        return lambda _, count: count * int(uniform)
    sizes = [size for (size,) in read_table(file, stsz, "I", 8)]
    return lambda first, count: sum(sizes[first : first + count])
