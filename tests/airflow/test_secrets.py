"""No key and no link leaks: after whole runs, everything that Airflow has stored or logged is searched."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dev.emulator import connection
from tests.airflow.stack import DEFAULT_TIMEOUT, MARKED_KEY, unlocked

pytestmark = pytest.mark.xdist_group("stack")

SIGNATURE = re.compile(r"X-Tos-Signature=(?!\*)[^\s\"'&\\]+")


@pytest.fixture(scope="module")
def runs(stack, tmp_path_factory):
    """Runs in which links travel on all their ways, and one in which everything fails. The first vendor's
    connection comes from Airflow's own database."""
    stored = {**connection("modelark", stack.emulator.url), "connection_id": "seedance_stored"}
    extra = json.dumps(stored.pop("extra"))
    body = {**stored, "password": MARKED_KEY, "extra": extra}
    unlocked(lambda: stack.api.call("POST", "/connections", json=body))

    def started(dag_id: str, conn_id: str):
        output = str(tmp_path_factory.mktemp(dag_id))
        return stack.trigger(dag_id, seedance_conn_id=conn_id, output=output)

    stack.emulator.add_fault(vendor="anyfast", on="download", kind="status", status=401, times=None)
    bad = started("tested_failing", "seedance_anyfast")
    good = [started("tested_links", "seedance_stored"), started("tested_plain_links", "seedance_toapis")]
    for run in good:
        stack.succeed(run)
    assert stack.api.finish(bad, timeout=DEFAULT_TIMEOUT) == "failed"
    stack.emulator.clear_faults()
    return good, bad


@pytest.fixture(scope="module")
def result_links(stack, runs) -> set[str]:
    """Every link that the vendors gave out, without its query."""
    links = set()
    for run in runs[0]:
        for task, index in (("each", 0), ("one", -1)):
            result = stack.api.xcom(run, task, map_index=index)
            links |= {result["video_url"], result["last_frame_url"]}
    links |= {stack.api.xcom(runs[1], "generate")["video_url"]}
    found = {link.partition("?")[0] for link in links if link}
    assert len(found) >= 5
    return found


def stored_texts(database: Path) -> Iterator[tuple[str, str]]:
    """Each value of each table: where it stands, and its text."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        opened.text_factory = lambda raw: raw.decode("utf-8", "replace")
        tables = [name for (name,) in opened.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            rows = opened.execute(f'select * from "{table}"')
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    yield f"{table}.{column}", text


def logged_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Each log file below the folder: its name, and its text."""
    for file in folder.rglob("*.log*"):
        yield str(file.relative_to(folder)), file.read_text(errors="replace")


@pytest.fixture(scope="module")
def stored(stack, runs) -> list[tuple[str, str]]:
    """The whole metadata database."""
    return list(stored_texts(stack.home / "airflow.db"))


@pytest.fixture(scope="module")
def logged(stack, runs) -> list[tuple[str, str]]:
    """The log of every task, trigger and process."""
    found = list(logged_texts(stack.home / "logs"))
    names = " ".join(name for name, _ in found)
    assert "task_id=one" in names
    assert ".trigger." in names
    assert "scheduler" in names
    return found


def test_the_scan_can_see(stored, logged, stack, runs, result_links) -> None:
    """Links are in XCom, ids are in logs: so a scan that finds nothing elsewhere has looked."""
    xcom = [text for place, text in stored if place.startswith("xcom.")]
    assert all(any(link in text for text in xcom) for link in result_links)
    generation_id = stack.api.xcom(runs[0][0], "one")["generation_id"]
    assert any(generation_id in text for _, text in logged)
    assert any(place == "rendered_task_instance_fields.rendered_fields" for place, _ in stored)


def test_the_key_is_stored_nowhere(stored) -> None:
    """The connection table has it encrypted."""
    assert [place for place, text in stored if MARKED_KEY in text] == []


def test_the_key_is_logged_nowhere(logged) -> None:
    """Not by a task, not by a trigger, not by a process."""
    assert [place for place, text in logged if MARKED_KEY in text] == []


def test_no_link_is_stored_outside_xcom(stored, result_links) -> None:
    """Not in rendered fields, trigger rows, events, task state or asset events."""
    places = {
        place
        for place, text in stored
        if not place.startswith("xcom.")
        if SIGNATURE.search(text) or any(link in text for link in result_links)
    }
    assert places == set()


def test_no_link_is_logged(logged, result_links) -> None:
    """Signed or not."""
    places = {
        place
        for place, text in logged
        if SIGNATURE.search(text) or any(link in text for link in result_links)
    }
    assert places == set()


def test_rendered_fields_show_that_there_was_a_link(stored) -> None:
    """Its host, and nothing more of it: of every operator that took a result or a link out of one."""
    rendered = [text for place, text in stored if place == "rendered_task_instance_fields.rendered_fields"]
    taken = [
        text for text in rendered if '"video_url"' in text or re.search('"first_frame": "http[^"]*"', text)
    ]
    assert len(taken) >= 7
    assert all("***" in text for text in taken)


def test_errors_tell_no_secret_and_end_as_they_should(stack, runs) -> None:
    """What a retry cannot mend ended at the first try, as a dead link did."""
    _, bad = runs
    tries = {}
    for task in stack.api.tasks(bad):
        tries[task.task_id] = (task.state, task.try_number)
        text = stack.api.error(bad, task) or ""
        assert MARKED_KEY not in text
        assert not SIGNATURE.search(text)
    assert tries == {
        "moderated": ("failed", 1),
        "refused": ("failed", 1),
        "generate": ("success", 1),
        "download": ("failed", 1),
    }


def test_the_key_never_travels_to_a_media_host(stack, runs) -> None:
    """Downloads carry no authorization at all."""
    notes = stack.emulator.requests()
    fetched = [note for note in notes if note["operation"] == "download"]
    assert len(fetched) >= 5
    assert [note for note in fetched if "authorization" in note["headers"]] == []
    assert [note for note in notes if MARKED_KEY in json.dumps([note["path"], note["query"]])] == []
