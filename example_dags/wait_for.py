"""Wait for a generation that another system has started, without a worker, and land its video."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.sensors.generation import SeedanceGenerationSensor

with DAG(
    "seedance_wait_for",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={
        "seedance_conn_id": Param(
            "seedance_default",
            description="Connection of type seedance, to the account that has the generation",
            examples=["seedance_modelark", "seedance_evolink", "seedance_anyfast", "seedance_toapis"],
        ),
        "generation_id": Param("", type="string", minLength=1, description="As the vendor named it"),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
    },
):
    wait = SeedanceGenerationSensor(
        task_id="wait",
        generation_id="{{ params.generation_id }}",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        timeout=timedelta(hours=2),
        do_xcom_push=False,  # nobody reads its result, so no worker has to
    )
    download = SeedanceDownloadVideoOperator(
        task_id="download",
        video="{{ params.generation_id }}",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        destination="{{ params.output }}/{generation_id}.mp4",
    )
    wait >> download
