"""Whole Airflow: in this process with ``dag.test()``, and as a real stack of processes."""

from tests.airflow.dag_test import dags, hurried_emulator, run_dag
from tests.airflow.s3 import bucket, s3_endpoint, s3_signature
from tests.airflow.stack import stack

__all__ = ["bucket", "dags", "hurried_emulator", "run_dag", "s3_endpoint", "s3_signature", "stack"]
