"""Whole Airflow: in this process with ``dag.test()``, and as a real stack of processes."""

from tests.airflow.dag_test import dags, hurried_emulator, run_dag
from tests.airflow.stack import stack

__all__ = ["dags", "hurried_emulator", "run_dag", "stack"]
