"""Submitting single rows: what one finds out about a connection counts for the next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.worker import BatchOptions, RowWorker
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.submission.attempts import AttemptPlan
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.record import TaskIdentity
from airflow_provider_seedance.errors import Kind, NotSent, SeedanceError, refusal
from airflow_provider_seedance.models import GenerationRequest
from tests.clocks import ManualClock
from tests.core.batch.simulation import MemoryJournal


@dataclass
class Check:
    """Fails for every account but that of connection b, as a balance does that cannot be asked for."""

    error: SeedanceError
    asked: list[str] = field(default_factory=list)

    def __call__(self, client: SeedanceClient, row: Row, earlier_ids: tuple[str, ...]) -> None:
        self.asked.append(client.vendor_name)
        raise self.error if client.vendor_name == "toapis" else Stop("here")


class Stop(Exception):
    """Ends a submission before anything is sent."""


@pytest.mark.parametrize(
    "error",
    [
        NotSent("no connection"),
        refusal(Kind.OVERLOAD, "busy"),
        refusal(Kind.RATE_LIMIT, "too many", http_status=429),
    ],
)
def test_a_check_that_goes_on_failing_in_passing_leads_to_the_backup(error: SeedanceError) -> None:
    """Though each try of a row is a submission of its own, and no record remembers the last."""
    clock, check = ManualClock(), Check(error)
    options = BatchOptions(
        TaskIdentity("dag", "run", "task", -1), "a", Policies(), clock, attempts=AttemptPlan(("a", "b"))
    )
    accounts = {
        name: Account.create(vendor=vendor, api_key="sk-test-0123456789")
        for name, vendor in {"a": "toapis", "b": "evolink"}.items()
    }
    worker = RowWorker(accounts.__getitem__, MemoryJournal(), options, lambda *_: None, check=check)
    row: Any = Row(1, GenerationRequest(prompt="A fox", model="seedance-2.0"))
    for _ in range(2):
        with pytest.raises(type(error)):
            worker.submit(row)
        clock.sleep(200.0)
    with pytest.raises(Stop):
        worker.submit(row)
    assert check.asked == ["toapis", "toapis", "evolink"]
    worker.close()
