"""The gallery: a page of Airflow's web UI with every video, and the routes that its players read."""
