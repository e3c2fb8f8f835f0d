"""TaskFlow: a Python function writes each shot's request, and the task generates its video; no operator in sight."""

from datetime import timedelta

from airflow.sdk import DAG, Param, task

from airflow_provider_seedance.models import GenerationRequest

with DAG(
    "seedance_taskflow",
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
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
        "places": Param(["a pine wood", "a harbour at night"], type="array", description="One shot for each"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
    },
):

    @task
    def places(params=None) -> list[str]:
        """What the shots are mapped over."""
        return params["places"]

    @task.seedance(
        seedance_conn_id="{{ params.seedance_conn_id }}",
        aspect_ratio="16:9",
        destination="{{ params.output }}/{generation_id}.mp4",
    )
    def shot(place: str, params=None) -> GenerationRequest:
        """The request of one shot; in the grid, each mapped task is called by its prompt."""
        return GenerationRequest(
            prompt=f"A fox looks around in {place}, slow push in",
            duration=4,
            resolution=params["resolution"],
        )

    shot.expand(place=places())
