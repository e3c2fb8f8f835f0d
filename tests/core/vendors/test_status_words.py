"""The words for a generation's state."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.vendors.status_words import WORDS, status_of
from airflow_provider_seedance.models import Status


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("succeed", Status.SUCCEEDED),
        ("SUCCEED", Status.SUCCEEDED),
        ("Completed", Status.SUCCEEDED),
        ("complete", Status.SUCCEEDED),
        (" done ", Status.SUCCEEDED),
        ("finished", Status.SUCCEEDED),
        ("FAIL", Status.FAILED),
        ("Failure", Status.FAILED),
        ("canceled", Status.CANCELLED),
        ("CANCEL", Status.CANCELLED),
        ("Expire", Status.EXPIRED),
        ("timed-out", Status.EXPIRED),
        ("In Progress", Status.RUNNING),
        ("not_start", Status.QUEUED),
    ],
)
def test_words_are_known_in_any_case(word: str, status: Status) -> None:
    """Relays mix the words of all vendors."""
    assert status_of(word) is status


@pytest.mark.parametrize(
    "word", ["", "paused", "succeeding", "completed?", "almost done", "failed over", "完成"]
)
def test_an_unknown_word_is_no_state(word: str) -> None:
    """Not even one that contains an end's."""
    assert status_of(word) is None


def test_a_vendor_only_adds_words() -> None:
    """It cannot change what a word of the table means."""
    own = {"failed": Status.RUNNING, "baking": Status.RUNNING}
    assert (status_of("failed", own), status_of("baking", own)) == (Status.FAILED, Status.RUNNING)
    assert all(word == word.lower() for word in WORDS)
