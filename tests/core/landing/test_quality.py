"""A video is black, frozen or silent by figures that its manifest shows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.core.landing.manifest import Quality
from airflow_provider_seedance.core.landing.quality import (
    check_quality,
    check_quality_of_rows,
    measure,
)
from airflow_provider_seedance.core.landing.samples import SAMPLES, TIME_LIMIT, take_samples
from airflow_provider_seedance.core.landing.verify import probe
from airflow_provider_seedance.errors import QualityRejected
from tests.core.landing.films import make_film


def _measure(film: Path, audio_expected: bool | None = None) -> Quality:
    return measure(take_samples(film, probe(film), time.monotonic), audio_expected=audio_expected)


def test_a_good_video(tmp_path: Path) -> None:
    """Its figures are told, too."""
    quality = _measure(make_film(tmp_path / "v.mp4"))
    assert (quality.pictures, quality.black, quality.frozen, quality.flags) == (SAMPLES, 0.0, 0.0, ())
    assert quality.peak_dbfs == pytest.approx(-6.0, abs=1.5)


@pytest.mark.parametrize(
    ("film", "audio_expected", "flags"),
    [
        ({"brightness": 16, "moving": False}, None, ("black", "frozen")),
        ({"moving": False}, None, ("frozen",)),
        ({"loudness": 0.0}, None, ("silent",)),
        ({"loudness": 0.0005}, True, ("silent",)),
        ({"loudness": 0.0}, False, ()),
        ({"loudness": 0.01}, True, ()),
        # What lacks a sound track is told as a mismatch.
        ({"loudness": None}, True, ()),
        # The first pictures are black, as in a fade.
        ({"brightness": 16}, None, ()),
    ],
)
def test_flags(film: dict[str, Any], audio_expected: bool | None, flags: tuple[str, ...], tmp_path) -> None:
    """Only what holds for nearly the whole video."""
    assert _measure(make_film(tmp_path / "v.mp4", **film), audio_expected).flags == flags


def test_a_video_that_takes_too_long_is_looked_at_in_part(tmp_path: Path) -> None:
    """Time is bounded, whatever the file holds."""
    film = make_film(tmp_path / "v.mp4", loudness=None)
    seconds = iter(range(0, 10_000, int(TIME_LIMIT / 10)))
    assert 0 < len(take_samples(film, probe(film), lambda: next(seconds)).pictures) < SAMPLES


WRONG = [
    {"quality": {"flags": ["black"]}, "mismatches": []},
    {"quality": {"flags": ["frozen", "silent"]}, "mismatches": []},
    {"quality": None, "mismatches": [{"field": "duration", "expected": 5, "actual": 3}]},
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_fails_for_good_where_that_is_wanted(wrong: dict[str, Any]) -> None:
    """The file is paid for and stays; another try would find the same."""
    manifest = {"uri": "/videos/fox.mp4", "source": {"vendor": "evolink", "generation_id": "task-1"}, **wrong}
    check_quality(manifest, "flag")
    with pytest.raises(QualityRejected, match=r"(?s)/videos/fox.mp4 .*on_quality='flag'") as caught:
        check_quality(manifest, "fail")
    assert not caught.value.retryable
    assert (caught.value.vendor, caught.value.generation_id) == ("evolink", "task-1")


@pytest.mark.parametrize("fine", [None, {}, {"uri": "/v.mp4"}, {"uri": "/v.mp4", "quality": {"flags": []}}])
def test_what_is_fine_or_not_known_passes(fine: Any) -> None:
    """A video that could not be looked at is no bad one."""
    check_quality(fine, "fail")
    check_quality_of_rows([{"row": 1, "manifest": fine}], "fail")


@pytest.mark.parametrize(
    ("number", "end"), [(20, "row 20: black"), (21, "and 1 more"), (500, "and 480 more")]
)
def test_a_batch_says_how_many_rows_it_does_not_name(number: int, end: str) -> None:
    """All of them are in the results."""
    black = {"uri": "/v.mp4", "quality": {"flags": ["black"]}}
    with pytest.raises(QualityRejected) as caught:
        check_quality_of_rows([{"row": row, "manifest": black} for row in range(1, number + 1)], "fail")
    assert caught.value.message.endswith(end)


def test_a_batch_names_its_rows() -> None:
    results = [{"row": row, "manifest": manifest} for row, manifest in enumerate([*WRONG, None], 1)]
    check_quality_of_rows(results, "flag")
    with pytest.raises(
        QualityRejected, match=r"3 of 4 videos .*row 1: black; row 2: frozen, silent; row 3: dur"
    ):
        check_quality_of_rows(results, "fail")
