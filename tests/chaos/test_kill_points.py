"""A task's process dies by SIGKILL at every point of a video's way, in a real Airflow, once each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_seedance.emulator import Emulator, serve
from airflow_provider_seedance.runtime.task_state import KEY
from dev.api import AirflowApi, Run, Task
from dev.chaos.evidence import MODEL, as_messages_say, billed, is_whole, recorded
from dev.chaos.verdict import Billed
from dev.emulator import connections
from dev.processes import signals_end_the_block
from dev.stack import Stack, airflow

pytestmark = pytest.mark.xdist_group("kill_points")

DAGS = Path(__file__).parent / "dags"


@dataclass(frozen=True)
class VideoOutcome:
    """What became of one video.

    :param tries: of its generating task.
    """

    generate: str | None
    publish: str | None
    intents: int
    billed: int
    landed: bool
    published: bool
    tries: int
    died: bool


#: One more try than without the death, one purchase, and both files.
MADE = VideoOutcome(
    "success", "success", intents=1, billed=1, landed=True, published=True, tries=2, died=True
)
#: It may have been paid for; the task says so and ends.
ORPHANED = replace(MADE, generate="failed", publish="upstream_failed", landed=False, published=False)


@dataclass(frozen=True)
class RunOutcome:
    """What a run left behind."""

    fates: dict[str, VideoOutcome]
    bills: tuple[Billed, ...]
    messages: dict[str, str]
    records: dict[str, dict[str, Any]]
    leftovers: list[str]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunOutcome]:
    """One run of the DAG, in which each group has its accident."""
    home = tmp_path_factory.mktemp("kill_points")
    with (
        signals_end_the_block(),
        serve(rate=20) as emulator,
        airflow(home, dags=[DAGS], connections=connections(emulator.url)) as stack,
    ):
        stack.api.wait_for_dag("kill_points")
        run = stack.api.trigger("kill_points", {"output": str(home / "output")})
        _let_the_triggerer_die(stack, run)
        for _ in stack.api.follow(run, timeout=300):
            stack.processes.check()
        yield _look(stack.api, run, emulator, home / "output")


def _let_the_triggerer_die(stack: Stack, run: Run) -> None:
    """While the one task that waits for it is deferred."""
    for tasks in stack.api.follow(run, timeout=120, every=0.3):
        if state_of(tasks, "while_deferred_toapis.generate") == "deferred":
            stack.processes.kill_tree("triggerer")
            stack.processes.restart("triggerer")
            return
    pytest.fail("it was never deferred")


def state_of(tasks: list[Task], task_id: str) -> str | None:
    (task,) = (task for task in tasks if task.task_id == task_id)
    return task.state


def _look(api: AirflowApi, run: Run, emulator: Emulator, output: Path) -> RunOutcome:
    tasks = {task.task_id: task for task in api.tasks(run)}
    bills = tuple(billed(emulator.ledger()))
    made = {name.rpartition(".")[0]: task for name, task in tasks.items() if name.endswith(".generate")}
    records = {group: api.stored_state(run, task).get(KEY) or {} for group, task in made.items()}
    return RunOutcome(
        fates={
            group: VideoOutcome(
                generate=task.state,
                publish=tasks[f"{group}.publish"].state,
                intents=records[group].get("intent_number", 0),
                billed=sum(line.prompt == group for line in bills),
                landed=is_whole(output / "landed" / f"{group}.mp4"),
                published=is_whole(output / "published" / f"{group}.mp4"),
                tries=task.try_number,
                died=any((output / "killed").glob(f"{group}.*")),
            )
            for group, task in made.items()
        },
        bills=bills,
        messages={
            group: api.error(run, task) or "" for group, task in made.items() if task.state == "failed"
        },
        records=records,
        leftovers=[path.name for path in output.rglob("*") if ".part" in path.name],
    )


@pytest.mark.parametrize(
    ("group", "fate"),
    [
        # Nothing was on record, so nothing can have been sent.
        ("before_intent_modelark", MADE),
        # ModelArk's list shows nothing, and on_orphaned_intent is "resubmit" there: a second intent.
        ("after_intent_modelark", replace(MADE, intents=2)),
        # ToAPIs knows no request with this intent's key, so the same intent is sent.
        ("after_intent_toapis", MADE),
        # The other two cannot tell whether it was sent. It was not, and nothing is paid.
        ("after_intent_evolink", replace(ORPHANED, billed=0)),
        ("after_intent_anyfast", replace(ORPHANED, billed=0)),
        # What was paid for is found by its mark and by its key.
        ("after_accept_modelark", MADE),
        ("after_accept_toapis", MADE),
        # It cannot be found, and it is not paid for a second time.
        ("after_accept_evolink", ORPHANED),
        ("after_accept_anyfast", ORPHANED),
        ("after_save_evolink", MADE),
        # The triggerer died; the task did not.
        ("while_deferred_toapis", replace(MADE, tries=1, died=False)),
        ("during_resume_anyfast", MADE),
        ("during_landing_modelark", MADE),
        # The generating task had nothing to do with it.
        ("during_publish_evolink", replace(MADE, tries=1)),
    ],
)
def test_one_death(outcome: RunOutcome, group: str, fate: VideoOutcome) -> None:
    """Each is paid once at most, and comes home wherever it can be found."""
    assert outcome.fates[group] == fate


def test_every_group_is_told_about(outcome: RunOutcome) -> None:
    """No death without its line above."""
    (table,) = (mark for mark in test_one_death.pytestmark if mark.name == "parametrize")
    assert sorted(outcome.fates) == sorted(group for group, _ in table.args[1])


@pytest.mark.parametrize("vendor", ["evolink", "anyfast"])
@pytest.mark.parametrize("point", ["after_intent", "after_accept"])
def test_what_may_be_lost_is_named(outcome: RunOutcome, point: str, vendor: str) -> None:
    """The failed task tells where, when and of which model something may have been bought, and how to go on."""
    group = f"{point}_{vendor}"
    said, at = outcome.messages[group], as_messages_say(outcome.records[group]["intended_at"])
    assert all(
        part in said for part in ("may have been bought", vendor, MODEL, at, "generation_id", "console")
    )


def test_each_purchase_but_the_lost_ones_is_on_record(outcome: RunOutcome) -> None:
    """The record of the task that bought it holds its id."""
    lost = {"after_accept_evolink", "after_accept_anyfast"}
    unknown = {
        line.prompt
        for line in outcome.bills
        if line.generation_id not in recorded(outcome.records[line.prompt])
    }
    assert unknown == lost


def test_nothing_is_left_lying_about(outcome: RunOutcome) -> None:
    """The bytes that came before the death were used or removed."""
    assert outcome.leftovers == []
