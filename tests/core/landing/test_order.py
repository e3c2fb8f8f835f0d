"""What was ordered, held against what was delivered."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.landing.manifest import Media, Mismatch
from airflow_provider_seedance.core.landing.order import find_mismatches
from airflow_provider_seedance.models import ExpectedVideo

DELIVERED = Media(duration=5.042, width=1280, height=720, fps=24.0, video_codec="h264", audio_codec="aac")


@pytest.mark.parametrize(
    "expected",
    [
        ExpectedVideo(),
        ExpectedVideo(duration=5),
        ExpectedVideo(duration=5.29),
        ExpectedVideo(duration=4.8, width=1280, height=720, audio=True),
    ],
)
def test_what_was_ordered_was_delivered(expected: ExpectedVideo) -> None:
    """One frame more than 24 a second is the rule, and a little sound may trail."""
    assert find_mismatches(expected, DELIVERED) == ()


@pytest.mark.parametrize(
    ("expected", "mismatch"),
    [
        (ExpectedVideo(duration=10), Mismatch(field="duration", ordered=10, delivered=5.042)),
        (ExpectedVideo(duration=4.7), Mismatch(field="duration", ordered=4.7, delivered=5.042)),
        (ExpectedVideo(width=1281), Mismatch(field="width", ordered=1281, delivered=1280)),
        (ExpectedVideo(height=704), Mismatch(field="height", ordered=704, delivered=720)),
        (ExpectedVideo(audio=False), Mismatch(field="audio", ordered=False, delivered=True)),
    ],
)
def test_a_difference_is_named(expected: ExpectedVideo, mismatch: Mismatch) -> None:
    """Length within a quarter of a second, size to the pixel, sound or none."""
    assert find_mismatches(expected, DELIVERED) == (mismatch,)


def test_all_differences_are_named() -> None:
    """Not only the first one."""
    silent = DELIVERED.model_copy(update={"audio_codec": None})
    found = find_mismatches(ExpectedVideo(duration=9, width=1, height=2, audio=True), silent)
    assert [mismatch.field for mismatch in found] == ["duration", "width", "height", "audio"]


def test_what_is_not_known_of_the_file_is_not_a_difference() -> None:
    """A file that was not read says nothing about its sound either."""
    assert find_mismatches(ExpectedVideo(duration=9, width=1, height=2, audio=True), Media()) == ()
