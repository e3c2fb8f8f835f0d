"""One name for a file, by which any process finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from upath import UPath

from airflow_provider_seedance.core.storage.files import read_bytes, write_text
from airflow_provider_seedance.core.storage.paths import local_path, uri_of


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
