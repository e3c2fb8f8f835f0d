"""The whole pipeline: generate, land, publish, and a second DAG that starts when something was published."""

from airflow.sdk import DAG, AssetAlias, Param, task

from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

PUBLISHED = "seedance-clips"

with DAG(
    "seedance_full_pipeline",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    params={
        "seedance_conn_id": Param("seedance_default", description="Connection of type seedance"),
        "landing": Param("/tmp/seedance/landing", description="Where files land first"),
        "public": Param("/tmp/seedance/public", description="Where people find them"),
        "prompt": Param("A kitten yawns at the camera"),
    },
):
    video = SeedanceGenerateVideoOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        prompt="{{ params.prompt }}",
        duration=5,
        resolution="720p",
        aspect_ratio="16:9",
        generate_audio=True,
    )
    landed = SeedanceDownloadVideoOperator(
        task_id="download",
        video=video.output,
        destination="{{ params.landing }}/{generation_id}.mp4",
    )
    SeedancePublishVideoOperator(
        task_id="publish",
        video=landed.output,
        destination="{{ params.public }}/{generation_id}.mp4",
        metadata={"title": "{{ params.prompt }}", "run_id": "{{ run_id }}"},
        asset=PUBLISHED,
    )

with DAG(
    "seedance_after_publishing",
    schedule=AssetAlias(PUBLISHED),
    tags=["seedance"],
    doc_md="Started by each publication of seedance_full_pipeline.",
):

    @task
    def announce(triggering_asset_events=None):
        """Tell where the new videos are."""
        for events in triggering_asset_events.values():
            for event in events:
                print(f"published: {event.asset.uri} {event.extra['sha256']}")

    announce()
