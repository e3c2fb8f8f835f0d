"""The kinds of DAG that teams write, each as small as it can be."""

from datetime import timedelta

from airflow.sdk import DAG, Param, TaskGroup, task

from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

PARAMS = {
    "seedance_conn_id": Param("seedance_default"),
    "output": Param("/tmp/seedance"),
    "request": Param({"prompt": "A fox", "duration": 4}),
    "wanted": Param("short"),
    "generation_id": Param(""),
}
SMALL = {
    "seedance_conn_id": "{{ params.seedance_conn_id }}",
    "duration": 4,
    "resolution": "480p",
    "aspect_ratio": "16:9",
}
HERE = "{{ params.output }}/{generation_id}.mp4"

with DAG("tested_taskflow", schedule=None, params=PARAMS):

    @task
    def shot_list():
        """Prompts, from wherever they come."""
        return ["A fox", "An otter"]

    @task
    def total(results):
        """What plain functions do with what the operators return."""
        return {"files": [result["manifest"]["uri"] for result in results], "vendor": results[0]["vendor"]}

    shots = SeedanceGenerateVideoOperator.partial(task_id="generate", **SMALL, destination=HERE).expand(
        prompt=shot_list()
    )
    total(shots.output)

    @task
    def by_key(ids, frames, size):
        """Single keys of what operators return, of mapped tasks and of one task, null ones too."""
        return [list(ids), list(frames), size]

    poster = SeedanceGenerateVideoOperator(task_id="poster", **SMALL, prompt="A hare")
    by_key(shots.output["generation_id"], shots.output["last_frame_url"], poster.output["width"])

with DAG("tested_native", schedule=None, params=PARAMS, render_template_as_native_obj=True):
    native = SeedanceGenerateVideoOperator(
        task_id="generate",
        **{**SMALL, "duration": "{{ params.request.duration }}"},
        prompt="{{ params.request['prompt'] }}",
        generate_audio="{{ params.wanted == 'short' }}",
        seed="{{ 7 * 6 }}",
    )
    SeedanceDownloadVideoOperator(
        task_id="download", video="{{ ti.xcom_pull('generate') }}", destination=HERE
    )
    native >> native.dag.get_task("download")

with DAG("tested_groups", schedule=None, params=PARAMS):

    @task.branch
    def choose(params=None):
        """One of two lengths."""
        return f"{params['wanted']}.generate"

    @task(trigger_rule="none_failed_min_one_success")
    def report(ti=None):
        """The results of what was not skipped."""
        results = ti.xcom_pull(task_ids=["short.generate", "long.generate"])
        return [result["generation_id"] for result in results if result]

    chosen, reported = choose(), report()
    for name, seconds in {"short": 4, "long": 8}.items():
        with TaskGroup(name) as group:
            SeedanceGenerateVideoOperator(
                task_id="generate", **{**SMALL, "duration": seconds}, prompt="A fox", destination=HERE
            )
        chosen >> group >> reported

with DAG("tested_pool", schedule=None, params=PARAMS):
    for number in (1, 2, 3):
        SeedanceGenerateVideoOperator(
            task_id=f"generate_{number}",
            **SMALL,
            prompt=f"Take {number}",
            pool="tested_pool",
            priority_weight=number,
        )

with DAG("tested_adopted", schedule=None, params=PARAMS):
    SeedanceGenerateVideoOperator(
        task_id="generate",
        seedance_conn_id="{{ params.seedance_conn_id }}",
        generation_id="{{ params.generation_id }}",
        destination=HERE,
    )

with DAG(
    "tested_default_args",
    schedule=None,
    params=PARAMS,
    default_args={
        **SMALL,
        "destination": HERE,
        "retries": 1,
        "retry_delay": timedelta(seconds=0.1),
        "video": "{{ ti.xcom_pull('generate') }}",
    },
):
    generate = SeedanceGenerateVideoOperator(task_id="generate", prompt="A fox")
    publish = SeedancePublishVideoOperator(task_id="publish", destination="{{ params.output }}/public.mp4")
    generate >> publish

with DAG("tested_worker_mode", schedule=None, params=PARAMS):
    SeedanceGenerateVideoOperator(
        task_id="generate", **SMALL, prompt="A fox", destination=HERE, deferrable=False
    )
    SeedanceGenerateBatchOperator(
        task_id="batch",
        requests=["A fox", "An otter"],
        defaults={name: value for name, value in SMALL.items() if name != "seedance_conn_id"},
        seedance_conn_id="{{ params.seedance_conn_id }}",
        destination="{{ params.output }}/{row}.mp4",
        deferrable=False,
    )

with DAG("tested_object_store", schedule=None, params=PARAMS):
    batch = SeedanceGenerateBatchOperator(
        task_id="batch",
        requests="s3://minio@bucket/in/rows.csv",
        defaults={"duration": 4, "resolution": "480p", "aspect_ratio": "16:9"},
        seedance_conn_id="{{ params.seedance_conn_id }}",
        destination="s3://minio@bucket/{{ run_id }}/{row}.mp4",
    )
    one = SeedanceGenerateVideoOperator(
        task_id="generate",
        **SMALL,
        prompt="A fox",
        destination="s3://minio@bucket/{{ run_id }}/{generation_id}.mp4",
    )
    SeedancePublishVideoOperator(
        task_id="publish", video=one.output, destination="s3://minio@bucket/发布/{generation_id}.mp4"
    )
