"""Image to video: from a first frame alone, and from a first to a last frame, side by side."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG(
    "seedance_image_to_video",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={
        "seedance_conn_id": "{{ params.seedance_conn_id }}",
        "retries": 2,
        "retry_delay": timedelta(minutes=1),
    },
    params={
        "seedance_conn_id": Param(
            "seedance_default",
            description="Connection of type seedance",
            examples=["seedance_modelark", "seedance_evolink", "seedance_anyfast", "seedance_toapis"],
        ),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
        "first_frame": Param("https://example.com/day.png", description="Link the vendor can fetch"),
        "last_frame": Param("https://example.com/night.png", description="Link the vendor can fetch"),
        "first_prompt": Param("The camera slowly pushes in", description="What follows the first frame"),
        "both_prompt": Param("Day turns to night", description="What leads from the first frame to the last"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
    },
):
    SeedanceGenerateVideoOperator(
        task_id="from_first_frame",
        prompt="{{ params.first_prompt }}",
        first_frame="{{ params.first_frame }}",
        duration=5,
        resolution="{{ params.resolution }}",
        aspect_ratio="16:9",
        destination="{{ params.output }}/first-{generation_id}.mp4",
    )
    SeedanceGenerateVideoOperator(
        task_id="from_first_to_last_frame",
        prompt="{{ params.both_prompt }}",
        first_frame="{{ params.first_frame }}",
        last_frame="{{ params.last_frame }}",
        duration=6,
        resolution="{{ params.resolution }}",
        aspect_ratio="16:9",
        destination="{{ params.output }}/first-last-{generation_id}.mp4",
    )
