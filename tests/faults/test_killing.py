"""Every cell of the kill matrix: what becomes of the generation and its bill, and what comes after it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from airflow_provider_seedance.core.ledger import spend
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.submission.settle import settle_all
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.runtime.task_state import KEY
from tests.faults.killings import DEFERRED, EVENTS, STATES, WORKER, Event, occupy
from tests.faults.memories import STORE
from tests.faults.oracle.killing import FATES, INTERRUPTIONS, afterwards
from tests.faults.scene import VIDEO, Life, Scene, live

BY_NAME = {interruption.name: interruption for interruption in INTERRUPTIONS}

each_event = pytest.mark.parametrize("event", EVENTS, ids=str)
each_state = pytest.mark.parametrize("state", STATES)


def test_each_cell_is_tried() -> None:
    """Neither a promise without a test, nor a test of nothing promised."""
    promised = {(one.name, WORKER) for one in INTERRUPTIONS if one.worker} | {
        (one.name, DEFERRED) for one in INTERRUPTIONS if one.deferred
    }
    assert {(event.row, event.place) for event in EVENTS} == promised
    assert set(STATES) == set(FATES)


@pytest.fixture
def scene_of(ordering: Callable[..., Scene]) -> Callable[..., Scene]:
    """Makes the task of an event, with its generation waiting in ModelArk's queue."""

    def made(event: Event, **arguments: object) -> Scene:
        deferrable = event.place == DEFERRED
        scene = ordering("modelark", STORE, deferrable=deferrable, **{**event.arguments, **arguments})
        occupy(scene)
        return scene

    return made


@each_event
@each_state
def test_it_comes_as_the_matrix_says(
    event: Event, state: str, scene_of: Callable[..., Scene], caplog: pytest.LogCaptureFixture
) -> None:
    """What becomes of the generation, what is billed, what is said, and what comes after it."""
    caplog.set_level(logging.INFO)
    scene = scene_of(event)
    looked: list[str] = []
    life = live(scene, event(scene, state, looked))
    effect = BY_NAME[event.row].effect(event.place, state)
    fate = FATES[state][effect]
    assert _became(scene, life, looked[-1] if effect == "gives up" else looked[0]) == fate.becomes
    assert fate.said in caplog.text + " ".join(life.errors)
    assert all(_names(scene, error) for error in life.errors)
    if BY_NAME[event.row].after == "nothing":
        assert (life.made, life.tries) == (None, 1)
    else:
        cancelled = fate.becomes.startswith("cancelled")
        assert life.errors == [] or effect == "gives up" or _after_it(life) == "stops"
        assert _after_it(life) == afterwards(event.row, event.place, state, cancelled=cancelled)


#: One event for each that a kill may leave in the ledger.
WITH_LEDGER = {
    ("marked failed", WORKER),
    ("cleared", WORKER),
    ("worker killed without notice", WORKER),
    ("`timeout` passed", DEFERRED),
}


@pytest.mark.parametrize("event", [one for one in EVENTS if (one.row, one.place) in WITH_LEDGER], ids=str)
@pytest.mark.parametrize("state", ["queued", "running"])
def test_the_ledger_equals_the_invoice_after_it(
    event: Event, state: str, scene_of: Callable[..., Scene], postgres_ledger: Ledger
) -> None:
    """Whatever was killed: each generation is in it, with what it has cost."""
    scene = scene_of(event)
    looked: list[str] = []
    live(scene, event(scene, state, looked))
    with SeedanceHook(scene.task.operator.seedance_conn_id).get_conn() as client:
        settle_all(postgres_ledger, client, scene.passing)
    rows = list(spend.history(postgres_ledger.engine, spend.Filter()))
    assert all(row["settled_at"] for row in rows)
    known = {row["generation_id"]: (row["status"], row["tokens"] or 0) for row in rows}
    invoice = scene.emulator.ledger()["generations"]
    assert known == {bill["generation_id"]: (bill["status"], bill["amount"]) for bill in invoice}


def _became(scene: Scene, life: Life, state: str) -> str:
    """The state of the task's first generation after the event, and its bill in the end."""
    if state == "unknown":
        return state
    (first, *_) = (
        entry for entry in scene.emulator.ledger()["generations"] if entry["prompt"] == VIDEO["prompt"]
    )
    return f"{state}, {'1 bill' if first['billed'] else 'no bill'}"


def _names(scene: Scene, error: str) -> bool:
    """Whether an error says which generation it is about."""
    record = scene.task.state.values[KEY]
    return any(
        f"modelark generation {known}: " in error
        for known in (record["generation_id"], *record["earlier_generation_ids"])
    )


def _after_it(life: Life) -> str:
    if life.made is None:
        return "stops"
    return "goes on" if life.made in life.by_first else "submits"


@each_event
def test_detached_it_is_left_alone(event: Event, scene_of: Callable[..., Scene]) -> None:
    """With ``on_kill_action="detach"`` nothing is cancelled, whatever happens."""
    scene = scene_of(event, on_kill_action="detach")
    looked: list[str] = []
    life = live(scene, event(scene, "queued", looked))
    assert looked[0] == "queued"
    assert _became(scene, life, looked[0]) == "queued, 1 bill"
    assert scene.emulator.ledger()["requests"]["modelark"]["cancel"] == 0
