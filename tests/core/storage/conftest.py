"""Places for files: on a disk, in a store, and in a store that a test made up."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from upath import UPath


@pytest.fixture(autouse=True)
def temp(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary directory of this test's own."""
    folder = tmp_path_factory.mktemp("temp")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@dataclass
class Stored:
    """A path on a filesystem that the test made."""

    fs: Any
    path: str = "/bucket/v.mp4"
    protocol: str = "test"

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    def with_name(self, name: str, /) -> Stored:
        return replace(self, path=f"{self.path.rpartition('/')[0]}/{name}")

    def __str__(self) -> str:
        return f"{self.protocol}:/{self.path}"


@pytest.fixture(params=["path", "local store path", "object store"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """An empty folder of each kind of target; ``folder / name`` is a target."""
    if request.param == "path":
        return tmp_path / "out"
    if request.param == "local store path":
        from airflow.sdk import ObjectStoragePath

        return ObjectStoragePath(f"file://{tmp_path}/out")
    return UPath(f"memory://{uuid.uuid4().hex}")
