"""The gallery as two people see it: a real API server behind a prefix, its logins, and a real Chromium."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from airflow_provider_seedance.operators._links import VideoLink
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from dev.browser import chromium, find_chromium
from dev.environment import free_port
from dev.gallery import RUN_ID, Video, gallery, render
from dev.processes import signals_end_the_block
from tests.plugins.auth import HIDDEN_DAG, USERS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Frame, Page

pytestmark = [
    pytest.mark.xdist_group("gallery"),
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium; Debian: apt-get install chromium"),
]

#: Seconds, on a machine on which much else is running.
PATIENCE = 120
VIDEOS = (
    Video("A secret", dag_id=HIDDEN_DAG, ago=timedelta(days=1)),
    Video("A celebrity", task_id="celebrity", state="failed", reason="Refused by the vendor's moderation."),
    Video("A fox runs through snow", task_id="fox", ago=timedelta(minutes=1)),
)


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Airflow is, as a proxy with a prefix would show it."""
    folder = tmp_path_factory.mktemp("gallery")
    shown = [replace(one, file=render(one, folder)) if one.state == "success" else one for one in VIDEOS]
    (folder / "passwords.json").write_text(json.dumps({name: name for name in USERS}))
    port = free_port()
    url = f"http://127.0.0.1:{port}/air"
    settings = {
        "API__BASE_URL": url,
        "CORE__AUTH_MANAGER": "tests.plugins.auth.PerDagAuthManager",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, role in USERS.items()),
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
    }
    with signals_end_the_block(), gallery(folder / "home", shown, settings=settings, port=port):
        store_link(folder / "home" / "airflow.db", url)
        yield url


def store_link(database: Path, url: str) -> None:
    """Put into Airflow's tables what it stores of the DAG ``film`` and of the link to the fox's video."""
    from airflow.models.dagrun import DagRun
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.models.xcom import XComModel
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import LazyDeserializedDAG
    from sqlalchemy import create_engine, insert, select
    from sqlalchemy.orm import Session

    dag = DAG("film", schedule=None)
    task = SeedanceGenerateVideoOperator(task_id="fox", prompt="A fox", dag=dag)
    task._has_video = True
    key = {"dag_id": "film", "run_id": RUN_ID, "task_id": "fox", "map_index": -1}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__API__BASE_URL", url)
        link = VideoLink().get_link(task, ti_key=SimpleNamespace(**key))
    engine = create_engine(f"sqlite:///{database}")
    with Session(engine) as session:
        SerializedDagModel.write_dag(LazyDeserializedDAG.from_dag(dag), "seeded", session=session)
        run = session.execute(select(DagRun.id).where(DagRun.dag_id == "film")).scalar_one()
        stored = {"dag_run_id": run, "key": VideoLink().xcom_key, "value": link}
        session.execute(insert(XComModel).values(**key, **stored, timestamp=datetime.now(timezone.utc)))
        session.commit()
    engine.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def page(browser: Browser, base_url: str) -> Iterator[Page]:
    """A window in which ann has logged in, with all that it has asked for in ``page.requested``."""
    opened: Any = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    opened.set_default_timeout(PATIENCE * 1000)
    opened.requested = []
    opened.on("request", lambda request: opened.requested.append(request.url))
    opened.goto(f"{base_url}/")
    opened.get_by_label("Username").fill("ann")
    opened.get_by_label("Password", exact=True).fill("ann")
    opened.get_by_role("button", name="Sign in").click()
    opened.wait_for_url(f"{base_url}/")
    yield opened
    opened.close()


@pytest.fixture
def frame(page: Page, base_url: str) -> Frame:
    """The gallery in Airflow's frame, without filters."""
    page.goto(f"{base_url}/plugin/seedance")
    return frame_in(page)


def frame_in(page: Page) -> Frame:
    page.frame_locator("iframe").locator("#videos").wait_for()
    (found,) = [one for one in page.frames if one.parent_frame]
    return found


def until(frame: Frame, condition: str) -> None:
    """Wait for an expression to be true. The page's policy forbids the evaluation that Playwright's own wait does."""
    deadline = time.monotonic() + PATIENCE
    while not frame.evaluate(condition):
        assert time.monotonic() < deadline, condition
        frame.page.wait_for_timeout(50)


def headings(frame: Frame) -> list[str]:
    return frame.locator("article h3").all_inner_texts()


def test_a_person_sees_their_videos(page: Page, frame: Frame) -> None:
    """With posters, and nothing comes from anywhere but Airflow."""
    assert headings(frame) == ["A fox runs through snow", "A celebrity", "A secret"]
    until(frame, "document.querySelector('.play img').naturalWidth > 0")
    origin = page.url.split("/air")[0]
    assert {url for url in page.requested if not url.startswith((origin, "data:", "blob:"))} == set()


def test_a_video_plays_and_seeks_with_the_keyboard(frame: Frame) -> None:
    """Nothing of it is fetched before."""
    assert frame.locator("video").count() == 0
    frame.get_by_role("link", name="Play: A fox runs through snow").press("Enter")
    until(frame, "document.querySelector('video').readyState >= 2")
    video = frame.locator("video")
    assert video.evaluate("video => video.duration") == pytest.approx(5.04, abs=0.1)
    video.evaluate("video => { video.pause(); video.currentTime = 4; }")
    until(frame, "!document.querySelector('video').seeking")
    assert video.evaluate("video => video.currentTime") == pytest.approx(4, abs=0.1)
    assert video.evaluate("video => video === document.activeElement")


def test_a_video_is_downloaded_from_within_the_frame(page: Page, frame: Frame) -> None:
    """Whose sandbox lets nothing be downloaded."""
    with page.expect_download() as download:
        frame.get_by_role("link", name="Download").first.click()
    assert download.value.suggested_filename.endswith(".mp4")
    assert download.value.path().read_bytes()[4:8] == b"ftyp"


def test_a_filtered_view_has_an_address(page: Page, frame: Frame) -> None:
    """Which can be shared."""
    with page.expect_event("framenavigated"):
        frame.get_by_label("State").select_option("failed")
    frame.locator(".reason").wait_for()
    assert headings(frame) == ["A celebrity"]
    assert frame.url.endswith("/seedance/?state=failed")
    page.reload()
    assert headings(frame_in(page)) == ["A celebrity"]


def test_the_colours_are_those_that_the_person_chose_in_airflow(page: Page, frame: Frame) -> None:
    """Whatever the system prefers, and at once."""
    background = "getComputedStyle(document.body).backgroundColor"
    light = frame.evaluate(background)
    page.evaluate("document.documentElement.className = 'dark'")
    until(frame, "document.documentElement.classList.contains('dark')")
    assert frame.evaluate(background) != light
    page.evaluate("document.documentElement.className = 'light'")
    until(frame, "document.documentElement.classList.contains('light')")
    assert frame.evaluate(background) == light


def test_a_card_leads_to_its_task_in_airflow(page: Page, frame: Frame) -> None:
    """Out of the frame, below the prefix."""
    frame.get_by_role("link", name="Task").first.click()
    page.wait_for_url("**/air/dags/film/runs/manual__2026-11-28/tasks/fox*")


@pytest.mark.parametrize(
    ("tab", "shown"),
    [
        ("plugin/seedance-run", ["A fox runs through snow", "A celebrity"]),
        ("tasks/celebrity/plugin/seedance-task", ["A celebrity"]),
    ],
    ids=["Dag run", "task instance"],
)
def test_a_tab_has_the_videos_of_its_page(page: Page, base_url: str, tab: str, shown: list[str]) -> None:
    """Where the link of a task leads to."""
    page.goto(f"{base_url}/dags/film/runs/manual__2026-11-28/{tab}")
    assert headings(frame_in(page)) == shown


def test_a_link_on_the_page_of_a_task_leads_to_its_video(page: Page, base_url: str) -> None:
    """Among the details of the task."""
    page.goto(f"{base_url}/dags/film/runs/{RUN_ID}/tasks/fox/details")
    address = page.get_by_role("link", name="Seedance video").get_attribute("href")
    assert address
    assert address.startswith(f"{base_url}/seedance/video?")
    answer = page.request.get(address)
    assert (answer.status, answer.headers["content-type"]) == (200, "video/mp4")


def test_everything_has_a_name_and_fits_a_phone(page: Page, frame: Frame) -> None:
    """Each field, link and button says what it is; nothing has to be scrolled sideways."""
    nameless = "[...document.querySelectorAll('a, button, summary')].filter(e => !e.textContent.trim() && !e.ariaLabel)"
    assert frame.evaluate(f"{nameless}.length") == 0
    assert frame.evaluate("[...document.querySelectorAll('input, select')].every(e => e.labels.length)")
    page.set_viewport_size({"width": 390, "height": 844})
    until(frame, "innerWidth < 390")
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_who_may_not_read_a_dag_gets_nothing_of_it(base_url: str) -> None:
    """Not with the address of its video, and no one without a login."""
    answers = {}
    for name in USERS:
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            login = client.post(f"{base_url}/auth/token", json={"username": name, "password": name})
            client.cookies.set("_token", login.raise_for_status().json()["access_token"])
            answers[name] = {
                path: client.get(f"{base_url}/seedance/{path}")
                for path in ("", "video?id=1", "poster?id=1", "manifest?id=1", "video?id=3")
            }
    ann, bob = answers["ann"], answers["bob"]
    assert {answer.status_code for answer in ann.values()} == {200}
    assert "A secret" in ann[""].text
    assert "A secret" not in bob[""].text
    assert "A fox runs through snow" in bob[""].text
    assert [answer.status_code for answer in bob.values()] == [200, 404, 404, 404, 200]
    for path in ann:
        nobody = httpx.get(f"{base_url}/seedance/{path}", trust_env=False, timeout=PATIENCE)
        assert (nobody.status_code, len(nobody.content) < 100) == (401, True)
