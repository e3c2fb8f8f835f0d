"""Which connections of a batch are of use at the moment, as its rows have found out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.submission.attempts import Attempt, AttemptPlan
from airflow_provider_seedance.errors import Kind


class ConnectionHealth:
    """What the attempts of all rows tell about the connections, so that not each row finds it out by itself.

    A connection that refuses the key, or is out of balance, is out; so is one that has been in trouble for as long as
    the plan bears. A rate limit is none: it says how many generations the account may have at a time. Safe to use
    from many threads.
    """

    def __init__(self, plan: AttemptPlan, clock: Clock) -> None:
        self._plan = plan
        self._clock = clock
        self._out: set[str] = set()
        self._trouble_since: dict[str, datetime] = {}

    @property
    def plan(self) -> AttemptPlan:
        """The batch's plan with the connections that are of use; with all of them where none is."""
        now, trouble = utc_now(self._clock), dict(self._trouble_since)
        lasting = {conn for conn, since in trouble.items() if now - since >= self._plan.failover_after}
        return self._plan.only(set(self._plan.connections) - self._out - lasting)

    def note(self, attempts: Iterable[Attempt]) -> None:
        """Take note of how a row's attempts have ended, the latest last."""
        for attempt in attempts:
            connection = attempt.connection
            if attempt.status == "submitted":
                self._trouble_since.pop(connection, None)
                self._out.discard(connection)
            elif attempt.in_trouble and attempt.error is not Kind.RATE_LIMIT:
                self._trouble_since.setdefault(connection, attempt.since or utc_now(self._clock))
            elif attempt.spends_connection and not attempt.in_trouble:
                self._out.add(connection)
