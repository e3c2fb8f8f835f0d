"""What Airflow's metrics are told."""

from __future__ import annotations

from typing import Any

import pytest

import tests.airflow.home  # noqa: F401  # before anything that imports Airflow
from airflow_provider_seedance.runtime import metrics

RESULT = {
    "vendor": "modelark",
    "model": "seedance-2.0",
    "status": "succeeded",
    "cost": {"amount": "0.726", "currency": "USD", "basis": "estimated"},
    "created_at": "2026-11-21T00:00:00+00:00",
    "finished_at": "2026-11-21T00:01:30+00:00",
    "manifest": {"bytes": 1000},
}


class Stats:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {}

    def incr(self, name: str, count: float = 1, *, tags: dict[str, str]) -> None:
        self.told[name] = count, tags["status"]

    def gauge(self, name: str, value: float, *, tags: dict[str, str]) -> None:
        self.told[name] = value, tags["status"]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (
            RESULT,
            {
                "seedance.generations": (1, "succeeded"),
                "seedance.cost": (0.726, "succeeded"),
                "seedance.wait_seconds": (90.0, "succeeded"),
                "seedance.landed_bytes": (1000, "succeeded"),
            },
        ),
        ({"vendor": "modelark", "status": "failed"}, {"seedance.generations": (1, "failed")}),
        (
            {**RESULT, "cost": None, "manifest": None, "created_at": None},
            {"seedance.generations": (1, "succeeded")},
        ),
    ],
    ids=["all", "failed", "little is known"],
)
def test_what_is_known_is_counted(
    monkeypatch: pytest.MonkeyPatch, result: dict[str, Any], told: dict[str, Any]
) -> None:
    """By status, vendor and model."""
    stats = Stats()
    monkeypatch.setattr(metrics, "_stats", lambda: stats)
    metrics.count_result(result)
    assert stats.told == told


def test_airflows_own_metrics_take_it() -> None:
    """Without a backend they do nothing."""
    metrics._send(RESULT, metrics._stats())


def test_metrics_that_fail_are_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """The video is paid for and landed."""

    def broken() -> Any:
        raise OSError("no StatsD here")

    monkeypatch.setattr(metrics, "_stats", broken)
    metrics.count_result(RESULT)
