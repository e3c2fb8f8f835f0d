"""A campaign: each line of the trigger form becomes a published clip, through one task group per line."""

from datetime import timedelta

from airflow.sdk import DAG, Param, task, task_group

from airflow_provider_seedance.task_groups import generate_and_publish

with DAG(
    "seedance_campaign",
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
        "scenes": Param(
            ["A lamp is switched on", "Steam rises from a mug"], type="array", description="One clip for each"
        ),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
        "output": Param("/tmp/seedance/campaign", description="Directory or object-storage prefix"),
    },
):

    @task
    def scenes(params=None) -> list[str]:
        """What the group is mapped over."""
        return params["scenes"]

    @task_group
    def clip(scene: str):
        """One clip: generated, landed, verified, published."""
        group = generate_and_publish(
            prompt=scene,
            duration=4,
            resolution="{{ params.resolution }}",
            aspect_ratio="16:9",
            seedance_conn_id="{{ params.seedance_conn_id }}",
            landing="{{ params.output }}/landing/{generation_id}.mp4",
            destination="{{ params.output }}/public/{generation_id}.mp4",
            metadata={"run_id": "{{ run_id }}"},
        )
        return group.output["uri"]

    @task
    def report(uris):
        """Tell where the clips are."""
        print("\n".join(uris))

    report(clip.expand(scene=scenes()))
