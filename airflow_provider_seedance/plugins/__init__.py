"""What the provider adds to Airflow's API server and web UI."""
