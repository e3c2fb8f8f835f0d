"""Whether a callback is the vendor's: its signature where the vendor signs, and that it was not taken before."""

from __future__ import annotations

from airflow_provider_seedance.core.vendors.contract import CallbackCalls, CallbackRefused, CallbackRequest

#: How long an event is remembered, seconds: twice as long as its signature may be away from our time.
REMEMBERED_SECONDS = 600.0
#: Events that are remembered at most; only who has the secret can make another one.
MAX_EVENTS = 10_000


class RepeatedCallback(CallbackRefused):
    """The event was taken before."""


class TakenEvents:
    """The ids of the events that were taken lately, as far as this process has taken them."""

    def __init__(self) -> None:
        self._taken_at: dict[str, float] = {}

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._taken_at)

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._taken_at

    def add(self, event_id: str, now: float) -> None:
        """Remember an event; ``now`` is epoch seconds. Those that are too old to come again are forgotten."""
        self._taken_at[event_id] = now
        while len(self._taken_at) > MAX_EVENTS or self._oldest() < now - REMEMBERED_SECONDS:
            del self._taken_at[next(iter(self._taken_at))]

    def _oldest(self) -> float:
        return next(iter(self._taken_at.values()))


def event_of(
    calls: CallbackCalls, request: CallbackRequest, secret: str | None, taken: TakenEvents
) -> str | None:
    """The id of the event that a callback tells of; ``None`` where nothing is signed.

    :param secret: what the vendor signs with; one that signs is given no URL without it.
    :raises CallbackRefused: if the signature is not the vendor's, or the event was taken before.
    """
    if calls.verify is None:
        return None
    if secret is None:
        raise CallbackRefused("the connection has no webhook_secret")
    event_id = calls.verify(request, secret)
    if event_id in taken:
        raise RepeatedCallback("it was taken before")
    return event_id
