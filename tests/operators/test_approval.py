"""Approvals: what Airflow is told to ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.models import GenerationRequest
from airflow_provider_seedance.operators._arguments import wait_limit
from airflow_provider_seedance.operators.approval import (
    SeedanceApproveStoryboardOperator,
    SeedanceApproveVideoOperator,
)
from tests.airflow.running import TaskRun
from tests.operators.conftest import creates


@pytest.fixture
def asked(monkeypatch) -> list[dict[str, Any]]:
    """What Airflow would show; a task that asks ends there."""
    shown: list[dict[str, Any]] = []

    class Asked(Exception):
        pass

    def upsert(**fields: Any) -> None:
        shown.append(fields)
        raise Asked

    monkeypatch.setattr(hitl, "upsert_hitl_detail", upsert)

    def ask(operator: Any) -> dict[str, Any]:
        run = TaskRun(operator)
        run.context["task_instance"] = run.context["ti"]
        run.context["ti"].id = "ti"
        with pytest.raises(Asked):
            run()
        return shown[-1]

    return ask  # type: ignore[return-value]


def test_a_storyboard_is_priced_and_nothing_is_paid(asked, connect, emulator) -> None:
    """The sum is the headline; the author's own words stand above the table."""
    fields = asked(
        SeedanceApproveStoryboardOperator(
            task_id="approve",
            requests=[GenerationRequest(prompt="A fox"), "A hare"],
            request_defaults={"duration": 4, "resolution": "480p", "aspect_ratio": "16:9"},
            seedance_conn_id=connect("modelark"),
            body="Please look at this.",
        )
    )
    assert fields["subject"].startswith("Generate 2 shots, at most ")
    assert fields["subject"].endswith(" USD?")
    assert fields["body"].startswith("Please look at this.\n\n**2 shots")
    assert "A hare" in fields["body"]
    assert fields["options"] == ["Approve", "Reject"]
    assert creates(emulator) == 0


@pytest.mark.parametrize("wrong", [[{"promt": "A fox"}], [{"prompt": "A fox", "duration": 99}], 7, "x.txt"])
def test_what_cannot_be_generated_is_not_asked(wrong, connect) -> None:
    """A person's time costs more than ours."""
    operator = SeedanceApproveStoryboardOperator(
        task_id="approve", requests=wrong, seedance_conn_id=connect("modelark")
    )
    with pytest.raises(AirflowFailException):
        TaskRun(operator)()


@pytest.mark.parametrize("pictures", [[], ["poster"], ["poster", "sheet"]])
def test_a_video_is_shown(pictures, asked, tmp_path) -> None:
    """With its pictures where there are any."""
    manifest = {
        "uri": str(tmp_path / "fox.mp4"),
        "source": {"generation_id": "cgt-1"},
        "provenance": {"generated_by": {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1}},
    }
    for name in pictures:
        (tmp_path / {"poster": "fox.jpg", "sheet": "fox.sheet.jpg"}[name]).write_bytes(b"jpeg")
    fields = asked(
        SeedanceApproveVideoOperator(task_id="approve", video={"manifest": manifest, "prompt": "A fox"})
    )
    for name in ("poster", "sheet"):
        assert (f"![{name}](seedance/{name}?dag_id=d" in fields["body"]) is (name in pictures)
    assert fields["subject"] == "Publish A fox?"


@pytest.mark.parametrize("wrong", ["cgt-1", 7, None])
def test_what_is_no_video_is_refused(wrong) -> None:
    with pytest.raises(AirflowFailException):
        TaskRun(SeedanceApproveVideoOperator(task_id="approve", video=wrong))()


def _newer(*, task_id: str, response_timeout: timedelta | None = None) -> None: ...


def _older(*, task_id: str, execution_timeout: timedelta | None = None) -> None: ...


@pytest.mark.parametrize(
    ("operator", "timeout", "arguments"),
    [
        (_newer, timedelta(days=2), {"response_timeout": timedelta(days=2)}),
        (_older, timedelta(days=2), {"execution_timeout": timedelta(days=2)}),
        (_newer, None, {}),
        (_older, None, {}),
    ],
)
def test_the_wait_is_limited_as_the_standard_provider_does_it(operator, timeout, arguments) -> None:
    """Its older versions call the limit ``execution_timeout``."""
    assert wait_limit(operator, timeout) == arguments
