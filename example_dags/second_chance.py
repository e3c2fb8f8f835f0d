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
        "model": Param("seedance-2.0", enum=["seedance-2.0", "seedance-2.0-fast", "seedance-1.5-pro"]),
        "duration": Param(4, type="integer", minimum=4, maximum=12, description="Seconds"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
    },
):
    SeedanceGenerateVideoOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_ids }}",
        prompt="{{ params.prompt }}",
        model="{{ params.model }}",
        duration="{{ params.duration }}",
        resolution="{{ params.resolution }}",
        on_moderation=[{}, {"generate_audio": False}, {"prompt": "{{ params.tame_prompt }}"}],
        failover_after=timedelta(minutes=2),
        destination="{{ params.output }}/second-chance-{generation_id}.mp4",
    )
