"""The DAG that the chaos harness runs: many videos at the four vendors, each generated, landed and published."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from airflow.sdk import DAG, Param, task, task_group

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

#: ModelArk lists what it has, so an intent that its list does not show may be made again.
ON_ORPHANED_INTENT: dict[str, Literal["fail", "resubmit"]] = {
    "modelark": "resubmit",
    "evolink": "fail",
    "anyfast": "fail",
    "toapis": "fail",
}


@task
def prompts(vendor: str, count: str) -> list[str]:
    """One for each of this vendor's videos; it tells in the vendor's ledger whose video it is.

    :param count: of all vendors' videos, which take turns.
    """
    vendors = list(ON_ORPHANED_INTENT)
    return [
        f"{vendor} {number:04}" for number in range(int(count)) if vendors[number % len(vendors)] == vendor
    ]


def videos(vendor: str) -> None:
    """All videos of one vendor."""

    @task_group(group_id=vendor)
    def video(prompt: Any) -> None:
        generated = SeedanceGenerateVideoOperator(
            task_id="generate",
            seedance_conn_id=f"seedance_{vendor}",
            prompt=prompt,
            duration=4,
            resolution="480p",
            # Longer than any run: on a slow machine, only a standstill ends one.
            timeout=6 * 3600,
            on_orphaned_intent=ON_ORPHANED_INTENT[vendor],
            destination="{{ params.output }}/landed/{vendor}/{generation_id}.mp4",
        )
        SeedancePublishVideoOperator(
            task_id="publish",
            video=generated.output,
            destination="{{ params.output }}/published/{vendor}/{generation_id}.mp4",
        )

    video.expand(prompt=prompts.override(task_id=f"prompts_{vendor}")(vendor, "{{ params.videos }}"))


with DAG(
    "chaos_videos",
    schedule=None,
    max_active_tasks=1000,
    default_args={"retries": 15, "retry_delay": timedelta(seconds=3)},
    params={
        "output": Param("/tmp/seedance", description="Directory for the files"),
        "videos": Param(100, type="integer"),
    },
):
    for name in ON_ORPHANED_INTENT:
        videos(name)
