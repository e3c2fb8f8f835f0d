"""Example DAGs in this process, against an emulator."""

from tests.airflow.dag_test import dags, hurried_emulator, run_dag
from tests.airflow.s3 import bucket, s3_endpoint, s3_signature

__all__ = ["bucket", "dags", "hurried_emulator", "run_dag", "s3_endpoint", "s3_signature"]
