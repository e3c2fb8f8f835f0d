"""When it fails: another prompt after moderation, a message about an empty account, and another try after the rest.

A task that fails tells why in its XCom `error`. The task's own `retries` are for what passes by itself. What is left
then is decided on by what the error says, and nothing is paid for twice.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator

#: The generation to go on with, if it may be billed; else none, so that a new one is paid for.
UNFINISHED = (
    "{% set error = ti.xcom_pull('generate', key='error') %}"
    "{{ error.generation_id if error.generation_id and error.billed is not false else '' }}"
)

with DAG(
    "seedance_when_it_fails",
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
        "prompt": Param("A famous actor drinks our lemonade on a pier at sunset"),
        "plainer_prompt": Param("A glass of lemonade on a pier at sunset, waves behind it"),
        "model": Param("seedance-2.0", enum=["seedance-2.0", "seedance-2.0-fast", "seedance-1.5-pro"]),
        "duration": Param(4, type="integer", minimum=4, maximum=12, description="Seconds"),
        "resolution": Param("480p", enum=["480p", "720p", "1080p"]),
        "output": Param("/tmp/seedance", description="Directory or object-storage prefix"),
    },
):
    ORDER: dict[str, Any] = {
        "seedance_conn_id": "{{ params.seedance_conn_id }}",
        "model": "{{ params.model }}",
        "duration": "{{ params.duration }}",
        "resolution": "{{ params.resolution }}",
        "aspect_ratio": "16:9",
        "destination": "{{ params.output }}/{generation_id}.mp4",
    }
    generate = SeedanceGenerateVideoOperator(task_id="generate", prompt="{{ params.prompt }}", **ORDER)

    @task.branch(trigger_rule="all_done")
    def choose(error) -> str:
        """What to do about the error; without one, `report` tells whether there is a video."""
        if error is None:
            return "report"
        if error["kind"] == "moderation":
            return "rewrite_prompt"
        may_be_bought_unseen = error["billed"] is None and error["generation_id"] is None
        return "notify" if error["kind"] == "balance" or may_be_bought_unseen else "generate_again"

    @task
    def rewrite_prompt(params=None, ti=None) -> str:
        """Where a language model, or a person, would be asked; the error says what was found, and where."""
        error = ti.xcom_pull(task_ids="generate", key="error")
        print(f"{error['stage']} {error['medium']}: {error['message']}")
        return params["plainer_prompt"]

    rewritten = SeedanceGenerateVideoOperator(
        task_id="generate_rewritten", prompt="{{ ti.xcom_pull('rewrite_prompt') }}", **ORDER
    )
    again = SeedanceGenerateVideoOperator(
        task_id="generate_again", prompt="{{ params.prompt }}", generation_id=UNFINISHED, **ORDER
    )

    @task
    def notify(error):
        """Where a message to people would be sent."""
        print(f"{error['vendor']}, connection {error['connection']}: {error['message']}")

    @task(trigger_rule="none_failed_min_one_success")
    def report(ti=None) -> str:
        """The file, whichever task has made it."""
        results = ti.xcom_pull(task_ids=["generate", "generate_rewritten", "generate_again"])
        return next(result["manifest"]["uri"] for result in results if result)

    chosen, notified, reported = choose(generate.output["error"]), notify(generate.output["error"]), report()
    chosen >> rewrite_prompt() >> rewritten >> reported
    chosen >> [again, reported]
    chosen >> notified >> reported
    again >> reported
