"""A nightly batch: one row of a CSV file becomes one video, and one task makes them all."""

from datetime import timedelta
from pathlib import Path

from airflow.sdk import DAG, Param, task

from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator

#: A sample, beside this file.
ROWS = Path(__file__).with_name("rows.csv")

with DAG(
    "seedance_batch",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={
        "seedance_conn_id": Param(
            "seedance_default",
            description="Connection of type seedance",
            examples=["seedance_modelark", "seedance_evolink", "seedance_anyfast", "seedance_toapis"],
        ),
        "rows": Param(
            str(ROWS),
            description="CSV or JSONL file, or its object-storage URI; what a row leaves out is below",
        ),
        "output": Param("/tmp/seedance/batch", description="Directory or object-storage prefix"),
        "max_cost": Param(
            None,
            type=["null", "string"],
            description="What the whole batch may cost, in the vendor's currency",
            examples=["50 USD", "500 credits"],
        ),
        "model": Param("seedance-2.0", enum=["seedance-2.0", "seedance-2.0-fast", "seedance-1.5-pro"]),
        "duration": Param(5, type="integer", minimum=4, maximum=12, description="Seconds"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
        "aspect_ratio": Param("16:9", enum=["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]),
    },
):
    batch = SeedanceGenerateBatchOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        requests="{{ params.rows }}",
        defaults={
            "model": "{{ params.model }}",
            "duration": "{{ params.duration }}",
            "resolution": "{{ params.resolution }}",
            "aspect_ratio": "{{ params.aspect_ratio }}",
        },
        destination="{{ params.output }}/{{ run_id }}/{row}.mp4",
        max_active=50,
        max_failures=20,
        max_cost="{{ params.max_cost or '' }}",
    )

    @task
    def report(summary):
        """Say what became of them; the file of results has a line for each row."""
        print(f"{summary['counts']} for {summary['cost']}; see {summary['results']}")
        for failure in summary["failures"]:
            print(f"row {failure['row']}: {failure['message']}")

    report(batch.output)
