"""One template, one place for each video."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from airflow_provider_seedance.core.storage.destination import resolve_destination
from airflow_provider_seedance.errors import ConfigurationError

FIELDS = {"vendor": "evolink", "generation_id": "task-1", "model": "seedance-2.0", "mode": "text"}


@pytest.mark.parametrize(
    ("template", "destination"),
    [
        ("s3://bucket/clip.mp4", "s3://bucket/clip.mp4"),
        (
            "s3://aws@bucket/{vendor}/{model}/{mode}-{generation_id}.mp4",
            "s3://aws@bucket/evolink/seedance-2.0/text-task-1.mp4",
        ),
        ("s3://bucket/{model}/", "s3://bucket/seedance-2.0/task-1.mp4"),
        ("/data/{{raw}}/{mode}.mp4", "/data/{raw}/text.mp4"),
    ],
)
def test_names_are_filled_in(template: str, destination: str) -> None:
    """A trailing slash means a directory."""
    assert resolve_destination(template, FIELDS) == destination


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_an_existing_directory_gets_the_file_in_it(tmp_path: Path, scheme: str) -> None:
    """With or without the slash."""
    assert resolve_destination(f"{scheme}{tmp_path}", FIELDS) == f"{scheme}{tmp_path}/task-1.mp4"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (" ", "it is empty"),
        ("/x/{bucket}.mp4", r"\{bucket\} is not known; known are generation_id, mode, model, vendor"),
        ("/x/{}.mp4", r"\{\} is not known"),
        ("/x/{vendor.upper}.mp4", "is not known"),
        ("/x/{vendor!r}.mp4", "takes no format or conversion"),
        ("/x/{vendor:>9}.mp4", "takes no format or conversion"),
        ("~root/x.mp4", "another user's home directory"),
        ("~{model}/x.mp4", "another user's home directory"),
        ("/x/{vendor.mp4", "a literal brace is written twice"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(template: str, reason: str) -> None:
    """The error shows the template and what would work."""
    with pytest.raises(ConfigurationError, match=reason):
        resolve_destination(template, FIELDS)


def test_a_name_without_a_value_is_refused() -> None:
    """Better no file than one called "None"."""
    with pytest.raises(ConfigurationError, match="has no value for this video"):
        resolve_destination("/x/{model}.mp4", {**FIELDS, "model": None})


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        ("a?b#c d", "a%3Fb%23c%20d"),
        ("~root", "%7Eroot"),
        ("猫", "%E7%8C%AB"),
    ],
)
def test_a_value_stays_one_harmless_segment(value: str, segment: str) -> None:
    """Nothing that a vendor sends leads out of the directory."""
    assert resolve_destination("/x/{model}.mp4", {**FIELDS, "model": value}) == f"/x/{segment}.mp4"


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_ids_never_meet_in_one_file(one: str, other: str) -> None:
    """Encoding, unlike replacing, loses nothing."""
    assume(one != other and not any("\ud800" <= letter <= "\udfff" for letter in one + other))
    first, second = (resolve_destination("/x/", {"generation_id": name}) for name in (one, other))
    assert first != second


@pytest.mark.parametrize("value", ["~root", "~", "~/x", "~nobody"])
def test_a_value_is_no_home_directory(value: str) -> None:
    """Also at the very beginning."""
    assert resolve_destination("{model}/x.mp4", {**FIELDS, "model": value}).startswith("%7E")


def test_the_own_home_directory_is_left_to_who_opens_the_path() -> None:
    assert resolve_destination("~/videos/{mode}.mp4", FIELDS) == "~/videos/text.mp4"
