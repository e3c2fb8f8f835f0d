"""What a wake-up needs of Airflow. That it works is shown by a whole Airflow in ``tests/airflow/test_webhooks.py``."""

from __future__ import annotations

from typing import Any

import pytest

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.runtime.waiting_tasks import TRIGGER, why_impossible
from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger

Trigger = pytest.importorskip("airflow.models.trigger").Trigger


def test_this_airflow_can_be_woken() -> None:
    """It has what is needed."""
    assert why_impossible() is None


def test_the_trigger_is_ours() -> None:
    """As Airflow stores its name."""
    assert SeedanceGenerationTrigger("c", "g", 0.0, 1.0).serialize()[0] == TRIGGER


def _without_arguments() -> None: ...


def _with_another_one(trigger_id: int, *, tenant: str, session: Any) -> None: ...


@pytest.mark.parametrize("submit_event", [_without_arguments, _with_another_one, None, 3])
def test_another_airflow_may_lack_it(submit_event: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then tasks are polled, and the reason is told."""
    monkeypatch.setattr(Trigger, "submit_event", submit_event)
    assert "another way" in str(why_impossible())


def test_another_airflow_may_have_moved_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise."""
    monkeypatch.delattr(Trigger, "submit_event")
    assert "submit_event" in str(why_impossible())
