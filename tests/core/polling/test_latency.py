"""How long a generation takes, read and learned."""

import math

import pytest

from airflow_provider_seedance.core.polling.latency import (
    ENOUGH,
    MOST_CELLS,
    SEED_SPREAD,
    Cell,
    Latencies,
    Latency,
    Seen,
    seed,
)

CELL = Cell("evolink", "seedance-2.0-text-to-video", None, 5.0)


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        (Cell(), 120.0),
        (Cell(model="seedance-2.0-text-to-video"), 120.0),
        (Cell(model="dreamina-seedance-2-0-260128", resolution="1080p"), 180.0),
        (Cell(model="seedance-2", resolution="4K"), 300.0),
        (Cell(model="Seedance-Fast"), 50.0),
        (Cell(model="seedance-2-mini", duration=10.0), 72.0),
        (Cell(model="seedance-1-5-pro-251215", resolution="480p"), 37.5),
        (Cell(model="seedance-1.0-pro-fast"), 50.0),
        (Cell(model="anything", resolution="8k", duration=-1.0), 72.0),
    ],
)
def test_published_figures_are_the_start(cell: Cell, seconds: float) -> None:
    """By what the vendor tells of the model, the resolution and the length; what is not known is taken as usual."""
    assert seed(cell) == Latency(pytest.approx(seconds), SEED_SPREAD)


def test_the_vendors_own_estimate_stands_in_for_published_figures() -> None:
    """It knows its queue."""
    assert Latencies().expected(CELL, 165.0) == Latency(165.0, SEED_SPREAD)
    assert Latencies().expected(CELL, 0.0) == seed(CELL)


def test_what_is_seen_here_outweighs_what_was_read() -> None:
    """Three are enough to be believed; the published figure fades."""
    known = Latencies()
    medians = []
    for _ in range(30):
        medians.append(known.expected(CELL).median)
        known.learn(CELL, 60.0)
    assert medians == sorted(medians, reverse=True)
    assert known.expected(CELL).median == pytest.approx(60.0, rel=0.05)
    assert known.expected(CELL).spread < SEED_SPREAD


def test_it_is_sure_after_a_few() -> None:
    """One alone may be chance."""
    known = Latencies()
    sure = []
    for _ in range(5):
        sure.append(known.expected(CELL).sure)
        known.learn(CELL, 60.0)
    assert sure == [count >= ENOUGH for count in range(5)]


def test_disagreement_widens_the_spread() -> None:
    """A vendor sixty times as fast as published is looked for early and late."""
    known = Latencies()
    known.learn(CELL, 2.0)
    assert known.expected(CELL).spread > 1.5
    assert known.expected(CELL).at(-1.0) < 4.0


def test_the_spread_is_that_of_the_times_seen() -> None:
    """In the logarithm, where a long one does not outweigh many short ones."""
    seen = Seen()
    for seconds in (50.0, 100.0, 200.0):
        seen = seen.and_also(seconds)
    assert math.exp(seen.mean) == pytest.approx(100.0)
    assert seen.variance == pytest.approx(2 / 3 * math.log(2) ** 2)


def test_old_times_fade() -> None:
    """A vendor that became slower is believed after some fifty."""
    known = Latencies()
    for _ in range(1000):
        known.learn(CELL, 50.0)
    for _ in range(150):
        known.learn(CELL, 200.0)
    assert known.expected(CELL).median > 180.0


def test_each_kind_is_learned_by_itself() -> None:
    """A draft says nothing about 4k."""
    known = Latencies()
    known.learn(CELL, 10.0)
    other = Cell("evolink", "seedance-2.0-text-to-video", None, 10.0)
    assert known.expected(other) == seed(other)


def test_memory_is_bounded() -> None:
    """Custom endpoint ids are without number; the least lately learned goes."""
    known = Latencies()
    for number in range(3 * MOST_CELLS):
        known.learn(Cell(model=f"ep-{number}"), 10.0)
        known.learn(CELL, 10.0)
    assert len(known) == MOST_CELLS
    assert known.expected(CELL).sure


def test_deviations_invert_at() -> None:
    """Two ways to say the same time."""
    latency = Latency(120.0, 0.25)
    assert latency.at(0.0) == 120.0
    assert latency.deviations(latency.at(1.5)) == pytest.approx(1.5)
