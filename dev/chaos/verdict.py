"""Whether a run kept the three promises: pure functions over what was found at its end.

Rule 1: what was bought is the vendors' word (the emulator's ledger), never Airflow's.
Rule 2: a file counts as landed only if somebody has opened it and found it whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

#: Vendors that can tell what became of a request whose answer was lost.
LOOKS_UP = ("modelark", "toapis")
#: States in which a task instance stays.
FINAL = frozenset({"success", "failed", "upstream_failed", "skipped", "removed"})


@dataclass(frozen=True)
class Billed:
    """One line of a vendor's invoice; the prompt tells whose it is."""

    vendor: str
    generation_id: str
    prompt: str


@dataclass(frozen=True)
class Ordered:
    """One video that the run was to make: its generating task as Airflow and its record tell it.

    :param intents: how many were written down; 0 without a record.
    :param unbilled_intents: how many of them bought nothing, as the record has it.
    :param intended_at: when the last one was, as the record has it.
    :param recorded: the generation ids in the record.
    :param told: the exception that ended the task, if it failed.
    """

    vendor: str
    prompt: str
    model: str
    state: str | None
    intents: int
    intended_at: str | None = None
    recorded: frozenset[str] = frozenset()
    told: str = ""
    unbilled_intents: int = 0


@dataclass(frozen=True)
class Evidence:
    """All that is known at the end.

    :param landed: vendor and generation id of each whole file.
    :param unfinished: task instances that are not in a final state.
    """

    billed: tuple[Billed, ...]
    ordered: tuple[Ordered, ...]
    landed: frozenset[tuple[str, str]]
    unfinished: tuple[str, ...] = ()


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
    )


def _billed_without_intent(evidence: Evidence) -> Iterable[str]:
    """Held against each video, which is stricter than the sums."""
    for order in evidence.ordered:
        count = len(_billed_for(evidence, order))
        if count > order.intents:
            yield f"{order.prompt}: {count} billed, {order.intents} intents"
    known = {(order.vendor, order.prompt) for order in evidence.ordered}
    for line in evidence.billed:
        if (line.vendor, line.prompt) not in known:
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
    if (order.vendor, order.prompt) != (line.vendor, line.prompt) or order.vendor in LOOKS_UP:
        return False
    parts = (order.vendor, order.model, order.intended_at)
    return "may have been bought" in order.told and all(part and part in order.told for part in parts)


def _not_one_each(evidence: Evidence) -> Iterable[str]:
    for order in evidence.ordered:
        if order.vendor not in LOOKS_UP:
            continue
        billed = _billed_for(evidence, order)
        landed = [line for line in billed if (line.vendor, line.generation_id) in evidence.landed]
        numbers = (len(landed), len(billed), order.intents - order.unbilled_intents)
        if numbers != (1, 1, 1):
            yield (
                f"{order.prompt}: {len(landed)} landed, {len(billed)} billed, {order.intents} intents,"
                f" {order.unbilled_intents} unbilled, task {order.state}"
            )


def _billed_for(evidence: Evidence, order: Ordered) -> list[Billed]:
    owner = (order.vendor, order.prompt)
    return [line for line in evidence.billed if (line.vendor, line.prompt) == owner]
