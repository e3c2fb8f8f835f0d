"""Links on a task's page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.get_provider_info import get_provider_info
from airflow_provider_seedance.operators._links import GalleryLink, VendorConsoleLink, VideoLink
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.download import SeedanceDownloadVideoOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from airflow_provider_seedance.operators.publish import SeedancePublishVideoOperator

CONSOLE = "https://www.anyfast.ai/console/token"
AIR = "https://airflow.example/air"


@pytest.fixture(autouse=True)
def base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", f"{AIR}/")


def ti(map_index: int | None = -1) -> SimpleNamespace:
    return SimpleNamespace(
        dag_id="film", run_id="manual__2026-11-28T00:00", task_id="shots.one", map_index=map_index
    )


def links_of(run: Any) -> dict[str, str]:
    """What Airflow stores when a task defers or ends."""
    task = run.context["task"]
    return {
        link.name: link.get_link(task, ti_key=run.context["ti"])
        for link in task.operator_extra_links
        if link.get_link(task, ti_key=run.context["ti"])
    }


@pytest.mark.parametrize(
    ("map_index", "path"),
    [
        (-1, "dags/film/runs/manual__2026-11-28T00%3A00/tasks/shots.one/plugin/seedance-task"),
        (None, "dags/film/runs/manual__2026-11-28T00%3A00/tasks/shots.one/plugin/seedance-task"),
        (3, "dags/film/runs/manual__2026-11-28T00%3A00/tasks/shots.one/mapped/3/plugin/seedance-task"),
    ],
)
def test_the_gallery_of_a_task(map_index: int | None, path: str) -> None:
    """Below the address that Airflow is served at."""
    assert GalleryLink().get_link(None, ti_key=ti(map_index)) == f"{AIR}/{path}"


@pytest.mark.parametrize(("map_index", "told"), [(-1, "-1"), (None, "-1"), (3, "3")])
def test_the_video_of_a_task_is_at_the_route_that_asks_who_may_see_it(
    map_index: int | None, told: str
) -> None:
    """Once there is a file; never at the vendor's link, nor in a store."""
    link, task = VideoLink(), SimpleNamespace(_has_video=False)
    assert link.get_link(task, ti_key=ti(map_index)) == ""
    task._has_video = True
    key = f"dag_id=film&run_id=manual__2026-11-28T00%3A00&task_id=shots.one&map_index={told}"
    assert link.get_link(task, ti_key=ti(map_index)) == f"{AIR}/seedance/video?{key}"


@pytest.mark.parametrize(
    ("vendor", "host", "console"),
    [
        ("anyfast", None, CONSOLE),
        ("anyfast", "https://proxy.example", None),
        ("modelark", None, None),
        ("evolink", None, None),
        ("toapis", None, None),
    ],
)
def test_the_console_of_a_vendor(vendor: str, host: str | None, console: str | None) -> None:
    """Where its contract names one, and the connection leads to that vendor's own host."""
    assert Account.create(vendor=vendor, api_key="sk-x", host=host).console == console


def test_links_that_are_there_are_shown_while_the_task_runs() -> None:
    """The console's, for one, from the submission on."""
    pushed: dict[str, str] = {}
    context: Any = {
        "ti": SimpleNamespace(**vars(ti()), xcom_push=lambda key, value: pushed.update({key: value}))
    }
    task = SeedanceGenerateVideoOperator(task_id="clip", prompt="A fox")
    task._show_console(context, Account.create(vendor="anyfast", api_key="sk-x"))
    assert list(pushed) == [GalleryLink().xcom_key, VendorConsoleLink().xcom_key]
    assert pushed[VendorConsoleLink().xcom_key] == CONSOLE


def test_a_video_has_its_links(generating, downloading, publishing, connect, tmp_path) -> None:
    """The gallery's from the beginning, the file's as soon as it is landed, downloaded or published."""
    generate = generating(connect(), destination=f"{tmp_path}/")
    video = generate()
    assert generate.pushed[GalleryLink().xcom_key].endswith("/plugin/seedance-task")
    assert list(links_of(generate)) == ["Seedance gallery", "Seedance video"]
    again = downloading(video, tmp_path / "again.mp4")
    again()
    assert list(links_of(again)) == ["Seedance video"]
    publish = publishing(video, tmp_path / "public.mp4")
    publish()
    assert list(links_of(publish)) == ["Seedance video"]


def test_a_video_that_is_not_landed_has_no_file_to_lead_to(generating, connect) -> None:
    """Its vendor's link is no link of the page."""
    generate = generating(connect())
    generate()
    assert list(links_of(generate)) == ["Seedance gallery"]


def test_a_batch_leads_to_its_videos_while_it_works(batching, connect) -> None:
    """All of them are in the gallery."""
    batch = batching(connect())
    batch()
    assert batch.pushed[GalleryLink().xcom_key].endswith("/plugin/seedance-task")


@pytest.mark.parametrize(
    "operator",
    [
        SeedanceGenerateVideoOperator,
        SeedanceGenerateBatchOperator,
        SeedanceDownloadVideoOperator,
        SeedancePublishVideoOperator,
    ],
)
def test_airflow_knows_each_link(operator: Any) -> None:
    """Else it would leave them out when it stores the DAG; the gallery's tab is registered by the plugin."""
    from airflow_provider_seedance.plugins.seedance import SeedancePlugin

    registered = set(get_provider_info()["extra-links"])
    for link in operator.operator_extra_links:
        assert f"{type(link).__module__}.{type(link).__qualname__}" in registered
    assert "seedance-task" in {view["url_route"] for view in SeedancePlugin.external_views}
