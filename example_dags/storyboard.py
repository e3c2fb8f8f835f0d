"""A storyboard that is made anew each night, and pays for the shots that have changed. It needs a ledger."""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator

#: Twenty shots of one film; a changed line is a new shot, the others are taken from the night before.
SHOTS = [
    f"Shot {number}: a red kite over {place}, {light}"
    for number, (place, light) in enumerate(
        [
            (place, light)
            for place in ("dunes", "a harbour", "rooftops", "a lake", "a wheat field")
            for light in ("at dawn", "at noon", "at dusk", "at night")
        ],
        start=1,
    )
]

with DAG(
    "seedance_storyboard",
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
        "shots": Param(SHOTS, type="array", description="One prompt for each shot"),
        "duration": Param(4, type="integer", minimum=4, maximum=12, description="Seconds"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
        "aspect_ratio": Param("16:9", enum=["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]),
        "output": Param("/tmp/seedance/storyboard", description="Directory or object-storage prefix"),
    },
    render_template_as_native_obj=True,
):
    SeedanceGenerateBatchOperator(
        task_id="shots",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        requests="{{ params.shots }}",
        defaults={
            "duration": "{{ params.duration }}",
            "resolution": "{{ params.resolution }}",
            "aspect_ratio": "{{ params.aspect_ratio }}",
        },
        destination="{{ params.output }}/{{ run_id }}/{row}.mp4",
        reuse=True,
        on_budget="wait",
    )
