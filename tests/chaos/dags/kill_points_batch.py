"""A DAG whose batches die at several points of their way, by SIGKILL from inside their own process, once at each."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param

from airflow_provider_seedance.core.batch import worker
from airflow_provider_seedance.core.batch.journal import store
from airflow_provider_seedance.core.client.groups import Generations
from airflow_provider_seedance.core.submission import submit
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator

ROWS = 8
#: Vendors that can tell what became of a request whose answer was lost.
VENDORS = ("modelark", "toapis")
POINTS = ("after_intent", "after_accept", "after_save", "during_resume", "during_landing")

#: Where this process leaves its marks; its threads know no context of Airflow's.
marks: list[Path] = []


def die(point: str) -> None:
    """SIGKILL for this process, if none of its task's processes has died at this point before."""
    mark = marks[0] / point
    mark.parent.mkdir(parents=True, exist_ok=True)
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def around(owner: Any, name: str, point: Callable[..., str | None], *, before: bool = False) -> None:
    """Put a point after a function, or before it.

    :param point: takes the function's arguments and names the point, if this call has one.
    """
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        here = point(*args, **kwargs)
        if before and here:
            die(here)
        result = original(*args, **kwargs)
        if here and not before:
            die(here)
        return result

    setattr(owner, name, wrapped)


def beginning(
    operator: SeedanceGenerateBatchOperator, context: Any, _: Any, *, new_try: bool = False, **__: Any
) -> str | None:
    """A part of the work begins; where the marks of this task are is known from here on."""
    marks[:] = [Path(context["params"]["output"], "killed", operator.task_id)]
    return None if new_try else "during_resume"


around(
    store.RowRecords,
    "write",
    lambda _, record: "after_save" if record.generation_id else "after_intent",
)
around(Generations, "create", lambda *_, **__: "after_accept")
around(worker.RowWorker, "collect", lambda *_: "during_landing", before=True)
around(SeedanceGenerateBatchOperator, "_run", beginning, before=True)

# The emulator shows a generation at once; real vendors need the longer looks.
submit.RECONCILE_DELAYS = (0.0, 1.0)

with DAG(
    "kill_points_batch",
    schedule=None,
    default_args={"retries": len(POINTS) + 1, "retry_delay": timedelta(seconds=1)},
    params={"output": Param("/tmp/seedance", description="Directory for the files")},
):
    for vendor in VENDORS:
        SeedanceGenerateBatchOperator(
            task_id=vendor,
            seedance_conn_id=f"seedance_{vendor}",
            requests=[f"{vendor} {number}" for number in range(1, ROWS + 1)],
            defaults={"duration": 4, "resolution": "480p"},
            on_orphaned_intent="resubmit",
            destination=f"{{{{ params.output }}}}/batch/{vendor}-{{row}}.mp4",
        )
