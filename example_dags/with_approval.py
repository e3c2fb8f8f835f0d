"""With approval: a person agrees to the cost before it is paid, and to the clip before it is published.

Both questions stand under "Required Actions" in Airflow's UI. "Reject" skips what follows: nothing is paid, or nothing
is published.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.approval import (
    SeedanceApproveStoryboardOperator,
    SeedanceApproveVideoOperator,
)
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

with DAG(
    "seedance_with_approval",
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
        "prompt": Param("A lighthouse turns on its lamp at dusk, slow aerial shot", minLength=1),
        "model": Param("seedance-2.0", enum=["seedance-2.0", "seedance-2.0-fast", "seedance-1.5-pro"]),
        "duration": Param(4, type="integer", minimum=4, maximum=12, description="Seconds"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
        "aspect_ratio": Param("16:9", enum=["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]),
        "output": Param("/tmp/seedance/approved", description="Directory or object-storage prefix"),
    },
):
    clip = {
        "prompt": "{{ params.prompt }}",
        "model": "{{ params.model }}",
        "duration": "{{ params.duration }}",
        "resolution": "{{ params.resolution }}",
        "aspect_ratio": "{{ params.aspect_ratio }}",
    }
    cost_is_approved = SeedanceApproveStoryboardOperator(
        task_id="approve_cost",
        requests=[clip],
        seedance_conn_id="{{ params.seedance_conn_id }}",
        response_timeout=timedelta(days=2),
    )
    video = SeedanceGenerateVideoOperator(
        task_id="generate",
        request=clip,
        seedance_conn_id="{{ params.seedance_conn_id }}",
        destination="{{ params.output }}/landing/{generation_id}.mp4",
    )
    video_is_approved = SeedanceApproveVideoOperator(
        task_id="approve_video",
        video=video.output,
        response_timeout=timedelta(days=2),
    )
    publish = SeedancePublishVideoOperator(
        task_id="publish",
        video=video.output,
        destination="{{ params.output }}/public/{generation_id}.mp4",
    )
    cost_is_approved >> video >> video_is_approved >> publish
