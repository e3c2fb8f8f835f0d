"""A second chance: another wording after a moderation refusal, and another vendor when one is of no use."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

with DAG(
    "seedance_second_chance",
    schedule=None,
    tags=["seedance"],
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    params={
        "seedance_conn_ids": Param(
            ["seedance_modelark", "seedance_evolink"],
            type="array",
            description="Connections of type seedance, in the order in which they are asked",
        ),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
        "prompt": Param("A stuntman falls from a burning roof, slow motion"),
        "tame_prompt": Param("A stuntman jumps from a low wall, slow motion"),
    },
):
    SeedanceGenerateVideoOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_ids }}",
        prompt="{{ params.prompt }}",
        duration=4,
        resolution="480p",
        on_moderation=[{}, {"generate_audio": False}, {"prompt": "{{ params.tame_prompt }}"}],
        failover_after=timedelta(minutes=2),
        destination="{{ params.output }}/second-chance-{generation_id}.mp4",
    )
