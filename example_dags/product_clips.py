"""Product clips: each picture in a folder, local or in an object store, becomes a clip.

The pictures are brought to the vendor in its own way; those that it does not take are refused before anything is paid.
"""

from datetime import timedelta

from airflow.sdk import DAG, ObjectStoragePath, Param, task

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG(
    "seedance_product_clips",
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
        "pictures": Param("/tmp/seedance/products", description="Directory or object-storage prefix"),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
        "prompt": Param("The product turns slowly on a marble table, soft light from the left"),
        "duration": Param(4, type="integer", minimum=4, maximum=12, description="Seconds"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
        "aspect_ratio": Param("16:9", enum=["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]),
    },
):

    @task
    def list_pictures(**context) -> list[str]:
        """The pictures as paths or URIs, in the order of their names."""
        folder = ObjectStoragePath(context["params"]["pictures"])
        if not folder.is_dir():
            raise NotADirectoryError(f"{folder} is no folder: put pictures there, or set the param pictures")
        return sorted(str(path) for path in folder.iterdir() if path.suffix in (".png", ".jpg", ".webp"))

    SeedanceGenerateVideoOperator.partial(
        task_id="clip",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        prompt="{{ params.prompt }}",
        duration="{{ params.duration }}",
        resolution="{{ params.resolution }}",
        aspect_ratio="{{ params.aspect_ratio }}",
        destination="{{ params.output }}/{generation_id}.mp4",
    ).expand(first_frame=list_pictures())
