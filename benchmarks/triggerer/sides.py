"""Who waits: this provider's trigger and those of four others, each pointed at the stand-in by its connection.

The others ask for each task every ``INTERVAL``. Ours were submitted in the last three minutes.

This imports Airflow, so import it when the site (:mod:`benchmarks.triggerer.real`) is made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from importlib import import_module
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_seedance.triggers.generation import SeedanceGenerationTrigger
from benchmarks.polling.stand_in import generation_id

INTERVAL = 5
#: Beyond the end of any measurement, seconds.
FAR = 6 * 3_600.0


def modelark(number: int, ends: float | None = None) -> SeedanceGenerationTrigger:
    """Ours, where a list shows a hundred at once."""
    return _ours("modelark", number, ends)


def evolink(number: int) -> SeedanceGenerationTrigger:
    """Ours, where each is asked for by its id."""
    return _ours("evolink", number)


def _ours(vendor: str, number: int, ends: float | None = None) -> SeedanceGenerationTrigger:
    now = time.time()
    name = generation_id(ends or now + FAR, number)
    return SeedanceGenerationTrigger(vendor, name, now - number % 180, now + FAR)


class Idle(BaseTrigger):
    """What Airflow itself takes: as many arguments as ours, and nothing to do."""

    def __init__(self, **arguments: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.arguments = arguments

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.Idle", self.arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        await asyncio.Event().wait()
        yield TriggerEvent({})  # type: ignore[no-untyped-call]


def idle(number: int) -> Idle:
    return Idle(**modelark(number).serialize()[1])


def databricks(number: int) -> BaseTrigger:
    return _other(
        "databricks.triggers.databricks.DatabricksExecutionTrigger",
        run_id=number,
        databricks_conn_id="databricks",
        polling_period_seconds=INTERVAL,
    )


def dbt_cloud(number: int) -> BaseTrigger:
    return _other(
        "dbt.cloud.triggers.dbt.DbtCloudRunJobTrigger",
        conn_id="dbt",
        run_id=number,
        end_time=time.time() + FAR,
        poll_interval=INTERVAL,
        account_id=1,
    )


def openai(number: int) -> BaseTrigger:
    return _other(
        "openai.triggers.openai.OpenAIBatchTrigger",
        conn_id="openai",
        batch_id=f"batch_{number}",
        poll_interval=INTERVAL,
        timeout=FAR,
    )


def common_ai(number: int) -> BaseTrigger:
    return _other(
        "common.ai.triggers.llm_batch.LLMBatchTrigger",
        llm_conn_id="openai",
        adapter="openai",
        batch_id=f"batch_{number}",
        poll_interval=INTERVAL,
        end_time=time.time() + FAR,
        cancel_on_kill=False,
        cancel_on_timeout=False,
    )


def _other(path: str, **arguments: object) -> BaseTrigger:
    module, _, name = path.rpartition(".")
    trigger: BaseTrigger = getattr(import_module(f"airflow.providers.{module}"), name)(**arguments)
    return trigger
