"""Local paths and URIs as DAG authors write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_seedance.runtime.object_storage import path_from_uri


def test_the_own_home_directory_is_meant_by_its_short_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/worker")
    assert path_from_uri("~/videos/v.mp4") == Path("/home/worker/videos/v.mp4")


@pytest.mark.parametrize("uri", ["~root/v.mp4", "~nobody/v.mp4", "~", "videos/~/v.mp4", "file://~root/v.mp4"])
def test_no_other_name_leads_to_a_home_directory(uri: str) -> None:
    """It may have come from a value."""
    assert "~" in str(path_from_uri(uri))
