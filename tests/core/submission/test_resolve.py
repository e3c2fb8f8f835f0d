"""What a person tells about an intent of unknown outcome, the ledger counts and the task's next try goes by."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_seedance.core.ledger.budgets import SpendLimitReached
from airflow_provider_seedance.core.ledger.entries import Progress
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.money import parse_limits
from airflow_provider_seedance.core.submission.decide import (
    Action,
    Policies,
    PriorSubmission,
    decide_by_record,
)
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.core.submission.resolve import resolve
from airflow_provider_seedance.errors import ConfigurationError
from tests.clocks import ManualClock
from tests.ledgers import NOW, intent, usd

ONE = parse_limits([{"limit": "1 USD", "per": "day"}])
RECORD = SubmissionRecord(
    intent_number=1,
    intent_id="sd-a-1",
    vendor="modelark",
    account_id="account",
    seedance_conn_id="seedance_default",
    fingerprint="v1:fox",
    intended_at=NOW,
    max_tries=0,
)


@pytest.fixture
def stuck(ledger: Ledger) -> Ledger:
    """A ledger whose only intent uses a budget up, and whose owner died before it learned an id."""
    made = intent("a", estimate=usd("1"), progress=Progress("intended", RECORD.to_dict()))
    ledger.insert(made, ONE)
    return ledger


@pytest.mark.parametrize(
    ("generation_id", "action"), [(None, Action.SUBMIT), ("cgt-1", Action.READ)], ids=["nothing", "a video"]
)
def test_the_next_try_goes_by_it(stuck: Ledger, generation_id: str | None, action: Action) -> None:
    """It pays anew, or follows what was bought."""
    resolve(stuck, "sd-a-1", generation_id=generation_id, clock=ManualClock())
    record = SubmissionRecord.parse(stuck.latest_record("a"))
    prior = PriorSubmission(record, changed=False, cleared=False, policies=Policies())
    assert decide_by_record(prior) is action


@pytest.mark.parametrize("generation_id", [None, "cgt-1"], ids=["nothing", "a video"])
def test_only_what_bought_nothing_is_given_back(stuck: Ledger, generation_id: str | None) -> None:
    """What was bought the vendor settles."""
    resolve(stuck, "sd-a-1", generation_id=generation_id, clock=ManualClock())
    later = intent("b", created_at=NOW + timedelta(hours=1))
    if generation_id is None:
        stuck.insert(later, ONE)
        return
    with pytest.raises(SpendLimitReached):
        stuck.insert(later, ONE)
    assert [row["generation_id"] for row in stuck.unsettled("modelark", "account")] == ["cgt-1"]


@pytest.mark.parametrize("known", [None, "cgt-1"], ids=["nothing was bought", "it has an id"])
def test_what_is_known_is_not_changed(stuck: Ledger, known: str | None) -> None:
    """Nor what is not there."""
    resolve(stuck, "sd-a-1", generation_id=known, clock=ManualClock())
    for intent_id, said in (("sd-a-1", "is known"), ("sd-b-1", "has no intent sd-b-1")):
        with pytest.raises(ConfigurationError, match=said):
            resolve(stuck, intent_id, generation_id="cgt-2", clock=ManualClock())
