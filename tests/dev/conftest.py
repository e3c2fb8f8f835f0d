from dev.fixtures import airflow_stack  # noqa: F401  # pytest finds it here
