"""Whether and when to send a request again: pure decisions, clock and chance given."""

from __future__ import annotations

from airflow_provider_seedance.errors import Kind, NotSent, SeedanceError

MAX_ATTEMPTS = 4
#: First bound and last bound of the pause that grows with each attempt, seconds.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0
#: The longest ``Retry-After`` that is waited out here; a longer one is the caller's to decide.
LONGEST_OBEYED = 60.0

_PASSING = frozenset({Kind.RATE_LIMIT, Kind.OVERLOAD, Kind.CONNECTION})


def may_repeat(error: SeedanceError, *, repeatable: bool) -> bool:
    """Whether sending again is safe and can help.

    What is not ``repeatable`` (a create, a cancel) goes out again only if it surely had no effect: no connection
    was made, or the vendor refused it as one too many.
    """
    if repeatable:
        return error.kind in _PASSING
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
    if error.retry_after is None:
        return chance * min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**attempt)
    return error.retry_after + chance if error.retry_after <= LONGEST_OBEYED else None
