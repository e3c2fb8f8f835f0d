"""Through which connection a task goes on that may have used any of several."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_seedance.core.submission.record import NoRecords, SubmissionRecord
from airflow_provider_seedance.errors import StateUnreadable
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator


class Unreadable(NoRecords):
    """A store that is out of order."""

    def read(self) -> SubmissionRecord | None:
        raise StateUnreadable("out of order")


def connection(store: Any, followed: str | None, conn_ids: Any) -> str:
    task = SeedanceGenerateVideoOperator(task_id="t", prompt="A fox", seedance_conn_id=conn_ids)
    return task._connection_of(store, "g", lambda conn_id: conn_id, followed)[0]  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize("store", [Unreadable(), NoRecords()], ids=["unreadable", "no record"])
@pytest.mark.parametrize(
    ("followed", "conn_ids", "used"), [("b", ["a", "b"], "b"), ("gone", ["a", "b"], "gone"), (None, "a", "a")]
)
def test_the_one_that_was_followed(store: Any, followed: str | None, conn_ids: Any, used: str) -> None:
    """The deferral tells; the record need not be readable."""
    assert connection(store, followed, conn_ids) == used


def test_of_several_none_is_guessed() -> None:
    """Another vendor would not know the generation, which would be final; a retry reads the record again."""
    with pytest.raises(StateUnreadable):
        connection(Unreadable(), None, ["a", "b"])


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_named_generation_is_looked_for_at_each(deferrable, generating, connect, emulator) -> None:
    """And followed where it was found, also after a deferral."""
    both = [connect("modelark", "primary"), connect("evolink", "backup")]
    bought = generating("backup", on_kill_action="detach")()["generation_id"]
    result = generating(both, generation_id=bought, deferrable=deferrable)()
    assert (result["generation_id"], result["seedance_conn_id"]) == (bought, "backup")


def test_a_named_generation_that_still_runs(generating, connect, emulator) -> None:
    """The task defers at the second connection and comes back to it."""
    from airflow_provider_seedance.hooks.seedance import SeedanceHook

    both = [connect("modelark", "primary"), connect("evolink", "backup")]
    with SeedanceHook("backup").get_conn() as client:
        from airflow_provider_seedance.models import GenerationRequest

        running = client.generations.create(GenerationRequest(prompt="A fox", duration=5)).generation_id
    task = generating(both, generation_id=running)
    assert task()["seedance_conn_id"] == "backup"
    assert len(task.deferrals) == 1
