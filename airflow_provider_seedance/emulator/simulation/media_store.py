"""The media files: inputs found by their URL, and result files rendered for finished generations."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from airflow_provider_seedance.emulator.media.drawing import Clip
from airflow_provider_seedance.emulator.media.inputs import BadMedia, Media, probe, read_data_uri
from airflow_provider_seedance.emulator.media.samples import SAMPLE_PREFIX, SAMPLES
from airflow_provider_seedance.emulator.media.video import render_last_frame, render_video
from airflow_provider_seedance.emulator.simulation.generation import Generation
from airflow_provider_seedance.emulator.simulation.state import State
from airflow_provider_seedance.emulator.urls import is_loopback, is_web_url

_MAX_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class Rendered:
    """A result file, and the hash of its content."""

    path: Path
    etag: str
    bytes: int


class MediaStore:
    """Renders a result when it is first downloaded, and keeps the files in a temporary folder."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._folder = Path(tempfile.mkdtemp(prefix="seedance-emulator-"))
        self._files: OrderedDict[tuple[str, str, str], Rendered] = OrderedDict()
        self._lock = threading.RLock()

    def clear(self) -> None:
        """Remove all files."""
        with self._lock:
            while self._files:
                self._remove_oldest()

    def close(self) -> None:
        """Remove the folder with all files."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def render(self, generation: Generation, kind: str) -> Rendered:
        """The file of a result. Rendering is slow, so call this from a thread, not from the event loop."""
        key = (generation.vendor, generation.id, kind)
        with self._lock:
            found = self._files.get(key)
            if found is None:
                found = self._files[key] = self._render(_clip_of(generation), kind)
                self._evict()
            self._files.move_to_end(key)
            return found

    def find_input(self, url: str, kind: str, host: str) -> Media:
        """What is known of an input medium; raises BadMedia if it cannot be used."""
        if url.startswith("data:"):
            return read_data_uri(url, kind)
        if not is_web_url(url):
            raise BadMedia("form", "expected an http or https URL")
        parts = urlsplit(url)
        if parts.netloc != host and not is_loopback(url):
            return Media(kind)
        media = self._local_media(parts.path)
        if media is None:
            if parts.netloc == host:
                raise BadMedia("download", "resource download failed")
            return Media(kind)
        if media.kind != kind:
            raise BadMedia("format", f"expected {kind}, found {media.kind}")
        return media

    def _local_media(self, path: str) -> Media | None:
        """A sample, an upload or a result of this emulator; None if the path leads to none of them."""
        sample = SAMPLES.get(path.removeprefix(SAMPLE_PREFIX)) if path.startswith(SAMPLE_PREFIX) else None
        if sample:
            return sample.media
        now = self._state.clock.now()
        upload = self._state.uploads.get(path)
        if upload and now < upload.expires_at:
            return probe(upload.content, upload.mime.partition("/")[0])
        link = self._state.links.get(path)
        if link is None or now >= link.expires_at:
            return None
        order = link.generation.order
        load = partial(self._read, link.generation, link.kind)
        if link.kind == "last_frame":
            return Media("image", *order.size, load=load)
        return Media("video", *order.size, seconds=order.seconds, fps=24, load=load)

    def _read(self, generation: Generation, kind: str) -> bytes:
        return self.render(generation, kind).path.read_bytes()

    def _render(self, clip: Clip, kind: str) -> Rendered:
        target = Path(
            tempfile.mkdtemp(dir=self._folder), f"result.{clip.container if kind == 'video' else 'png'}"
        )
        if kind == "video":
            render_video(clip, target)
        else:
            render_last_frame(clip, target)
        content = target.read_bytes()
        return Rendered(target, f'"{hashlib.sha256(content).hexdigest()[:32]}"', len(content))

    def _evict(self) -> None:
        while len(self._files) > 1 and sum(file.bytes for file in self._files.values()) > _MAX_BYTES:
            self._remove_oldest()

    def _remove_oldest(self) -> None:
        _, file = self._files.popitem(last=False)
        shutil.rmtree(file.path.parent, ignore_errors=True)


def _clip_of(generation: Generation) -> Clip:
    order = generation.order
    return Clip(
        vendor=generation.vendor,
        model=order.model,
        mode=order.mode,
        prompt=order.prompt,
        id_suffix=generation.id[-6:],
        size=order.size,
        frames=order.frames,
        audio=order.audio,
        container=order.container,
        pictures=order.pictures,
    )
