"""The DAG that the chaos harness runs: many videos at the four vendors, each generated, landed and published.

A fifth group has two connections, of which the first dies for good on the way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from airflow.sdk import DAG, Param, task, task_group

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator


@dataclass(frozen=True)
class Group:
    """Videos that are made in the same way.

    :param timeout: longer than any run: on a slow machine, only a standstill ends a wait.
    """

    connections: list[str]
    on_orphaned_intent: Literal["fail", "resubmit"] = "fail"
    timeout: int = 6 * 3600


GROUPS = {
    # ModelArk lists what it has, so an intent that its list does not show may be made again.
    "modelark": Group(["seedance_modelark"], "resubmit"),
    "evolink": Group(["seedance_evolink"]),
    "anyfast": Group(["seedance_anyfast"]),
    "toapis": Group(["seedance_toapis"]),
    # What was accepted by a vendor that is gone is not waited for any longer.
    "failover": Group(["seedance_primary", "seedance_modelark"], timeout=120),
}


@task
def prompts(group: str, first: str, count: str) -> list[str]:
    """One for each of this group's videos; it tells in the vendors' ledger whose video it is.

    :param first: the run's first video of all groups' videos, which take turns.
    :param count: of this run's videos.
    """
    groups = list(GROUPS)
    numbers = range(int(first), int(first) + int(count))
    return [f"{group} {number:04}" for number in numbers if groups[number % len(groups)] == group]


#: The first video of a run, and how many it makes.
RANGE = "{{ params.first }}", "{{ params.videos }}"


def videos(name: str, group: Group) -> None:
    """All videos of one group."""

    @task_group(group_id=name)
    def video(prompt: Any) -> None:
        generated = SeedanceGenerateVideoOperator(
            task_id="generate",
            seedance_conn_id=group.connections,
            failover_after=10,
            prompt=prompt,
            duration=4,
            resolution="480p",
            timeout=group.timeout,
            on_orphaned_intent=group.on_orphaned_intent,
            destination="{{ params.output }}/landed/{vendor}/{generation_id}.mp4",
        )
        SeedancePublishVideoOperator(
            task_id="publish",
            video=generated.output,
            destination="{{ params.output }}/published/{vendor}/{generation_id}.mp4",
        )

    video.expand(prompt=prompts.override(task_id=f"prompts_{name}")(name, *RANGE))


with DAG(
    "chaos_videos",
    schedule=None,
    max_active_tasks=1000,
    max_active_runs=2,
    default_args={"retries": 15, "retry_delay": timedelta(seconds=3)},
    params={
        "output": Param("/tmp/seedance", description="Directory for the files"),
        "first": Param(0, type="integer"),
        "videos": Param(100, type="integer"),
    },
):
    for name, group in GROUPS.items():
        videos(name, group)
