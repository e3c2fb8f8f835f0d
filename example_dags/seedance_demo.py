"""What ``make demo`` runs: one clip per vendor and mode, each generated, landed and published.

``seedance_demo`` shows the four modes through four connections; ``seedance_demo_paid`` makes a single clip.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, TaskGroup

from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

SAMPLES = "{{ params.samples }}"
CLIPS: dict[str, dict[str, Any]] = {
    "modelark": {"prompt": "A paper boat sails down a rain gutter, macro shot"},
    "evolink": {
        "prompt": "The camera slowly pushes in",
        "first_frame": f"{SAMPLES}/first.png",
    },
    "anyfast": {
        "prompt": "Morning turns into evening",
        "first_frame": f"{SAMPLES}/first.png",
        "last_frame": f"{SAMPLES}/last.png",
    },
    "toapis": {
        "prompt": "The product of image 1 on the camera path of video 1, to the music of audio 1",
        "reference_images": [f"{SAMPLES}/reference.png"],
        "reference_videos": [f"{SAMPLES}/reference.mp4"],
        "reference_audios": [f"{SAMPLES}/reference.mp3"],
    },
}


def pipeline(group: str, **request) -> None:
    """Generate, land and publish one clip."""
    with TaskGroup(group):
        video = SeedanceGenerateVideoOperator(task_id="generate", **request)
        landed = SeedanceDownloadVideoOperator(
            task_id="land",
            video=video.output,
            destination="{{ params.output }}/landed/{vendor}-{mode}-{generation_id}.mp4",
        )
        SeedancePublishVideoOperator(
            task_id="publish",
            video=landed.output,
            destination=f"{{{{ params.output }}}}/published/{group}-{{generation_id}}.mp4",
            metadata={"title": request["prompt"], "run_id": "{{ run_id }}"},
        )


with DAG(
    "seedance_demo",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    params={
        "output": Param("/tmp/seedance", description="Directory for the files"),
        "samples": Param("https://example.com/samples", description="Where the input media are"),
    },
):
    for vendor, request in CLIPS.items():
        pipeline(
            vendor,
            seedance_conn_id=f"seedance_{vendor}",
            duration=5,
            resolution="480p",
            generate_audio=True,
            **request,
        )

with DAG(
    "seedance_demo_paid",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=10)},
    params={
        "output": Param("/tmp/seedance", description="Directory for the files"),
        "model": Param("seedance-2.0", examples=["seedance-2.0", "seedance-2.0-fast", "seedance-1.5-pro"]),
        "prompt": Param("A paper boat sails down a rain gutter, macro shot"),
        "duration": Param(5, type="integer"),
        "resolution": Param("480p", examples=["480p", "720p", "1080p"]),
        "max_cost": Param(None, type=["string", "null"], description='Such as "1.50 USD"'),
    },
):
    pipeline(
        "paid",
        model="{{ params.model }}",
        prompt="{{ params.prompt }}",
        duration="{{ params.duration }}",
        resolution="{{ params.resolution }}",
        max_cost="{{ params.max_cost or '' }}",
    )
