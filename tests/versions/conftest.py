"""What each supported Airflow must do; ``make test-all`` runs it on all of them."""

from tests.airflow.dag_test import dags, hurried_emulator, run_dag

__all__ = ["dags", "hurried_emulator", "run_dag"]
