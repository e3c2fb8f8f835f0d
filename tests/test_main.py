"""The command line: sums and rows of the ledger, for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.__main__ import main
from airflow_provider_seedance.core.ledger.entries import Progress, Settlement
from airflow_provider_seedance.hooks.seedance import SeedanceHook
from airflow_provider_seedance.runtime.ledger import open_ledger
from tests.ledgers import NOW, intent, usd


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command on a ledger with three intents, and gives what it prints."""
    monkeypatch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "seedance_ledger")
    monkeypatch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", f"sqlite:///{tmp_path}/ledger.db")
    ledger = open_ledger()
    assert ledger
    done = Progress("succeeded", {}, "cgt-1", settlement=Settlement(usd("1.20", "billed"), tokens=7))
    ledger.write(intent("a", prompt="=cmd()", progress=done), NOW)
    ledger.write(intent("b", dag_id="trailer", progress=done), NOW)
    ledger.insert(intent("c", estimate=usd("0.5")))

    def run(*arguments: str, status: int = 0) -> str:
        assert main(arguments) == status
        captured = capsys.readouterr()
        return captured.err if status else captured.out

    return run


def test_sums_are_printed_by_currency_and_basis(told: Any) -> None:
    """As a table, unless a program is to read them."""
    table = told("spend", "--since", "2026-11-01", "--by", "dag_id").splitlines()
    assert [line.split() for line in table] == [
        ["dag_id", "currency", "basis", "amount", "generations", "tokens"],
        ["film", "USD", "billed", "1.2", "1", "7"],
        ["film", "USD", "reserved", "0.5", "1"],
        ["trailer", "USD", "billed", "1.2", "1", "7"],
    ]
    total = [json.loads(line) for line in told("spend", "--json", "--status", "succeeded").splitlines()]
    assert total == [{"currency": "USD", "basis": "billed", "amount": "2.4", "generations": 2, "tokens": 14}]
    assert total == [row for row in SeedanceHook().spend(since="2026-11-01") if row["basis"] == "billed"]


def test_rows_are_listed_and_exported(told: Any) -> None:
    """A prompt that a spreadsheet would run as a formula is text there."""
    assert "trailer" in told("ledger", "list", "--limit", "2")
    assert "film" not in told("ledger", "list", "--dag-id", "trailer")
    exported = list(csv.DictReader(io.StringIO(told("ledger", "export"))))
    assert [row["task_id"] for row in exported] == ["c", "b", "a"]
    assert exported[-1]["prompt"] == "'=cmd()"
    assert len(told("ledger", "export", "--json").splitlines()) == 3


def test_what_is_settled_can_be_forgotten(told: Any) -> None:
    """And nothing else."""
    assert told("ledger", "prune", "--before", "2027-01-01") == "2 settled intents are forgotten.\n"
    assert len(told("ledger", "export", "--json").splitlines()) == 1


def test_what_nobody_knows_is_told_and_resolved(told: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the sums, on the other channel."""
    ledger = open_ledger()
    assert ledger
    record = {
        **{"intent_number": 1, "intent_id": "sd-lost-1", "vendor": "modelark", "max_tries": 0},
        **{"seedance_conn_id": "seedance_default", "fingerprint": "v1:fox", "intended_at": NOW.isoformat()},
    }
    ledger.insert(intent("lost", progress=Progress("intended", record)))
    assert main(["spend"]) == 0
    said = capsys.readouterr()
    assert "sd-c-1, sd-lost-1. Look for them" in said.err
    assert "Look" not in said.out
    assert told("ledger", "resolve", "sd-lost-1", "--not-bought") == "Intent sd-lost-1 bought nothing.\n"
    assert "is known" in told("ledger", "resolve", "sd-lost-1", "--generation-id", "cgt-9", status=1)
    assert main(["spend"]) == 0
    assert "sd-lost-1" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("spend", "--since", "yesterday"), "since must be a date"),
        (("spend", "--by", "colour"), "cannot be listed by 'colour'"),
        (("ledger", "settle", "--conn-id", "nowhere"), "'nowhere' does not exist"),
    ],
)
def test_what_is_wrong_is_said(told: Any, arguments: tuple[str, ...], said: str) -> None:
    """In a sentence, without a traceback."""
    assert said in told(*arguments, status=1)


def test_without_a_ledger_it_says_how_to_have_one(capsys: pytest.CaptureFixture[str]) -> None:
    """With the option's name."""
    assert main(["spend"]) == 1
    assert "ledger_conn_id" in capsys.readouterr().err
