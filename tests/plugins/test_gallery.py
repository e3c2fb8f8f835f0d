"""The gallery's routes, with a ledger and without one."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dev.gallery import RUN_ID, Video
from tests.plugins.conftest import JPEG, MP4, NOW, Client

GENERATE, BATCH = "SeedanceGenerateVideoOperator", "SeedanceGenerateBatchOperator"


def addresses(client: Client, route: str) -> list[str]:
    """The addresses of a route on the page."""
    found = re.findall(rf'"({route}\?[^"]+)"', client.get("/").text)
    return list(dict.fromkeys(map(html.unescape, found)))


def prompts(client: Client, query: str = "") -> list[str]:
    """The headings of the cards."""
    return re.findall(r'class="prompt">([^<]+)<', client.get(f"/{query}").text)


def video(client: Client, name: str) -> str:
    """The address of the video with this file."""
    (found,) = (
        address
        for address in addresses(client, "video")
        if client.get(address.replace("video", "manifest")).json()["uri"].endswith(name)
    )
    return found


def test_a_page_has_the_readable_videos_the_latest_first(source: str, client: Client) -> None:
    """What a person has written is text and never markup."""
    page = client.get("/")
    assert page.status_code == 200
    assert prompts(client) == [
        "Words",
        "Forged",
        "Ein Kranich fliegt über die Dächer",
        "A fox &lt;b&gt;runs&lt;/b&gt;",
    ]
    assert "A secret" not in page.text


def test_nothing_is_loaded_from_elsewhere_and_no_signed_link_is_shown(source: str, client: Client) -> None:
    """The policy says so to the browser, too."""
    page = client.get("/")
    assert not re.search(r"""(src|href|action)=["']?(https?:)?//""", page.text)
    assert "X-Signature" not in page.text
    assert "default-src 'self'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?state=in_progress", ["Ein Kranich fliegt über die Dächer"]),
        ("?task_id=words", ["Words"]),
        ("?map_index=4", ["Ein Kranich fliegt über die Dächer"]),
        ("?dag_id=secret", []),
        ("?text=FOX", ["A fox &lt;b&gt;runs&lt;/b&gt;"]),
        ("?text=%25", []),
        ("?vendor=modelark&model=seedance-2.0&text=words", ["Words"]),
        ("?since=2026-11-29", []),
        ("?until=2026-11-27", []),
        ("?page=2", []),
        ("?page=x&since=x&map_index=%7BMAP_INDEX%7D&state=success", 4),
    ],
)
def test_filters_of_the_address(source: str, client: Client, query: str, found: Any) -> None:
    """The same ones in both sources; nonsense filters nothing."""
    shown = prompts(client, query)
    assert (len(shown) if isinstance(found, int) else shown) == found


def test_a_page_costs_at_most_five_queries(source: str, client: Client, queries: list[str]) -> None:
    """However many cards there are; one more is Airflow's, for the DAGs that the user may read."""
    client.get("/")
    assert 0 < len(queries) <= 4, queries


def test_a_video_that_is_being_made_shows_its_progress(source: str, client: Client) -> None:
    """A ledger knows it; without one the card says that it is made."""
    page = client.get("/?state=in_progress").text
    assert "Being made" in page
    assert ('<progress max="100" value="40"' in page) == (source == "ledger")
    assert ("Being made, 40 %" in page) == (source == "ledger")


def test_a_batch_is_a_bar(source: str, client_of: Callable[[set[str]], Client]) -> None:
    """With the words for it; a ledger has a card for each of its rows too."""
    page = client_of({"nightly"}).get("/").text
    assert 'aria-label="3 of 4 rows succeeded, 1 failed"' in page
    assert page.count("<rect") == 2
    assert page.count("<article") == (1 if source == "ledger" else 0)


def test_each_card_leads_to_its_task(source: str, client: Client) -> None:
    """Below the path that Airflow is served at."""
    page = client.get("/").text
    assert 'href="/air/dags/film/runs/manual__2026-11-28/tasks/shot/mapped/4"' in page
    assert 'href="/air/dags/film/runs/manual__2026-11-28/tasks/words"' in page


def test_a_video_is_sent_whole_and_in_parts(source: str, client: Client) -> None:
    """A player that seeks asks for parts."""
    address = video(client, "fox.mp4")
    whole = client.get(address)
    assert (whole.status_code, whole.content) == (200, MP4)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-encoding"] == "identity"
    part = client.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, MP4[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(MP4)}"
    beyond = client.get(address, headers={"Range": f"bytes={len(MP4)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(MP4)}")


def test_the_poster_beside_a_video(source: str, client: Client) -> None:
    """It is a picture, or nothing."""
    answer = client.get(video(client, "fox.mp4").replace("video", "poster"))
    assert (answer.status_code, answer.content) == (200, JPEG)
    assert client.get(video(client, "passwords.mp4").replace("video", "poster")).status_code == 404


def test_what_is_no_video_is_not_sent(source: str, client: Client) -> None:
    """A task may return any path as the place of its video."""
    answer = client.get(video(client, "passwords.mp4"))
    assert answer.status_code == 404
    assert "root" not in answer.text


def test_nobody_gets_a_byte_of_a_dag_that_they_may_not_read(
    source: str, client_of: Callable[[set[str]], Client]
) -> None:
    """Whoever has the address of a video still needs the permission."""
    address = video(client_of({"secret"}), "secret.mp4")
    manifest = client_of({"secret"}).get(address.replace("video", "manifest"))
    assert (manifest.headers["cache-control"], manifest.headers["x-content-type-options"]) == (
        "no-store",
        "nosniff",
    )
    for route in ("video", "poster", "manifest"):
        assert client_of({"secret"}).get(address.replace("video", route)).status_code == 200
        assert client_of({"film"}).get(address.replace("video", route)).status_code == 404
        assert client_of(set()).get(address.replace("video", route)).status_code == 404


def test_a_card_that_names_the_file_of_another_dag_gets_nothing(source: str, client: Client) -> None:
    """Whoever may write an XCom may write any address into it; the file's own record counts."""
    address = video(client, "secret.mp4")
    for route in ("video", "poster"):
        assert client.get(address.replace("video", route)).status_code == 404


def test_an_address_names_the_task_too(source: str, client: Client) -> None:
    """As the pages of approvals do; a ledger answers it from its own rows."""
    key = "dag_id=film&run_id=manual__2026-11-28&task_id=shot&map_index=-1"
    assert client.get(f"/poster?{key}").content == JPEG


@pytest.mark.parametrize(
    "operator", ["SeedanceDownloadVideoOperator", "SeedancePublishVideoOperator", GENERATE]
)
def test_a_task_that_has_not_bought_its_video_has_its_file(
    source: str, client: Client, videos: list[Video], operator: str
) -> None:
    """As links on its page lead to it; what it returned names the file, and the file's own record who may have it."""
    key = f"dag_id=film&run_id={RUN_ID}&task_id=one_more&map_index=-1"
    found = {}
    for prompt in ("A fox <b>runs</b>", "A secret"):
        (manifest,) = (one.manifest for one in videos if one.prompt == prompt)
        whole = {"manifest": manifest, "uri": (manifest or {})["uri"]}
        with returned(manifest if "Download" in operator else whole, operator):
            found[prompt] = client.get(f"/video?{key}").status_code
    assert found == {"A fox <b>runs</b>": 200, "A secret": 404}
    assert client.get(f"/video?{key}").status_code == 404


def test_only_recent_tasks_are_looked_through(
    airflow_tables: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where neither a day nor a run is chosen; the page says so."""
    assert "the last 30 days" in client.get("/").text
    for query in ("?since=2026-11-01", "?until=2026-11-30", "?run_id=manual__2026-11-28"):
        assert "the last 30 days" not in client.get(f"/{query}").text
    monkeypatch.setattr("airflow_provider_seedance.plugins.gallery.sources.DAYS_SHOWN", -1)
    assert prompts(client) == []


@pytest.mark.parametrize(
    "query", ["", "?id=x", f"?id={10**30}", "?id=999999", "?dag_id=film", "?dag_id=film&run_id=%00"]
)
def test_an_address_without_a_video(source: str, client: Client, query: str) -> None:
    """It is not found, and breaks nothing."""
    assert client.get(f"/video{query}").status_code == 404


def test_an_empty_gallery_says_what_to_do(source: str, client_of: Callable[[set[str]], Client]) -> None:
    """And a search without a result says something else."""
    assert "No videos yet" in client_of(set()).get("/").text
    assert "No video fits these filters" in client_of(set()).get("/?text=fox").text


def test_a_ledger_that_cannot_be_read(
    airflow_tables: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page shows what Airflow knows, and plays it; what the driver says is for the log."""
    from airflow_provider_seedance.errors import LedgerUnavailable

    def fail() -> None:
        raise LedgerUnavailable("the ledger at 10.0.0.7 is not reachable")

    monkeypatch.setattr("airflow_provider_seedance.plugins.gallery.sources.open_ledger", fail)
    page = client.get("/").text
    assert "The ledger cannot be read" in page
    assert "10.0.0.7" not in page
    assert len(prompts(client)) == 4
    assert client.get("/video?id=1").status_code == 503
    assert client.get(video(client, "fox.mp4")).status_code == 200


def test_without_a_login_there_is_nothing() -> None:
    """Every route asks Airflow who it is."""
    from airflow.api_fastapi.core_api.security import get_user

    from airflow_provider_seedance.plugins.gallery.app import app

    for route in app.routes:
        dependencies = getattr(getattr(route, "dependant", None), "dependencies", None)
        if dependencies is not None:
            assert get_user in {one.call for one in dependencies}, route


@contextmanager
def returned(
    value: Any, operator: str, task_id: str = "one_more", *, xcom_key: str = "return_value"
) -> Iterator[None]:
    """One more task instance of ``film``, with what it returned, or pushed by another key."""
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import delete, insert, select

    key = {"dag_id": "film", "run_id": RUN_ID, "task_id": task_id, "map_index": -1}
    task = {"state": "success", "operator": operator, "pool": "default_pool", "try_number": 1}
    with create_session() as session:
        run = session.execute(select(DagRun.id).where(DagRun.dag_id == "film")).scalar_one()
        session.execute(insert(TaskInstance).values(**key, **task, max_tries=0, executor_config={}))
        xcom = {**key, "dag_run_id": run, "key": xcom_key, "value": value, "timestamp": NOW}
        session.execute(insert(XComModel).values(**xcom))
    try:
        yield
    finally:
        with create_session() as session:
            for table in (XComModel, TaskInstance):
                session.execute(delete(table).where(table.task_id == task_id))


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        (GENERATE, {"cost": {"amount": "sNaN"}, "generation_id": "x" * 100_000}),
        (GENERATE, {"manifest": {"uri": "/\ud800", "source": {}, "media": "x", "bytes": "x"}}),
        (BATCH, {"rows": 4, "counts": ["succeeded"]}),
        (BATCH, "[" * 100_000),
    ],
    ids=["no amount", "no text", "no counts", "no JSON"],
)
def test_no_xcom_breaks_the_page(airflow_tables: None, client: Client, operator: str, value: Any) -> None:
    """Each is shown as far as it can be read."""
    with returned(value, operator):
        assert len(prompts(client)) >= 4
        assert "one_more" in client.get("/").text
        key = f"dag_id=film&run_id={RUN_ID}&task_id=one_more&map_index=-1"
        assert client.get(f"/manifest?{key}").status_code in (200, 404)


@pytest.mark.parametrize(
    ("xcom_key", "value", "query", "is_found"),
    [
        ("request", {"prompt": "Ein Kranich"}, "ein+kranich", True),
        ("generation_id", "cgt-77", "cgt-77", True),
        ("generation_id", "cgt-77", "cgt-7", False),
        ("return_value", {"status": "succeeded"}, "succeeded", False),
    ],
)
def test_words_are_looked_for_in_requests_alone(
    airflow_tables: None, client: Client, xcom_key: str, value: Any, query: str, is_found: bool
) -> None:
    """That of a function too, and a generation is found by its whole id."""
    with returned(value, GENERATE, xcom_key=xcom_key):
        assert ("one_more" in client.get(f"/?text={query}").text) == is_found


def test_a_file_that_another_task_of_the_run_has_landed(
    airflow_tables: None, videos: list[Video], client: Client
) -> None:
    """The download task's file is on the card of the generation."""
    from airflow_provider_seedance.plugins.gallery.task_instances import find

    (fox,) = [one for one in videos if one.prompt.startswith("A fox")]
    assert fox.manifest
    key = {"dag_id": "film", "run_id": RUN_ID, "task_id": "generated", "map_index": "-1"}
    source = {"vendor": "evolink", "generation_id": "g-1"}
    with returned(source, GENERATE, "generated"):
        for generation_id, uri in (("g-2", None), ("g-1", fox.manifest["uri"])):
            manifest = {**fox.manifest, "source": {**source, "generation_id": generation_id}}
            with returned(manifest, "SeedanceDownloadVideoOperator"):
                card = find(key)
                assert card
                assert card.uri == uri
