"""Where files go."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.batch.paths import (
    check_distinct_destinations,
    destination_of_row,
    folder_of_batch,
)
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.errors import ConfigurationError

TASK = TaskIdentity("dag", "run", "task", -1)


@pytest.mark.parametrize(
    ("base", "folder"),
    [
        ("s3://bucket/videos/{row}.mp4", "s3://bucket/videos/"),
        ("s3://bucket/{generation_id}.mp4", "s3://bucket/"),
        ("/data/run-{model}/{row}.mp4", "/data/"),
        ("/data/out/", "/data/out/"),
        ("s3://bucket/state", "s3://bucket/state/"),
        ("{row}.mp4", "./"),
    ],
)
def test_a_batch_has_a_folder_of_its_own_beside_the_videos(base: str, folder: str) -> None:
    """The same for each try, another for each task instance."""
    found = folder_of_batch(base, TASK)
    assert found.startswith(f"{folder}seedance-batch-")
    assert found == folder_of_batch(base, TaskIdentity("dag", "run", "task", -1, max_tries=4))
    assert found != folder_of_batch(base, TaskIdentity("dag", "run", "task", 3))


def test_a_row_has_its_number_in_its_destination() -> None:
    """With zeros, so that files sort as rows do."""
    assert destination_of_row("out/{row}-{model}.mp4", 7) == "out/00007-{model}.mp4"


def test_a_row_has_its_own_data_in_its_destination() -> None:
    """Each value one harmless part of the path; what is no text or number stays to be refused by name."""
    metadata = {"sku": "a/b {x}", "size": 4, "tags": ["x"], "none": None}
    template = "out/{metadata.sku}-{metadata.size}-{metadata.tags}-{metadata.none}-{sku}.mp4"
    assert (
        destination_of_row(template, 1, metadata)
        == "out/a%2Fb%20%7Bx%7D-4-{metadata.tags}-{metadata.none}-{sku}.mp4"
    )


@pytest.mark.parametrize(
    "template", ["out/{row}.mp4", "out/{generation_id}.mp4", "out/", "out/{metadata.sku}.mp4"]
)
def test_destinations_that_differ_by_row_are_taken(template: str) -> None:
    """By its number or by its generation."""
    check_distinct_destinations(template)


@pytest.mark.parametrize("template", ["out/video.mp4", "out/{model}.mp4"])
def test_a_destination_at_which_rows_would_meet_is_refused(template: str) -> None:
    """Before anything is paid."""
    with pytest.raises(ConfigurationError, match="same file for every row"):
        check_distinct_destinations(template)


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    """The row's is among them."""
    with pytest.raises(ConfigurationError, match=r"\{rows\} is not known; known are .*\brow\b"):
        check_distinct_destinations("out/{rows}.mp4")
