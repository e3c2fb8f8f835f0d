"""What each kind of error means for those who decide about it: the one table that says what is retryable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(str, Enum):
    """What went wrong, in one word that is the same for all vendors."""

    VALIDATION = "validation"
    MODERATION = "moderation"
    AUTHENTICATION = "authentication"
    BALANCE = "balance"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    RATE_LIMIT = "rate_limit"
    OVERLOAD = "overload"
    CONNECTION = "connection"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    LANDING = "landing"
    TIMEOUT = "timeout"
    CONFIGURATION = "configuration"
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @property
    def traits(self) -> Traits:
        """What this kind means; see :data:`ERROR_KINDS`."""
        return ERROR_KINDS[self]


@dataclass(frozen=True)
class Traits:
    """What follows from a kind of error.

    :param advice: what the user does next.
    :param retryable: whether doing the same again later can succeed.
    :param transient: whether it passes by itself and is not about one request or generation: then the same request
        may be sent again at once, where that is safe.
    :param tolerated_while_waiting: whether a wait for a generation goes on in spite of it, for a while.
    :param account_wide: whether every further request of the account would share it.
    :param retry_delay: seconds before Airflow's next try; ``None`` leaves it to the task.
    """

    advice: str
    retryable: bool = False
    transient: bool = False
    tolerated_while_waiting: bool = False
    account_wide: bool = False
    retry_delay: float | None = None


ERROR_KINDS: Mapping[Kind, Traits] = {
    Kind.VALIDATION: Traits("Correct the request; repeating it unchanged cannot succeed."),
    Kind.MODERATION: Traits(
        "Change the prompt or the reference media; repeating it unchanged cannot succeed."
    ),
    Kind.AUTHENTICATION: Traits(
        "Check the connection's API key and what it may use; at ModelArk, its region too.", account_wide=True
    ),
    # An account out of money can still be topped up while its generations run.
    Kind.BALANCE: Traits(
        "Top up the vendor account, then clear the task.", tolerated_while_waiting=True, account_wide=True
    ),
    Kind.NOT_FOUND: Traits("The id is unknown to this vendor account, or its record has been removed."),
    Kind.CONFLICT: Traits("The generation's present state does not allow this."),
    Kind.RATE_LIMIT: Traits(
        "Try again later, or send fewer requests at a time.",
        retryable=True,
        transient=True,
        tolerated_while_waiting=True,
        retry_delay=60.0,
    ),
    Kind.OVERLOAD: Traits(
        "The vendor has trouble; try again later.",
        retryable=True,
        transient=True,
        tolerated_while_waiting=True,
        retry_delay=120.0,
    ),
    Kind.CONNECTION: Traits(
        "Check the network and the connection's host; a retry may help.",
        retryable=True,
        transient=True,
        tolerated_while_waiting=True,
        retry_delay=30.0,
    ),
    Kind.EXPIRED: Traits(
        "The vendor gave up on it in time; a new generation is needed.", retryable=True, retry_delay=0.0
    ),
    Kind.CANCELLED: Traits("It was cancelled at the vendor; a new generation is needed.", retry_delay=0.0),
    Kind.LANDING: Traits(
        "The video still exists at the vendor while its link lives; a retry may fetch it.",
        retryable=True,
        retry_delay=15.0,
    ),
    # A wait that ran out goes on with a generation that is paid for already.
    Kind.TIMEOUT: Traits(
        "It may still finish and be billed; pass its generation_id to collect it later.",
        retryable=True,
        retry_delay=0.0,
    ),
    Kind.CONFIGURATION: Traits("Correct the connection or the operator's arguments."),
    Kind.REJECTED: Traits("Read the vendor's reason before generating again; it is not repeated by itself."),
    Kind.UNKNOWN: Traits(
        "The vendor gave no known reason; a retry may help.", retryable=True, tolerated_while_waiting=True
    ),
}
