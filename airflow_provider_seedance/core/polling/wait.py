"""Waiting for one generation on a thread: the decisions, carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.polling.decide import (
    PollAgain,
    WaitOutcome,
    WaitState,
    after_error,
    after_status,
)
from airflow_provider_seedance.core.polling.latency import Latencies
from airflow_provider_seedance.core.polling.schedule import MAX_LAG, History, pause_alone
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, Pending


@dataclass(frozen=True)
class WaitResult:
    """How a wait ended, with the last thing that was seen."""

    outcome: WaitOutcome
    seen: Generation | None
    error: SeedanceError | None = None


def wait_for_end(
    look: Callable[[], Generation],
    wait: WaitState,
    *,
    clock: Clock,
    on_change: Callable[[Generation], None],
    max_lag: float = MAX_LAG,
) -> WaitResult:
    """Look until the generation has ended, the deadline has passed, or the vendor cannot be asked any more.

    :param on_change: called when the status changes, not at each look.
    :param max_lag: the longest pause between two looks, seconds.
    """
    seen: Generation | None = None
    history, latencies = History(wait.started), Latencies()
    while True:
        error = None
        try:
            answer = look()
            if seen is None or seen.status is not answer.status:
                on_change(answer)
            seen = answer
            now, pause = clock.now(), 0.0
            if isinstance(seen, Pending):
                history = history.and_now(seen, now)
                expected = latencies.expected(history.cell, history.estimate)
                pause = pause_alone(history, expected, now=now, random=clock.random(), max_lag=max_lag)
            decision = after_status(wait, seen, now=now, pause=pause)
        except SeedanceError as fault:
            error = fault
            decision = after_error(wait, error, now=clock.now(), random=clock.random())
        if not isinstance(decision, PollAgain):
            return WaitResult(decision, seen, error)
        wait = decision.wait
        clock.sleep(decision.pause)
