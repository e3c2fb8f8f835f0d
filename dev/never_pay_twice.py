"""Writes the tables of ``docs/never-pay-twice.md`` from the oracle of the tests: ``python -m dev.never_pay_twice``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.faults.oracle.decisions import DECISIONS
from tests.faults.oracle.decisions import WORDS as DECISION_WORDS
from tests.faults.oracle.faults import ANY, FAULTS, Fault
from tests.faults.oracle.faults import WORDS as FAULT_WORDS
from tests.faults.oracle.killing import AFTERWARDS, FATES, INTERRUPTIONS, Effect, Interruption

PAGE = Path(__file__).resolve().parent.parent / "docs" / "never-pay-twice.md"
NAMES = {"modelark": "ModelArk", "toapis": "ToAPIs", "evolink": "EvoLink", "anyfast": "AnyFast"}

Rows = Iterator[Sequence[str]]


def with_tables(page: str) -> str:
    """The page, with the present tables between their marks.

    :raises ValueError: if it has no place for one of them.
    """
    for name, rows in TABLES.items():
        begin, end = f"<!-- {name}: made by python -m dev.never_pay_twice -->", "<!-- end -->"
        before, found, rest = page.partition(begin)
        if not found:
            raise ValueError(f"the page has no part that begins with {begin}")
        page = f"{before}{begin}\n\n{_table(rows())}\n\n{end}{rest.partition(end)[2]}"
    return page


def _decision_words() -> Rows:
    yield "word", "what the try does"
    yield from DECISION_WORDS.items()


def _decisions() -> Rows:
    yield "the record says", "the vendor says", "a retry", "a clear"
    for one in DECISIONS:
        record = f"another request: {one.record}" if one.changed else one.record
        yield record, one.vendor, one.retry, one.clear


def _fault_words() -> Rows:
    yield "word", "what becomes of the task"
    yield from FAULT_WORDS.items()


def _faults() -> Rows:
    yield "fault", "ModelArk", "ToAPIs", "EvoLink, AnyFast", "without a record", "a row", "what you see"
    for fault in FAULTS:
        cells = (str(cell) for cell in (fault.listing, fault.by_key, fault.neither))
        yield fault.name, *cells, _without_record(fault), "same" if fault.rows else "", _seen(fault)


def _without_record(fault: Fault) -> str:
    rule = str(fault.without_record.get(ANY, "same"))
    exceptions = (f"{NAMES[name]}: {cell}" for name, cell in fault.without_record.items() if name != ANY)
    return "; ".join([rule, *exceptions])


def _seen(fault: Fault) -> str:
    texts = {word: f"`{text}`" if text else "nothing" for word, text in fault.seen.items()}
    rule = texts.pop(ANY, None)
    exceptions = [f"{word}: {text}" for word, text in texts.items()]
    return "; ".join([*exceptions, *([f"else {rule}" if exceptions else rule] if rule else [])])


def _interruptions() -> Rows:
    yield "what happens", "running in a worker", "deferred", "after it"
    for one in INTERRUPTIONS:
        yield one.name, _effect(one, one.worker), _effect(one, one.deferred), one.after


def _effect(interruption: Interruption, effect: Effect | None) -> str:
    return f"{effect} if {interruption.only}" if effect and interruption.only else effect or ""


def _fates() -> Rows:
    effects: tuple[Effect, ...] = ("cancels", "leaves", "gives up")
    yield "the generation is", *effects, "what comes after it"
    for state, fates in FATES.items():
        after = "; ".join(f"if {when}: {then}" if when else then for when, then in AFTERWARDS[state].items())
        yield state, *(str(fates[effect]) for effect in effects), after


def _table(rows: Iterable[Sequence[str]]) -> str:
    lines = [re.sub(" +", " ", f"| {' | '.join(row)} |") for row in rows]
    return "\n".join([lines[0], re.sub(r"[^|]+", "---", lines[0]), *lines[1:]])


TABLES = {
    "decision words": _decision_words,
    "decisions": _decisions,
    "fault words": _fault_words,
    "faults": _faults,
    "interruptions": _interruptions,
    "fates": _fates,
}

if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
