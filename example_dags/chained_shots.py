"""Chained shots: the last frame of each shot is the first frame of the next, so that cuts do not jump.

For vendors that return the last frame: ModelArk, AnyFast and ToAPIs.
"""

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
    params={
        "seedance_conn_id": Param("seedance_default", description="Connection of type seedance"),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
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
            resolution="480p",
            aspect_ratio="16:9",
            destination=f"{{{{ params.output }}}}/{{{{ run_id }}}}/shot-{number}.mp4",
        )
        if previous:
            previous >> shot
        previous = shot
