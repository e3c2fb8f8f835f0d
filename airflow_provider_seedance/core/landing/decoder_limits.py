"""Which files are handed to a decoder: those that it reads in little memory, by a decoder that Seedance needs.

A few bytes can stand for gigabytes: a table of equal rows, a picture of any size, a compressed index. The decoder
believes them, and reads them wherever in the file they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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

#: Of one picture: a little more than 4K. With them, decoding takes some 30 MiB.
MAX_PIXELS = 4096 * 2304
#: Bytes of all boxes but those that hold media or nothing.
MAX_METADATA = 8 * 1024**2
#: Of all tracks together: half an hour of pictures and sound.
MAX_SAMPLES = 131_072

_VIDEO_CODECS = ("h264", "hevc", "av1", "vp9", "mpeg4")
_AUDIO_CODECS = (None, "aac", "mp3", "ac3", "eac3")
_PAYLOADS = ("mdat", "free", "skip", "wide")
_CONTAINERS = (
    *("moov", "trak", "mdia", "minf", "stbl", "dinf", "edts", "udta", "meta", "tref", "gmhd"),
    *("mvex", "moof", "traf", "mfra", "wave", "sinf", "schi", "iprp", "ipco"),
)
_MAX_DEPTH = 12
#: Kind of box -> where in it the number of its samples stands.
_SAMPLE_COUNTS = {"stsz": 8, "stz2": 8, "trun": 4, "saiz": 5}
#: Kinds of tables whose rows each stand for a number of samples, and the layout of a row.
_RUNS = {"stts": "II", "ctts": "II"}


def reason_not_to_decode(path: Path, media: Media) -> str | None:
    """Why the file at ``path``, which holds ``media``, is not to be decoded; ``None`` if it may be."""
    if media.video_codec not in _VIDEO_CODECS:
        return f"{media.video_codec!r} is no codec of this model family"
    if media.audio_codec not in _AUDIO_CODECS:
        return f"{media.audio_codec!r} is no codec of this model family"
    if (media.width or 0) * (media.height or 0) > MAX_PIXELS:
        return f"they have {media.width}x{media.height} pixels"
    with path.open("rb") as raw:
        try:
            return _reason_in_boxes(BoxFile(raw))
        except TooComplex as error:
            return error.message


def _reason_in_boxes(file: BoxFile) -> str | None:
    samples = metadata = 0
    for depth, box in _walk(file, file_as_box(file), depth=0):
        if depth == 0 and box.kind not in _PAYLOADS:
            metadata += box.size
        if box.kind == "cmov" or depth == _MAX_DEPTH:
            return f"the index has a box {box.kind!r} at depth {depth}"
        samples = max(samples, _samples(file, box)) if box.kind in _RUNS else samples + _samples(file, box)
        if metadata > MAX_METADATA or samples > MAX_SAMPLES:
            return f"the index has {metadata} bytes and {samples} samples"
    return None


def _walk(file: BoxFile, parent: Box, depth: int) -> Iterator[tuple[int, Box]]:
    """All boxes, each before those in it; what follows a place that is no box is passed over."""
    try:
        for box in iter_children(file, parent):
            yield depth, box
            if box.kind in _CONTAINERS and depth < _MAX_DEPTH:
                yield from _walk(file, _content(file, box), depth + 1)
    except TooComplex:
        raise
    except VideoCorrupt:
        return


def _content(file: BoxFile, box: Box) -> Box:
    """Where a container's boxes start: in MP4, not in QuickTime, ``meta`` has a version before them."""
    has_version = box.kind == "meta" and box.size >= 4 and read_numbers(file, box, ">I") == (0,)
    return Box(box.kind, box.start + 4, box.end) if has_version else box


def _samples(file: BoxFile, box: Box) -> int:
    """For how many samples a box makes a decoder take memory."""
    try:
        if box.kind in _RUNS:
            return sum(count for count, _ in read_table(file, box, _RUNS[box.kind]))
        if box.kind in _SAMPLE_COUNTS:
            return int(read_numbers(file, box, ">I", _SAMPLE_COUNTS[box.kind])[0])
    except TooComplex:
        raise
    except VideoCorrupt:
        return MAX_SAMPLES + 1
    return 0
