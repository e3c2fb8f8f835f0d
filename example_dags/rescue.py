"""Rescue: twice a day, land what the vendor finished and no task landed, before its link dies."""

from datetime import datetime, timedelta

from airflow.sdk import DAG, Param, task

with DAG(
    "seedance_rescue",
    schedule="0 */12 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={
        "seedance_conn_id": Param(
            "seedance_default",
            description="Connection of type seedance",
            examples=["seedance_modelark", "seedance_evolink", "seedance_anyfast", "seedance_toapis"],
        ),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
    },
):

    @task
    def rescue(params=None):
        """Land what is missing; a lost video fails the task, with what it cost."""
        from airflow_provider_seedance.hooks.seedance import SeedanceHook

        hook = SeedanceHook(params["seedance_conn_id"])
        rows = hook.rescue(f"{params['output']}/{{generation_id}}.mp4")
        for row in rows:
            print(f"{row['generation_id']}: {row['outcome']} {row['uri'] or row['reason'] or ''}")
        if lost := [row for row in rows if row["outcome"] == "lost"]:
            raise RuntimeError(
                f"lost, though paid for: {[(row['generation_id'], row['cost']) for row in lost]}"
            )
        return rows

    rescue()
