"""Two tasks that differ in what a clear means to them."""

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG(
    "tested_clears",
    schedule=None,
    params={"seedance_conn_id": Param("seedance_default"), "output": Param("/tmp/seedance")},
):
    for on_clear in ("reattach", "regenerate"):
        SeedanceGenerateVideoOperator(
            task_id=on_clear,
            seedance_conn_id="{{ params.seedance_conn_id }}",
            prompt="A kitten yawns",
            duration=4,
            resolution="480p",
            destination=f"{{{{ params.output }}}}/{on_clear}-{{generation_id}}.mp4",
            on_clear=on_clear,
        )
