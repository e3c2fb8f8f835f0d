"""A finished video comes home whole and checked, or the old state stays and the error says why."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.errors import (
    ConfigurationError,
    DestinationError,
    DownloadIncomplete,
    LinkDead,
    SeedanceError,
    VideoCorrupt,
)
from airflow_provider_seedance.landing.land import Clip, check_overwrite, land
from airflow_provider_seedance.landing.manifest import Manifest, Media, Mismatch
from airflow_provider_seedance.landing.targets import open_for_reading, size_of, uri_of
from airflow_provider_seedance.models import Order

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


def _land(clip: Clip, target: Any, source: Any, **settings: Any) -> Manifest:
    options = {"fresh_url": lambda: None, "sleep": lambda seconds: None, "now": lambda: NOW, **settings}
    return land(clip, target, source, **options)


def _content(target: Any) -> bytes:
    with open_for_reading(target) as file:
        return bytes(file.read())


def test_a_video_lands_with_its_manifest(clip: Clip, folder: Any, serving, video: bytes) -> None:
    """On every kind of target."""
    target = folder / "clips" / "v.mp4"
    manifest = _land(clip, target, serving(video))
    assert _content(target) == video
    assert manifest == Manifest(
        uri=uri_of(target),
        bytes=len(video),
        sha256=hashlib.sha256(video).hexdigest(),
        content_type="video/mp4",
        media=Media(duration=1.042, width=64, height=48, fps=24.0, video_codec="h264", audio_codec="aac"),
        source=clip.origin,
        landed_at=NOW,
    )


def test_nothing_else_is_left_in_the_folder(clip: Clip, tmp_path: Path, serving, video: bytes) -> None:
    """No part file after a success."""
    _land(clip, tmp_path / "v.mp4", serving(video))
    assert [path.name for path in tmp_path.iterdir()] == ["v.mp4"]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (lambda video: video[:-1], VideoCorrupt),
        (lambda video: b"<html>Forbidden</html>", VideoCorrupt),
        (lambda video: b"", DownloadIncomplete),
    ],
)
def test_a_broken_file_is_never_kept(clip, folder: Any, tmp_path, serving, video, content, error) -> None:
    """Neither under its final name nor beside it; what was there stays."""
    target = folder / "v.mp4"
    _land(clip, target, serving(video))
    with pytest.raises(error):
        _land(clip, target, serving(*[content(video)] * 4))
    assert _content(target) == video
    assert [path.name for path in tmp_path.rglob("*.*")] in (["v.mp4"], [])


def test_an_error_names_the_video_and_not_its_link(clip: Clip, tmp_path: Path, serving) -> None:
    """Vendor and generation are told; the signed link is not."""
    with pytest.raises(LinkDead) as caught:
        _land(clip, tmp_path / "v.mp4", serving(LinkDead(f"{clip.url} answered HTTP 403")))
    assert str(caught.value).startswith("evolink generation task-1: ")
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(clip)


def test_an_intact_video_that_differs_is_landed(clip, tmp_path, serving, video, caplog) -> None:
    """It is paid for: the manifest and a warning tell the difference."""
    ordered = replace(clip, order=Order(duration=5, width=64, height=50, audio=True))
    with caplog.at_level(logging.WARNING):
        manifest = _land(ordered, tmp_path / "v.mp4", serving(video))
    assert (tmp_path / "v.mp4").read_bytes() == video
    assert manifest.mismatches == (
        Mismatch(field="duration", ordered=5, delivered=1.042),
        Mismatch(field="height", ordered=50, delivered=48),
    )
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_verification_can_be_left_out(clip: Clip, tmp_path: Path, serving) -> None:
    """Then any bytes will do, and nothing is said about them."""
    ordered = replace(clip, order=Order(duration=5, audio=True))
    manifest = _land(ordered, tmp_path / "v.bin", serving(b"anything"), verify=False)
    assert (manifest.bytes, manifest.media, manifest.mismatches) == (8, Media(), ())


def test_length_is_checked_all_the_same(clip: Clip, tmp_path: Path, serving, reply) -> None:
    """A short file is no matter of opinion."""
    source = serving(*[reply(b"anyth", promised=8)] * 4)
    with pytest.raises(DownloadIncomplete, match="5 bytes of the video came, and 8 were promised"):
        _land(clip, tmp_path / "v.bin", source, verify=False)


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
    clip, tmp_path, serving, reply, video, header, content_type
) -> None:
    """Many hosts of signed links only know of bytes."""
    source = serving(reply(video, promised=len(video), content_type=header))
    assert _land(clip, tmp_path / "v.mp4", source).content_type == content_type


class TestOverwrite:
    """What becomes of a file that is there already."""

    def test_identical_bytes_are_not_written_again(self, clip, tmp_path, serving, video) -> None:
        """The file keeps its identity, and the run still has its manifest."""
        target = tmp_path / "v.mp4"
        first = _land(clip, target, serving(video))
        inode = target.stat().st_ino
        assert _land(clip, target, serving(video)) == first
        assert target.stat().st_ino == inode

    def test_different_bytes_are_replaced(self, clip, folder: Any, serving, films) -> None:
        """Also by default."""
        target = folder / "v.mp4"
        for shape in ("sound", "silent"):
            _land(clip, target, serving(films[shape].read_bytes()))
        assert _content(target) == films["silent"].read_bytes()

    def test_always_means_always(self, clip, tmp_path, serving, video) -> None:
        """Even for the same bytes."""
        target = tmp_path / "v.mp4"
        _land(clip, target, serving(video))
        inode = target.stat().st_ino
        _land(clip, target, serving(video), overwrite="always")
        assert target.stat().st_ino != inode

    def test_never_refuses_before_anything_is_fetched(self, clip, folder: Any, serving, video) -> None:
        """And a retry would meet the same file."""
        target = folder / "v.mp4"
        _land(clip, target, serving(video), overwrite="never")
        source = serving(video)
        with pytest.raises(DestinationError, match="exists, and overwrite is 'never'") as caught:
            _land(clip, target, source, overwrite="never")
        assert source.opened == []
        assert not caught.value.retryable

    def test_an_unknown_policy_is_refused(self, tmp_path: Path) -> None:
        """The known ones are listed."""
        with pytest.raises(ConfigurationError, match="known are skip-identical, always, never"):
            check_overwrite("sometimes", tmp_path / "v.mp4")


def test_a_bad_destination_is_refused_before_anything_is_fetched(clip, tmp_path, serving, video) -> None:
    """The link lives for a while; the mistake can be mended."""
    source = serving(video)
    with pytest.raises(DestinationError, match="it is a directory"):
        _land(clip, tmp_path, source)
    assert source.opened == []


def test_a_failed_landing_leaves_no_file(clip: Clip, folder: Any, serving) -> None:
    """Whatever the error."""
    target = folder / "v.mp4"
    with pytest.raises(SeedanceError):
        _land(clip, target, serving(LinkDead("HTTP 410")))
    assert size_of(target) is None
