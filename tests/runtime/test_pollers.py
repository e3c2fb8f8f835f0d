"""What the pollers of a process do beside polling: they put progress into the ledger."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.core.ledger.entries import Progress
from airflow_provider_seedance.core.polling.registry import PollerRegistry
from airflow_provider_seedance.models import Pending, Status
from airflow_provider_seedance.runtime.ledger import open_ledger
from airflow_provider_seedance.runtime.pollers import LedgerProgress, make_registry
from tests.ledgers import NOW, intent

NEWS = [Pending(vendor="modelark", generation_id="g-1", status=Status.RUNNING, progress=40)]


@pytest.fixture
def ledger_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a ledger that is configured."""
    path = tmp_path / "folder" / "ledger.db"
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "seedance_ledger")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", f"sqlite:///{path}")
    return path


def listener(registry: PollerRegistry) -> object:
    return registry._on_progress


def test_without_a_ledger_nobody_listens() -> None:
    """With one, somebody does."""
    assert listener(make_registry()) is None


def test_with_a_ledger_progress_is_listened_to(ledger_file: Path) -> None:
    """The ledger is not opened for it before there is any."""
    assert listener(make_registry())
    assert not ledger_file.exists()


def test_progress_comes_into_the_ledger(ledger_file: Path) -> None:
    """Of the generations that are in it."""
    ledger_file.parent.mkdir()
    ledger = open_ledger()
    assert ledger
    ledger.insert(intent())
    ledger.write(replace(intent(), progress=Progress("submitted", {}, "g-1")), NOW)
    LedgerProgress()(NEWS)
    row = ledger.find("sd-a-1")
    assert row
    assert (row["vendor_status"], row["progress"]) == ("running", 40)


def test_a_ledger_out_of_reach_is_told_once(ledger_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for it; it is told again after it was there in between."""
    progress = LedgerProgress()
    with caplog.at_level(logging.WARNING):
        progress(NEWS)
        progress(NEWS)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("The progress of generations is not put on record for the moment: the ledger")
    ledger_file.parent.mkdir()
    caplog.clear()
    progress(NEWS)
    assert not caplog.records
