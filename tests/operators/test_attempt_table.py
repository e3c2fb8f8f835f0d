"""What follows each failure at each vendor: what is sent, to whom, how often, and what is billed.

Every case has a change of the request left and a second connection, and runs through the operator and through the row
of a batch; the ledgers of both vendors are counted together.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.errors import BatchIncomplete, SeedanceError
from tests.airflow.running import TaskRun
from tests.operators.conftest import lines

VENDORS = ("modelark", "evolink", "anyfast", "toapis")
BACKUP_OF = {"modelark": "evolink", "evolink": "toapis", "anyfast": "modelark", "toapis": "anyfast"}
OTHER = {"prompt": "A fox in a meadow"}
#: These can tell what became of a create whose answer was lost.
LOOKS_UP = ("modelark", "toapis")


def _on_create(kind: str, status: int | None = None) -> dict[str, Any]:
    return {"on": "create", "kind": kind, **({"status": status} if status else {})}


@dataclass(frozen=True)
class Case:
    """One failure of the first connection.

    :param fault: in force at its vendor.
    :param connection: what is wrong with it.
    :param prompt: of the request as it is written.
    :param attempts: connection, rung and end of each; none where it depends on what the vendor can tell.
    :param creates: that the first vendor and the second receive; ``None`` where it is asked again for a while.
    :param bills: of the two.
    """

    attempts: tuple[tuple[str, int, str], ...]
    creates: tuple[int | None, int]
    bills: tuple[int, int]
    fault: dict[str, Any] | None = None
    connection: dict[str, Any] = field(default_factory=dict)
    prompt: str = "A fox"


FAILED_OVER = (("primary", 0, "refused"), ("backup", 0, "succeeded"))
CHANGED = ("primary", 1, "succeeded")
CASES = {
    "nothing": Case((("primary", 0, "succeeded"),), (1, 0), (1, 0)),
    "no balance": Case(FAILED_OVER, (1, 1), (0, 1), connection={"password": "sk-empty"}),
    "a key that is refused": Case(FAILED_OVER, (1, 1), (0, 1), connection={"password": "sk-invalid"}),
    "overload": Case(FAILED_OVER, (None, 1), (0, 1), {**_on_create("status", 429), "times": None}),
    "a host out of reach": Case(FAILED_OVER, (0, 1), (0, 1), connection={"host": "http://127.0.0.1:9/v"}),
    "a refused request": Case(FAILED_OVER, (1, 1), (0, 1), _on_create("status", 400)),
    "moderation of the prompt": Case(
        (("primary", 0, "refused"), CHANGED), (2, 0), (1, 0), _on_create("moderation")
    ),
    "moderation of the video": Case(
        (("primary", 0, "failed"), CHANGED), (2, 0), (1, 0), prompt="[emulator:moderation] A fox"
    ),
    "a generation that fails": Case((), (None, 0), (0, 0), {**_on_create("fail"), "times": None}),
    "a lost answer": Case((), (1, 0), (1, 0), _on_create("drop_after_accept")),
    "an answer that cannot be read": Case((), (1, 0), (1, 0), _on_create("malformed")),
}


def ended(task: TaskRun) -> list[dict[str, Any]]:
    """The attempts of the task's first try, or of its batch's only row."""
    result: dict[str, Any] = {}
    with suppress(AirflowFailException, SeedanceError, BatchIncomplete):
        result = task()
        if "results" in result:
            (result,) = lines(result)
    return list(result.get("attempts", ()))


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("way", ["generating", "batching"])
def test_what_follows(
    way: str, case: Case, vendor: str, connect: Any, emulator: Any, request: pytest.FixtureRequest
) -> None:
    """One video is billed at most, whatever happens; nothing follows what is unclear or has failed."""
    backup = BACKUP_OF[vendor]
    conn_ids = [connect(vendor, "primary", **case.connection), connect(backup, "backup")]
    if case.fault:
        emulator.add_fault(vendor=vendor, **case.fault)
    order: dict[str, Any] = {"on_moderation": [OTHER], "failover_after": 0.1}
    if way == "batching":
        task = request.getfixturevalue(way)(conn_ids, (case.prompt,), max_failures=5, **order)
    else:
        task = request.getfixturevalue(way)(conn_ids, prompt=case.prompt, **order)
    told = [(one["connection"], one["rung"], one["status"]) for one in ended(task)]
    emulator.advance(20_000)
    ledger = emulator.ledger()
    billed = [line["vendor"] for line in ledger["generations"] if line["billed"]]
    creates = [ledger["requests"].get(name, {}).get("create", 0) for name in (vendor, backup)]
    assert (billed.count(vendor), billed.count(backup)) == case.bills
    assert (case.creates[0] and creates[0], creates[1]) == case.creates
    can_tell = vendor in LOOKS_UP and case.bills == (1, 0)
    assert told == list(case.attempts or [("primary", 0, "succeeded")] * can_tell)
