"""The judge of a chaos run: it must see every kind of broken promise."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dev.chaos.verdict import FAILOVER, Billed, Entry, Evidence, Ordered, judge

AT = "2026-11-21T10:00:00+00:00"
LOSS = f"evolink: one text video of seedance-2.0 may have been bought at {AT}, and its id is not known"


def ordered(vendor: str, number: int = 0, **changes: object) -> Ordered:
    """A video that was made."""
    made = Ordered(
        vendor, f"{vendor} {number}", "seedance-2.0", "success", 1, AT, frozenset({f"g-{vendor}-{number}"})
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def billed(
    vendor: str, number: int = 0, *, prompt: str | None = None, generation_id: str | None = None
) -> Billed:
    """Its line on the invoice."""
    return Billed(
        vendor, generation_id or f"g-{vendor}-{number}", prompt or f"{vendor} {number}", Decimal(100)
    )


def entries_of(orders: tuple[Ordered, ...], bills: tuple[Billed, ...]) -> tuple[Entry, ...]:
    """The ledger of a run in which each bill was settled; the other intents bought nothing."""
    rows = [Entry(line.vendor, line.prompt, line.generation_id, line.amount, True) for line in bills]
    for order in orders:
        bought = sum(line.prompt == order.prompt for line in bills)
        rows += [Entry(order.group, order.prompt, None, Decimal(0), True)] * (order.intents - bought)
    return tuple(rows)


def evidence(
    *orders: Ordered, bills: tuple[Billed, ...], landed: tuple[Billed, ...] | None = None
) -> Evidence:
    """What was found; without ``landed``, everything billed is."""
    files = bills if landed is None else landed
    return Evidence(
        bills,
        orders,
        frozenset((line.vendor, line.generation_id) for line in files),
        entries=entries_of(orders, bills),
    )


def broken(found: Evidence, among: frozenset[int] | set[int] = frozenset(range(7))) -> list[int]:
    """The numbers of the statements that do not hold."""
    statements = enumerate(judge(found))
    return [number for number, statement in statements if number in among and not statement.holds]


ENDED, PAID, NAMED, ONE_EACH, MADE_UP_FOR, ENTERED, SETTLED = range(7)
#: What is judged without the ledger.
WITHOUT_LEDGER = {ENDED, PAID, NAMED, ONE_EACH, MADE_UP_FOR}
EVO, ARK = billed("evolink"), billed("modelark")
LOST = ordered("evolink", state="failed", recorded=frozenset(), told=LOSS)


def test_a_good_run_has_nothing_against_it() -> None:
    """Four vendors, one video each, all landed."""
    vendors = ("modelark", "evolink", "anyfast", "toapis")
    found = evidence(*map(ordered, vendors), bills=tuple(map(billed, vendors)))
    assert [statement.contradictions for statement in judge(found)] == [()] * 7


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(
            evidence(LOST, bills=(EVO,), landed=()), id="a lost create tells vendor, time and model"
        ),
        pytest.param(evidence(LOST, bills=()), id="a lost create that was never accepted"),
        pytest.param(
            evidence(
                ordered("evolink", state="failed", told=f"evolink generation {EVO.generation_id}: link dead"),
                bills=(EVO,),
                landed=(),
            ),
            id="the exception names it",
        ),
        pytest.param(
            evidence(ordered("evolink", state="failed"), bills=(EVO,), landed=()), id="the record names it"
        ),
        pytest.param(
            evidence(ordered("modelark", intents=3, unbilled_intents=2), bills=(ARK,)),
            id="intents that bought nothing",
        ),
        pytest.param(evidence(ordered("evolink", state="failed"), bills=(EVO,)), id="failed after landing"),
        pytest.param(
            evidence(
                ordered("evolink", intents=2), bills=(EVO, billed("evolink", 0, generation_id="second"))
            ),
            id="bought twice with two intents",
        ),
    ],
)
def test_allowed(found: Evidence) -> None:
    """What an accident may leave behind."""
    assert broken(found) == []


@pytest.mark.parametrize(
    ("found", "statement"),
    [
        pytest.param(
            evidence(ordered("evolink"), bills=(EVO, billed("evolink", 0, generation_id="second"))),
            [PAID],
            id="paid twice for one intent",
        ),
        pytest.param(
            evidence(ordered("evolink", intents=0), bills=(EVO,)), [PAID], id="paid without an intent"
        ),
        pytest.param(
            evidence(
                ordered("evolink"),
                ordered("evolink", 1),
                bills=(EVO, billed("evolink", 0, generation_id="g-2")),
            ),
            [PAID],
            id="the sums fit, the videos do not",
        ),
        pytest.param(evidence(bills=(EVO,)), [PAID], id="nobody ordered it"),
        pytest.param(
            evidence(ordered("evolink"), bills=(EVO,), landed=()), [NAMED], id="lost by a task that succeeded"
        ),
        pytest.param(
            evidence(ordered("evolink", state="failed", recorded=frozenset()), bills=(EVO,), landed=()),
            [NAMED],
            id="the failed task names nothing",
        ),
        pytest.param(
            evidence(replace(LOST, told=LOSS.replace(AT, "some time")), bills=(EVO,), landed=()),
            [NAMED],
            id="no time",
        ),
        pytest.param(
            evidence(replace(LOST, told=LOSS.replace("seedance-2.0", "a model")), bills=(EVO,), landed=()),
            [NAMED],
            id="no model",
        ),
        pytest.param(
            evidence(replace(LOST, told=LOSS.replace("evolink", "a vendor")), bills=(EVO,), landed=()),
            [NAMED],
            id="no vendor",
        ),
        pytest.param(
            evidence(
                replace(LOST, intents=2), bills=(EVO, billed("evolink", 0, generation_id="second")), landed=()
            ),
            [NAMED],
            id="one message for two purchases",
        ),
        pytest.param(
            evidence(
                ordered("evolink", state="failed"),
                ordered("evolink", 1, state="failed", told=EVO.generation_id),
                bills=(EVO,),
                landed=(),
            ),
            [NAMED],
            id="two failed tasks name it",
        ),
        pytest.param(
            evidence(ordered("modelark"), bills=()), [ONE_EACH], id="never bought where it can be looked up"
        ),
        pytest.param(
            evidence(ordered("toapis", unbilled_intents=1), bills=()),
            [ONE_EACH],
            id="refused, and never bought",
        ),
        pytest.param(
            evidence(ordered("modelark", intents=2), bills=(ARK,)),
            [ONE_EACH],
            id="an intent of which nobody knows what it bought",
        ),
        pytest.param(
            evidence(ordered("modelark", unbilled_intents=1), bills=(ARK,)),
            [ONE_EACH],
            id="billed for an intent that the record calls unbilled",
        ),
        pytest.param(
            evidence(ordered("toapis", state="failed"), bills=(billed("toapis"),), landed=()),
            [ONE_EACH],
            id="not landed where it can be looked up",
        ),
        pytest.param(
            evidence(
                ordered(
                    "toapis", state="failed", recorded=frozenset(), told=LOSS.replace("evolink", "toapis")
                ),
                bills=(billed("toapis"),),
                landed=(),
            ),
            [NAMED, ONE_EACH],
            id="a lost create is no excuse where it can be looked up",
        ),
        pytest.param(
            evidence(
                ordered("modelark", intents=2), bills=(ARK, billed("modelark", 0, generation_id="second"))
            ),
            [ONE_EACH],
            id="bought twice where it can be looked up",
        ),
        pytest.param(
            evidence(
                ordered("modelark", intents=2, unbilled_intents=1),
                bills=(ARK, billed("modelark", 0, generation_id="second")),
            ),
            [ONE_EACH],
            id="an unbilled intent that was billed after all",
        ),
    ],
)
def test_forbidden(found: Evidence, statement: list[int]) -> None:
    """A planted violation breaks the statement that forbids it, and no other."""
    assert broken(found, WITHOUT_LEDGER) == statement


def test_a_run_that_has_not_ended_proves_nothing() -> None:
    """A task that still runs may yet pay."""
    assert broken(replace(evidence(bills=()), unfinished=("modelark.generate 3: running",))) == [ENDED]


def test_a_contradiction_names_what_to_look_at() -> None:
    """The generation, the video, and what is wrong."""
    (text,) = judge(evidence(ordered("evolink"), bills=(EVO,), landed=()))[NAMED].contradictions
    assert text == "evolink g-evolink-0 (evolink 0): billed, not landed, nobody names it"
    (text,) = judge(evidence(ordered("modelark", intents=2), bills=(ARK,)))[ONE_EACH].contradictions
    assert text == "modelark 0: 1 landed, 1 billed, 2 intents, 0 unbilled, task success"


def failover(**changes: object) -> Ordered:
    """A video of the group with two connections, the first of which leads to ToAPIs."""
    return ordered(FAILOVER, **{"recorded": frozenset(), **changes})  # type: ignore[arg-type]


AT_PRIMARY = billed("toapis", prompt="failover 0")
AT_BACKUP = billed("modelark", prompt="failover 0")
IN_DOUBT = LOSS.replace("evolink", "toapis")


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(evidence(failover(), bills=(AT_PRIMARY,)), id="made before it died"),
        pytest.param(
            evidence(failover(intents=3, unbilled_intents=2), bills=(AT_BACKUP,)), id="made by the backup"
        ),
        pytest.param(
            evidence(failover(state="failed", told=AT_PRIMARY.generation_id), bills=(AT_PRIMARY,), landed=()),
            id="made by the dead one, and named",
        ),
        pytest.param(
            evidence(failover(state="failed", told=IN_DOUBT), bills=(AT_PRIMARY,), landed=()),
            id="accepted as it died, and told",
        ),
        pytest.param(
            evidence(failover(state="failed", told=IN_DOUBT), bills=()), id="not accepted, which nobody knows"
        ),
    ],
)
def test_what_a_dead_primary_may_leave_behind(found: Evidence) -> None:
    """It keeps what it has accepted, or may have; the other connection makes the rest."""
    assert broken(found) == []


@pytest.mark.parametrize(
    ("found", "statement"),
    [
        pytest.param(
            evidence(failover(intents=2), bills=(AT_PRIMARY, AT_BACKUP)), [MADE_UP_FOR], id="bought at both"
        ),
        pytest.param(
            evidence(failover(state="failed", intents=2, unbilled_intents=2), bills=()),
            [MADE_UP_FOR],
            id="the backup was not asked",
        ),
        pytest.param(
            evidence(failover(state="failed", told="toapis: no connection"), bills=()),
            [MADE_UP_FOR],
            id="what may have been bought is not told",
        ),
        pytest.param(
            evidence(failover(), bills=(AT_PRIMARY,), landed=()), [NAMED, MADE_UP_FOR], id="lost silently"
        ),
    ],
)
def test_what_a_dead_primary_is_no_excuse_for(found: Evidence, statement: list[int]) -> None:
    """Twice for one video, or a video less than there could be."""
    assert broken(found, WITHOUT_LEDGER) == statement


ROW = Entry("evolink", "evolink 0", "g-evolink-0", Decimal(100), True)
RESERVED = replace(ROW, generation_id=None, amount=Decimal(0), is_settled=False)
OTHER = replace(ROW, prompt="evolink 9", generation_id="g-9")


@pytest.mark.parametrize(
    ("entries", "statement"),
    [
        pytest.param((ROW,), [], id="settled as billed"),
        pytest.param((RESERVED,), [], id="billed, and still reserved"),
        pytest.param((replace(RESERVED, generation_id="g-evolink-0"),), [], id="known, and still reserved"),
        pytest.param((), [ENTERED, SETTLED], id="no row"),
        pytest.param((ROW, RESERVED), [ENTERED], id="a row too many"),
        pytest.param((ROW, replace(OTHER, amount=Decimal(0))), [ENTERED], id="a row that nobody ordered"),
        pytest.param((replace(ROW, amount=Decimal(99)),), [SETTLED], id="another amount"),
        pytest.param((replace(ROW, amount=Decimal(0)),), [SETTLED], id="settled as free"),
        pytest.param(
            (replace(ROW, generation_id=None, amount=Decimal(0)),), [SETTLED], id="given back, and billed"
        ),
        pytest.param((ROW, OTHER), [ENTERED, SETTLED], id="settled, and not billed"),
    ],
)
def test_the_ledger_is_held_against_intents_and_invoice(
    entries: tuple[Entry, ...], statement: list[int]
) -> None:
    """Row by row, so that two mistakes do not make up for each other."""
    found = replace(evidence(ordered("evolink"), bills=(EVO,)), entries=entries)
    assert broken(found) == statement
