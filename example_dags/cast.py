"""A cast of two in three shots: the pictures of two people are put into the asset library once, and used in each shot.

For vendors with an asset library: ModelArk (with an access key), AnyFast and ToAPIs.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.assets import (
    SeedanceCreateAssetGroupOperator,
    SeedanceUploadAssetOperator,
)
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

CAST = ("anna", "ben")
SHOTS = (
    "@image1 and @image2 meet at a bus stop, wide shot",
    "@image1 opens an umbrella, medium shot",
    "@image1 and @image2 walk away under it, from behind",
)

with DAG(
    "seedance_cast",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={
        "seedance_conn_id": Param(
            "seedance_default",
            description="Connection of type seedance",
            examples=["seedance_modelark", "seedance_anyfast", "seedance_toapis"],
        ),
        "pictures": Param("/tmp/seedance/cast", description="Directory or object-storage prefix"),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
    },
):
    group = SeedanceCreateAssetGroupOperator(
        task_id="group", name="cast", seedance_conn_id="{{ params.seedance_conn_id }}"
    )
    people = [
        SeedanceUploadAssetOperator(
            task_id=name,
            file=f"{{{{ params.pictures }}}}/{name}.png",
            group_id="{{ ti.xcom_pull('group')['group_id'] }}",
            seedance_conn_id="{{ params.seedance_conn_id }}",
        )
        for name in CAST
    ]
    shots = [
        SeedanceGenerateVideoOperator(
            task_id=f"shot_{number}",
            seedance_conn_id="{{ params.seedance_conn_id }}",
            prompt=prompt,
            reference_images=[f"{{{{ ti.xcom_pull('{name}')['asset_uri'] }}}}" for name in CAST],
            duration=4,
            resolution="480p",
            aspect_ratio="16:9",
            destination=f"{{{{ params.output }}}}/shot-{number}.mp4",
        )
        for number, prompt in enumerate(SHOTS, start=1)
    ]
    group >> people
    for person in people:
        person >> shots
