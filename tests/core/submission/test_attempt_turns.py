"""Which attempt a task makes next when something has happened meanwhile: nothing is bought twice at one rung."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from airflow_provider_seedance.core.diagnosis import Diagnosis
from airflow_provider_seedance.core.ledger.ledger import IntentTaken
from airflow_provider_seedance.core.submission.attempts import AttemptPlan, Place, Turn
from airflow_provider_seedance.core.submission.decide import Policies
from airflow_provider_seedance.core.submission.max_cost import BalanceTooLow
from airflow_provider_seedance.core.submission.outcome import Ended, Refused
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.core.submission.submit import Submitter
from airflow_provider_seedance.core.submission.submit_attempts import AttemptSubmitter
from airflow_provider_seedance.errors import (
    GenerationFailed,
    Kind,
    NoReply,
    NotFound,
    OutcomeUnknown,
    SeedanceError,
    StaleState,
)
from airflow_provider_seedance.models import (
    Cost,
    Failed,
    Failure,
    Generation,
    GenerationRequest,
    Pending,
    Status,
)
from tests.clocks import ImpatientClock
from tests.core.submission.test_submit import REQUEST, TASK, Memory

Check = Callable[[str, tuple[str, ...]], None]
TAME = {"prompt": "A kitten sleeps"}
CLEARED = replace(TASK, max_tries=TASK.max_tries + 1)
MODERATED = Ended(status="failed", reason="moderated", error=Kind.MODERATION, stage="output")
ESTIMATE = Cost(amount=Decimal("0.5"), currency="USD", basis="estimated")


@dataclass
class Vendor:
    """A vendor that accepts everything and finds requests by their key; an account is named as its connection."""

    vendor_name: str
    bought: list[tuple[str, str]]
    lost: bool = False
    ended: dict[str, Failed] = field(default_factory=dict)
    finds_by_key = True

    @property
    def account_id(self) -> str:
        return self.vendor_name

    @property
    def generations(self) -> Vendor:
        return self

    def create(
        self, request: GenerationRequest, intent_id: str | None = None, callback_url: str | None = None
    ) -> Pending:
        if self.lost:
            raise NoReply("cut off")
        self.bought.append((self.vendor_name, request.prompt or ""))
        return Pending(
            vendor=self.vendor_name,
            generation_id=f"g{len(self.bought)}",
            status=Status.QUEUED,
            created_at=None,
        )

    def find(self, request: GenerationRequest, intent_id: str, since: datetime) -> tuple[Generation, ...]:
        if self.lost:
            raise NoReply("cut off")
        return ()

    def get(self, generation_id: str) -> Generation:
        if generation_id not in self.ended:
            raise NotFound("unknown")
        return self.ended[generation_id]


class World:
    """Two vendors, and one task's record."""

    def __init__(self, *connections: str, changes: tuple[dict[str, Any], ...] = (TAME,)) -> None:
        self.plan = AttemptPlan(connections or ("a",), changes)
        self.store = Memory()
        self.bought: list[tuple[str, str]] = []
        self.vendors = {name: Vendor(name, self.bought) for name in ("a", "b")}

    def ends(self, outcome: Any, **changes: Any) -> None:
        """The latest intent's end."""
        assert self.store.record
        self.store.record = self.store.record.replace(outcome=outcome, **changes)

    def attempts(
        self, check: Check = lambda conn_id, ids: None, *, task: Any = TASK, begin: Any = None, **others: Any
    ) -> AttemptSubmitter:
        """A try's, with a cache of its own."""
        clock, request = ImpatientClock(), others.get("request", REQUEST)

        def at(place: Place, turn: Turn) -> Submitter:
            return Submitter(
                lambda conn_id: self.vendors[conn_id],
                self.store,
                task,
                place.connection,
                Policies(),
                timeout=60.0,
                queue_timeout=None,
                clock=clock,
                check=check,
                begin=begin,
                turn=turn,
                estimate=lambda conn_id: ESTIMATE,
            )

        return AttemptSubmitter(
            self.plan,
            self.store,
            at,
            lambda rung: request.model_copy(update=self.plan.change_of(rung)),
            task=task,
            policies=Policies(),
            clock=clock,
            pause=clock.sleep,
        )


def a_is_empty(conn_id: str, earlier_ids: tuple[str, ...]) -> None:
    if conn_id == "a":
        raise BalanceTooLow("low", vendor="a")


class TestSkippedBefore:
    """A connection was passed over, and the next one's video fails within the same try."""

    def test_a_rejected_video_leads_to_the_next_rung(self) -> None:
        """Once: each rung is bought once."""
        world = World("a", "b", changes=(TAME, {"prompt": "A cat"}))
        attempts = world.attempts(a_is_empty)
        for rung in range(3):
            assert attempts.submit().record.rung == rung
            world.ends(MODERATED)
            assert bool(attempts.next_in_words()) is (rung < 2)
        assert world.bought == [("b", "A kitten yawns"), ("b", "A kitten sleeps"), ("b", "A cat")]

    @pytest.mark.parametrize("error", [Kind.REJECTED, Kind.EXPIRED, Kind.CANCELLED, Kind.OVERLOAD])
    def test_another_failure_leads_nowhere(self, error: Kind) -> None:
        """As in a try that has skipped nothing."""
        world = World("a", "b")
        attempts = world.attempts(a_is_empty)
        attempts.submit()
        world.ends(Ended(status="failed", reason="no", error=error))
        assert (attempts.next_in_words(), world.attempts().next_in_words()) == (None, None)


class TestAnotherTry:
    """Another try of the task writes its record meanwhile."""

    def taken_by(self, world: World, **others: Any) -> Any:
        """What makes an intent, which another try has made first, with this end."""

        def begin(record: SubmissionRecord, request: GenerationRequest, client: Any) -> None:
            if others:
                world.store.record = record.replace(intent_id="others", **others)
                others.clear()
                raise IntentTaken("another try made it first", vendor="a")
            world.store.write(record)

        return begin

    @pytest.mark.parametrize("error", [Kind.REJECTED, Kind.MODERATION])
    def test_its_end_stands(self, error: Kind) -> None:
        """It led nowhere, though the attempt before it led to it."""
        world = World()
        world.attempts().submit()
        world.ends(Refused(reason="moderated", error=Kind.MODERATION, stage="input"))
        outcome = Ended(status="failed", reason="no", error=error)
        begin = self.taken_by(world, generation_id="other", outcome=outcome)
        with pytest.raises(GenerationFailed, match="ended as failed: no"):
            world.attempts(begin=begin).submit()
        assert len(world.bought) == 1

    def test_its_moderated_end_leads_on(self) -> None:
        """To the rung after its own."""
        world = World(changes=(TAME, {"prompt": "A cat"}))
        world.attempts().submit()
        world.ends(MODERATED)
        begin = self.taken_by(world, generation_id="other", outcome=MODERATED)
        assert world.attempts(begin=begin).submit().record.rung == 2
        assert world.bought[1:] == [("a", "A cat")]

    def test_it_learns_what_became_of_the_request(self) -> None:
        """While this try looks for it: the rung is not bought again."""
        world = World()
        world.vendors["a"].lost = True
        with pytest.raises(OutcomeUnknown):
            world.attempts().submit()
        world.vendors["a"].lost = False
        reads = iter([False, False, True])
        unknown = world.store.record

        class Learning(Memory):
            """Its third read finds what another try has learned."""

            def read(self) -> SubmissionRecord | None:
                if next(reads, None) and self.record:
                    self.record = self.record.replace(generation_id="g", outcome=MODERATED)
                return super().read()

        world.store = Learning(unknown)
        assert world.attempts().submit().record.rung == 1
        assert world.bought == [("a", "A kitten sleeps")]


def moderated(generation_id: str) -> Failed:
    failure = Failure(kind=Kind.MODERATION, message="no", diagnosis=Diagnosis("output"))
    return Failed(vendor="a", generation_id=generation_id, status=Status.FAILED, failure=failure)


@pytest.mark.parametrize("task", [TASK, CLEARED], ids=["retry", "clear"])
def test_what_the_vendor_tells_now_leads_to_the_next_rung(task: Any) -> None:
    """The generation was under way when the try began: its rung is not bought again."""
    world = World()
    world.attempts().submit()
    world.vendors["a"].ended["g1"] = moderated("g1")
    assert world.attempts(task=task).submit().record.rung == 1
    assert world.bought == [("a", "A kitten yawns"), ("a", "A kitten sleeps")]


@pytest.mark.parametrize("connections", [("a",), ("a", "b")])
@pytest.mark.parametrize("task", [TASK, CLEARED], ids=["retry", "clear"])
def test_an_unclear_intent_that_must_not_be_sent_again_ends_the_try(
    connections: tuple[str, ...], task: Any
) -> None:
    """With the reason; nothing leads on from it, and nothing begins anew."""
    world, checks = World(*connections), []
    world.vendors["a"].lost = True
    with pytest.raises(OutcomeUnknown):
        world.attempts().submit()
    world.vendors["a"].lost = False

    def check(conn_id: str, earlier_ids: tuple[str, ...]) -> None:
        checks.append(conn_id)
        assert len(checks) < 9
        raise BalanceTooLow("low", vendor="a")

    with pytest.raises(BalanceTooLow):
        world.attempts(check, task=task).submit()
    assert (checks, world.bought) == (["a"], [])


class TestChangedRequest:
    """The request as it was written changes, and a rung's variant of it stays the same."""

    OTHER = REQUEST.model_copy(update={"prompt": "A fox"})

    def world_at_rung_1(self) -> World:
        world = World()
        attempts = world.attempts()
        attempts.submit()
        world.ends(Refused(reason="moderated", error=Kind.MODERATION, stage="input"))
        attempts.submit()
        return world

    def test_the_same_request_goes_on(self) -> None:
        world = self.world_at_rung_1()
        world.ends(Ended(status="failed", reason="no", error=Kind.OVERLOAD))
        assert world.attempts().submit().record.rung == 1

    def test_another_one_begins_with_the_first_attempt(self) -> None:
        world = self.world_at_rung_1()
        world.ends(Ended(status="failed", reason="no", error=Kind.OVERLOAD))
        record = world.attempts(request=self.OTHER).submit().record
        assert (record.rung, record.series, world.bought[-1]) == (0, 2, ("a", "A fox"))

    def test_beside_a_generation_under_way_it_is_refused(self) -> None:
        """As a change of the request in hand is."""
        world = self.world_at_rung_1()
        running = Pending(vendor="a", generation_id="g2", status=Status.RUNNING)
        world.vendors["a"].ended["g2"] = running  # type: ignore[assignment]
        with pytest.raises(StaleState):
            world.attempts(request=self.OTHER).submit()
        assert world.attempts().submit().record.generation_id == "g2"


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({}, ESTIMATE),
        ({"generation_id": None}, ESTIMATE),
        ({"outcome": MODERATED}, Cost(amount=Decimal(0), basis="billed")),
        ({"outcome": MODERATED.model_copy(update={"cost": ESTIMATE})}, ESTIMATE),
        ({"outcome": Refused(reason="no", error=Kind.BALANCE)}, Cost(amount=Decimal(0), basis="billed")),
        ({"outcome": Ended(status="succeeded")}, ESTIMATE),
    ],
)
def test_what_is_not_known_to_be_free_counts(changes: dict[str, Any], counted: Cost) -> None:
    """By its estimate, which is on record, until its cost is known."""
    world = World()
    record = world.attempts().submit().record.replace(**changes)
    assert SubmissionRecord.parse(record.to_dict()).attempt.spent == counted


def test_only_seedance_errors_end_a_try() -> None:
    """What tells that the record is another one never leaves the attempts."""
    world = World()

    def begin(record: SubmissionRecord, request: GenerationRequest, client: Any) -> None:
        world.store.record = record.replace(outcome=Refused(reason="no", error=Kind.REJECTED))
        raise IntentTaken("taken", vendor="a")

    with pytest.raises(SeedanceError, match="an earlier try was refused"):
        world.attempts(begin=begin).submit()
