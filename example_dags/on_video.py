"""Land each video of a connection as soon as it has finished, whoever ordered it: started by an asset watcher.

Nothing here orders a video through the same connection: that would start the DAG again, and be paid for, without end.
"""

from datetime import timedelta

from airflow.sdk import DAG, Asset, AssetWatcher, Param, task

from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.triggers.finished import SeedanceVideoFinishedTrigger

FINISHED = Asset(
    "seedance_finished_videos",
    watchers=[
        AssetWatcher(name="seedance_default", trigger=SeedanceVideoFinishedTrigger("seedance_default"))
    ],
)

with DAG(
    "seedance_on_video",
    schedule=[FINISHED],
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={"output": Param("/tmp/seedance", description="Directory or object-storage prefix")},
):

    @task
    def finished(triggering_asset_events=None):
        """The videos; one run may have several events."""
        return [event.extra["payload"] for events in triggering_asset_events.values() for event in events]

    SeedanceDownloadVideoOperator.partial(
        task_id="download", destination="{{ params.output }}/{generation_id}.mp4"
    ).expand(video=finished())
