"""Result links on all their ways from task to task: in a result, out of a result, through mapped tasks."""

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

SMALL = {
    "seedance_conn_id": "{{ params.seedance_conn_id }}",
    "duration": 4,
    "resolution": "480p",
    "aspect_ratio": "16:9",
}


def last_frame_url(result):
    """The link to the picture that a video ends with."""
    return result["last_frame_url"]


for dag_id in ("tested_links", "tested_plain_links"):
    with DAG(
        dag_id,
        schedule=None,
        params={"seedance_conn_id": Param("seedance_default"), "output": Param("/tmp/seedance")},
    ):
        each = SeedanceGenerateVideoOperator.partial(task_id="each", **SMALL, return_last_frame=True).expand(
            prompt=["A fox"]
        )
        SeedanceDownloadVideoOperator.partial(
            task_id="download_each", destination="{{ params.output }}/each/{generation_id}.mp4"
        ).expand(video=each.output)
        SeedanceGenerateVideoOperator.partial(task_id="go_on_each", **SMALL, prompt="It looks up").expand(
            first_frame=each.output.map(last_frame_url)
        )
        one = SeedanceGenerateVideoOperator(
            task_id="one",
            **SMALL,
            prompt="It turns round",
            first_frame="{{ ti.xcom_pull('each', map_indexes=0)['last_frame_url'] }}",
            destination="{{ params.output }}/one/{generation_id}.mp4",
        )
        each >> one
        SeedancePublishVideoOperator(
            task_id="publish", video=one.output, destination="{{ params.output }}/public/{generation_id}.mp4"
        )
