"""Whose file it is, as the record beside it says."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_provider_seedance.core.gallery.cards import Card, TaskKey
from airflow_provider_seedance.core.gallery.records import may_be_sent
from airflow_provider_seedance.core.landing.manifest import (
    GenerationReference,
    Manifest,
    Media,
    Provenance,
    Sidecar,
    TaskReference,
)

NOW = datetime(2026, 11, 28, tzinfo=timezone.utc)
SIZE = 1064


def card(**changes: Any) -> Card:
    """A card of the DAG ``film``, from the ledger."""
    fields = {"vendor": "evolink", "generation_id": "g-1", "in_ledger": True, **changes}
    return Card({}, TaskKey("film", "run-1", "shot"), "succeeded", "succeeded", **fields)


def task(dag_id: str) -> TaskReference:
    return TaskReference(dag_id=dag_id, run_id="run-1", task_id="shot")


def manifest(dag_id: str | None) -> Manifest:
    """The record of a landed video; without a DAG for one that was adopted by its id."""
    return Manifest(
        uri="/videos/fox.mp4",
        bytes=SIZE,
        sha256="0" * 64,
        content_type="video/mp4",
        media=Media(),
        source=GenerationReference(vendor="evolink", generation_id="g-1"),
        provenance=Provenance(generated_by=task(dag_id) if dag_id else None),
        landed_at=NOW,
    )


def sidecar(dag_id: str | None, published_by: str | None) -> Sidecar:
    landed = manifest(dag_id)
    return Sidecar(
        uri="/public/fox.mp4",
        sidecar_uri="/public/fox.mp4.json",
        bytes=SIZE,
        sha256=landed.sha256,
        published_at=NOW,
        published_by=task(published_by) if published_by else None,
        metadata={},
        source=landed.source,
        provenance=landed.provenance,
        manifest=landed,
    )


def sent(record: Any, found: Card, size: int | None = SIZE) -> bool:
    """To a user who may read ``film`` and ``ads``."""
    return may_be_sent(record, size, found, {"film", "ads"}.__contains__)


@pytest.mark.parametrize(
    "record",
    [
        manifest("film"),
        manifest("ads"),
        sidecar("film", None),
        sidecar("secret", "film"),
        sidecar(None, "ads"),
    ],
)
def test_a_file_of_a_dag_that_the_user_may_read_is_sent(record: Any) -> None:
    """Of the card's own, or of another: a reused video says which one has paid for it."""
    assert sent(record, card())
    assert sent(record, card(in_ledger=False, generation_id="g-2"))


@pytest.mark.parametrize(
    "record", [None, manifest("secret"), sidecar("secret", None), sidecar("secret", "secret")]
)
def test_a_file_of_another_dag_or_of_unknown_origin_is_not(record: Any) -> None:
    """Whatever the card says, and even if its generation is the same."""
    assert not sent(record, card())


@pytest.mark.parametrize("size", [None, 0, SIZE - 1, SIZE + 1])
def test_a_file_that_is_not_what_its_record_says_is_not(size: int | None) -> None:
    """Something else has taken its place."""
    assert not sent(manifest("film"), card(), size)


@pytest.mark.parametrize(
    ("found", "is_sent"),
    [
        (card(), True),
        (card(generation_id="g-2"), False),
        (card(generation_id=None), False),
        (card(vendor="toapis"), False),
        (card(in_ledger=False), False),
    ],
)
def test_an_adopted_generation_is_the_one_that_the_ledger_names(found: Card, is_sent: bool) -> None:
    """Its record names no DAG, and without a ledger nothing that can be trusted does."""
    assert sent(manifest(None), found) == is_sent
