"""The typed client: sync and async, for all vendors, without Airflow."""
