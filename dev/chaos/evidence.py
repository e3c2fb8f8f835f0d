"""Gathers what a run left behind: the vendors' ledger, Airflow's tasks and their records, and the files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import av

from airflow_provider_seedance.core.clock import parse_time
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.runtime.task_state import KEY
from dev.api import AirflowApi, Run, Task
from dev.chaos.books import entries
from dev.chaos.verdict import FAILOVER, FINAL, Billed, Evidence, Ordered
from dev.emulator import VENDORS

#: What the DAG orders everywhere.
MODEL = "seedance-2.0"


def gather(
    api: AirflowApi,
    runs: Iterable[Run],
    invoice: Mapping[str, Any],
    rows: list[dict[str, Any]],
    landed: Path,
) -> Evidence:
    """Everything that is known about the DAG runs at their end.

    :param invoice: the emulator's ledger.
    :param rows: of ours.
    :param landed: the folder with the files, as ``<vendor>/<generation id>.mp4``.
    """
    tasks_of_runs = [(run, api.tasks(run)) for run in runs]
    return Evidence(
        billed=tuple(billed(invoice)),
        ordered=tuple(
            order
            for group in (*VENDORS, FAILOVER)
            for run, tasks in tasks_of_runs
            for order in _ordered(api, run, group, tasks)
        ),
        landed=frozenset(
            (file.parent.name, file.stem) for file in sorted(landed.glob("*/*.mp4")) if is_whole(file)
        ),
        unfinished=tuple(
            f"{task.task_id} {task.map_index}: {task.state}"
            for _, tasks in tasks_of_runs
            for task in tasks
            if task.state not in FINAL
        ),
        entries=entries(rows, invoice),
    )


def billed(invoice: Mapping[str, Any]) -> Iterable[Billed]:
    """The lines of the invoice that cost something."""
    for line in invoice["generations"]:
        if line["billed"]:
            amount = Decimal(str(line["amount"]))
            yield Billed(line["vendor"], line["generation_id"], line["prompt"], amount, line["unit"])


def recorded(record: Mapping[str, Any]) -> frozenset[str]:
    """The generation ids in a task's record."""
    return frozenset(filter(None, [record.get("generation_id"), *record.get("earlier_generation_ids", ())]))


def unbilled_intents(record: Mapping[str, Any]) -> int:
    """How many intents bought nothing by a task's record, the latest one included."""
    if not record:
        return 0
    known = SubmissionRecord.parse(record)
    return known.unbilled_intents + known.is_unbilled


def as_messages_say(moment: str) -> str:
    """A time from a record in the form in which exceptions name it."""
    return parse_time(moment).isoformat()


def is_whole(file: Path) -> bool:
    """Whether a video decodes from the first to the last of the frames that its header promises."""
    try:
        with av.open(str(file)) as container:
            promised: int = container.streams.video[0].frames
            return sum(1 for _ in container.decode(video=0)) == promised > 0
    except (av.FFmpegError, IndexError):
        return False


def _ordered(api: AirflowApi, run: Run, group: str, tasks: Iterable[Task]) -> Iterable[Ordered]:
    prompts = api.xcom(run, f"prompts_{group}")
    for task in tasks:
        if task.task_id != f"{group}.generate" or task.map_index < 0:
            continue
        record = api.stored_state(run, task).get(KEY) or {}
        yield Ordered(
            group=group,
            prompt=prompts[task.map_index],
            model=MODEL,
            state=task.state,
            intents=record.get("intent_number", 0),
            intended_at=as_messages_say(record["intended_at"]) if record else None,
            recorded=recorded(record),
            unbilled_intents=unbilled_intents(record),
            told=(api.error(run, task) or "") if task.state == "failed" else "",
        )
