"""One video each from the vendors that tell by themselves that it is ready."""

from airflow.sdk import DAG

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG("tested_webhooks", schedule=None):
    for name in ("modelark", "evolink", "toapis_signed"):
        SeedanceGenerateVideoOperator(
            task_id=name,
            seedance_conn_id=f"seedance_{name}",
            prompt="A kitten yawns",
            duration=4,
            resolution="480p",
        )
