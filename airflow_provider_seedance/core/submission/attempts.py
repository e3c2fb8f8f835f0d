"""The ordered attempts at one video: through which connection, and with which request, the next one is made.

The attempts are a table of connections and rungs. A *rung* is a variant of the request: rung 0 is the request as it was
written, rung *n* is that with the *n*-th change of ``on_moderation``. A moderation refusal leads to the next rung, and
a connection that cannot make the video leads to the next connection. Nothing leads on from an outcome that is not
known, or that may be billed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from airflow_provider_seedance.core.diagnosis import Stage
from airflow_provider_seedance.errors import Kind
from airflow_provider_seedance.models import Cost

#: Seconds for which a connection may be out of reach or overloaded before the next one is asked.
DEFAULT_FAILOVER_AFTER = 300.0

#: ``skipped``: nothing was sent. ``unknown``: it may have been accepted. ``submitted``: it has not ended, as far as is
#: known. The others are those of intents.
AttemptStatus = Literal[
    "skipped", "refused", "unknown", "submitted", "succeeded", "failed", "expired", "cancelled"
]

FREE = Cost(amount=Decimal(0), basis="billed")


class Attempt(BaseModel):
    """One attempt at the video, and what became of it.

    :param connection: the id of the Airflow connection.
    :param rung: 0 for the request as it was written.
    :param reason: why there is no video.
    :param cost: what it cost, as far as that is known.
    :param error: the kind of the refusal or the failure.
    :param stage: of a moderation refusal.
    :param since: since when the connection has been in passing trouble.
    :param series: counts how often the task has begun with its first attempt.
    :param estimate: what it might cost at most, as far as that was known before it was submitted.
    :param max_tries: the task instance's when this attempt was last acted on; a user's clear raises it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    connection: str
    vendor: str | None = None
    rung: int = 0
    generation_id: str | None = None
    status: AttemptStatus
    reason: str | None = None
    cost: Cost = Cost()
    error: Kind | None = None
    stage: Stage | None = None
    since: AwareDatetime | None = None
    series: int = 1
    estimate: Cost = Cost()
    max_tries: int | None = None

    @property
    def spent(self) -> Cost:
        """What counts against ``max_cost``: the cost, or the estimate while the cost is not known."""
        return self.estimate if self.cost.amount is None else self.cost

    @property
    def place(self) -> Place:
        return Place(self.connection, self.rung)

    @property
    def is_moderated(self) -> bool:
        """Whether the vendor's safety filter refused the request, or the video."""
        return self.error is Kind.MODERATION

    @property
    def in_trouble(self) -> bool:
        """Whether the connection was out of reach or overloaded, so that surely nothing was accepted."""
        return self.status in ("skipped", "refused") and bool(self.error and self.error.traits.transient)

    @property
    def spends_connection(self) -> bool:
        """Whether the connection is of no use for any other attempt: its key, its balance, or it itself."""
        return self.in_trouble or bool(self.error and self.error.traits.account_wide)

    @property
    def lacks_rung(self) -> bool:
        """Whether the connection does not have what this rung asks for."""
        return self.error is Kind.VALIDATION or (self.status == "skipped" and not self.spends_connection)


@dataclass(frozen=True)
class Place:
    """Where an attempt stands in the table."""

    connection: str
    rung: int = 0


@dataclass(frozen=True)
class Wait:
    """The same place again, after a pause: the connection's trouble may pass."""

    place: Place


@dataclass(frozen=True)
class Turn:
    """Which attempt a new intent is.

    :param leads_on: whether the attempt on record has led to it.
    :param skipped: attempts between the two that were not made.
    """

    rung: int = 0
    series: int = 1
    leads_on: bool = False
    skipped: tuple[Attempt, ...] = ()

    def on_record(self, connection: str, earlier: Sequence[Attempt]) -> dict[str, Any]:
        """What the record of the new intent says about it.

        :param connection: of the new intent.
        :param earlier: the attempts on record.
        """
        for attempt in self.skipped:
            earlier = with_attempt(earlier, attempt)
        last = earlier[-1] if earlier else None
        in_trouble = last is not None and last.connection == connection and last.in_trouble
        return {
            "rung": self.rung,
            "series": self.series,
            "attempts": tuple(earlier),
            "trouble_since": last.since if last and in_trouble else None,
        }


@dataclass(frozen=True)
class AttemptPlan:
    """The table of attempts, in the user's order.

    :param connections: ids of Airflow connections.
    :param changes: the request changes of the rungs from 1 on.
    :param failover_after: for how long a connection may be in trouble before the next one is asked.
    :param waits_at_rate_limit: whether a rate limit, however long it lasts, leads to the next connection only once this
        one is not among the plan's any more.
    """

    connections: tuple[str, ...]
    changes: tuple[Mapping[str, Any], ...] = ()
    failover_after: timedelta = timedelta(seconds=DEFAULT_FAILOVER_AFTER)
    waits_at_rate_limit: bool = False

    @property
    def first(self) -> Place:
        return Place(self.connections[0])

    def change_of(self, rung: int) -> Mapping[str, Any]:
        """What the rung changes about the request."""
        return self.changes[rung - 1] if rung else {}

    def is_unchanged(self, rung: int) -> bool:
        """Whether the rung is the request as it was written."""
        return rung <= len(self.changes) and not self.change_of(rung)

    def only(self, connections: Collection[str]) -> AttemptPlan:
        """This plan with those of its connections; with all of them where none is left."""
        left = tuple(connection for connection in self.connections if connection in connections)
        return replace(self, connections=left or self.connections)

    def has(self, place: Place) -> bool:
        return place.connection in self.connections and place.rung <= len(self.changes)


def next_step(plan: AttemptPlan, tried: Sequence[Attempt], now: datetime) -> Place | Wait | None:
    """What follows the last of the attempts that were made; ``None`` if its end stands.

    :param tried: the attempts of the present series, none of which may be billed.
    """
    if not tried:
        return plan.first
    last = tried[-1]
    if last.is_moderated:
        return _next_rung(plan, tried, last.rung + 1)
    if last.in_trouble:
        another = _next_connection(plan, tried, last.rung)
        waits = plan.waits_at_rate_limit and last.error is Kind.RATE_LIMIT
        has_lasted = not waits and last.since is not None and now - last.since >= plan.failover_after
        is_over = has_lasted or last.connection not in plan.connections
        return another if another is None or is_over else Wait(last.place)
    if last.spends_connection or last.lacks_rung:
        return _next_connection(plan, tried, last.rung)
    return None


def next_turn(
    plan: AttemptPlan, on_record: Sequence[Attempt], skipped: Sequence[Attempt], now: datetime
) -> tuple[Place, Turn]:
    """Which attempt a new intent is.

    :param on_record: the attempts of the series on record, none of which may be billed; empty to begin with the first.
    :param skipped: the attempts after those for which nothing was sent; of a later series if that one is over.
    """
    is_over = bool(skipped) and not (on_record and on_record[-1].series == skipped[-1].series)
    tried = (*(() if is_over else on_record), *skipped)
    step = next_step(plan, tried, now)
    if step is None:
        return _start_over(plan, tried[-1])
    place = step.place if isinstance(step, Wait) else step
    passed = _passed_over(plan, tried[-1], place.rung) if tried else ()
    series = tried[-1].series if tried else 1
    return place, Turn(place.rung, series, leads_on=bool(tried), skipped=(*skipped, *passed))


def _start_over(plan: AttemptPlan, last: Attempt) -> tuple[Place, Turn]:
    """A further try of the task, once no attempt is left, begins with the first, or makes the last one again."""
    again = Turn(last.rung, last.series + 1)
    if last.is_moderated or last.lacks_rung or not plan.has(last.place):
        return plan.first, Turn(0, last.series + 1)
    if last.spends_connection:
        return Place(plan.first.connection, last.rung), again
    return last.place, Turn(last.rung, last.series)


def _passed_over(plan: AttemptPlan, last: Attempt, until: int) -> tuple[Attempt, ...]:
    """The rungs between the last one and the next that ask for the same again, where its input was refused."""
    return tuple(
        Attempt(
            connection=last.connection,
            vendor=last.vendor,
            rung=rung,
            status="skipped",
            reason="the request itself was refused, and the same again would be",
            cost=FREE,
            error=Kind.MODERATION,
            stage=last.stage,
            series=last.series,
        )
        for rung in range(last.rung + 1, until)
        if not plan.change_of(rung)
    )


def _next_rung(plan: AttemptPlan, tried: Sequence[Attempt], start: int) -> Place | None:
    """The first rung from ``start`` on that may do better, where a connection is left for it."""
    for rung in range(start, len(plan.changes) + 1):
        if plan.change_of(rung) or _may_ask_again(plan, tried):
            return _next_connection(plan, tried, rung)
    return None


def _may_ask_again(plan: AttemptPlan, tried: Sequence[Attempt]) -> bool:
    """Whether the request as it was written may do better than before: its video was rejected, not its input."""
    same = [attempt for attempt in tried if attempt.is_moderated and plan.is_unchanged(attempt.rung)]
    return not same or same[-1].stage == "output"


def _next_connection(plan: AttemptPlan, tried: Sequence[Attempt], rung: int) -> Place | None:
    """The first connection that may make the rung; without one, a later rung that another change leads to."""
    spent = {attempt.connection for attempt in tried if attempt.spends_connection}
    lacking = {attempt.connection for attempt in tried if attempt.rung == rung and attempt.lacks_rung}
    left = [connection for connection in plan.connections if connection not in spent]
    for connection in left:
        if connection not in lacking:
            return Place(connection, rung)
    return _next_rung(plan, tried, rung + 1) if rung and left else None


def with_attempt(earlier: Sequence[Attempt], attempt: Attempt) -> tuple[Attempt, ...]:
    """The attempts and one more; passing trouble at the same place is told once."""
    if earlier and earlier[-1].in_trouble and earlier[-1].place == attempt.place:
        earlier = earlier[:-1]
    return (*earlier, attempt)
