"""What mapped task instances are called in Airflow's UI."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import DAG, task_group

from airflow_provider_seedance.operators._mapping import MAX_LABEL, label_of
from airflow_provider_seedance.operators.assets import SeedanceUploadAssetOperator
from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator
from airflow_provider_seedance.runtime.masking import conceal


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("A fox\n looks  up", "A fox looks up"),
        ("s3://bucket/shots/lamp.png", "lamp.png"),
        ("https://h/a/lamp.png?X-Amz-Signature=abc", "lamp.png"),
        (conceal("https://user:secret@h/a/lamp.png?sig=abc"), "lamp.png"),
        (["/tmp/one.png", "/tmp/two.png"], "one.png"),
        ({"generation_id": "cgt-1", "video_url": "https://h/v?sig=abc"}, "cgt-1"),
        ("{'generation_id': 'cgt-1'}", "cgt-1"),
        ({"uri": "/a/b.mp4", "source": {"generation_id": "cgt-2"}}, "cgt-2"),
        ({"prompt": "A hare", "duration": 4}, "A hare"),
        (None, ""),
        (7, ""),
        ([], ""),
    ],
)
def test_a_label_tells_most_in_few_words(value: Any, label: str) -> None:
    """And nothing secret."""
    assert label_of(value) == label


def test_a_label_is_short() -> None:
    assert len(label_of("A fox " * 100)) == MAX_LABEL


@pytest.mark.parametrize(
    ("operator", "arguments", "mapped", "label"),
    [
        (SeedanceGenerateVideoOperator, {"duration": 4}, {"prompt": ["A fox"]}, "A fox"),
        (SeedanceGenerateVideoOperator, {}, {"request": [{"prompt": "A hare"}]}, "A hare"),
        (SeedanceGenerateVideoOperator, {}, {"first_frame": ["/tmp/lamp.png"]}, "lamp.png"),
        (SeedanceDownloadVideoOperator, {"destination": "/tmp/x/"}, {"video": ["cgt-1"]}, "cgt-1"),
        (SeedancePublishVideoOperator, {"destination": "/tmp/x/"}, {"video": [{"uri": "/a/b.mp4"}]}, "b.mp4"),
        (SeedanceUploadAssetOperator, {"group_id": "g"}, {"file": ["/tmp/anna.png"]}, "anna.png"),
    ],
)
def test_mapped_instances_are_called_by_what_they_make(
    operator: Any, arguments: dict[str, Any], mapped: dict[str, Any], label: str
) -> None:
    """Out of the box."""
    with DAG("labels", schedule=None) as dag:
        task = operator.partial(task_id="mapped", **arguments).expand(**mapped)
    instance = task.unmap({name: values[0] for name, values in mapped.items()})
    template = dag.get_template_env().from_string(task.map_index_template)
    assert template.render(task=instance) == label


def test_tasks_of_a_mapped_group_are_called_so_too() -> None:
    """Though they themselves are not mapped."""
    with DAG("labels", schedule=None) as dag:

        @task_group
        def clip(prompt: str) -> None:
            SeedanceGenerateVideoOperator(task_id="generate", prompt=prompt)

        clip.expand(prompt=["A fox", "A hare"])
        SeedanceGenerateVideoOperator(task_id="alone", prompt="A fox")
    assert dag.get_task("clip.generate").map_index_template == "{{ task.map_label }}"
    assert dag.get_task("alone").map_index_template is None


def test_the_authors_own_label_counts() -> None:
    """As an argument, and as a default of the DAG."""
    with DAG("labels", schedule=None, default_args={"map_index_template": "default"}):
        by_default = SeedanceGenerateVideoOperator.partial(task_id="one").expand(prompt=["A fox"])
        by_argument = SeedanceGenerateVideoOperator.partial(
            task_id="two", map_index_template="{{ prompt }}"
        ).expand(prompt=["A fox"])
    assert by_default.map_index_template == "default"
    assert by_argument.map_index_template == "{{ prompt }}"
