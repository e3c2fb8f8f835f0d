"""A nightly batch: one row of a CSV file becomes one video, and one task makes them all."""

from airflow.sdk import DAG, Param, task

from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator

with DAG(
    "seedance_batch",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    params={
        "seedance_conn_id": Param("seedance_default", description="Connection of type seedance"),
        "rows": Param("/tmp/seedance/rows.csv", description="CSV or JSONL file, or its object-storage URI"),
        "output": Param("/tmp/seedance/batch", description="Directory or object-storage prefix"),
        "max_cost": Param("50 USD", description="What the whole batch may cost"),
    },
):
    batch = SeedanceGenerateBatchOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        requests="{{ params.rows }}",
        defaults={"duration": 5, "resolution": "480p", "aspect_ratio": "16:9"},
        destination="{{ params.output }}/{{ run_id }}/{row}.mp4",
        max_active=50,
        max_failures=20,
        max_cost="{{ params.max_cost }}",
        retries=3,
    )

    @task
    def report(summary):
        """Say what became of them; the file of results has a line for each row."""
        print(f"{summary['counts']} for {summary['cost']}; see {summary['results']}")
        for failure in summary["failures"]:
            print(f"row {failure['row']}: {failure['message']}")

    report(batch.output)
