"""Local paths and URIs as DAG authors write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_seedance.errors import ConfigurationError
from airflow_provider_seedance.runtime.object_storage import path_from_uri


def test_the_own_home_directory_is_meant_by_its_short_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/worker")
    assert path_from_uri("~/videos/v.mp4") == Path("/home/worker/videos/v.mp4")


@pytest.mark.parametrize("uri", ["~root/v.mp4", "~nobody/v.mp4", "~", "videos/~/v.mp4", "file://~root/v.mp4"])
def test_no_other_name_leads_to_a_home_directory(uri: str) -> None:
    """It may have come from a value; and a relative path leads to wherever the worker runs."""
    with pytest.raises(ConfigurationError):
        path_from_uri(uri)


@pytest.mark.parametrize("uri", ["s3:/bucket/v.mp4", "out/v.mp4", "s3:\\\\bucket\\v.mp4", "//bucket/v.mp4"])
def test_what_only_looks_like_a_place_is_refused_for_all_who_open_one(uri: str) -> None:
    """Destinations, a batch's requests and the folder of records alike; the text quotes what was written."""
    with pytest.raises(ConfigurationError, match="cannot be used as a path") as caught:
        path_from_uri(uri)
    assert repr(uri) in str(caught.value)


def test_a_path_stays_what_it_is() -> None:
    assert path_from_uri("/data/~/v.mp4") == Path("/data/~/v.mp4")
