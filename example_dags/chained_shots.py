"""Chained shots: the last frame of each shot is the first frame of the next, so that cuts do not jump.

For vendors that return the last frame: ModelArk, AnyFast and ToAPIs.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

SHOTS = (
    "A fox leaves its den at dawn, wide shot",
    "It trots along a frozen stream, the camera follows",
    "It stops and looks straight at us, slow push in",
)

with DAG(
    "seedance_chained_shots",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={
        "seedance_conn_id": Param(
            "seedance_default",
            description="Connection of type seedance, to ModelArk, AnyFast or ToAPIs",
            examples=["seedance_modelark", "seedance_anyfast", "seedance_toapis"],
        ),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
    },
):
    previous = None
    for number, prompt in enumerate(SHOTS, start=1):
        shot = SeedanceGenerateVideoOperator(
            task_id=f"shot_{number}",
            seedance_conn_id="{{ params.seedance_conn_id }}",
            prompt=prompt,
            first_frame=f"{{{{ ti.xcom_pull('{previous.task_id}')['last_frame_url'] }}}}"
            if previous
            else None,
            return_last_frame=True,
            duration=5,
            resolution="{{ params.resolution }}",
            aspect_ratio="16:9",
            destination=f"{{{{ params.output }}}}/{{{{ run_id }}}}/shot-{number}.mp4",
        )
        if previous:
            previous >> shot
        previous = shot
