"""What a failed task says that it has cost: of all its attempts, not of the latest alone."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.lifecycle.describe import bill_in_words, is_billed
from airflow_provider_seedance.core.submission.outcome import Ended, Refused
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import BalanceRefused, Kind, SeedanceError
from airflow_provider_seedance.models import Cost

FIRST = SubmissionRecord(
    intent_number=1,
    intent_id="i",
    vendor="toapis",
    seedance_conn_id="a",
    fingerprint="f",
    intended_at=datetime(2026, 11, 28, tzinfo=timezone.utc),
    max_tries=3,
    generation_id="g1",
)
MODERATED = Ended(status="failed", reason="no", error=Kind.MODERATION)
CHARGED = MODERATED.model_copy(update={"cost": Cost(amount=Decimal("0.98"), currency="USD", basis="billed")})
REFUSED = BalanceRefused("no money", http_status=402)


@pytest.mark.parametrize(
    ("first", "error", "billed", "words"),
    [
        (
            {"outcome": CHARGED},
            REFUSED,
            True,
            "Generation g1, an earlier attempt, is billed: 0.98 USD (billed). Nothing else is billed.",
        ),
        ({"outcome": MODERATED}, REFUSED, False, "Nothing is billed."),
        ({"outcome": Refused(reason="no", error=Kind.BALANCE)}, REFUSED, False, "Nothing is billed."),
        (
            {"generation_id": None},
            REFUSED,
            None,
            "It is not known what an earlier attempt through connection a has cost. Nothing else is billed.",
        ),
        (
            {},
            REFUSED,
            None,
            "It is not known what an earlier attempt through connection a has cost. Nothing else is billed.",
        ),
    ],
)
def test_an_attempt_that_was_refused_after_another(
    first: dict[str, Any], error: SeedanceError, billed: bool | None, words: str
) -> None:
    earlier = FIRST.replace(**first)
    record = FIRST.replace(
        intent_number=2,
        generation_id=None,
        rung=1,
        attempts=earlier.all_attempts,
        outcome=Refused(reason="no money", error=Kind.BALANCE),
    )
    assert (is_billed(record, error), bill_in_words(record, error)) == (billed, words)
