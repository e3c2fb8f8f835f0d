"""Random durations of generations."""

from __future__ import annotations

from airflow_provider_seedance.emulator.simulation.latency import run_seconds


def test_latencies_lie_around_the_published_figures():
    """The median of many draws is the figure of the table."""
    import random

    rng = random.Random(1)
    values = sorted(run_seconds(rng, family="2.0", resolution="720p", seconds=5) for _ in range(999))
    assert 110 < values[500] < 130
    assert values[900] < 1.6 * values[500]
