"""A whole request as one argument, beside the arguments of its fields."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from tests.operators.conftest import creates


@pytest.mark.parametrize(
    "request_given",
    [
        GenerationRequest(prompt="A {{ params.animal }}", duration=5),
        {"prompt": "A {{ params.animal }}", "duration": "5"},
        '{"prompt": "A hare", "duration": 5}',
    ],
)
def test_its_fields_take_the_place_of_the_arguments(request_given: Any, generating, connect) -> None:
    """Rendered as any argument is; what it leaves out is as the arguments say."""
    run = generating(connect(), request=request_given, params={"animal": "hare"})
    result = run()
    request = result["provenance"]["request"]
    assert (request["prompt"], request["duration"], request["resolution"]) == ("A hare", 5, "480p")
    assert run.rendered[0]["request"] is not None


@pytest.mark.parametrize("nothing", [None, "", "None"])
def test_none_leaves_the_arguments(nothing: Any, generating, connect) -> None:
    """Also as a template writes it."""
    assert generating(connect(), request=nothing)()["provenance"]["request"]["prompt"] == "A fox looks up"


@pytest.mark.parametrize("wrong", [7, ["A fox"], {"promt": "A fox"}])
def test_what_is_no_request_is_refused(wrong: Any, generating, connect, emulator) -> None:
    """For good."""
    with pytest.raises(AirflowFailException):
        generating(connect(), request=wrong)()
    assert creates(emulator) == 0


def test_requests_are_mapped_over() -> None:
    """As they are in the DAG file; Airflow stores the DAG with them."""
    from airflow.serialization.serialized_objects import DagSerialization

    wanted = [GenerationRequest(prompt="A fox"), {"prompt": "A hare"}]
    with DAG("requests", schedule=None) as dag:
        SeedanceGenerateVideoOperator.partial(task_id="mapped").expand(request=wanted)
        SeedanceGenerateVideoOperator(task_id="single", request=wanted[0])
        SeedanceGenerateBatchOperator(task_id="batch", requests=wanted, destination="/tmp/x/")
    stored = DagSerialization.to_dict(dag)
    assert "A hare" in str(stored)


def test_what_another_task_returned_is_not_rendered() -> None:
    """A mapped instance's request is left as it is, so that Airflow knows it again."""
    request = GenerationRequest(prompt="{{ var.value.secret }}")
    with DAG("requests", schedule=None):
        mapped = SeedanceGenerateVideoOperator.partial(task_id="mapped").expand(request=[request])
    assert mapped.unmap({"request": request}).request is request
