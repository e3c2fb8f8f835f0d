"""Which connection is asked about a generation that a user names."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_seedance.core.lifecycle.adopt import ask_each, connections_to_ask
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import AuthenticationRefused, NoReply, NotFound, SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Status

FOUND = Pending(vendor="v", generation_id="g", status=Status.RUNNING)
RECORD = SubmissionRecord(
    intent_number=1,
    intent_id="i",
    vendor="v",
    seedance_conn_id="b",
    fingerprint="f",
    intended_at=datetime(2026, 11, 28, tzinfo=timezone.utc),
    max_tries=1,
    generation_id="g",
)


def ask(*answers: Generation | SeedanceError) -> tuple[str, Generation | None]:
    """Connections a, b, ... with these answers."""
    by_connection = dict(zip("abc", answers, strict=False))

    def open_client(conn_id: str) -> Any:
        def get(generation_id: str) -> Generation:
            if isinstance(answer := by_connection[conn_id], SeedanceError):
                raise answer
            return answer

        return SimpleNamespace(generations=SimpleNamespace(get=get))

    conn_id, _, generation = ask_each("g", tuple(by_connection), open_client)
    return conn_id, generation


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ((FOUND, NotFound("-")), ("a", FOUND)),
        ((NotFound("-"), FOUND), ("b", FOUND)),
        ((NoReply("-"), FOUND), ("b", FOUND)),
        ((AuthenticationRefused("-"), NotFound("-"), FOUND), ("c", FOUND)),
        # Waiting bears what passes, and tells what does not.
        ((NoReply("-"), NotFound("-")), ("a", None)),
        ((NotFound("-"), NoReply("-")), ("b", None)),
        ((NotFound("-"), NotFound("-")), ("a", None)),
        ((NoReply("-"),), ("a", None)),
    ],
)
def test_the_account_that_has_it(answers: Any, found: tuple[str, Generation | None]) -> None:
    assert ask(*answers) == found


def test_more_than_one_that_may_have_it() -> None:
    """A retry asks again."""
    with pytest.raises(NoReply):
        ask(NoReply("-"), AuthenticationRefused("-"))


@pytest.mark.parametrize(
    ("record", "asked"),
    [
        (None, ("a", "b")),
        (RECORD, ("b",)),
        (RECORD.replace(generation_id="later", seedance_conn_id="a", attempts=(RECORD.attempt,)), ("b",)),
        (RECORD.replace(generation_id="another"), ("a", "b")),
        (RECORD.replace(generation_id=None), ("a", "b")),
    ],
)
def test_the_record_tells_who_has_submitted_it(
    record: SubmissionRecord | None, asked: tuple[str, ...]
) -> None:
    assert connections_to_ask("g", ("a", "b"), record) == asked
