"""The rules that say which call a fault applies to."""

from __future__ import annotations

import random

import pytest

from airflow_provider_seedance.emulator.simulation.faults import Faults, Target


def test_chance_is_seeded():
    """The same seed strikes the same calls."""

    def strikes(seed):
        faults = Faults(random.Random(seed))
        faults.add({"vendor": "*", "on": "get", "kind": "status", "times": None, "probability": 0.5})
        return [faults.take(Target("evolink", "get")) is not None for _ in range(50)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 10 < sum(strikes(1)) < 40


@pytest.mark.parametrize(
    ("rule", "struck"),
    [
        ({"path": "*/task-1"}, {"one"}),
        ({"link": "first"}, {"one"}),
        ({"link": "second"}, {"two"}),
        ({"kind": "not_ready", "seconds": 30.0}, {"one"}),
        ({}, {"one", "two"}),
    ],
)
def test_a_rule_may_name_path_link_and_age(rule, struck):
    """It strikes only the calls that fit all that it names."""
    faults = Faults(random.Random(0))
    faults.add({"vendor": "*", "on": "download", "kind": "status", "times": None, **rule})
    targets = {
        "one": Target("evolink", "download", "/v1/task-1", "first", 29.9),
        "two": Target("evolink", "download", "/v1/task-2", "second", 30.0),
    }
    assert {name for name, target in targets.items() if faults.take(target)} == struck


def test_an_unfinished_result_has_no_age():
    """A link that leads to no result is not one that is not ready yet."""
    faults = Faults(random.Random(0))
    faults.add({"vendor": "*", "on": "download", "kind": "not_ready", "seconds": 30.0, "times": None})
    assert faults.take(Target("evolink", "download")) is None
