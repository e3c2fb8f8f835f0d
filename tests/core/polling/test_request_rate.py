"""How fast requests are sent to one account."""

import pytest

from airflow_provider_seedance.core.polling.request_rate import (
    INITIAL_RATE,
    MAX_RATE,
    MIN_RATE,
    RATE_INCREASE,
    RequestRate,
)


def test_requests_are_evenly_spaced() -> None:
    """It makes no difference how many are due at once."""
    request_rate, times = RequestRate(rate=10.0), []
    for _ in range(4):
        now = max(1000.0, request_rate.next_send_at)
        times.append(now)
        request_rate = request_rate.after_send(now)
    assert times == pytest.approx([1000.0, 1000.1, 1000.2, 1000.3])


def test_idle_time_is_not_saved_up() -> None:
    """After a quiet hour there is no burst."""
    assert RequestRate(rate=10.0).after_send(1000.0).after_send(4600.0).next_send_at == pytest.approx(4600.1)


def test_the_rate_rises_only_while_requests_are_behind() -> None:
    """Good answers do not prove a rate that is not used."""
    assert RequestRate().after_answer(behind=False) == RequestRate()
    assert RequestRate().after_answer(behind=True).rate == pytest.approx(INITIAL_RATE + RATE_INCREASE)
    assert RequestRate(rate=MAX_RATE).after_answer(behind=True).rate == MAX_RATE


def test_a_refusal_halves_the_rate() -> None:
    """The next request waits for as long as the vendor asks."""
    assert RequestRate(rate=8.0).after_refusal(sent_at=999.0, now=1000.0, retry_after=30.0) == RequestRate(
        4.0, 1030.0, 1000.0
    )
    assert RequestRate(rate=8.0).after_refusal(sent_at=999.0, now=1000.0, retry_after=None) == RequestRate(
        4.0, 1000.25, 1000.0
    )


def test_refusals_of_requests_under_way_together_count_once() -> None:
    """Eight refusals at a time would otherwise divide the rate by 256."""
    request_rate = RequestRate(rate=8.0).after_refusal(sent_at=999.0, now=1000.0, retry_after=None)
    again = request_rate.after_refusal(sent_at=999.5, now=1001.0, retry_after=5.0)
    assert again == RequestRate(4.0, 1006.0, 1001.0)
    assert again.after_refusal(sent_at=1007.0, now=1007.5, retry_after=None).rate == 2.0


def test_the_rate_has_a_minimum() -> None:
    """Requests are at most ten seconds apart."""
    request_rate = RequestRate()
    for moment in range(100):
        request_rate = request_rate.after_refusal(sent_at=moment, now=moment + 0.5, retry_after=None)
    assert request_rate.rate == MIN_RATE
