"""One small video; what matters is where its connection is stored."""

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG("tested_connection", schedule=None, params={"seedance_conn_id": Param("seedance_stored")}):
    SeedanceGenerateVideoOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        prompt="A fox",
        duration=4,
        resolution="480p",
    )
