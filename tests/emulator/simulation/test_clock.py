"""The clock of vendor time."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.emulator.simulation.clock import Clock


class Ticks:
    """A hand-driven monotonic clock."""

    now = 100.0

    def __call__(self):
        return self.now


def test_vendor_time_runs_at_its_rate():
    """Sixty vendor seconds in one."""
    ticks = Ticks()
    clock = Clock(60, start=1000, ticks=ticks)
    ticks.now += 2
    assert clock.now() == 1120
    clock.set_rate(1)
    ticks.now += 2
    assert clock.now() == 1122
    clock.advance(8)
    assert clock.now() == 1130


def test_time_does_not_run_backwards():
    """Neither by a jump nor by a rate."""
    clock = Clock(0, start=0)
    with pytest.raises(ValueError, match="negative"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="negative"):
        clock.set_rate(-1)
