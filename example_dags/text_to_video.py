"""The smallest useful DAG: one prompt, one video, landed where you say."""

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG(
    "seedance_text_to_video",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    params={
        "seedance_conn_id": Param("seedance_default", description="Connection of type seedance"),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
        "prompt": Param("A paper boat crosses a rain puddle, macro lens, soft morning light"),
    },
):
    SeedanceGenerateVideoOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        prompt="{{ params.prompt }}",
        duration=5,
        resolution="720p",
        aspect_ratio="16:9",
        destination="{{ params.output }}/{generation_id}.mp4",
    )
