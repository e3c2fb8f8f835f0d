"""``@task.seedance``: what the function returns is what is generated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.models import GenerationRequest
from tests.airflow.running import TaskRun

#: Vendor seconds after which everything that was ordered has ended.
LONG = 20_000.0


@pytest.fixture
def decorated(emulator, connect, passing) -> Callable[..., TaskRun]:
    """Makes the task of a function; arguments are those of the decorator."""

    def made(function: Callable[..., Any], *args: Any, **arguments: Any) -> TaskRun:
        wanted = {"duration": 4, "resolution": "480p", "aspect_ratio": "16:9", **arguments}
        with DAG("decorated", schedule=None):
            output = task.seedance(seedance_conn_id=connect("modelark"), **wanted)(function)(*args)
        return TaskRun(output.operator, lambda: emulator.advance(LONG), {"animal": "fox"})

    return made


@pytest.mark.parametrize(
    ("returned", "duration"),
    [
        ("A fox", 4),
        ({"prompt": "A fox", "duration": "6"}, 6),
        (GenerationRequest(prompt="A fox", duration=5), 5),
        ({"prompt": "A fox", "duration": None}, 4),
    ],
)
def test_what_the_function_returns_is_generated(returned: Any, duration: int, decorated, emulator) -> None:
    """What it leaves out is as the decorator says."""

    def clip() -> Any:
        return returned

    request = decorated(clip)()["provenance"]["request"]
    assert (request["prompt"], request["duration"], request["resolution"]) == ("A fox", duration, "480p")
    assert emulator.ledger()["creates_received"] == 1


def test_the_video_is_judged_by_the_whole_request(decorated, tmp_path) -> None:
    """After the deferral too, when the function is not called again."""

    def clip() -> dict[str, Any]:
        return {"prompt": "A fox", "duration": 5}

    result = decorated(clip, destination=f"{tmp_path}/{{mode}}-{{generation_id}}.mp4")()
    assert result["mode"] == "text"
    assert result["manifest"]["mismatches"] == []


def test_the_function_has_its_arguments_and_the_context(decorated) -> None:
    """As any TaskFlow function; it is called once, and not again after the deferral."""
    calls = []

    def clip(place: str, params=None) -> str:
        calls.append(place)
        return f"A {params['animal']} in {place}"

    run = decorated(clip, "{{ params.animal }}'s den")
    assert run()["provenance"]["request"]["prompt"] == "A fox in fox's den"
    assert calls == ["fox's den"]
    assert len(run.deferrals) == 1


@pytest.mark.parametrize(
    "returned",
    [None, 7, ["A fox"], {"promt": "A fox"}, {"prompt": "A fox", "duration": "long"}, {"duration": 90}],
)
def test_what_is_no_request_is_refused(returned: Any, decorated, emulator) -> None:
    """For good, and before anything is paid."""

    def clip() -> Any:
        return returned

    with pytest.raises(AirflowFailException):
        decorated(clip)()
    assert emulator.ledger()["creates_received"] == 0


def test_what_it_returns_is_data(decorated) -> None:
    """A template in it stays a text: it may come from anywhere."""

    def clip() -> str:
        return "A sign that says {{ params.animal }}"

    assert decorated(clip)()["provenance"]["request"]["prompt"] == "A sign that says {{ params.animal }}"


def test_a_retry_goes_on_with_what_is_paid(decorated, emulator) -> None:
    """The function is asked again, and the same answer is the same video."""

    def clip() -> dict[str, Any]:
        return {"prompt": "A fox", "seed": 7}

    run = decorated(clip)
    assert run()["generation_id"] == run()["generation_id"]
    assert emulator.ledger()["creates_received"] == 1


def test_each_key_is_an_output_and_each_mapped_instance_has_a_label() -> None:
    """Without a switch."""
    with DAG("decorated", schedule=None):

        @task.seedance(duration=4)
        def clip(place: str) -> str:
            return f"A fox in {place}"

        single, mapped = clip("a wood"), clip.expand(place=["a wood", "a town"])
    assert single["video_url"].key == "video_url"
    assert mapped.operator.map_index_template == "{{ task.map_label }}"
