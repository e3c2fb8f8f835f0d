"""A finished video is landed whole and verified, or what was there stays and the error says why."""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_seedance.core.landing.land import VideoSource, land
from airflow_provider_seedance.core.landing.manifest import Manifest, Media, Mismatch
from airflow_provider_seedance.core.landing.ownership import find_whole
from airflow_provider_seedance.core.landing.transfer import MAX_ATTEMPTS
from airflow_provider_seedance.core.storage.files import (
    commit,
    open_for_reading,
    size_of,
    temporary_file_for,
)
from airflow_provider_seedance.core.storage.paths import local_path, uri_of
from airflow_provider_seedance.errors import (
    ConfigurationError,
    DestinationError,
    DownloadIncomplete,
    LinkDead,
    LinkRefused,
    SeedanceError,
    VendorUnavailable,
    VideoCorrupt,
    VideoTooLarge,
)
from airflow_provider_seedance.models import ExpectedVideo
from tests.clocks import ManualClock
from tests.core.landing.conftest import NOW
from tests.core.landing.host import HttpOpener, VideoHost
from tests.core.storage.conftest import Stored


def _land(source: VideoSource, target: Any, opener: Any, **settings: Any) -> Manifest:
    options = {"fresh_links": lambda: (), "clock": ManualClock(NOW.timestamp()), **settings}
    return land(source, target, opener, **options)


def _content(target: Any) -> bytes:
    with open_for_reading(target) as file:
        return bytes(file.read())


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.*"))


def test_a_video_lands_with_its_manifest(source: VideoSource, folder: Any, serving, video: bytes) -> None:
    """On every kind of target."""
    target = folder / "videos" / "v.mp4"
    manifest = _land(source, target, serving(video))
    assert _content(target) == video
    assert manifest == Manifest(
        uri=uri_of(target),
        bytes=len(video),
        sha256=hashlib.sha256(video).hexdigest(),
        content_type="video/mp4",
        media=Media(duration=1.042, width=64, height=48, fps=24.0, video_codec="h264", audio_codec="aac"),
        source=source.generation,
        landed_at=NOW,
    )


def test_nothing_else_is_left_in_the_folder(
    source: VideoSource, tmp_path: Path, serving, video: bytes
) -> None:
    """A success leaves the video and its manifest, and no partial file."""
    manifest = _land(source, tmp_path / "v.mp4", serving(video))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v.mp4", "v.mp4.json"]
    assert Manifest.parse(json.loads((tmp_path / "v.mp4.json").read_text())) == manifest


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (lambda video: video[:-1], VideoCorrupt),
        (lambda video: b"<html>Forbidden</html>", VideoCorrupt),
        (lambda video: b"", DownloadIncomplete),
    ],
)
def test_a_broken_file_is_never_kept(source, folder: Any, tmp_path, serving, video, content, error) -> None:
    """Neither under its final name nor beside it; what was there stays."""
    target = folder / "v.mp4"
    _land(source, target, serving(video))
    with pytest.raises(error):
        _land(source, target, serving(*[content(video)] * 4), overwrite="always")
    assert _content(target) == video
    assert _names(tmp_path) == (["v.mp4", "v.mp4.json"] if local_path(target) else [])


def test_an_error_names_the_video_and_not_its_link(source: VideoSource, tmp_path: Path, serving) -> None:
    """Vendor and generation are told; the signed link is not."""
    with pytest.raises(LinkDead) as caught:
        _land(source, tmp_path / "v.mp4", serving(LinkDead(f"{source.url} answered HTTP 403")))
    assert str(caught.value).startswith("evolink generation task-1: ")
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(source)


def test_an_intact_video_that_differs_is_landed(source, tmp_path, serving, video, caplog) -> None:
    """It is paid for: the manifest and a warning tell the difference."""
    differing = replace(source, expected=ExpectedVideo(duration=5, width=64, height=50, audio=True))
    with caplog.at_level(logging.WARNING):
        manifest = _land(differing, tmp_path / "v.mp4", serving(video))
    assert (tmp_path / "v.mp4").read_bytes() == video
    assert manifest.mismatches == (
        Mismatch(field="duration", expected=5, actual=1.042),
        Mismatch(field="height", expected=50, actual=48),
    )
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_a_broken_video_gives_way_to_another_link(source, tmp_path, serving, videos) -> None:
    """It is found by its structure after all of it has come."""
    whole = videos["faststart"].read_bytes()
    opener = serving(whole[:-100], whole)
    _land(replace(source, other_urls=("https://files.example/2",)), tmp_path / "v.mp4", opener)
    assert (tmp_path / "v.mp4").read_bytes() == whole
    assert opener.opened[1] == "https://files.example/2"


def test_a_body_without_a_length_that_is_cut_is_fetched_again(
    source, tmp_path, serving, reply, video
) -> None:
    """Within the same try."""
    _land(source, tmp_path / "v.mp4", serving(reply(video[:2000]), reply(video)))
    assert (tmp_path / "v.mp4").read_bytes() == video


def test_bytes_after_the_last_box_are_landed_with_a_note(source, tmp_path, serving, video, caplog) -> None:
    """The manifest has it, and so has a warning."""
    manifest = _land(source, tmp_path / "v.mp4", serving(video + bytes(8)))
    assert (tmp_path / "v.mp4").read_bytes() == video + bytes(8)
    assert manifest.notes == ("8 bytes after the video's last box are no part of it, and are kept.",)
    assert "notes" not in manifest.to_dict()["media"]
    assert "8 bytes after" in caplog.text


@pytest.mark.parametrize("fault", [VideoTooLarge("999 TB are promised"), LinkRefused("an internal address")])
def test_what_is_refused_as_hostile_leaves_nothing(source, tmp_path, host, fault, serving) -> None:
    """Not even what had come before."""
    host.does.cuts, host.does.statuses = [2000], [None, *[503] * MAX_ATTEMPTS]
    with pytest.raises(VendorUnavailable):
        _land(replace(source, url=host.url), tmp_path / "v.mp4", HttpOpener())
    assert len(list(tmp_path.iterdir())) == 2
    with pytest.raises(type(fault)) as caught:
        _land(source, tmp_path / "v.mp4", serving(fault))
    assert not caught.value.retryable
    assert list(tmp_path.iterdir()) == []


def test_verification_can_be_left_out(source: VideoSource, tmp_path: Path, serving) -> None:
    """Then any bytes will do, and nothing is said about them."""
    differing = replace(source, expected=ExpectedVideo(duration=5, audio=True))
    manifest = _land(differing, tmp_path / "v.bin", serving(b"anything"), verify=False)
    assert (manifest.bytes, manifest.media, manifest.mismatches) == (8, Media(), ())


def test_length_is_checked_all_the_same(source: VideoSource, tmp_path: Path, serving, reply) -> None:
    """A short file is no matter of opinion."""
    opener = serving(*[reply(b"anyth", promised=8)] * 4)
    with pytest.raises(DownloadIncomplete, match="5 bytes of the video came, and 8 were promised"):
        _land(source, tmp_path / "v.bin", opener, verify=False)


@pytest.mark.parametrize(
    ("header", "content_type"),
    [
        ("video/quicktime", "video/quicktime"),
        ("Video/MP4; charset=binary", "video/mp4"),
        ("application/octet-stream", "video/mp4"),
        ("binary/octet-stream", "video/mp4"),
        (None, "video/mp4"),
    ],
)
def test_the_content_type_is_the_hosts_if_it_says_anything(
    source, tmp_path, serving, reply, video, header, content_type
) -> None:
    """Many hosts of signed links only know of bytes."""
    opener = serving(reply(video, promised=len(video), content_type=header))
    assert _land(source, tmp_path / "v.mp4", opener).content_type == content_type


class TestOverwrite:
    """What becomes of a file that is there already."""

    def test_the_same_generations_whole_file_is_taken_over(self, source, folder: Any, serving, video) -> None:
        """Nothing is fetched, so that no link need live."""
        target = folder / "v.mp4"
        first = _land(source, target, serving(video))
        dead = serving(LinkDead("HTTP 403"))
        assert _land(source, target, dead) == first
        assert dead.opened == []

    def test_the_same_generations_damaged_file_is_replaced(self, source, folder: Any, serving, video) -> None:
        """Longer, shorter, or of the same length."""
        target = folder / "v.mp4"
        _land(source, target, serving(video))
        for damaged in (b"short", video[:-1] + b"?", video + b"?"):
            _put(target, damaged)
            _land(source, target, serving(video))
            assert _content(target) == video

    def test_another_generations_file_is_kept(self, source, folder: Any, serving, videos) -> None:
        """The error says whose it is, and what to do, before a byte is fetched."""
        target, opener = folder / "v.mp4", serving(videos["silent"].read_bytes())
        _land(source, target, serving(videos["sound"].read_bytes()))
        with pytest.raises(DestinationError, match="holds the video of evolink generation task-1") as caught:
            _land(_of_another(source), target, opener)
        assert "overwrite='always'" in str(caught.value)
        assert "{generation_id}" in str(caught.value)
        assert not caught.value.retryable
        assert opener.opened == []
        assert _content(target) == videos["sound"].read_bytes()

    def test_the_same_bytes_of_another_generation_are_anothers(
        self, source, tmp_path, serving, video
    ) -> None:
        """The record tells, before the hash does."""
        _land(source, tmp_path / "v.mp4", serving(video))
        with pytest.raises(DestinationError, match="task-1"):
            _land(_of_another(source), tmp_path / "v.mp4", serving(video))

    def test_a_file_of_unknown_origin_is_kept(self, source, folder: Any, serving, video) -> None:
        """Whoever put it there."""
        target = folder / "v.mp4"
        _put(target, b"a cut made by hand")
        with pytest.raises(DestinationError, match="a file of unknown origin"):
            _land(source, target, serving(video))
        assert _content(target) == b"a cut made by hand"

    def test_a_file_whose_manifest_was_not_written_any_more(
        self, source, folder: Any, serving, video
    ) -> None:
        """A worker died between the two: the hash tells that it is this generation's."""
        target = folder / "v.mp4"
        _put(target, video)
        manifest = _land(source, target, serving(video))
        assert find_whole(target, source.generation) == manifest

    def test_a_file_that_comes_while_the_bytes_do(self, source, tmp_path, serving, video) -> None:
        """Two tasks with one destination: the second one to finish does not replace the first one's video."""
        target, opener = tmp_path / "v.mp4", serving(video)
        chunks = opener._chunks

        def interrupted(reply: Any) -> Any:
            _land(_of_another(source), target, serving(video[:-8] + bytes(8)), verify=False)
            return chunks(reply)

        opener._chunks = interrupted
        with pytest.raises(DestinationError, match="holds the video of evolink generation task-2"):
            _land(source, target, opener)
        assert _content(target) == video[:-8] + bytes(8)

    def test_always_replaces_and_says_so(self, source, folder: Any, serving, videos, caplog) -> None:
        """Whoever's it is; the record is the new video's then."""
        target = folder / "v.mp4"
        with caplog.at_level(logging.INFO):
            _land(source, target, serving(videos["sound"].read_bytes()), overwrite="always")
            assert "Replaced" not in caplog.text
            _land(_of_another(source), target, serving(videos["silent"].read_bytes()), overwrite="always")
        assert f"Replaced {uri_of(target)}, which held the video of evolink generation task-1." in caplog.text
        assert _content(target) == videos["silent"].read_bytes()
        assert find_whole(target, _of_another(source).generation)

    def test_always_means_the_same_bytes_too(self, source, tmp_path, serving, video) -> None:
        """But a whole file of the same generation is better than none, once its link is dead."""
        target = tmp_path / "v.mp4"
        first = _land(source, target, serving(video))
        inode = target.stat().st_ino
        _land(source, target, serving(video), overwrite="always")
        assert target.stat().st_ino != inode
        assert _land(source, target, serving(LinkDead("HTTP 403")), overwrite="always") == first

    def test_never_refuses_before_anything_is_fetched(self, source, folder: Any, serving, video) -> None:
        """And a retry would meet the same file."""
        target = folder / "v.mp4"
        _land(source, target, serving(video), overwrite="never")
        opener = serving(video)
        with pytest.raises(DestinationError, match="exists, and overwrite is 'never'") as caught:
            _land(source, target, opener, overwrite="never")
        assert opener.opened == []
        assert not caught.value.retryable

    @pytest.mark.parametrize("overwrite", ["own", "always"])
    def test_a_file_that_has_the_manifests_name_is_kept(
        self, source, folder: Any, serving, video, overwrite
    ) -> None:
        """Such as ``config.json`` beside ``config``."""
        _put(folder / "config.json", b'{"debug": true}')
        with pytest.raises(DestinationError, match="is another file"):
            _land(source, folder / "config", serving(video), overwrite=overwrite)
        assert _content(folder / "config.json") == b'{"debug": true}'

    @pytest.mark.parametrize("word", ["skip-identical", "replace", ""])
    def test_an_unknown_word_is_refused(self, source, tmp_path: Path, serving, word) -> None:
        """The known ones are listed."""
        with pytest.raises(ConfigurationError, match="known are own, always, never"):
            _land(source, tmp_path / "v.mp4", serving(), overwrite=word)


def _of_another(source: VideoSource) -> VideoSource:
    return replace(source, generation=source.generation.model_copy(update={"generation_id": "task-2"}))


def _put(target: Any, content: bytes) -> None:
    with temporary_file_for(target) as part:
        part.write_bytes(content)
        commit(part, target)


def test_a_bad_destination_is_refused_before_anything_is_fetched(source, tmp_path, serving, video) -> None:
    """The link lives for a while; the mistake can be mended."""
    opener = serving(video)
    with pytest.raises(DestinationError, match="it is a directory"):
        _land(source, tmp_path, opener)
    assert opener.opened == []


def test_a_failed_landing_leaves_no_file(source: VideoSource, folder: Any, serving) -> None:
    """Whatever the error."""
    target = folder / "v.mp4"
    with pytest.raises(SeedanceError):
        _land(source, target, serving(LinkDead("HTTP 410")))
    assert size_of(target) is None


class TestAnotherTry:
    """What one try has fetched, the next one does not fetch again."""

    def test_fetches_only_the_rest(
        self, source, folder: Any, host: VideoHost, video: bytes, tmp_path, temp
    ) -> None:
        """Bytes, hash and manifest are the same as of one landing without trouble."""
        target, link = folder / "v.mp4", replace(source, url=host.url)
        host.does.cuts, host.does.statuses = [2000], [None, *[503] * MAX_ATTEMPTS]
        with pytest.raises(VendorUnavailable):
            _land(link, target, HttpOpener())
        assert size_of(target) is None
        manifest = _land(link, target, HttpOpener())
        assert _content(target) == video
        assert (manifest.bytes, manifest.sha256) == (len(video), hashlib.sha256(video).hexdigest())
        assert host.fetches[-1].range == "bytes=2000-"
        assert host.sent == len(video)
        assert _names(tmp_path) == (["v.mp4", "v.mp4.json"] if local_path(target) else [])
        assert list(temp.iterdir()) == []

    def test_after_a_kill_fetches_only_the_rest(
        self, source, tmp_path, host: VideoHost, video: bytes
    ) -> None:
        """SIGKILL in the middle: no code of ours ran after it."""
        target = tmp_path / "v.mp4"
        host.does.cuts = [2000]
        with subprocess.Popen(
            [sys.executable, "-c", _STALLING, host.url, str(target)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        ) as process:
            assert process.stdout
            fetched = int(process.stdout.readline())
            process.kill()
        assert not target.exists()
        _land(replace(source, url=host.url), target, HttpOpener())
        assert target.read_bytes() == video
        assert host.fetches[-1].range == f"bytes={fetched}-"
        assert _names(tmp_path) == ["v.mp4", "v.mp4.json"]

    def test_asks_for_one_byte_of_a_file_that_is_all_there(self, source, host: VideoHost, video) -> None:
        """The store did not take it the first time; the host confirms that it is the same still."""
        target = Stored(FlakyStore(), path=f"/{uuid.uuid4().hex}/v.mp4")
        with pytest.raises(DestinationError, match="the store is away"):
            _land(replace(source, url=host.url), target, HttpOpener())
        _land(replace(source, url=host.url), target, HttpOpener())
        assert _content(target) == video
        assert [fetch.sent for fetch in host.fetches] == [len(video), 1]

    def test_starts_over_if_the_file_has_changed(self, source, tmp_path, host: VideoHost, videos) -> None:
        """The kept bytes are of no use then."""
        link, target = replace(source, url=host.url), tmp_path / "v.mp4"
        host.does.cuts, host.does.statuses = [2000], [None, *[503] * MAX_ATTEMPTS]
        with pytest.raises(VendorUnavailable):
            _land(link, target, HttpOpener())
        host.does.content, host.does.etag = videos["silent"].read_bytes(), '"v2"'
        _land(link, target, HttpOpener())
        assert target.read_bytes() == videos["silent"].read_bytes()

    def test_does_not_go_on_with_a_corrupt_file(
        self, source, tmp_path, host: VideoHost, video: bytes
    ) -> None:
        """It would be as corrupt the next time."""
        link, target = replace(source, url=host.url), tmp_path / "v.mp4"
        host.does.content = bytes(reversed(video))
        with pytest.raises(VideoCorrupt):
            _land(link, target, HttpOpener())
        assert list(tmp_path.iterdir()) == []


def test_two_tries_at_once_do_not_spoil_each_other(source, tmp_path, host: VideoHost, video: bytes) -> None:
    """A try that was given up for dead wakes up again while the next one is at work, and both succeed."""
    link, target = replace(source, url=host.url), tmp_path / "v.mp4"
    asleep, awake = threading.Event(), threading.Event()

    def stall(at: int) -> None:
        if not asleep.is_set():
            asleep.set()
            assert awake.wait(10)

    host.does.cuts, host.does.on_end = [2000], stall
    with ThreadPoolExecutor() as pool:
        first = pool.submit(_land, link, target, HttpOpener())
        assert asleep.wait(10)
        second = _land(link, target, HttpOpener())
        assert target.read_bytes() == video
        awake.set()
        assert first.result().sha256 == second.sha256 == hashlib.sha256(video).hexdigest()
    assert target.read_bytes() == video
    assert _names(tmp_path) == ["v.mp4", "v.mp4.json"]


_STALLING = """
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from airflow_provider_seedance.core.clock import SYSTEM_CLOCK
from airflow_provider_seedance.core.landing.land import VideoSource, land
from airflow_provider_seedance.core.landing.manifest import GenerationReference
from tests.core.landing.host import HttpOpener

class Stalling(HttpOpener):
    @contextmanager
    def open(self, url, **asked):
        with super().open(url, **asked) as stream:
            yield replace(stream, chunks=self.stall(stream.chunks))

    def stall(self, chunks):
        chunk = next(chunks)
        yield chunk
        print(len(chunk), flush=True)
        sys.stdin.read()

generation = GenerationReference(
    vendor="evolink", generation_id="task-1", model="seedance-2.0", request_fingerprint="f1")
source = VideoSource(url=sys.argv[1], generation=generation)
land(source, Path(sys.argv[2]), Stalling(), fresh_links=lambda: (), clock=SYSTEM_CLOCK)
"""


class FlakyStore(MemoryFileSystem):
    """A store that is away when it is first asked to take a file."""

    cachable = False

    def put_file(self, lpath: str, rpath: str, **options: Any) -> None:
        if self.__dict__.setdefault("away", True):
            self.away = False
            raise ConnectionError("the store is away")
        super().put_file(lpath, rpath, **options)
