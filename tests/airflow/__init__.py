"""Whole Airflow: in this process with ``dag.test()``, and as a real stack of processes."""
