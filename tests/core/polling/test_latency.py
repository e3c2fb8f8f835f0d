"""How long a generation takes, read and learned."""

import math

import pytest

from airflow_provider_seedance.core.polling.latency import (
    MAX_KEYS,
    MIN_SAMPLES_TO_TRUST,
    PUBLISHED_SPREAD,
    LatencyDistribution,
    LatencyKey,
    LatencyModel,
    RunningMoments,
    published_latency,
)

KEY = LatencyKey("evolink", "seedance-2.0-text-to-video", None, 5.0)


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        (LatencyKey(), 120.0),
        (LatencyKey(model="seedance-2.0-text-to-video"), 120.0),
        (LatencyKey(model="dreamina-seedance-2-0-260128", resolution="1080p"), 180.0),
        (LatencyKey(model="seedance-2", resolution="4K"), 300.0),
        (LatencyKey(model="Seedance-Fast"), 50.0),
        (LatencyKey(model="seedance-2-mini", duration=10.0), 72.0),
        (LatencyKey(model="seedance-1-5-pro-251215", resolution="480p"), 37.5),
        (LatencyKey(model="seedance-1.0-pro-fast"), 50.0),
        (LatencyKey(model="anything", resolution="8k", duration=-1.0), 72.0),
    ],
)
def test_published_figures_are_the_start(cell: LatencyKey, seconds: float) -> None:
    """By what the vendor tells of the model, the resolution and the length; what is not known is taken as usual."""
    assert published_latency(cell) == LatencyDistribution(pytest.approx(seconds), PUBLISHED_SPREAD)


def test_the_vendors_own_estimate_stands_in_for_published_figures() -> None:
    """It knows its queue."""
    assert LatencyModel().predict(KEY, 165.0) == LatencyDistribution(165.0, PUBLISHED_SPREAD)
    assert LatencyModel().predict(KEY, 0.0) == published_latency(KEY)


def test_what_is_seen_here_outweighs_what_was_read() -> None:
    """Three are enough to be believed; the published figure fades."""
    known = LatencyModel()
    medians = []
    for _ in range(30):
        medians.append(known.predict(KEY).median)
        known.observe(KEY, 60.0)
    assert medians == sorted(medians, reverse=True)
    assert known.predict(KEY).median == pytest.approx(60.0, rel=0.05)
    assert known.predict(KEY).spread < PUBLISHED_SPREAD


def test_it_is_sure_after_a_few() -> None:
    """One alone may be chance."""
    known = LatencyModel()
    sure = []
    for _ in range(5):
        sure.append(known.predict(KEY).measured)
        known.observe(KEY, 60.0)
    assert sure == [count >= MIN_SAMPLES_TO_TRUST for count in range(5)]


def test_disagreement_widens_the_spread() -> None:
    """A vendor sixty times as fast as published is looked for early and late."""
    known = LatencyModel()
    known.observe(KEY, 2.0)
    assert known.predict(KEY).spread > 1.5
    assert known.predict(KEY).seconds_at(-1.0) < 4.0


def test_the_spread_is_that_of_the_times_seen() -> None:
    """In the logarithm, where a long one does not outweigh many short ones."""
    seen = RunningMoments()
    for seconds in (50.0, 100.0, 200.0):
        seen = seen.with_sample(seconds)
    assert math.exp(seen.mean) == pytest.approx(100.0)
    assert seen.variance == pytest.approx(2 / 3 * math.log(2) ** 2)


def test_old_times_fade() -> None:
    """A vendor that became slower is believed after some fifty."""
    known = LatencyModel()
    for _ in range(1000):
        known.observe(KEY, 50.0)
    for _ in range(150):
        known.observe(KEY, 200.0)
    assert known.predict(KEY).median > 180.0


def test_each_kind_is_learned_by_itself() -> None:
    """A draft says nothing about 4k."""
    known = LatencyModel()
    known.observe(KEY, 10.0)
    other = LatencyKey("evolink", "seedance-2.0-text-to-video", None, 10.0)
    assert known.predict(other) == published_latency(other)


def test_memory_is_bounded() -> None:
    """Custom endpoint ids are without number; the least lately learned goes."""
    known = LatencyModel()
    for number in range(3 * MAX_KEYS):
        known.observe(LatencyKey(model=f"ep-{number}"), 10.0)
        known.observe(KEY, 10.0)
    assert len(known) == MAX_KEYS
    assert known.predict(KEY).measured


def test_deviations_invert_at() -> None:
    """Two ways to say the same time."""
    latency = LatencyDistribution(120.0, 0.25)
    assert latency.seconds_at(0.0) == 120.0
    assert latency.deviations_at(latency.seconds_at(1.5)) == pytest.approx(1.5)
