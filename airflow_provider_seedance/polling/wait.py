"""Waiting for one generation, on a thread and on an event loop: the same decisions, carried out twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation
from airflow_provider_seedance.polling.watch import Look, Outcome, Watch, after_answer, after_error


@dataclass(frozen=True)
class Verdict:
    """How a wait ended, with the last thing that was seen."""

    outcome: Outcome
    seen: Generation | None
    error: SeedanceError | None = None


class Clock(Protocol):
    """Time and chance, so that a test needs neither."""

    def now(self) -> float:
        """Epoch seconds."""

    def chance(self) -> float:
        """A random number in [0, 1)."""


def wait_for_end(
    look: Callable[[], Generation],
    watch: Watch,
    *,
    clock: Clock,
    sleep: Callable[[float], None],
    on_change: Callable[[Generation], None],
) -> Verdict:
    """Look until the generation has ended, the deadline has passed, or the vendor cannot be asked any more.

    :param on_change: called when the status changes, not at each look.
    """
    seen: Generation | None = None
    while True:
        error = None
        try:
            answer = look()
            if seen is None or seen.status is not answer.status:
                on_change(answer)
            seen = answer
            decision = after_answer(watch, seen, now=clock.now(), chance=clock.chance())
        except SeedanceError as fault:
            error = fault
            decision = after_error(watch, error, now=clock.now(), chance=clock.chance())
        if not isinstance(decision, Look):
            return Verdict(decision, seen, error)
        watch = decision.watch
        sleep(decision.pause)


async def await_end(
    look: Callable[[], Awaitable[Generation]],
    watch: Watch,
    *,
    clock: Clock,
    sleep: Callable[[float], Awaitable[None]],
    on_change: Callable[[Generation], None],
) -> Verdict:
    """As :func:`wait_for_end`, on an event loop."""
    seen: Generation | None = None
    while True:
        error = None
        try:
            answer = await look()
            if seen is None or seen.status is not answer.status:
                on_change(answer)
            seen = answer
            decision = after_answer(watch, seen, now=clock.now(), chance=clock.chance())
        except SeedanceError as fault:
            error = fault
            decision = after_error(watch, error, now=clock.now(), chance=clock.chance())
        if not isinstance(decision, Look):
            return Verdict(decision, seen, error)
        watch = decision.watch
        await sleep(decision.pause)
