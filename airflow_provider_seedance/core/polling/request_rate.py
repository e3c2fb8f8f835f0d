"""How fast to send requests to one account: a rate that rises slowly with good answers and is halved by a refusal.

This is additive increase and multiplicative decrease (AIMD), as plain data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

#: Requests a second: to begin with, at least, at most. No vendor publishes its limit for status requests.
INITIAL_RATE, MIN_RATE, MAX_RATE = 10.0, 0.1, 100.0
#: How much a good answer adds to the rate while requests are behind schedule, requests a second.
RATE_INCREASE = 0.05


@dataclass(frozen=True, slots=True)
class RequestRate:
    """The rate and when the next request may be sent. Requests are evenly spaced: there are no bursts.

    :param rate: requests a second.
    :param next_send_at: when the next request may be sent, epoch seconds.
    :param refused_at: when the vendor last answered "too many requests", epoch seconds.
    """

    rate: float = INITIAL_RATE
    next_send_at: float = 0.0
    refused_at: float = 0.0

    def after_send(self, now: float) -> RequestRate:
        """The rate after a request was sent."""
        return RequestRate(self.rate, max(now, self.next_send_at) + 1.0 / self.rate, self.refused_at)

    def after_answer(self, *, behind: bool) -> RequestRate:
        """The rate after a good answer.

        :param behind: whether more requests are due than the rate allows; else a higher rate would prove nothing.
        """
        return replace(self, rate=min(MAX_RATE, self.rate + RATE_INCREASE)) if behind else self

    def after_refusal(self, *, sent_at: float, now: float, retry_after: float | None) -> RequestRate:
        """The rate after the vendor answered "too many requests".

        Refusals of requests that were under way together halve the rate once.

        :param sent_at: when the refused request was sent, epoch seconds.
        :param retry_after: seconds that the vendor asked to wait.
        """
        rate = self.rate if sent_at < self.refused_at else max(MIN_RATE, self.rate / 2)
        next_send_at = max(self.next_send_at, now + (retry_after or 1.0 / rate))
        return RequestRate(rate, next_send_at, refused_at=now)
