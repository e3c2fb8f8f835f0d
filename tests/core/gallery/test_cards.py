"""Cards, made of what the ledger or Airflow knows."""

from __future__ import annotations

import ast
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.gallery.batches import batch_of
from airflow_provider_seedance.core.gallery.cards import (
    GenerateTask,
    TaskKey,
    card_of_intent,
    card_of_task,
    manifest_in,
)
from airflow_provider_seedance.core.gallery.snippet import snippet
from airflow_provider_seedance.core.gallery.wording import about_file, age, money, total

NOW = datetime(2026, 11, 28, tzinfo=timezone.utc)
KEY = TaskKey("film", "run-1", "shot", 2)
MANIFEST = {
    "uri": "s3://bucket/fox.mp4",
    "bytes": 1_400_000,
    "media": {"duration": 5.042, "width": 1280, "height": 720},
    "source": {"vendor": "evolink", "generation_id": "g-1"},
}
REQUEST = {"prompt": "A fox", "model": "seedance-2.0", "duration": 5, "resolution": "720p"}


def row(**changes: Any) -> dict[str, Any]:
    return {
        "id": 7,
        "dag_id": "film",
        "run_id": "run-1",
        "task_id": "shot",
        "map_index": 2,
        "batch_row": None,
        "prompt": "A fox",
        "request": '{"duration": 5, "resolution": "720p", "aspect_ratio": "16:9"}',
        "manifest": None,
        "vendor_status": None,
        "progress": None,
        "vendor": "evolink",
        "model": "seedance-2.0",
        "mode": "text",
        "generation_id": "g-1",
        "seedance_conn_id": "seedance_evolink",
        "cost_amount": Decimal("0.45"),
        "cost_currency": "USD",
        "cost_basis": "billed",
        "status": "succeeded",
        "created_at": NOW,
        "reason": None,
        **changes,
    }


def test_an_intent_in_the_ledger_is_a_card() -> None:
    """What was asked for stands until there is a file."""
    card = card_of_intent(row())
    assert (card.key, card.task, card.state, card.prompt) == ({"id": "7"}, KEY, "succeeded", "A fox")
    assert (card.duration, card.size, card.uri) == (5, "720p 16:9", None)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("intended", "in_progress"),
        ("submitted", "in_progress"),
        ("refused", "failed"),
        ("expired", "failed"),
        ("cancelled", "cancelled"),
        ("of_a_later_version", "in_progress"),
    ],
)
def test_each_status_of_the_ledger_has_a_state(status: str, state: str) -> None:
    """Four words are enough to filter by."""
    assert card_of_intent(row(status=status)).state == state


@pytest.mark.parametrize(
    ("changes", "status", "progress"),
    [
        ({"status": "intended"}, "in progress", None),
        ({"status": "submitted"}, "in progress", None),
        ({"status": "submitted", "vendor_status": "queued"}, "queued", None),
        ({"status": "submitted", "vendor_status": "running", "progress": 40}, "running", 40),
        ({"status": "succeeded", "vendor_status": "running", "progress": 40}, "succeeded", None),
        ({"status": "failed", "vendor_status": "queued", "progress": 0}, "failed", None),
    ],
)
def test_a_row_that_is_under_way_tells_what_the_vendor_says(
    changes: dict[str, Any], status: str, progress: int | None
) -> None:
    """Until it has ended."""
    card = card_of_intent(row(**changes))
    assert (card.status, card.progress) == (status, progress)


def test_a_finished_task_is_a_card_without_its_link() -> None:
    """The vendor's link is nowhere in it, and neither is one of a file that was given."""
    link = "https://vendor.example/v.mp4?X-Signature=s3cret"
    result = {
        "vendor": "evolink",
        "generation_id": "g-1",
        "video_url": link,
        "cost": {"amount": "0.45", "currency": "USD", "basis": "billed"},
        "provenance": {"request": {**REQUEST, "first_frame": link}},
        "manifest": MANIFEST,
    }
    card = card_of_task(GenerateTask(KEY, "success", NOW, result=result))
    assert (card.state, card.status, card.uri) == ("succeeded", "succeeded", "s3://bucket/fox.mp4")
    assert about_file(card) == "5 s, 1280 × 720, 1.4 MB"
    assert "s3cret" not in f"{card!r}{snippet(card)}"


def test_a_task_that_waits_shows_what_it_was_given() -> None:
    """From its rendered fields and its record, since it has returned nothing."""
    task = GenerateTask(
        KEY,
        "deferred",
        NOW,
        rendered={**REQUEST, "seedance_conn_id": "seedance_evolink", "timeout": "None"},
        record={"vendor": "evolink", "generation_id": "g-1", "outcome": None},
    )
    card = card_of_task(task)
    assert (card.state, card.status, card.prompt, card.vendor) == (
        "in_progress",
        "deferred",
        "A fox",
        "evolink",
    )
    assert card.cost == {}


@pytest.mark.parametrize("returned", [None, "s3://xcoms/1", ["a"], {"manifest": 3, "provenance": []}])
def test_a_task_that_returned_something_else_is_a_card_all_the_same(returned: Any) -> None:
    """XComs are anyone's to write."""
    card = card_of_task(GenerateTask(KEY, "success", NOW, result=returned, rendered=returned))
    assert (card.task, card.uri) == (KEY, None)


def test_the_file_that_another_task_has_landed() -> None:
    """A publication counts with its own place."""
    publication = {"uri": "s3://public/fox.mp4", "manifest": MANIFEST, "source": MANIFEST["source"]}
    manifest = manifest_in(publication)
    card = card_of_task(GenerateTask(KEY, "success", NOW), manifest)
    assert (card.uri, card.size) == ("s3://public/fox.mp4", "1280 × 720")
    assert manifest_in({"uri": "s3://bucket/x"}) is None


def test_a_snippet_is_python_that_makes_it_again() -> None:
    """With every part of the request, whatever is in the prompt."""
    prompt = 'A "fox"\nand\\a crane'
    card = card_of_intent(row(prompt=prompt))
    call = ast.parse(snippet(card)).body[-1].value  # type: ignore[attr-defined]
    given = {argument.arg: ast.literal_eval(argument.value) for argument in call.keywords}
    assert given == {
        "task_id": "shot_again",
        "prompt": prompt,
        "duration": 5,
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "seedance_conn_id": "seedance_evolink",
    }


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"rows": 10, "counts": {"succeeded": 3, "failed": 1, "uncertain": 1, "in_flight": 2}},
            "3 of 10 rows succeeded, 2 failed, 2 in progress",
        ),
        ({}, "0 of 0 rows succeeded"),
        ({"rows": "x", "counts": {"succeeded": "many"}}, "0 of 0 rows succeeded"),
        ({"rows": 10**400, "counts": ["succeeded"]}, "0 of 0 rows succeeded"),
    ],
)
def test_how_far_a_batch_is(told: dict[str, Any], words: str) -> None:
    """In words too, for those who do not see its bar."""
    assert batch_of(KEY, "running", told).words == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=5), "5 min ago"),
        (timedelta(hours=30), "1 d ago"),
        (timedelta(days=800), "2 y ago"),
    ],
)
def test_ages(ago: timedelta, words: str) -> None:
    """The largest unit that fits."""
    assert age(NOW - ago, NOW) == words


def test_money() -> None:
    """Two digits, or as many as are needed."""
    assert [money(Decimal(amount)) for amount in ("0.5", "12", "0.00375")] == ["0.50", "12.00", "0.00375"]
    costs = [{"amount": "0.5", "currency": "USD", "basis": "billed"}] * 2
    assert list(map(str, total([*costs, {}, {"amount": "x"}]))) == ["1.00 USD"]


@pytest.mark.parametrize(
    "told", ["Infinity", "-Infinity", "NaN", "sNaN", "1e30", "1e-99", "-1", "9" * 99, True, [1]]
)
def test_an_amount_that_is_none_is_not_known(told: Any) -> None:
    """It would break every sum that it is in."""
    cost = {"amount": told, "currency": "USD", "basis": "billed"}
    assert card_of_task(GenerateTask(KEY, "success", NOW, result={"cost": cost})).cost == {}
    assert total([cost]) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"media": "x", "bytes": "x"},
        {"media": {"duration": "5", "width": [1], "height": float("inf")}, "bytes": -1},
        {"media": ["duration"], "bytes": float("nan")},
        {"media": {"duration": 10**400}, "bytes": 10**400},
    ],
)
def test_a_manifest_with_values_that_cannot_be(wrong: dict[str, Any]) -> None:
    """What cannot be read is not told."""
    card = card_of_task(GenerateTask(KEY, "success", NOW, result={"manifest": {**MANIFEST, **wrong}}))
    assert (card.uri, about_file(card)) == ("s3://bucket/fox.mp4", "")
    json.dumps(card.manifest, allow_nan=False)


@pytest.mark.parametrize("half", ["\ud800", "fox\udfff", "\udc00\ud800\0"])
def test_text_that_no_page_can_hold(half: str) -> None:
    """Halves of surrogate pairs are replaced, wherever they are."""
    result = {
        "vendor": half,
        "generation_id": half,
        "provenance": {"request": {"prompt": half, half: half}},
        "manifest": {**MANIFEST, "uri": f"/{half}.mp4", half: [half]},
        "cost": {"amount": "1", "currency": half},
    }
    card = card_of_task(
        GenerateTask(KEY, "success", NOW, result=result, record={"outcome": {"reason": half}})
    )
    assert "\0" not in str(card.uri)
    f"{card.request}{card.manifest}{card.vendor}{card.reason}{card.cost}{card.prompt}".encode()
    assert card.generation_id is None
