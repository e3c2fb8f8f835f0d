"""When Airflow tries a Seedance task again (Airflow 3.3 and later)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.errors import SeedanceError

try:
    from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy
except ImportError as fault:
    raise ImportError(
        "SeedanceRetryPolicy needs Airflow 3.3 or later; before that, set retries and retry_delay on the task"
    ) from fault

if TYPE_CHECKING:
    from airflow.sdk import Context

#: The longest delay before the next try, seconds, whatever a vendor asks for.
LONGEST_DELAY = 3_600.0


class SeedanceRetryPolicy(RetryPolicy):
    """Retries what a retry can mend, after the delay that fits or that the vendor asked for, and nothing else.

    Use it as ``retry_policy=SeedanceRetryPolicy()`` beside ``retries``. Errors that are not this package's take
    the task's own ``retry_delay``.

    It decides only whether and when the task is tried again. Whether that try pays again is decided in
    ``core/submission/decide.py``.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        if not isinstance(exception, SeedanceError):
            return RetryDecision.default()
        # Airflow logs the reason beside the error, whose whole text need not stand there twice.
        reason = f"{exception.kind.value}: {exception.advice}"
        if not exception.retryable:
            return RetryDecision.fail(reason=reason)
        delay = _bounded(exception.retry_after)
        if delay is None and (delay := exception.kind.traits.retry_delay) is None:
            return RetryDecision.default()
        # Many tasks fail together when a vendor does; jitter keeps them from coming back together.
        backoff = Backoff(first=delay * 1.25, longest=LONGEST_DELAY, jitter=0.2)
        seconds = backoff.pause(1, random=clock.SYSTEM_CLOCK.random())
        return RetryDecision.retry(timedelta(seconds=seconds), reason=reason)

    def serialize(self) -> dict[str, Any]:
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> SeedanceRetryPolicy:
        return cls()


def _bounded(seconds: float | None) -> float | None:
    """What a vendor asks for, within 0 and the longest delay; ``None`` for what is no number.

    A time that no date can hold would stop the scheduler at each of its loops.
    """
    if not isinstance(seconds, (int, float)) or seconds != seconds:
        return None
    return max(0.0, min(seconds, LONGEST_DELAY))
