"""Example DAGs in this process, against an emulator."""

from tests.airflow.dag_test import dags, hurried_emulator, run_dag

__all__ = ["dags", "hurried_emulator", "run_dag"]
