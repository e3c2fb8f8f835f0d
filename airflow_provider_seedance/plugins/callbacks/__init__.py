"""The webhook receiver: vendors tell Airflow's API server that a generation has ended."""
