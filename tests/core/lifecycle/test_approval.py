"""What a person is shown before a decision."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.lifecycle.approval import (
    MAX_ROWS,
    plain_text,
    storyboard_as_markdown,
    total_in_words,
    video_as_markdown,
)
from airflow_provider_seedance.models import Cost, GenerationRequest

USD = Cost(amount=Decimal("0.45"), currency="USD", basis="estimated")
CREDITS = Cost(amount=Decimal(25), currency="credits", basis="estimated")
UNKNOWN = Cost()
FOX = GenerationRequest(prompt="A fox | <b>looks</b> up", duration=5, resolution="480p", aspect_ratio="16:9")
TASK = {"dag_id": "film", "run_id": "manual__2026-11-28T01:00:00+00:00", "task_id": "shot", "map_index": 2}
MANIFEST: dict[str, Any] = {
    "uri": "s3://videos/fox.mp4",
    "media": {"duration": 5.04, "width": 864, "height": 496},
    "source": {"generation_id": "cgt-1", "model": "seedance-2.0"},
    "mismatches": [{"field": "duration", "expected": 6, "actual": 5.04}],
    "provenance": {
        "generated_by": TASK,
        "request": {"prompt": "A fox"},
        "cost": {"amount": "0.45", "currency": "USD", "basis": "billed"},
    },
}


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        ([USD], "1 shot, at most 0.45 USD"),
        ([USD, USD], "2 shots, at most 0.90 USD"),
        ([USD, CREDITS], "2 shots, at most 0.45 USD, 25 credits"),
        ([USD, UNKNOWN], "2 shots, at most 0.45 USD, 1 without a known price"),
        ([UNKNOWN], "1 shot, 1 without a known price"),
        ([], "0 shots"),
    ],
)
def test_the_sum(costs, told) -> None:
    """By currency; what is not known is said."""
    assert total_in_words([(FOX, cost) for cost in costs]) == told


def test_a_storyboard_is_a_table() -> None:
    """A row for each shot; nothing in a prompt is markup."""
    lines = storyboard_as_markdown([(FOX, USD), (GenerationRequest(first_frame="/tmp/a.png"), UNKNOWN)])
    assert r"| 1 | A fox \| \<b\>looks\</b\> up | seedance\-2.0 | 5 s | 480p 16:9 | 0.45 USD |" in lines
    assert r"| 2 | \(first\_frame\) | seedance\-2.0 | – | – | unknown |" in lines


def test_a_long_storyboard_is_cut() -> None:
    """The sum counts all shots."""
    shown = storyboard_as_markdown([(FOX, USD)] * (MAX_ROWS + 3))
    assert "103 shots, at most 46.35 USD" in shown
    assert "and 3 more" in shown
    assert f"| {MAX_ROWS + 1} |" not in shown


@pytest.mark.parametrize("result", [MANIFEST, {"generation_id": "cgt-1", "manifest": MANIFEST}])
def test_a_video_has_its_picture_its_facts_and_its_card(result) -> None:
    """From a result and from a manifest alike; the picture is below Airflow's own address."""
    shown = video_as_markdown(result, pictures=["poster"])
    card = "dag_id=film&run_id=manual__2026-11-28T01%3A00%3A00%2B00%3A00&task_id=shot&map_index=2"
    assert f"![poster](seedance/poster?{card})" in shown
    assert f"[Watch it in the gallery](seedance/?{card})" in shown
    assert "| cost | 0.45 USD (billed) |" in shown
    assert "| length | 5.04 s |" in shown
    assert "| size | 864x496 |" in shown
    assert "differs from the request" in shown


@pytest.mark.parametrize(
    "result", [{}, {"manifest": {"uri": "/a.mp4"}}, {"provenance": None, "source": None}]
)
def test_what_is_not_known_is_left_out(result) -> None:
    """A video that nobody of this Airflow has made has no card."""
    shown = video_as_markdown(result, pictures=["poster"])
    assert "poster" not in shown
    assert "gallery" not in shown
    assert "None" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](javascript:x)", r"\[a\]\(javascript:x\)"),
        ("![](http://h/x?sig=abc)", r"\!\[\]\(http://h/x?"),
        ("two\n\nlines", "two lines"),
        ("a|b", r"a\|b"),
    ],
)
def test_a_prompt_is_shown_as_it_is(text, shown) -> None:
    """It may come from anywhere."""
    assert plain_text(text).startswith(shown)
    assert "abc" not in plain_text(text)
