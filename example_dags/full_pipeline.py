"""The whole pipeline: generate, land, publish, and a second DAG that starts when something was published."""

from datetime import timedelta

from airflow.sdk import DAG, Asset, Param, task

from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

CLIPS = Asset("seedance-clips")

with DAG(
    "seedance_full_pipeline",
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
        "landing": Param("/tmp/seedance/landing", description="Where files land first"),
        "public": Param("/tmp/seedance/public", description="Where people find them"),
        "prompt": Param("A kitten yawns at the camera"),
        "model": Param("seedance-2.0", enum=["seedance-2.0", "seedance-2.0-fast", "seedance-1.5-pro"]),
        "duration": Param(5, type="integer", minimum=4, maximum=12, description="Seconds"),
        "resolution": Param("720p", enum=["480p", "720p", "1080p"]),
        "aspect_ratio": Param("16:9", enum=["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]),
    },
):
    video = SeedanceGenerateVideoOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        prompt="{{ params.prompt }}",
        model="{{ params.model }}",
        duration="{{ params.duration }}",
        resolution="{{ params.resolution }}",
        aspect_ratio="{{ params.aspect_ratio }}",
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
        asset=CLIPS,
    )

with DAG(
    "seedance_after_publishing",
    schedule=CLIPS,
    tags=["seedance"],
    doc_md="Started by each publication of seedance_full_pipeline; several may start one run together.",
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
):

    @task
    def announce(triggering_asset_events=None):
        """Tell of each new video where it is; the event's extra is what the publish operator returned."""
        found = [event.extra for events in triggering_asset_events.values() for event in events]
        for video in found:
            print(f"published: {video['uri']} with {video['sidecar_uri']}: {video['metadata']['title']}")
        return [video["uri"] for video in found]

    announce()
