"""One name for a file, by which any process finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from upath import UPath

from airflow_provider_seedance.core.storage.files import read_bytes, write_text
from airflow_provider_seedance.core.storage.paths import beside, local_path, reason_not_to_use, uri_of


def test_a_uri_leads_back_to_its_target(folder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """From another working directory, too."""
    target = folder / "v.mp4"
    write_text(target, "video")
    monkeypatch.chdir("/")
    assert read_bytes(UPath(uri_of(target))) == b"video"


@pytest.mark.parametrize("make", [Path, ObjectStoragePath])
def test_a_relative_path_becomes_absolute(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next task runs elsewhere."""
    monkeypatch.chdir(tmp_path)
    assert uri_of(make("out/v.mp4")) == str(tmp_path / "out" / "v.mp4")


def test_a_connection_stays_in_the_uri() -> None:
    """The path can only be opened again with it."""
    assert uri_of(ObjectStoragePath("file://store@/data/v.mp4")) == "file://store@/data/v.mp4"


@pytest.mark.parametrize("target", ["/data/v.mp4", "file:///data/v.mp4"])
def test_a_local_path_is_local_by_any_name(target: str) -> None:
    """So that it gets the atomic rename."""
    assert local_path(ObjectStoragePath(target)) == local_path(UPath(target)) == Path("/data/v.mp4")


def test_a_name_beside_another(folder: Any) -> None:
    """In the same folder, through the same connection."""
    assert uri_of(beside(folder / "a.mp4", ".json")) == f"{uri_of(folder / 'a.mp4')}.json"
    assert str(beside(ObjectStoragePath("s3://conn@bucket/a.mp4"), ".json")) == "s3://conn@bucket/a.mp4.json"


@pytest.mark.parametrize(
    "location",
    [
        "/tmp/a/{generation_id}.mp4",
        "~/clips/",
        "/tmp/12:30.mp4",
        "/tmp/a//b.mp4",
        "s3://bucket/clips/",
        "s3://conn@bucket/scheduled__2026-01-01T00:00:00+00:00/a.mp4",
        "file:///tmp/a.mp4",
        "memory://bucket/a.mp4",
        "abfss://container/a.mp4",
    ],
)
def test_what_can_be_meant_as_it_is_written(location: str) -> None:
    assert reason_not_to_use(location) is None


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("s3:/bucket/clips/a.mp4", "write s3://bucket/clips/a.mp4"),
        ("gs:bucket/a.mp4", "write gs://bucket/a.mp4"),
        ("s3//bucket/a.mp4", "write s3://bucket/a.mp4"),
        ("S3:/bucket/a.mp4", "write S3://bucket/a.mp4"),
        ("file:/tmp/a.mp4", "write file:///tmp/a.mp4"),
        ("file://tmp/a.mp4", "write file:///tmp/a.mp4"),
        ("s3:///bucket/a.mp4", "names no bucket"),
        ("s3://", "names no bucket"),
        ("s3:\\\\bucket\\a.mp4", "backslash"),
        ("s3://bucket\\clips\\a.mp4", "backslash"),
        ("C:\\clips\\a.mp4", "backslash"),
        ("C:/clips/a.mp4", "://"),
        ("//bucket/a.mp4", "begins with its scheme"),
        ("://bucket/a.mp4", "begins with its scheme"),
        ("bucket/a.mp4", "relative to wherever the worker runs"),
        ("./a.mp4", "relative"),
        ("{generation_id}.mp4", "relative"),
        ("~root/a.mp4", "relative"),
    ],
)
def test_what_only_looks_like_a_place(location: str, reason: str) -> None:
    """It would land in the worker's working directory, green."""
    assert reason in (reason_not_to_use(location) or "")
