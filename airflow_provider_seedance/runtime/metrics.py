"""What became of generations, as metrics of Airflow: StatsD and OpenTelemetry, as Airflow is configured."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from airflow_provider_seedance.core.clock import parse_time

log = logging.getLogger(__name__)

#: A counter of generations that have ended.
GENERATIONS = "seedance.generations"
#: A counter of what they cost, in their currency.
COST = "seedance.cost"
#: From the creation at the vendor to the end, seconds.
WAIT_SECONDS = "seedance.wait_seconds"
LANDED_BYTES = "seedance.landed_bytes"


def count_result(result: Mapping[str, Any]) -> None:
    """Report how a generation has ended; a metric that cannot be sent is no reason to lose a video.

    :param result: what an operator returns for it, as far as that is known.
    """
    try:
        _send(result, _stats())
    except Exception:  # whatever a backend of metrics raises
        log.debug("The metrics of a generation cannot be sent.", exc_info=True)


def _send(result: Mapping[str, Any], stats: Any) -> None:
    tags = {name: str(result.get(name)) for name in ("vendor", "model", "status")}
    stats.incr(GENERATIONS, tags=tags)
    cost = result.get("cost") or {}
    if cost.get("amount") is not None and cost.get("currency"):
        kind = {"currency": str(cost["currency"]), "basis": str(cost["basis"])}
        stats.incr(COST, count=float(cost["amount"]), tags={**tags, **kind})
    if (seconds := _seconds(result.get("created_at"), result.get("finished_at"))) is not None:
        stats.gauge(WAIT_SECONDS, seconds, tags=tags)
    if manifest := result.get("manifest"):
        stats.incr(LANDED_BYTES, count=manifest["bytes"], tags=tags)


def _seconds(created: str | None, finished: str | None) -> float | None:
    if not created or not finished:
        return None
    return (parse_time(finished) - parse_time(created)).total_seconds()


def _stats() -> Any:
    """Airflow's own, from where this version has it."""
    for place in ("airflow.sdk.observability.stats", "airflow.stats"):
        try:
            module = import_module(place)
        except ImportError:
            continue
        return module if hasattr(module, "incr") else module.Stats
    raise ImportError("this Airflow has no metrics")
