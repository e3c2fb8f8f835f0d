"""A DAG in which one task dies at each point of a video's way, by SIGKILL from inside its own process, once.

The group ``<point>_<vendor>`` makes one video at that vendor; its task that comes by the point first dies there.
Loading this file wraps the functions around which the points lie; the package itself knows nothing of it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param, TaskGroup, get_current_context

from airflow_provider_seedance.core.client.groups import Generations
from airflow_provider_seedance.core.landing import publish as publishing
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.submission import submit
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator
from airflow_provider_seedance.runtime.task_state import TaskStateRecords

VENDORS = ("modelark", "evolink", "anyfast", "toapis")
#: Where a lost answer matters, at every vendor; else at one. Nobody dies by itself at ``while_deferred``.
GROUPS = (
    "before_intent_modelark",
    *(f"after_intent_{vendor}" for vendor in VENDORS),
    *(f"after_accept_{vendor}" for vendor in VENDORS),
    "after_save_evolink",
    "while_deferred_toapis",
    "during_resume_anyfast",
    "during_landing_modelark",
    "during_publish_evolink",
)

Told = Callable[..., bool]


def die(point: str) -> None:
    """SIGKILL for this process, if its task is to die at this point and has not done so before."""
    context = get_current_context()
    task_id = context["ti"].task_id
    if not task_id.startswith(f"{point}_"):
        return
    mark = Path(context["params"]["output"], "killed", task_id)
    mark.parent.mkdir(parents=True, exist_ok=True)
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def around(
    owner: Any, name: str, *, before: str = "", after: str = "", when: Told = lambda *_, **__: True
) -> None:
    """Put points before and after a function.

    :param when: takes the function's arguments and says whether this call has these points.
    """
    original = getattr(owner, name)

    @wraps(original)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        here = when(*args, **kwargs)
        if here and before:
            die(before)
        result = original(*args, **kwargs)
        if here and after:
            die(after)
        return result

    setattr(owner, name, wrapped)


around(
    TaskStateRecords,
    "write",
    before="before_intent",
    after="after_intent",
    when=lambda _, record: record.generation_id is None,
)
around(Generations, "create", after="after_accept")
around(TaskStateRecords, "write", after="after_save", when=lambda _, record: record.generation_id is not None)
around(SeedanceGenerateVideoOperator, "execute_complete", before="during_resume")
around(Partial, "append", after="during_landing")
around(publishing, "write_record", before="during_publish")

# The emulator shows a generation at once; real vendors need the longer looks.
submit.RECONCILE_DELAYS = (0.0, 1.0)

with DAG(
    "kill_points",
    schedule=None,
    max_active_tasks=100,
    default_args={"retries": 3, "retry_delay": timedelta(seconds=1)},
    params={"output": Param("/tmp/seedance", description="Directory for the files")},
):
    for group in GROUPS:
        vendor = group.rpartition("_")[2]
        with TaskGroup(group):
            video = SeedanceGenerateVideoOperator(
                task_id="generate",
                seedance_conn_id=f"seedance_{vendor}",
                prompt=group,
                duration=4,
                resolution="480p",
                on_orphaned_intent="resubmit" if vendor == "modelark" else "fail",
                destination=f"{{{{ params.output }}}}/landed/{group}.mp4",
            )
            SeedancePublishVideoOperator(
                task_id="publish",
                video=video.output,
                destination=f"{{{{ params.output }}}}/published/{group}.mp4",
            )
