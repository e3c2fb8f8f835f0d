"""Real Airflow under a seeded schedule of accidents, and what must hold at the end."""
