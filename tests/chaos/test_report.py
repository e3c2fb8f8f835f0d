"""The summary of a chaos run."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from dev.chaos.report import Circumstances, summary
from dev.chaos.verdict import Billed, Entry, Evidence, Ordered, Statement

WHERE = Circumstances(
    seed=7,
    videos=2,
    seconds=61.4,
    date="2026-11-21",
    versions={"apache-airflow": "3.3.2"},
    kills={"worker": 2, "scheduler": 1},
    faults={"create drop_after_accept": 1},
)
EVIDENCE = Evidence(
    billed=(
        Billed("evolink", "g-1", "one", Decimal("2.5"), "credits"),
        Billed("toapis", "g-2", "two", Decimal("100"), "credits"),
    ),
    ordered=(
        Ordered("evolink", "one", "seedance-2.0", "failed", 1),
        Ordered("toapis", "two", "seedance-2.0", "success", 2, unbilled_intents=1),
    ),
    landed=frozenset({("toapis", "g-2")}),
    entries=(
        Entry("evolink", "one", None, Decimal("2.5"), is_settled=False),
        Entry("toapis", "two", "g-2", Decimal("100.000"), is_settled=True),
    ),
)


def test_long_lists_are_wrapped_between_their_items() -> None:
    """A name and its count stay together."""
    where = replace(WHERE, faults={f"get number{number}": number for number in range(10, 20)})
    lines = summary(where, EVIDENCE, ()).splitlines()
    assert lines[3].endswith("get number15 15,")
    assert lines[4] == "        get number16 16, get number17 17, get number18 18, get number19 19"


def test_a_run_with_proxies_says_so() -> None:
    """It is another experiment."""
    where = replace(WHERE, proxies=True)
    assert summary(where, EVIDENCE, ()).splitlines()[0] == "seed 7, 2 videos, proxies, 61 s, 2026-11-21"


def test_it_tells_the_conditions_the_numbers_and_the_verdict() -> None:
    """All that is needed to judge a run, and to repeat it."""
    statements = (Statement("water is wet", ()), Statement("pigs fly", ("one does not", "nor does another")))
    assert summary(WHERE, EVIDENCE, statements).splitlines() == [
        "seed 7, 2 videos, 61 s, 2026-11-21",
        "with:   apache-airflow 3.3.2",
        "killed: scheduler 1, worker 2",
        "struck: create drop_after_accept 1",
        "ledger: evolink 0 of 2.5 credits, toapis 100 of 100 credits",
        "",
        "  group  ordered  intents  unbilled  billed  landed  failed tasks",
        "evolink        1        1         0       1       0             1",
        " toapis        1        2         1       1       1             0",
        "",
        "TRUE   water is wet",
        "FALSE  pigs fly",
        "       - one does not",
        "       - nor does another",
    ]
