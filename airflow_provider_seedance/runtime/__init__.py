"""What Airflow gives to the rest: configuration, object storage, task state, masking and exceptions."""
