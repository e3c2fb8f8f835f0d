"""One task, three prompts: a mapped task instance for each."""

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG(
    "tested_mapped",
    schedule=None,
    params={"seedance_conn_id": Param("seedance_default"), "output": Param("/tmp/seedance")},
):
    SeedanceGenerateVideoOperator.partial(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        duration=4,
        resolution="480p",
        aspect_ratio="16:9",
        destination="{{ params.output }}/{generation_id}.mp4",
    ).expand(prompt=["A fox", "An otter", "A heron"])
