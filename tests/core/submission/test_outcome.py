"""The outcome on record: four words, readable, and never misread."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.submission.outcome import Ended, GaveUp, Outcome, Refused, Superseded
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import Diagnosis, Kind, NotSent, StateUnreadable, refusal

RECORD = SubmissionRecord(
    intent_number=1,
    intent_id="sd-1-1",
    vendor="evolink",
    seedance_conn_id="c",
    fingerprint="v1:a",
    intended_at=datetime(2026, 11, 21, tzinfo=timezone.utc),
    max_tries=0,
)


@pytest.mark.parametrize(
    ("outcome", "blocks_new_payment", "is_unbilled"),
    [
        (None, True, False),
        (Refused(), False, True),
        (Ended(status="succeeded"), True, False),
        (Ended(status="failed"), False, True),
        (Ended(status="expired"), False, True),
        (Ended(status="cancelled"), False, True),
        (GaveUp(limit="unreachable"), True, False),
        (Superseded(by="change"), False, False),
    ],
)
def test_an_outcome_says_what_may_be_billed(
    outcome: Outcome | None, blocks_new_payment: bool, is_unbilled: bool
) -> None:
    """What was superseded may be billed, but is not this intent's any more."""
    record = RECORD.replace(outcome=outcome)
    assert (record.blocks_new_payment, record.is_unbilled) == (blocks_new_payment, is_unbilled)


@pytest.mark.parametrize(
    ("outcome", "stored"),
    [
        (Refused.by(NotSent("no route")), {"kind": "refused", "reason": "no route", "error": "connection"}),
        (
            Refused.by(
                refusal(
                    Kind.MODERATION,
                    "a face",
                    code="Input",
                    diagnosis=Diagnosis("input", "image", "reference_images", 2, "content[3]"),
                )
            ),
            {
                "kind": "refused",
                "reason": "a face",
                "error": "moderation",
                "code": "Input",
                "stage": "input",
                "medium": "image",
                "field": "reference_images",
                "index": 2,
                "param": "content[3]",
            },
        ),
        (
            Ended(status="failed", reason="a person", error=Kind.MODERATION),
            {"kind": "ended", "status": "failed", "reason": "a person", "error": "moderation"},
        ),
        (GaveUp(limit="queue_timeout"), {"kind": "gave_up", "limit": "queue_timeout", "reason": None}),
        (Superseded(by="clear"), {"kind": "superseded", "by": "clear", "reason": None}),
    ],
)
def test_it_is_stored_in_plain_words(outcome: Outcome, stored: dict[str, Any]) -> None:
    """And read back, also where defaults are left out, as in a journal."""
    record = RECORD.replace(outcome=outcome)
    assert record.to_dict()["outcome"] == stored
    assert SubmissionRecord.parse(record.to_dict()) == record
    short = record.model_dump_json(exclude_defaults=True)
    assert SubmissionRecord.model_validate_json(short) == record


@pytest.mark.parametrize(
    "outcome",
    [
        "refused",
        {"kind": "refussed"},
        {"kind": "ended"},
        {"kind": "ended", "status": "succeded"},
        {"kind": "ended", "status": "failed", "error": "moderated"},
        {"kind": "gave_up", "limit": "time"},
        {"kind": "refused", "raeson": "no"},
    ],
)
def test_a_misspelt_word_decides_nothing(outcome: Any) -> None:
    """The record cannot be read then, and nothing is sent."""
    with pytest.raises(StateUnreadable, match="damaged"):
        SubmissionRecord.parse({**RECORD.to_dict(), "outcome": outcome})
