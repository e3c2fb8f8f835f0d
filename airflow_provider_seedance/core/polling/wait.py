"""Waiting for one generation on a thread: the decisions, carried out with a blocking client."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextvars import copy_context
from dataclasses import dataclass

from airflow_provider_seedance.core.clock import Clock
from airflow_provider_seedance.core.polling.decide import (
    LAST_ANSWER_SECONDS,
    PollAgain,
    WaitOutcome,
    WaitState,
    decide_after_error,
    decide_after_status,
)
from airflow_provider_seedance.core.polling.latency import LatencyModel
from airflow_provider_seedance.core.polling.report import TroubleReport
from airflow_provider_seedance.core.polling.schedule import MAX_LAG, PollHistory, pause_before_single_request
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, Pending


@dataclass(frozen=True)
class WaitResult:
    """How a wait ended.

    :param generation: the vendor's last answer; ``None`` if there was none.
    :param error: what the last status request failed with; ``None`` if it was answered.
    """

    outcome: WaitOutcome
    generation: Generation | None
    error: SeedanceError | None = None


def wait_for_end(
    request_status: Callable[[], Generation],
    wait: WaitState,
    *,
    clock: Clock,
    report: TroubleReport,
    max_lag: float = MAX_LAG,
) -> WaitResult:
    """Request the status until the generation has ended, a deadline has passed, or requests fail for good.

    :param request_status: sends one status request; a :class:`SeedanceError` that it raises is handled here. It runs in
        a thread, which is left behind if it does not return by the deadline.
    :param report: is told what the requests come to.
    :param max_lag: the longest pause between two status requests, seconds.
    """
    generation: Generation | None = None
    history, latency_model = PollHistory(wait.started), LatencyModel()
    while True:
        error = None
        left = max(0.0, wait.deadline - clock.now()) + LAST_ANSWER_SECONDS
        try:
            answer = _answer_within(left, request_status)
            if answer is None:
                return WaitResult(WaitOutcome.TIMED_OUT, generation)
            generation = answer
            now, pause = clock.now(), 0.0
            report.on_status(generation, now)
            if isinstance(generation, Pending):
                history = history.with_answer(generation, now)
                expected = latency_model.predict(history.latency_key, history.vendor_estimate)
                pause = pause_before_single_request(
                    history, expected, now=now, random=clock.random(), max_lag=max_lag
                )
            decision = decide_after_status(wait, generation, now=now, pause=pause)
        except SeedanceError as fault:
            error = fault
            now = clock.now()
            decision = decide_after_error(wait, error, now=now, random=clock.random())
            if isinstance(decision, PollAgain):
                report.on_error(error, now)
        if not isinstance(decision, PollAgain):
            return WaitResult(decision, generation, error)
        wait = decision.wait
        clock.sleep(decision.pause)


def _answer_within(seconds: float, request_status: Callable[[], Generation]) -> Generation | None:
    """What a status request comes to; ``None`` if it comes to nothing in time, whatever it hangs in."""
    answer: Future[Generation] = Future()

    def request() -> None:
        try:
            answer.set_result(request_status())
        except BaseException as fault:  # noqa: BLE001  # raised again in the thread that waits
            answer.set_exception(fault)

    threading.Thread(target=copy_context().run, args=(request,), daemon=True).start()
    try:
        return answer.result(seconds)
    except FutureTimeout:
        if answer.done():
            raise
        return None
