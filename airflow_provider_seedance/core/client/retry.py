"""Whether and when to send a request again: pure decisions, clock and chance given."""

from __future__ import annotations

from airflow_provider_seedance.core.backoff import Backoff
from airflow_provider_seedance.errors import Kind, NotSent, SeedanceError

MAX_ATTEMPTS = 4
#: The pause before a request is sent again; a longer ``Retry-After`` is the caller's to decide.
REQUEST_BACKOFF = Backoff(first=1.0, longest=20.0, jitter=1.0, longest_retry_after=60.0)


def may_repeat(error: SeedanceError, *, repeatable: bool) -> bool:
    """Whether sending again is safe and can help.

    What is not ``repeatable`` (a create, a cancel) goes out again only if it surely had no effect: no connection
    was made, or the vendor refused it as one too many.
    """
    if repeatable:
        return error.kind.traits.transient
    return isinstance(error, NotSent) or (error.kind is Kind.RATE_LIMIT and not error.maybe_accepted)


def pause_before_retry(
    error: SeedanceError,
    attempt: int,
    *,
    repeatable: bool,
    chance: float,
    attempts: int = MAX_ATTEMPTS,
) -> float | None:
    """Seconds to wait before attempt ``attempt + 1``, or ``None`` to give up.

    The vendor's ``Retry-After`` is obeyed, plus up to a second of jitter; else full jitter below a growing bound.

    :param attempt: the attempt that just failed, from 1.
    :param chance: a random number in [0, 1).
    :param attempts: how often it is sent at most.
    """
    if attempt >= attempts or not may_repeat(error, repeatable=repeatable):
        return None
    if (error.retry_after or 0.0) > REQUEST_BACKOFF.longest_retry_after:
        return None
    return REQUEST_BACKOFF.pause(attempt, random=chance, retry_after=error.retry_after)
