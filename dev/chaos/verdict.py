"""Whether a run kept the three promises: pure functions over what was found at its end.

Rule 1: what was bought is the vendors' word (the emulator's ledger), never Airflow's.
Rule 2: a file counts as landed only if somebody has opened it and found it whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

#: Vendors that can tell what became of a request whose answer was lost.
LOOKS_UP = ("modelark", "toapis")
#: The group of videos that have two connections, of which the first dies for good.
FAILOVER = "failover"
#: States in which a task instance stays.
FINAL = frozenset({"success", "failed", "upstream_failed", "skipped", "removed"})


@dataclass(frozen=True)
class Billed:
    """One line of a vendor's invoice; the prompt tells whose it is."""

    vendor: str
    generation_id: str
    prompt: str
    amount: Decimal = Decimal(0)
    unit: str = "tokens"


@dataclass(frozen=True)
class Entry:
    """One row of the ledger: an intent.

    :param amount: what it cost, in the unit of the vendor's invoice; means nothing until it is settled.
    """

    vendor: str
    prompt: str | None
    generation_id: str | None
    amount: Decimal
    is_settled: bool


@dataclass(frozen=True)
class Ordered:
    """One video that the run was to make: its generating task as Airflow and its record tell it.

    :param group: the vendor that is to make it, or :data:`FAILOVER`.
    :param intents: how many were written down; 0 without a record.
    :param unbilled_intents: how many of them bought nothing, as the record has it.
    :param intended_at: when the last one was, as the record has it.
    :param recorded: the generation ids in the record.
    :param told: the exception that ended the task, if it failed.
    """

    group: str
    prompt: str
    model: str
    state: str | None
    intents: int
    intended_at: str | None = None
    recorded: frozenset[str] = frozenset()
    told: str = ""
    unbilled_intents: int = 0

    def is_owner_of(self, line: Billed) -> bool:
        """Whether a line of the invoice is this video's."""
        return line.prompt == self.prompt and self.group in (line.vendor, FAILOVER)


@dataclass(frozen=True)
class Evidence:
    """All that is known at the end.

    :param landed: vendor and generation id of each whole file.
    :param unfinished: task instances that are not in a final state.
    :param entries: the rows of the ledger.
    """

    billed: tuple[Billed, ...]
    ordered: tuple[Ordered, ...]
    landed: frozenset[tuple[str, str]]
    unfinished: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Statement:
    """Something that must hold, and what contradicts it."""

    text: str
    contradictions: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.contradictions


def judge(evidence: Evidence) -> tuple[Statement, ...]:
    """The promises, each with what contradicts it."""
    return (
        Statement("every task has ended", evidence.unfinished),
        Statement("billed <= intents", tuple(_billed_without_intent(evidence))),
        Statement(
            "every billed generation is landed or named by exactly one failed task", tuple(_lost(evidence))
        ),
        Statement(
            f"{' and '.join(LOOKS_UP)}: landed = billed = intents - unbilled = 1 for each video",
            tuple(_not_one_each(evidence)),
        ),
        Statement(
            f"{FAILOVER}: billed = intents - unbilled, each video landed or told by its failed task",
            tuple(_not_made_up_for(evidence)),
        ),
        Statement("the ledger has one row for each intent", tuple(_not_entered(evidence))),
        Statement(
            "the ledger's settled rows equal the invoice; what is billed beside them is still reserved",
            tuple(_differs_from_invoice(evidence)),
        ),
    )


def _billed_without_intent(evidence: Evidence) -> Iterable[str]:
    """Held against each video, which is stricter than the sums."""
    for order in evidence.ordered:
        count = len(_billed_for(evidence, order))
        if count > order.intents:
            yield f"{order.prompt}: {count} billed, {order.intents} intents"
    for line in evidence.billed:
        if not any(order.is_owner_of(line) for order in evidence.ordered):
            yield f"{line.vendor} {line.generation_id}: billed, and no task ordered {line.prompt!r}"


def _lost(evidence: Evidence) -> Iterable[str]:
    landed = evidence.landed
    failed = [order for order in evidence.ordered if order.state == "failed"]
    covered: set[tuple[str, str]] = set()
    for line in evidence.billed:
        if (line.vendor, line.generation_id) in landed:
            continue
        names = [
            order.prompt for order in failed if line.generation_id in order.told + " ".join(order.recorded)
        ]
        owner = (line.vendor, line.prompt)
        if not names and owner not in covered and any(_tells_of_a_loss(order, line) for order in failed):
            # One such message speaks of one purchase.
            covered.add(owner)
            names = [line.prompt]
        if len(names) != 1:
            who = f"named by {len(names)} failed tasks" if names else "nobody names it"
            yield f"{line.vendor} {line.generation_id} ({line.prompt}): billed, not landed, {who}"


def _tells_of_a_loss(order: Ordered, line: Billed) -> bool:
    """Whether a failed task says what it may have bought: where, when and of which model."""
    if not order.is_owner_of(line) or order.group in LOOKS_UP:
        return False
    parts = (line.vendor, order.model, order.intended_at)
    return _tells_of_doubt(order) and all(part and part in order.told for part in parts)


def _tells_of_doubt(order: Ordered) -> bool:
    return order.state == "failed" and "may have been bought" in order.told


def _not_one_each(evidence: Evidence) -> Iterable[str]:
    for order in evidence.ordered:
        if order.group in LOOKS_UP and _numbers(evidence, order) != (1, 1, 1):
            yield _in_words(evidence, order)


def _not_made_up_for(evidence: Evidence) -> Iterable[str]:
    """Only what the dead vendor has, or may have, ends without a video; the other connection makes the rest."""
    for order in evidence.ordered:
        if order.group != FAILOVER or _numbers(evidence, order) == (1, 1, 1):
            continue
        _, billed, due = _numbers(evidence, order)
        is_told = order.state == "failed" and due == 1
        if not is_told or (billed != due and not _tells_of_doubt(order)):
            yield _in_words(evidence, order)


def _numbers(evidence: Evidence, order: Ordered) -> tuple[int, int, int]:
    """How many of a video were landed, were billed, and were to be billed by the record."""
    billed = _billed_for(evidence, order)
    landed = [line for line in billed if (line.vendor, line.generation_id) in evidence.landed]
    return len(landed), len(billed), order.intents - order.unbilled_intents


def _in_words(evidence: Evidence, order: Ordered) -> str:
    landed, billed, _ = _numbers(evidence, order)
    return (
        f"{order.prompt}: {landed} landed, {billed} billed, {order.intents} intents,"
        f" {order.unbilled_intents} unbilled, task {order.state}"
    )


def _billed_for(evidence: Evidence, order: Ordered) -> list[Billed]:
    return [line for line in evidence.billed if order.is_owner_of(line)]


def _not_entered(evidence: Evidence) -> Iterable[str]:
    counted = Counter(entry.prompt for entry in evidence.entries)
    for order in evidence.ordered:
        if (rows := counted.pop(order.prompt, 0)) != order.intents:
            yield f"{order.prompt}: {rows} rows, {order.intents} intents"
    yield from (f"{prompt}: {rows} rows, and no task ordered it" for prompt, rows in counted.items())


def _differs_from_invoice(evidence: Evidence) -> Iterable[str]:
    settled = {
        (entry.vendor, entry.generation_id): entry.amount for entry in evidence.entries if entry.is_settled
    }
    reserved = Counter((entry.vendor, entry.prompt) for entry in evidence.entries if not entry.is_settled)
    for line in evidence.billed:
        who = f"{line.vendor} {line.generation_id} ({line.prompt})"
        noted = settled.pop((line.vendor, line.generation_id), None)
        if noted is None and not reserved[line.vendor, line.prompt]:
            yield f"{who}: billed, and neither settled nor reserved"
        elif noted is None:
            reserved[line.vendor, line.prompt] -= 1
        elif noted != line.amount:
            yield f"{who}: {line.amount} {line.unit} billed, {noted} settled"
    for (vendor, generation_id), amount in settled.items():
        if amount:
            yield f"{vendor} {generation_id}: {amount} settled, and not billed"
