"""How fast to ask one account: a rate that the vendor's refusals teach, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Requests a second: to begin with, at least, at most. No vendor publishes its limit for status reads.
FIRST_RATE, LOWEST_RATE, HIGHEST_RATE = 10.0, 0.1, 100.0
#: What an answer adds to the rate while looks are behind, requests a second.
GAIN = 0.05


@dataclass(frozen=True, slots=True)
class RequestRate:
    """One request at a time, evenly spaced: there are no bursts.

    :param rate: requests a second.
    :param free_at: when the next one may be sent, epoch seconds.
    :param slowed_at: when the vendor last refused one as one too many, epoch seconds.
    """

    rate: float = FIRST_RATE
    free_at: float = 0.0
    slowed_at: float = 0.0

    def sent(self, now: float) -> RequestRate:
        """After a request was sent."""
        return RequestRate(self.rate, max(now, self.free_at) + 1.0 / self.rate, self.slowed_at)

    def answered(self, *, behind: bool) -> RequestRate:
        """After a good answer; ``behind`` when there is more to ask than the rate allows."""
        return replace(self, rate=min(HIGHEST_RATE, self.rate + GAIN)) if behind else self

    def refused(self, *, sent: float, now: float, retry_after: float | None) -> RequestRate:
        """After "too many requests", to one that was ``sent`` then.

        The rate is halved, but once only for those that were under way together.
        """
        rate = self.rate if sent < self.slowed_at else max(LOWEST_RATE, self.rate / 2)
        return RequestRate(rate, max(self.free_at, now + (retry_after or 1.0 / rate)), now)
