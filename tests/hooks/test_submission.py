"""What the hook submits is in the ledger, where there is one, and counts in the connection's budgets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_seedance.core.ledger import spend
from airflow_provider_seedance.errors import (
    BudgetExceeded,
    ConfigurationError,
    GenerationFailed,
    OrphanedIntent,
    RequestInvalid,
    SeedanceError,
)
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.runtime.ledger import require_ledger

REQUEST = GenerationRequest(prompt="A fox looks up", duration=4, resolution="480p", aspect_ratio="16:9")
Connect = Callable[..., str]


@pytest.fixture
def ledger_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger is switched on."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "seedance_ledger")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", f"sqlite:///{tmp_path}/ledger.db")


def rows() -> list[dict[str, Any]]:
    return list(spend.history(require_ledger("a test").engine, spend.Filter()))


@pytest.mark.usefixtures("ledger_file")
def test_each_call_is_an_intent(connect: Connect) -> None:
    """On a thread and on a loop; outside of a task nobody is named."""
    hook = SeedanceHook(connect("evolink"))
    made = [hook.create_generation(REQUEST), asyncio.run(hook.acreate_generation(REQUEST))]
    found = rows()
    assert [row["generation_id"] for row in found] == [pending.generation_id for pending in made[::-1]]
    assert {(row["status"], row["cost_basis"], row["dag_id"]) for row in found} == {
        ("submitted", "reserved", None)
    }


@pytest.mark.parametrize("given", [REQUEST.to_dict(), dict(REQUEST.to_dict(), duration="4")])
def test_a_request_may_be_its_fields(given: dict[str, Any], connect: Connect, emulator: Any) -> None:
    """As in the rows of a batch; the price is that of the same request."""
    hook = SeedanceHook(connect("modelark"))
    assert hook.estimate_cost(given) == asyncio.run(hook.aestimate_cost(given)) == hook.estimate_cost(REQUEST)
    assert hook.create_generation(given).generation_id
    assert asyncio.run(hook.acreate_generation("A fox")).generation_id
    assert emulator.ledger()["creates_received"] == 2


@pytest.mark.parametrize("given", [{"promt": "A fox"}, {"prompt": "A fox", "duration": "long"}, 5])
def test_fields_that_do_not_fit_are_named(given: Any, connect: Connect, emulator: Any) -> None:
    """Before anything is sent."""
    hook = SeedanceHook(connect("modelark"))
    for call in (hook.create_generation, hook.estimate_cost):
        with pytest.raises(RequestInvalid, match=r"promt|duration|request"):
            call(given)
    assert emulator.requests() == []


@pytest.mark.parametrize("with_ledger", [True, False])
def test_a_purchase_is_told_in_the_log(
    with_ledger: bool, connect: Connect, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    """With what it is, and the most that it costs."""
    caplog.set_level("INFO")
    if with_ledger:
        request.getfixturevalue("ledger_file")
    made = SeedanceHook(connect("modelark")).create_generation(REQUEST).generation_id
    told = rf"Submitted generation {made} to modelark: seedance-2\.0, text, 480p, 16:9, 4 s, at most [\d.]+ USD\."
    assert re.search(told, caplog.text)


@pytest.mark.usefixtures("ledger_file")
@pytest.mark.parametrize("way", ["download", "rescue"])
def test_a_video_that_the_hook_lands_is_on_record(
    way: str, connect: Connect, emulator: Any, tmp_path: Path
) -> None:
    """So that rescue knows where it is, and brings it home once."""
    hook = SeedanceHook(connect("evolink"))
    made = hook.create_generation(REQUEST).generation_id
    emulator.advance(20_000)
    if way == "download":
        uri = hook.download_video(made, f"{tmp_path}/here.mp4")["uri"]
    else:
        ((uri, outcome),) = [(row["uri"], row["outcome"]) for row in hook.rescue(f"{tmp_path}/here/")]
        assert outcome == "landed"
    assert [row["landed_uri"] for row in rows()] == [uri]
    (row,) = hook.rescue(f"{tmp_path}/elsewhere/")
    assert (row["outcome"], row["uri"]) == ("present", uri)


@pytest.mark.usefixtures("ledger_file")
def test_the_calling_task_is_named(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """As who spent it."""
    ti = SimpleNamespace(dag_id="film", run_id="run", task_id="plain", map_index=-1)

    monkeypatch.setattr("airflow.sdk.get_current_context", lambda: {"ti": ti})
    SeedanceHook(connect("modelark")).create_generation(REQUEST)
    (row,) = rows()
    assert (row["dag_id"], row["run_id"], row["task_id"]) == ("film", "run", "plain")


@pytest.mark.usefixtures("ledger_file")
def test_a_budget_counts_what_the_hook_buys(connect: Connect, emulator: Any) -> None:
    """The second video has no room."""
    price = SeedanceHook(connect("modelark")).estimate_cost(REQUEST).amount
    extra = {"budgets": [{"limit": f"{price:f} USD", "per": "day"}]}
    hook = SeedanceHook(connect("modelark", extra=extra))
    hook.create_generation(REQUEST)
    with pytest.raises(BudgetExceeded, match="leaves no room"):
        hook.create_generation(REQUEST)
    assert emulator.ledger()["creates_received"] == 1


@pytest.mark.usefixtures("ledger_file")
@pytest.mark.parametrize(
    ("vendor", "prompt", "status"),
    [
        ("modelark", "A fox looks up", "succeeded"),
        ("evolink", "A fox looks up", "succeeded"),
        ("toapis", "A fox [emulator:moderation]", "failed"),
    ],
)
def test_what_is_waited_for_is_settled(
    vendor: str, prompt: str, status: str, connect: Connect, emulator: Any
) -> None:
    """By the end that the vendor tells: the invoice and the ledger agree."""
    hook = SeedanceHook(connect(vendor))
    pending = hook.create_generation(REQUEST.model_copy(update={"prompt": prompt}))
    emulator.advance(20_000)
    with nullcontext() if status == "succeeded" else pytest.raises(GenerationFailed):
        hook.wait_for_generation(pending.generation_id)
    (row,) = rows()
    assert (row["status"], bool(row["settled_at"])) == (status, True)
    assert (row["cost_amount"] != "0") is (status == "succeeded")


@pytest.mark.usefixtures("ledger_file")
def test_what_an_event_loop_waits_for_is_settled(connect: Connect, emulator: Any) -> None:
    """As on a thread."""
    hook = SeedanceHook(connect("toapis"))
    pending = hook.create_generation(REQUEST)
    emulator.advance(20_000)
    asyncio.run(hook.await_for_generation(pending.generation_id))
    (row,) = rows()
    assert (row["status"], bool(row["settled_at"])) == ("succeeded", True)


@pytest.mark.usefixtures("ledger_file")
def test_what_nobody_reserved_is_waited_for_as_ever(connect: Connect, emulator: Any) -> None:
    """Another program's generation has no row, and gets none."""
    hook = SeedanceHook(connect("evolink"))
    with hook.get_conn() as client:
        pending = client.generations.create(REQUEST, "sd-elsewhere")
    emulator.advance(20_000)
    assert hook.wait_for_generation(pending.generation_id).video_url
    assert rows() == []


@pytest.mark.usefixtures("ledger_file")
def test_a_ledger_out_of_reach_loses_no_video(
    connect: Connect, emulator: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told in the log."""
    hook = SeedanceHook(connect("evolink"))
    pending = hook.create_generation(REQUEST)
    emulator.advance(20_000)
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", "sqlite:////nowhere/ledger.db")
    assert hook.wait_for_generation(pending.generation_id).video_url
    assert "not settled in the ledger yet" in caplog.text


@pytest.mark.usefixtures("ledger_file")
@pytest.mark.parametrize(
    ("vendor", "fault", "error", "status"),
    [
        ("modelark", {"kind": "moderation"}, SeedanceError, "refused"),
        ("evolink", {"kind": "status", "status": 402}, SeedanceError, "refused"),
        ("anyfast", {"kind": "drop_after_accept"}, OrphanedIntent, "intended"),
    ],
)
def test_what_becomes_of_a_refused_or_a_lost_call(
    vendor: str,
    fault: dict[str, Any],
    error: type[SeedanceError],
    status: str,
    connect: Connect,
    emulator: Any,
) -> None:
    """What surely bought nothing is free; what may have been bought stays reserved."""
    emulator.add_fault(on="create", **fault)
    with pytest.raises(error):
        SeedanceHook(connect(vendor)).create_generation(REQUEST)
    (row,) = rows()
    assert row["status"] == status
    assert bool(row["settled_at"]) is (status == "refused")


def test_a_budget_without_a_ledger_is_refused(connect: Connect, emulator: Any) -> None:
    """As the operators do."""
    extra = {"budgets": [{"limit": "5 USD", "per": "day"}]}
    with pytest.raises(ConfigurationError, match="ledger_conn_id"):
        SeedanceHook(connect("modelark", extra=extra)).create_generation(REQUEST)
    assert emulator.requests() == []


def test_a_least_balance_is_kept(connect: Connect, emulator: Any) -> None:
    """Without a ledger too."""
    with pytest.raises(BudgetExceeded, match="min_balance"):
        SeedanceHook(connect("evolink", extra={"min_balance": "99999999 credits"})).create_generation(REQUEST)
    assert emulator.ledger()["creates_received"] == 0
