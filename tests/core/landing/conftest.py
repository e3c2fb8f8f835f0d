"""Real video files, and an opener of links that plays a script instead of using a network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path

import av
import pytest

from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.landing.land import VideoSource
from airflow_provider_seedance.core.landing.manifest import GenerationReference, Manifest, Media
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.landing.partial_store import open_partial
from tests.clocks import ManualClock
from tests.core.landing.host import VideoHost
from tests.core.storage.conftest import folder, temp

__all__ = ["folder", "temp"]

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


def encode_video(path: Path, *, sound: bool, options: dict[str, str] | None = None) -> Path:
    """One second of 64x48 at 24 fps, by Seedance's rule of one frame more."""
    with av.open(str(path), "w", options=options or {}) as out:
        video = out.add_stream("libx264", rate=24)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = out.add_stream("aac", rate=44100, layout="mono") if sound else None
        for number in range(25):
            out.mux(video.encode(_picture(brightness=number * 10)))
        out.mux(video.encode())
        if audio:
            for start in range(0, 44100, 1024):
                out.mux(audio.encode(_silence(start)))
            out.mux(audio.encode())
    return path


def _picture(brightness: int) -> av.VideoFrame:
    frame = av.VideoFrame(64, 48, "yuv420p")
    for plane, value in zip(frame.planes, (brightness, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


def _silence(start: int) -> av.AudioFrame:
    frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
    frame.planes[0].update(bytes(frame.planes[0].buffer_size))
    frame.sample_rate, frame.pts, frame.time_base = 44100, start, Fraction(1, 44100)
    return frame


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same second of video in every shape that a vendor may send it in."""
    folder = tmp_path_factory.mktemp("videos")
    return {
        "sound": encode_video(folder / "sound.mp4", sound=True),
        "silent": encode_video(folder / "silent.mp4", sound=False),
        "faststart": encode_video(folder / "faststart.mp4", sound=True, options={"movflags": "faststart"}),
        "fragmented": encode_video(
            folder / "fragmented.mp4", sound=True, options={"movflags": "frag_keyframe+empty_moov"}
        ),
        "mov": encode_video(folder / "sound.mov", sound=True),
    }


@pytest.fixture(scope="session")
def video(videos: dict[str, Path]) -> bytes:
    """The bytes of a whole video with sound."""
    return videos["sound"].read_bytes()


@dataclass(frozen=True)
class Reply:
    """What a link answers: some bytes, then perhaps an error in their middle."""

    content: bytes
    promised: int | None = None
    breaks_with: Exception | None = None
    content_type: str | None = "video/mp4"


@dataclass
class ScriptedOpener:
    """A :class:`MediaOpener` whose links answer with the scripted replies, one after the other."""

    replies: list[Reply | Exception]
    opened: list[str] = field(default_factory=list)

    @contextmanager
    def open(self, url: str, *, start: int = 0, etag: str | None = None) -> Iterator[MediaStream]:
        self.opened.append(url)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        yield MediaStream(
            chunks=self._chunks(reply), total=reply.promised, content_type=reply.content_type, etag=None
        )

    def _chunks(self, reply: Reply) -> Iterator[bytes]:
        for start in range(0, len(reply.content), 1000):
            yield reply.content[start : start + 1000]
        if reply.breaks_with:
            raise reply.breaks_with


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def serving() -> Callable[..., ScriptedOpener]:
    """An opener with these replies; bytes stand for a reply that keeps its promise."""

    def opener(*script: bytes | Reply | Exception) -> ScriptedOpener:
        return ScriptedOpener(
            [Reply(item, promised=len(item)) if isinstance(item, bytes) else item for item in script]
        )

    return opener


@pytest.fixture
def host(video: bytes) -> Iterator[VideoHost]:
    """A host of this test's own, with a whole video."""
    server = VideoHost(video)
    yield server
    server.close()


@pytest.fixture
def partial(tmp_path: Path, source: VideoSource) -> Iterator[Partial]:
    """An empty partial file, removed at the end."""
    with open_partial(tmp_path / "v.mp4", source.generation, NOW) as empty:
        yield empty


@pytest.fixture
def clock() -> ManualClock:
    """Time that stands at :data:`NOW` but for pauses."""
    return ManualClock(NOW.timestamp())


@pytest.fixture
def source() -> VideoSource:
    generation = GenerationReference(
        vendor="evolink", generation_id="task-1", model="seedance-2.0", request_fingerprint="f1"
    )
    return VideoSource(url="https://files.example/v.mp4?sig=secret", generation=generation)


@pytest.fixture
def landed() -> Callable[[Path, bytes], Manifest]:
    """The manifest of a video that was landed at a path."""

    def manifest(path: Path, content: bytes) -> Manifest:
        path.write_bytes(content)
        return Manifest(
            uri=str(path),
            bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            content_type="video/mp4",
            media=Media(),
            source=GenerationReference(vendor="evolink", generation_id="task-1", model="seedance-2.0"),
            landed_at=NOW,
        )

    return manifest
