"""The same content is uploaded once while it is there."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from airflow_provider_seedance.core.library import UploadedFile
from airflow_provider_seedance.core.media.uploads import UploadCache

NOW = datetime(2026, 11, 27, tzinfo=timezone.utc)
KEY = "evolink/0123/abcd"


def _upload(hours: float | None = 72) -> UploadedFile:
    return UploadedFile(
        url="https://files.example/x", expires_at=None if hours is None else NOW + timedelta(hours=hours)
    )


@pytest.mark.parametrize(("hours", "known"), [(72, True), (None, True), (2, False), (-1, False)])
def test_an_upload_that_ends_soon_is_not_trusted(hours, known) -> None:
    cache = UploadCache()
    cache.keep(KEY, _upload(hours))
    assert (cache.find(KEY, NOW) is not None) is known


def test_a_folder_is_shared_by_processes(tmp_path) -> None:
    UploadCache(str(tmp_path), Path).keep(KEY, _upload())
    assert UploadCache(str(tmp_path), Path).find(KEY, NOW) == _upload()
    assert UploadCache(str(tmp_path), Path).find("evolink/other/abcd", NOW) is None
    assert UploadCache().find(KEY, NOW) is None


def test_a_damaged_file_is_no_upload(tmp_path, caplog) -> None:
    (tmp_path / "uploads/evolink/0123").mkdir(parents=True)
    (tmp_path / "uploads/evolink/0123/abcd.json").write_text("{")
    assert UploadCache(str(tmp_path), Path).find(KEY, NOW) is None
    assert "uploaded again" in caplog.text


def test_what_is_known_is_not_shown() -> None:
    assert "files.example" not in repr(_upload())
