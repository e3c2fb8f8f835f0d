"""When Airflow tries a Seedance task again (Airflow 3.3 and later)."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.errors import Kind, SeedanceError

try:
    from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy
except ImportError as fault:
    raise ImportError(
        "SeedanceRetryPolicy needs Airflow 3.3 or later; before that, set retries and retry_delay on the task"
    ) from fault

if TYPE_CHECKING:
    from airflow.sdk import Context

#: Seconds before the next try. A wait that ran out, and a landing, go on with a generation that is paid already.
DELAYS = {
    Kind.TIMEOUT: 0.0,
    Kind.LANDING: 15.0,
    Kind.CONNECTION: 30.0,
    Kind.RATE_LIMIT: 60.0,
    Kind.OVERLOAD: 120.0,
    Kind.EXPIRED: 0.0,
    Kind.CANCELLED: 0.0,
}


class SeedanceRetryPolicy(RetryPolicy):
    """Retries what a retry can mend, after the delay that fits or that the vendor asked for, and nothing else.

    Use it as ``retry_policy=SeedanceRetryPolicy()`` beside ``retries``. Errors that are not this package's take
    the task's own ``retry_delay``.
    """

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        if not isinstance(exception, SeedanceError):
            return RetryDecision.default()
        if not exception.retryable:
            return RetryDecision.fail(reason=str(exception))
        delay = exception.retry_after if exception.retry_after is not None else DELAYS.get(exception.kind)
        if delay is None:
            return RetryDecision.default()
        # Many tasks fail together when a vendor does; they should not come back together.
        spread = delay * random.uniform(1.0, 1.25)
        return RetryDecision.retry(
            timedelta(seconds=spread), reason=f"{exception.kind.value}: {exception.advice}"
        )

    def serialize(self) -> dict[str, Any]:
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> SeedanceRetryPolicy:
        return cls()
