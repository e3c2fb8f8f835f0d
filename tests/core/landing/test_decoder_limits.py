"""Whatever a file says of itself, looking at it takes little memory and little time."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from airflow_provider_seedance.core.landing.decoder_limits import MAX_PIXELS, reason_not_to_decode
from airflow_provider_seedance.core.landing.manifest import Media
from airflow_provider_seedance.core.landing.mp4 import read_mp4
from airflow_provider_seedance.core.landing.verify import probe

SECOND = Media(duration=1.042, width=64, height=48, fps=24.0, video_codec="h264", audio_codec="aac")
#: MiB beyond what the process had before.
MAX_MEMORY = 64
#: Seconds of the processor.
MAX_TIME = 3.0


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _with(kind: bytes, offset: int, layout: str, *numbers: int) -> Callable[[bytes], bytes]:
    """A change of the numbers at ``offset`` in the content of the first box of a kind."""

    def change(whole: bytes) -> bytes:
        at = whole.index(kind, whole.index(b"moov")) + 4 + offset
        return whole[:at] + struct.pack(layout, *numbers) + whole[at + struct.calcsize(layout) :]

    return change


def _with_index(*boxes: bytes) -> Callable[[bytes], bytes]:
    """More boxes at the end of ``moov``, which is the file's last box."""

    def change(whole: bytes) -> bytes:
        at, more = whole.index(b"moov") - 4, b"".join(boxes)
        (size,) = struct.unpack_from(">I", whole, at)
        return whole[:at] + struct.pack(">I", size + len(more)) + whole[at + 4 :] + more

    return change


def _fragment(samples: int) -> bytes:
    trun = _box(b"trun", struct.pack(">II", 0, samples))
    tfhd = _box(b"tfhd", struct.pack(">II", 0, 1))
    return _box(b"moof", _box(b"traf", tfhd + trun))


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "equal samples without end": _with(b"stsz", 4, ">II", 1, 2**31),
    "a run of times without end": _with(b"stts", 8, ">II", 2**31, 1),
    "a run of offsets without end": _with(b"ctts", 8, ">II", 2**31, 1),
    "chunks of samples without end": _with(b"stsc", 8, ">III", 1, 2**31, 1),
    "a fragment without end": lambda whole: whole + _fragment(2**31),
    "samples in a place of their own": _with_index(
        _box(b"udta", _box(b"trak", _box(b"stsz", struct.pack(">III", 0, 1, 2**31))))
    ),
    "a large picture": _with(b"stsd", 40, ">HH", 15000, 15000),
    "a compressed index": _with_index(_box(b"cmov", bytes(99))),
    "a large index": _with_index(_box(b"udta", _box(b"covr", bytes(20_000_000)))),
    "a large box": lambda whole: whole + _box(b"uuid", bytes(20_000_000)),
    "many boxes": lambda whole: whole + _box(b"free", b"") * 4_000_000,
    "many boxes in the index": _with_index(_box(b"free", b"") * 1_000_000),
    "many tracks": lambda whole: _with_index(whole[whole.index(b"trak") - 4 :][:999] * 5000)(whole),
    "deep boxes": lambda whole: _with_index(_deep(200_000))(whole),
}


def _deep(levels: int) -> bytes:
    return b"".join(struct.pack(">I4s", 8 * (levels - level), b"udta") for level in range(levels))


def test_a_usual_video_is_decoded(videos: dict[str, Path]) -> None:
    for path in videos.values():
        assert reason_not_to_decode(path, read_mp4(path)) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"video_codec": "prores"}, "'prores' is no codec"),
        ({"video_codec": None}, "None is no codec"),
        ({"audio_codec": "qdm2"}, "'qdm2' is no codec"),
        ({"width": MAX_PIXELS, "height": 2}, "pixels"),
    ],
)
def test_an_unusual_one_is_not(videos: dict[str, Path], change: dict[str, object], reason: str) -> None:
    """Decoders of old formats are where the holes are."""
    assert reason in (reason_not_to_decode(videos["sound"], SECOND.model_copy(update=change)) or "")


def test_what_is_not_decoded_is_landed_with_a_note(tmp_path: Path, video: bytes) -> None:
    """It is paid for, and its boxes are in order."""
    path = tmp_path / "v.mp4"
    path.write_bytes(HOSTILE["a large picture"](video))
    media = probe(path)
    assert (media.width, media.height) == (15000, 15000)
    assert media.notes == ("Its pictures were not decoded: they have 15000x15000 pixels.",)


_PROBE = """
import re, sys, time
from pathlib import Path
import av
from airflow_provider_seedance.core.landing.verify import probe
from airflow_provider_seedance.errors import VideoCorrupt

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

before, began, text = peak(), time.process_time(), ""
try:
    probe(Path(sys.argv[1]))
except VideoCorrupt as error:
    text = str(error)
print(peak() - before, time.process_time() - began, len(text))
"""


def _cost(path: Path) -> tuple[float, float, int]:
    """MiB, seconds of the processor, and characters of the error that looking at a file takes."""
    run = subprocess.run(
        [sys.executable, "-c", _PROBE, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    memory, seconds, text = run.stdout.split()
    return float(memory), float(seconds), int(text)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_little(tmp_path: Path, video: bytes, name: str) -> None:
    path = tmp_path / "v.mp4"
    path.write_bytes(HOSTILE[name](video))
    memory, seconds, text = _cost(path)
    assert memory <= MAX_MEMORY
    assert seconds <= MAX_TIME
    assert text < 600


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_picture_that_is_larger_than_its_box_says_costs_little(tmp_path: Path) -> None:
    """The decoder is told the limit, too."""
    path = encode(tmp_path / "v.mp4", 8000, 6000)
    whole = path.read_bytes()
    at = whole.index(b"avc1", whole.index(b"stsd")) + 4 + 24
    path.write_bytes(whole[:at] + struct.pack(">HH", 64, 48) + whole[at + 4 :])
    memory, _, text = _cost(path)
    assert memory <= MAX_MEMORY
    assert text


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_the_largest_picture_that_is_decoded_costs_little(tmp_path: Path) -> None:
    memory, _, text = _cost(encode(tmp_path / "v.mp4", 4096, 2304))
    assert memory <= MAX_MEMORY
    assert not text


def encode(path: Path, width: int, height: int) -> Path:
    """Two pictures of that size."""
    code = (
        "import av, sys\n"
        "w, h = int(sys.argv[2]), int(sys.argv[3])\n"
        "with av.open(sys.argv[1], 'w') as out:\n"
        "    stream = out.add_stream('libx264', rate=24, options={'preset': 'ultrafast'})\n"
        "    stream.width, stream.height, stream.pix_fmt = w, h, 'yuv420p'\n"
        "    for _ in range(2):\n"
        "        out.mux(stream.encode(av.VideoFrame(w, h, 'yuv420p')))\n"
        "    out.mux(stream.encode())\n"
    )
    subprocess.run([sys.executable, "-c", code, str(path), str(width), str(height)], check=True)
    return path
