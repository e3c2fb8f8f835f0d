"""Which attempt follows which: the table of failures, connections and rungs, as one pure decision."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.attempts import (
    Attempt,
    AttemptPlan,
    Place,
    Wait,
    next_step,
    next_turn,
    with_attempt,
)
from airflow_provider_seedance.errors import Kind

NOW = datetime(2026, 11, 28, tzinfo=timezone.utc)
LONG_AGO = NOW - timedelta(seconds=301)
#: Two connections; the same again, no sound, another model.
PLAN = AttemptPlan(("a", "b"), ({}, {"generate_audio": False}, {"model": "seedance-1.5-pro"}))


def tried(connection: str, rung: int, error: Kind | None, status: str = "refused", **others: Any) -> Attempt:
    return Attempt(
        connection=connection,
        rung=rung,
        status=status,  # type: ignore[arg-type]
        error=error,
        **{"since": NOW, **others},
    )


OUTPUT = {"status": "failed", "stage": "output"}

#: What was tried, and what follows.
TABLE = [
    ([], Place("a")),
    # Moderation: the next rung, and the same again for a rejected video alone.
    ([tried("a", 0, Kind.MODERATION, **OUTPUT)], Place("a", 1)),
    ([tried("a", 0, Kind.MODERATION, stage="input")], Place("a", 2)),
    ([tried("a", 0, Kind.MODERATION, status="failed")], Place("a", 2)),
    ([tried("a", 2, Kind.MODERATION, **OUTPUT)], Place("a", 3)),
    ([tried("a", 3, Kind.MODERATION, **OUTPUT)], None),
    # A connection that is of no use: the next one, for good.
    ([tried("a", 0, Kind.BALANCE)], Place("b")),
    ([tried("a", 0, Kind.AUTHENTICATION)], Place("b")),
    ([tried("a", 0, Kind.AUTHENTICATION, status="failed")], Place("b")),
    ([tried("a", 0, Kind.BALANCE), tried("b", 0, Kind.MODERATION, **OUTPUT)], Place("b", 1)),
    ([tried("a", 0, Kind.BALANCE), tried("b", 0, Kind.AUTHENTICATION)], None),
    # A connection without the model or an option: the next one for this rung, and the first again for another.
    ([tried("a", 0, Kind.VALIDATION)], Place("b")),
    ([tried("a", 0, Kind.CONFIGURATION, status="skipped")], Place("b")),
    ([tried("a", 0, Kind.VALIDATION), tried("b", 0, Kind.VALIDATION)], None),
    (
        [
            tried("a", 0, Kind.MODERATION, stage="input"),
            tried("a", 2, Kind.VALIDATION, status="skipped"),
            tried("b", 2, Kind.VALIDATION, status="skipped"),
        ],
        Place("a", 3),
    ),
    (
        [
            tried("a", 0, Kind.MODERATION, stage="input"),
            tried("a", 3, Kind.VALIDATION),
            tried("b", 3, Kind.VALIDATION),
        ],
        None,
    ),
    # Trouble that may pass: the same again, until it has lasted.
    ([tried("a", 0, Kind.CONNECTION)], Wait(Place("a"))),
    ([tried("a", 0, Kind.OVERLOAD)], Wait(Place("a"))),
    ([tried("a", 0, Kind.RATE_LIMIT)], Wait(Place("a"))),
    ([tried("a", 0, Kind.RATE_LIMIT, since=LONG_AGO)], Place("b")),
    ([tried("a", 0, Kind.CONNECTION, since=LONG_AGO), tried("b", 0, Kind.CONNECTION)], None),
    # Not led on from: what may be billed, and what a retry is for.
    ([tried("a", 0, None, status="unknown")], None),
    ([tried("a", 0, None, status="submitted")], None),
    ([tried("a", 0, Kind.OVERLOAD, status="failed")], None),
    ([tried("a", 0, Kind.EXPIRED, status="expired")], None),
    ([tried("a", 0, Kind.CANCELLED, status="cancelled")], None),
    ([tried("a", 0, Kind.REJECTED, status="failed")], None),
    ([tried("a", 0, Kind.CONFLICT)], None),
]


@pytest.mark.parametrize(("attempts", "follows"), TABLE)
def test_what_follows(attempts: list[Attempt], follows: Place | Wait | None) -> None:
    assert next_step(PLAN, attempts, NOW) == follows


@pytest.mark.parametrize("error", [kind for kind in Kind if kind is not Kind.MODERATION])
def test_one_connection_without_changes_leads_nowhere(error: Kind) -> None:
    """As without any of this: the error is the task's."""
    assert next_step(AttemptPlan(("a",)), [tried("a", 0, error, since=LONG_AGO)], NOW) is None


@pytest.mark.parametrize(
    ("as_written", "changed", "follows"),
    [
        ("input", "output", None),
        (None, "output", None),
        ("output", "input", Place("a", 2)),
        ("output", "output", Place("a", 2)),
    ],
)
def test_the_same_again_is_judged_by_the_request_as_it_was_written(
    as_written: str | None, changed: str, follows: Place | None
) -> None:
    """What became of a changed one says nothing about it."""
    plan = AttemptPlan(("a",), ({"prompt": "A cat"}, {}))
    attempts = [
        tried("a", 0, Kind.MODERATION, stage=as_written),
        tried("a", 1, Kind.MODERATION, stage=changed),
    ]
    assert next_step(plan, attempts, NOW) == follows


def test_a_rung_that_the_plan_has_no_more_is_none_of_the_request_as_it_was_written() -> None:
    """Its change is not known."""
    attempts = [tried("a", 7, Kind.MODERATION, stage="input"), tried("a", 0, Kind.MODERATION, **OUTPUT)]
    assert next_step(PLAN, attempts, NOW) == Place("a", 1)


def test_rungs_that_ask_for_the_same_input_are_told_as_skipped() -> None:
    """After an input rejection, ``{}`` is in the list of attempts."""
    place, turn = next_turn(PLAN, [tried("a", 0, Kind.MODERATION, stage="input")], (), NOW)
    assert (place, turn.rung, turn.leads_on) == (Place("a", 2), 2, True)
    assert [(attempt.rung, attempt.status) for attempt in turn.skipped] == [(1, "skipped")]


@pytest.mark.parametrize(
    ("last", "place", "series"),
    [
        (tried("b", 0, Kind.BALANCE), Place("a", 0), 2),
        (tried("b", 2, Kind.CONNECTION, since=LONG_AGO), Place("a", 2), 2),
        (tried("b", 3, Kind.MODERATION, **OUTPUT), Place("a", 0), 2),
        (tried("b", 3, Kind.VALIDATION), Place("a", 0), 2),
        (tried("b", 2, Kind.EXPIRED, status="expired"), Place("b", 2), 1),
        (tried("b", 2, Kind.OVERLOAD, status="failed"), Place("b", 2), 1),
        (tried("gone", 0, Kind.EXPIRED, status="expired"), Place("a", 0), 2),
    ],
)
def test_where_a_further_try_begins(last: Attempt, place: Place, series: int) -> None:
    """Once nothing is left: a retry after trouble asks all connections again, and stays at its rung."""
    before = tried("a", 0, Kind.BALANCE)
    found, turn = next_turn(PLAN, [before, last], (), NOW)
    assert (found, turn.rung, turn.series) == (place, place.rung, series)


def test_trouble_lasts_from_its_beginning() -> None:
    """The record of the next intent says since when, and trouble at one place is listed once."""
    first = tried("a", 0, Kind.CONNECTION, since=LONG_AGO)
    place, turn = next_turn(PLAN, [first.model_copy(update={"since": NOW})], (), NOW)
    assert turn.on_record(place.connection, [first])["trouble_since"] == LONG_AGO
    assert turn.on_record("b", [first])["trouble_since"] is None
    assert with_attempt([first], tried("a", 0, Kind.RATE_LIMIT)) == (tried("a", 0, Kind.RATE_LIMIT),)
    assert len(with_attempt([first], tried("b", 0, Kind.RATE_LIMIT))) == 2
