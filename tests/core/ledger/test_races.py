"""Real processes that race: one intent a task, and no more bought than a budget allows, whoever is killed."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from airflow_provider_seedance.core.ledger.budgets import SpendLimitReached
from airflow_provider_seedance.core.ledger.engine import make_engine
from airflow_provider_seedance.core.ledger.entries import Progress, Settlement
from airflow_provider_seedance.core.ledger.ledger import IntentTaken, Ledger
from airflow_provider_seedance.core.money import parse_limits
from tests.ledgers import NOW, intent

#: Children of a server that has imported this module, so that fifty start in a moment, and of one thread: a child of
#: a process with several may wait for ever for a lock that was held when it began.
FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload([__name__])
ROUNDS = 200
#: Seconds in which a child must have ended.
PATIENCE = 120.0
TEN = parse_limits([{"limit": "10 USD", "per": "day"}])


def start(count: int, work: Callable[..., None], *arguments: Any) -> list[Any]:
    children = [FORK.Process(target=work, args=(number, *arguments)) for number in range(count)]
    for child in children:
        child.start()
    return children


def join(children: list[Any]) -> list[int | None]:
    for child in children:
        child.join(PATIENCE)
    return [child.exitcode for child in children]


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def append(path: Path, line: str) -> None:
    """One write, which other processes cannot break into, as a vendor that accepts a request."""
    with path.open("a") as file:
        file.write(f"{line}\n")


def test_two_processes_that_both_saw_nothing_make_one_intent(ledger_url: URL, tmp_path: Path) -> None:
    """Each stops between its read and its write until the other stands there too."""
    Ledger.open(make_engine(ledger_url))
    both, made = FORK.Barrier(2), tmp_path / "made"
    assert join(start(2, _make_all, ledger_url, both, made)) == [0, 0]
    assert sorted(lines(made)) == sorted(f"task-{number}" for number in range(ROUNDS))


def _make_all(number: int, url: URL, both: Barrier, made: Path) -> None:
    ledger = Ledger.open(make_engine(url))
    for task in range(ROUNDS):
        assert ledger.latest_record(f"task-{task}") is None
        both.wait(PATIENCE)
        try:
            ledger.insert(intent(f"task-{task}", intent_id=f"{task}-of-{number}"))
        except IntentTaken:
            assert ledger.latest_record(f"task-{task}") == {"number": 1}
        else:
            append(made, f"task-{task}")


def test_fifty_processes_that_start_at_once_make_one_schema(ledger_url: URL) -> None:
    """And all of them can use it."""
    all_at_once = FORK.Barrier(50)
    assert join(start(50, _open, ledger_url, all_at_once)) == [0] * 50


def _open(number: int, url: URL, all_at_once: Barrier) -> None:
    all_at_once.wait(PATIENCE)
    ledger = Ledger.open(make_engine(url))
    assert ledger.latest_record("nobody") is None


def test_fifty_processes_on_a_budget_of_ten_buy_ten(ledger_url: URL, tmp_path: Path) -> None:
    """A third of them is killed, wherever each stands; what they had reserved is settled by the vendor's word."""
    bought = tmp_path / "bought"
    ledger = Ledger.open(make_engine(ledger_url))
    for wave in range(10):
        count = 50 if wave == 0 else 10
        all_at_once = FORK.Barrier(count)
        ended = join(start(count, _buy, ledger_url, all_at_once, bought, wave))
        assert set(ended) <= {0, -signal.SIGKILL}
        assert len(lines(bought)) <= 10
        for row in ledger.unsettled("modelark", "account"):
            status = "submitted" if row["intent_id"] in lines(bought) else "refused"
            settlement = Settlement.free() if status == "refused" else None
            ledger.progress(row["id"], Progress(status, None, settlement=settlement), NOW)  # type: ignore[arg-type]
        if len(lines(bought)) == 10:
            break
    assert len(lines(bought)) == len(set(lines(bought))) == 10


def _buy(number: int, url: URL, all_at_once: Barrier, bought: Path, wave: int) -> None:
    """Reserve, pay, put it on record; every third of the first wave dies at one of four moments."""
    dies_at = random.Random(number).randrange(4) if wave == 0 and number % 3 == 0 else None
    ledger = Ledger.open(make_engine(url))
    all_at_once.wait(PATIENCE)

    def moment(which: int) -> None:
        if which == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    made = intent(f"{wave}-{number}")
    moment(0)
    try:
        ledger.insert(made, TEN)
    except SpendLimitReached:
        return
    moment(1)
    append(bought, made.intent_id)
    moment(2)
    ledger.write(intent(f"{wave}-{number}", progress=Progress("submitted", {}, f"cgt-{wave}-{number}")), NOW)
    moment(3)
