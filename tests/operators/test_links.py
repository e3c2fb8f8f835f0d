"""Links on a task's page."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from airflow_provider_seedance.operators._links import GalleryLink
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator


@pytest.mark.parametrize(
    ("map_index", "path"),
    [
        (-1, "dags/film/runs/manual__2026-11-28T00%3A00/tasks/shots.one/plugin/seedance-task"),
        (None, "dags/film/runs/manual__2026-11-28T00%3A00/tasks/shots.one/plugin/seedance-task"),
        (3, "dags/film/runs/manual__2026-11-28T00%3A00/tasks/shots.one/mapped/3/plugin/seedance-task"),
    ],
)
def test_the_gallery_of_a_task(map_index: int | None, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the address that Airflow is served at."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/air/")
    ti = SimpleNamespace(
        dag_id="film", run_id="manual__2026-11-28T00:00", task_id="shots.one", map_index=map_index
    )
    assert GalleryLink().get_link(None, ti_key=ti) == f"https://airflow.example/air/{path}"


@pytest.mark.parametrize("operator", [SeedanceGenerateVideoOperator, SeedanceGenerateBatchOperator])
def test_what_makes_videos_has_the_link(operator: type) -> None:
    """Its tab is registered by the plugin."""
    from airflow_provider_seedance.plugins.seedance import SeedancePlugin

    (link,) = operator.operator_extra_links  # type: ignore[attr-defined]
    assert link.name == "Seedance gallery"
    assert "seedance-task" in {view["url_route"] for view in SeedancePlugin.external_views}
