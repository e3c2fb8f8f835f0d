"""What needs no Airflow: vendors, client, paying once, waiting, landing, batches."""
