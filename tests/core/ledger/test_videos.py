"""The ledger as a gallery, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from airflow_provider_seedance.core.ledger.entries import Progress
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.ledger.videos import Selection, choices, find, page, sums
from tests.ledgers import NOW, intent, usd

ALL = {"film", "ads"}


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """Four videos of two DAGs, and one of a DAG that is nobody's."""
    ledger.insert(intent("a"))
    ledger.insert(intent("b", vendor="evolink", prompt="50% of a Crane_", created_at=NOW + timedelta(days=1)))
    ledger.insert(intent("c", dag_id="ads", model="seedance-2.5", estimate=usd("2.5")))
    ledger.insert(intent("d", map_index=3, progress=Progress("failed", {}, generation_id="cgt-4")))
    ledger.insert(intent("e", dag_id=None))
    return ledger


def tasks(ledger: Ledger, which: Selection, *, offset: int = 0, limit: int = 48) -> str:
    return "".join(row["task_id"] for row in page(ledger.engine, which, offset=offset, limit=limit))


@pytest.mark.parametrize(
    ("which", "found"),
    [
        (Selection(ALL), "dcba"),
        (Selection({"ads"}), "c"),
        (Selection(set()), ""),
        (Selection(ALL, {"vendor": "evolink"}), "b"),
        (Selection(ALL, {"model": "seedance-2.0", "map_index": 3}), "d"),
        (Selection(ALL, statuses=("failed", "refused")), "d"),
        (Selection(ALL, since=NOW + timedelta(hours=1)), "b"),
        (Selection(ALL, until=NOW + timedelta(hours=1)), "dca"),
        (Selection(ALL, text="FOX"), "dca"),
        (Selection(ALL, text="50%"), "b"),
        (Selection(ALL, text="crane_"), "b"),
        (Selection(ALL, text="_fox"), ""),
        (Selection(ALL, text="' OR 1=1 --"), ""),
    ],
)
def test_a_page_has_what_was_chosen_the_latest_first(filled: Ledger, which: Selection, found: str) -> None:
    """And never a video of another DAG."""
    assert tasks(filled, which) == found


def test_a_generation_is_found_by_its_id(ledger: Ledger) -> None:
    """Its whole id, since people paste it."""
    ledger.insert(intent("a"))
    row_id = page(ledger.engine, Selection(ALL), offset=0, limit=1)[0]["id"]
    ledger.progress(row_id, Progress("submitted", None, generation_id="cgt-4"), NOW)
    assert tasks(ledger, Selection(ALL, text="cgt-4")) == "a"
    assert tasks(ledger, Selection(ALL, text="cgt")) == ""


def test_pages_follow_each_other(filled: Ledger) -> None:
    """Without a video in two of them."""
    assert [tasks(filled, Selection(ALL), offset=at, limit=3) for at in (0, 3, 6)] == ["dcb", "a", ""]


def test_sums_are_of_all_pages(filled: Ledger) -> None:
    """By currency and basis."""
    assert sums(filled.engine, Selection(ALL)) == [("USD", "reserved", 4, Decimal("5.5"))]
    assert sums(filled.engine, Selection({"other"})) == []


def test_choices_are_those_of_readable_dags(filled: Ledger) -> None:
    """The others' models are nobody's business."""
    assert choices(filled.engine, {"film"}) == {
        "dag_id": ["film"],
        "vendor": ["evolink", "modelark"],
        "model": ["seedance-2.0"],
    }


def test_a_video_is_found_by_its_row_or_its_task(filled: Ledger) -> None:
    """Of several of a task, the landed one."""
    row = page(filled.engine, Selection({"ads"}), offset=0, limit=1)[0]
    assert find(filled.engine, {"id": row["id"]}) == row
    assert find(filled.engine, {"id": -1}) is None
    task = {"dag_id": "ads", "task_id": "c", "batch_row": None}
    filled.progress(row["id"], Progress("succeeded", None, manifest={"uri": "/fox.mp4"}), NOW)
    filled.insert(replace(intent("c", dag_id="ads"), number=2, intent_id="again"))
    found = find(filled.engine, task)
    assert found
    assert found["id"] == row["id"]
    assert "record" not in row
