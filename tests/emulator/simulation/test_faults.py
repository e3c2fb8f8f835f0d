"""The rules that say which call a fault applies to."""

from __future__ import annotations

import random

import pytest

from airflow_provider_seedance.emulator.simulation.faults import BadFault, Faults


def test_chance_is_seeded():
    """The same seed strikes the same calls."""

    def strikes(seed):
        faults = Faults(random.Random(seed))
        faults.add({"on": "get", "kind": "status", "times": None, "probability": 0.5}, frozenset({"evolink"}))
        return [faults.take("evolink", "get") is not None for _ in range(50)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 10 < sum(strikes(1)) < 40


def test_a_bad_fault_says_what_would_be_good():
    """The message lists the choices."""
    with pytest.raises(BadFault, match="drop_after_accept"):
        Faults(random.Random(0)).add({"on": "create", "kind": "x"}, frozenset())
