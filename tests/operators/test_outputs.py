"""What tasks return as other tasks read it: as a whole, and by key."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import structlog
from airflow.sdk import DAG
from airflow.sdk.definitions.xcom_arg import PlainXComArg
from airflow.sdk.execution_time import task_runner

from airflow_provider_seedance.core.catalog.alternatives import all_families
from airflow_provider_seedance.core.catalog.files import vendor_data
from airflow_provider_seedance.core.catalog.names import built_in_names
from airflow_provider_seedance.core.request_fields import AspectRatio, Model, Resolution
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

OPERATORS: list[tuple[Any, dict[str, Any]]] = [
    (SeedanceGenerateVideoOperator, {"prompt": "A fox"}),
    (SeedanceGenerateBatchOperator, {"requests": ["A fox"], "destination": "/tmp/x"}),
    (SeedanceDownloadVideoOperator, {"video": "cgt-1", "destination": "/tmp/x"}),
    (SeedancePublishVideoOperator, {"video": {}, "destination": "/tmp/x"}),
]


class PushedXComs(dict[str, Any]):
    """A task instance as Airflow pushes XComs from it."""

    is_mapped = False

    def __init__(self, task: Any) -> None:
        self.task = task

    def xcom_push(self, key: str, value: Any) -> None:
        self[key] = value


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What Airflow pushes when a task returns a dict."""

    def run(task: Any, result: dict[str, Any]) -> dict[str, Any]:
        instance: Any = PushedXComs(task)
        monkeypatch.setattr(task_runner, "_xcom_push", lambda ti, key, value, **_: ti.xcom_push(key, value))
        task_runner._push_xcom_if_needed(result, instance, structlog.get_logger())
        return dict(instance)

    return run


@pytest.mark.parametrize(("operator", "arguments"), OPERATORS)
def test_each_key_is_an_output(operator: Any, arguments: dict[str, Any], pushed: Any) -> None:
    """``output["video_url"]`` needs no switch, in a mapped task neither."""
    with DAG("outputs", schedule=None):
        task = operator(task_id="single", **arguments)
        mapped = (
            operator.partial(task_id="mapped", **arguments).expand(seedance_conn_id=["a", "b"])
            if ("seedance_conn_id" in operator.template_fields)
            else None
        )
    reference = task.output["video_url"]
    assert (type(reference), reference.operator, reference.key) == (PlainXComArg, task, "video_url")
    result = {"video_url": "https://h/v", "seed": None}
    assert pushed(task, result) == {**result, "return_value": result}
    if mapped is not None:
        assert mapped.unmap({"seedance_conn_id": "a"}).multiple_outputs


def test_it_can_be_switched_off(pushed: Any) -> None:
    with DAG("outputs", schedule=None, default_args={"multiple_outputs": False}):
        by_argument = SeedanceGenerateVideoOperator(task_id="one", prompt="A fox", multiple_outputs=False)
        by_default = SeedanceGenerateVideoOperator(task_id="two", prompt="A fox")
    assert (
        pushed(by_argument, {"seed": 7}) == pushed(by_default, {"seed": 7}) == {"return_value": {"seed": 7}}
    )


def test_editors_complete_all_that_the_catalog_has() -> None:
    """Models, resolutions and ratios of all vendors; any other text may be given as well."""
    rows = [row for vendor in built_in_names() for row in vendor_data(vendor).rows]

    def values(option: Any) -> set[Any]:
        return {value for row in rows if option in row.options for value in row.options[option].values}

    assert set(get_args(Model)) == set(all_families())
    assert set(get_args(Resolution)) == values("resolution")
    assert set(get_args(AspectRatio)) >= values("aspect_ratio")
