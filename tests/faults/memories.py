"""What a task instance may have to remember its generation by; the provider sees no more of Airflow's version."""

STORE = "Airflow 3.3: task state store"
FOLDER = "Airflow 3.1: state folder"
NOTHING = "Airflow 3.1: nothing"
