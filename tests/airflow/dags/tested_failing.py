"""What goes wrong after the worker was left: with retries to spare, most of which are of no use."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG(
    "tested_failing",
    schedule=None,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=0.1)},
    params={"seedance_conn_id": Param("seedance_default"), "output": Param("/tmp/seedance")},
):
    SMALL = {
        "seedance_conn_id": "{{ params.seedance_conn_id }}",
        "duration": 4,
        "resolution": "480p",
        "aspect_ratio": "16:9",
    }
    SeedanceGenerateVideoOperator(task_id="moderated", **SMALL, prompt="[emulator:moderation] A fox")
    SeedanceGenerateVideoOperator(task_id="refused", **{**SMALL, "duration": 99}, prompt="A fox")
    video = SeedanceGenerateVideoOperator(task_id="generate", **SMALL, prompt="A fox")
    SeedanceDownloadVideoOperator(
        task_id="download", video=video.output, destination="{{ params.output }}/{generation_id}.mp4"
    )
