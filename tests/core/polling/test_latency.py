"""How long a generation takes: published figures, and what is measured."""

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
def test_published_figures_are_the_prior(cell: LatencyKey, seconds: float) -> None:
    """They depend on model, resolution and length; a value that the vendor does not tell counts as the usual one."""
    assert published_latency(cell) == LatencyDistribution(pytest.approx(seconds), PUBLISHED_SPREAD)


def test_the_vendors_own_estimate_stands_in_for_published_figures() -> None:
    """The vendor knows its own queue."""
    assert LatencyModel().predict(KEY, 165.0) == LatencyDistribution(165.0, PUBLISHED_SPREAD)
    assert LatencyModel().predict(KEY, 0.0) == published_latency(KEY)


def test_measured_times_outweigh_published_figures() -> None:
    """The more there are, the less the published figure counts."""
    model = LatencyModel()
    medians = []
    for _ in range(30):
        medians.append(model.predict(KEY).median)
        model.observe(KEY, 60.0)
    assert medians == sorted(medians, reverse=True)
    assert model.predict(KEY).median == pytest.approx(60.0, rel=0.05)
    assert model.predict(KEY).spread < PUBLISHED_SPREAD


def test_a_distribution_counts_as_measured_after_three_generations() -> None:
    """A single one may be chance."""
    model = LatencyModel()
    measured = []
    for _ in range(5):
        measured.append(model.predict(KEY).measured)
        model.observe(KEY, 60.0)
    assert measured == [count >= MIN_SAMPLES_TO_TRUST for count in range(5)]


def test_disagreement_widens_the_spread() -> None:
    """After one generation that took a sixtieth of the published time, early and late ends are both expected."""
    model = LatencyModel()
    model.observe(KEY, 2.0)
    assert model.predict(KEY).spread > 1.5
    assert model.predict(KEY).seconds_at(-1.0) < 4.0


def test_mean_and_variance_are_those_of_the_logarithms() -> None:
    """A long time does not outweigh many short ones."""
    moments = RunningMoments()
    for seconds in (50.0, 100.0, 200.0):
        moments = moments.with_sample(seconds)
    assert math.exp(moments.mean) == pytest.approx(100.0)
    assert moments.variance == pytest.approx(2 / 3 * math.log(2) ** 2)


def test_older_times_weigh_less() -> None:
    """The model follows a vendor that became slower within 150 generations."""
    model = LatencyModel()
    for _ in range(1000):
        model.observe(KEY, 50.0)
    for _ in range(150):
        model.observe(KEY, 200.0)
    assert model.predict(KEY).median > 180.0


def test_each_kind_is_learned_by_itself() -> None:
    """Generations of one length say nothing about another length."""
    model = LatencyModel()
    model.observe(KEY, 10.0)
    other = LatencyKey("evolink", "seedance-2.0-text-to-video", None, 10.0)
    assert model.predict(other) == published_latency(other)


def test_memory_is_bounded() -> None:
    """Endpoint ids are without number; the key that was measured longest ago is dropped."""
    model = LatencyModel()
    for number in range(3 * MAX_KEYS):
        model.observe(LatencyKey(model=f"ep-{number}"), 10.0)
        model.observe(KEY, 10.0)
    assert len(model) == MAX_KEYS
    assert model.predict(KEY).measured


def test_deviations_at_inverts_seconds_at() -> None:
    latency = LatencyDistribution(120.0, 0.25)
    assert latency.seconds_at(0.0) == 120.0
    assert latency.deviations_at(latency.seconds_at(1.5)) == pytest.approx(1.5)
