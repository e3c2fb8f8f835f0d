"""Which connections of a batch are of use at the moment, as its rows have found out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.submission.attempts import Attempt, AttemptPlan
from airflow_provider_seedance.errors import Kind


class ConnectionHealth:
    """What the attempts of all rows tell about the connections, so that not each row finds it out by itself.

    A connection that refuses the key, or is out of balance, is out; so is one that has been in trouble for as long as
    the plan bears. A rate limit counts as trouble only while no row is in flight there: else the rows themselves have
    reached it, and one that ends makes room. Safe to use from many threads.
    """

    def __init__(self, plan: AttemptPlan, clock: Clock) -> None:
        self._plan = replace(plan, waits_at_rate_limit=True)
        self._clock = clock
        self._out: set[str] = set()
        self._trouble_since: dict[str, datetime] = {}

    @property
    def plan(self) -> AttemptPlan:
        """The batch's plan with the connections that are of use; with all of them where none is."""
        now, trouble = utc_now(self._clock), dict(self._trouble_since)
        lasting = {conn for conn, since in trouble.items() if now - since >= self._plan.failover_after}
        return self._plan.only(set(self._plan.connections) - self._out - lasting)

    def note(
        self, attempts: Iterable[Attempt], has_in_flight: Callable[[str], bool] = lambda connection: False
    ) -> None:
        """Take note of how a row's attempts have ended, the latest last.

        :param has_in_flight: whether rows of the batch are in flight through a connection.
        """
        for attempt in attempts:
            connection = attempt.connection
            if attempt.status == "submitted":
                self._trouble_since.pop(connection, None)
                self._out.discard(connection)
            elif attempt.in_trouble:
                self._note_trouble(attempt, has_in_flight)
            elif attempt.spends_connection:
                self._out.add(connection)

    def _note_trouble(self, attempt: Attempt, has_in_flight: Callable[[str], bool]) -> None:
        now, is_rate_limit = utc_now(self._clock), attempt.error is Kind.RATE_LIMIT
        if is_rate_limit and has_in_flight(attempt.connection):
            return
        # A row may have been held back by its siblings for long before this refusal.
        since = now if is_rate_limit else attempt.since or now
        self._trouble_since.setdefault(attempt.connection, since)
