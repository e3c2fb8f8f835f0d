"""Publications of small files, and a consumer that counts: a worker that dies, mapped tasks, names from templates."""

import hashlib
import os
import signal
from datetime import datetime, timedelta, timezone
from pathlib import Path

from airflow.sdk import DAG, Asset, AssetAlias, Param, get_current_context, task

from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

KILLED = Asset(name="tested-killed", uri="s3://bucket/killed")
CAMPAIGN = Asset("tested-campaign")


def die_at_the_first_try(context, result):
    """As a worker does that runs out of memory when all work is done."""
    if context["ti"].try_number == 1:
        os.kill(os.getpid(), signal.SIGKILL)


with DAG(
    "tested_events",
    schedule=None,
    params={"output": Param("/tmp/seedance")},
    default_args={"retries": 1, "retry_delay": timedelta(seconds=0.1)},
):

    @task
    def land(number, params=None):
        """A manifest; publishing looks at length and hash only."""
        file = Path(params["output"]) / f"landed-{number}.mp4"
        file.write_text(f"video {number}")
        return {
            "uri": str(file),
            "bytes": file.stat().st_size,
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "content_type": "video/mp4",
            "media": {},
            "source": {"vendor": "evolink", "generation_id": f"task-{number}"},
            "landed_at": datetime.now(timezone.utc).isoformat(),
        }

    PUBLIC = "{{ params.output }}/发布/"
    landed = land.expand(number=[1, 2, 3])
    killed = SeedancePublishVideoOperator(
        task_id="killed",
        video="{{ ti.xcom_pull('land', map_indexes=0) }}",
        destination=PUBLIC + "小猫 #1?.mp4",
        asset=KILLED,
        post_execute=die_at_the_first_try,
    )
    again = SeedancePublishVideoOperator(
        task_id="again",
        video="{{ ti.xcom_pull('land', map_indexes=0) }}",
        destination=PUBLIC + "小猫 #1?.mp4",
        asset=KILLED,
    )
    SeedancePublishVideoOperator.partial(
        task_id="each", destination=PUBLIC + "each/", asset="{{ 'tested-campaign' }}"
    ).expand(video=landed)
    SeedancePublishVideoOperator.partial(task_id="own", destination=PUBLIC + "own/").expand(video=landed)
    landed >> SeedancePublishVideoOperator(
        task_id="aliased",
        video="{{ ti.xcom_pull('land', map_indexes=1) }}",
        destination=PUBLIC + "aliased/",
        asset=AssetAlias("tested-alias"),
    )
    landed >> SeedancePublishVideoOperator(
        task_id="unknown",
        video="{{ ti.xcom_pull('land', map_indexes=2) }}",
        destination=PUBLIC + "unknown/",
        asset="s3://minio@bucket/{{ '未知' }}",
    )
    landed >> killed >> again

with DAG("tested_events_seen", schedule=KILLED | CAMPAIGN):

    @task
    def count():
        """The published files, as the usual loop finds them."""
        events = get_current_context()["triggering_asset_events"]
        return [event.extra["uri"] for found in events.values() for event in found]

    count()
