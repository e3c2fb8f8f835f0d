"""One video's task instance, try after try, and what becomes of it after an accident in its first one."""

from __future__ import annotations

import json
import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_seedance.emulator import Emulator
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.operators.batch import SeedanceGenerateBatchOperator
from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator
from tests.airflow.fixtures import Connect, Time
from tests.airflow.running import TaskRun
from tests.faults.oracle.faults import Cell

#: Vendor seconds after which everything that was ordered has ended.
LONG = 20_000.0
#: As a task with ``retries=3``.
TRIES = 4
VIDEO = {"prompt": "A fox looks up", "duration": 4, "resolution": "480p", "aspect_ratio": "16:9"}


class Killed(BaseException):
    """The process is gone; nothing of ours runs any more.

    :param again: whether Airflow makes another try.
    """

    def __init__(self, again: bool = True) -> None:
        self.again = again


@dataclass
class Scene:
    """A task instance before a vendor, and the means to harm it.

    :param destination: where its video lands.
    :param row: whether it is made as the only row of a batch.
    """

    vendor: str
    emulator: Emulator
    connect: Connect
    passing: Time
    patch: pytest.MonkeyPatch
    destination: str
    arguments: dict[str, Any]
    row: bool = False

    def __post_init__(self) -> None:
        conn_id = self.connect(self.vendor)
        operator = self._batch(conn_id) if self.row else self._single(conn_id)
        self.task = TaskRun(operator, lambda: self.emulator.advance(LONG))

    def _single(self, conn_id: str) -> SeedanceGenerateVideoOperator:
        return SeedanceGenerateVideoOperator(
            **{**VIDEO, **self.arguments},
            task_id="generate",
            seedance_conn_id=conn_id,
            destination=self.destination,
        )

    def _batch(self, conn_id: str) -> SeedanceGenerateBatchOperator:
        arguments = dict(self.arguments)
        request = {name: arguments.pop(name, value) for name, value in VIDEO.items()}
        return SeedanceGenerateBatchOperator(
            requests=[request],
            task_id="generate",
            seedance_conn_id=conn_id,
            destination=self.destination.replace("00001", "{row}"),
            **arguments,
        )

    def try_once(self) -> str:
        """One try; the id of the generation whose video it has made."""
        result: dict[str, Any] = self.task()
        if not self.row:
            return str(result["generation_id"])
        (line,) = Path(result["results"]).read_text(encoding="utf-8").splitlines()
        return str(json.loads(line)["generation_id"])

    def bought(self) -> list[str]:
        """The ids of all generations that the vendor accepted, in their order."""
        return [entry["generation_id"] for entry in self.emulator.ledger()["generations"]]

    def looks(self) -> int:
        """How often the vendor was asked how a generation stands."""
        counts = self.emulator.ledger()["requests"][self.vendor]
        return int(counts["get"] + counts["list"])


@dataclass
class Life:
    """What became of a task instance.

    :param made: the generation whose video it has landed.
    :param by_first: the generations that its first try bought.
    :param errors: those that ended its tries.
    """

    made: str | None = None
    tries: int = 0
    by_first: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def live(scene: Scene, accident: AbstractContextManager[None]) -> Life:
    """All tries that Airflow makes, the first of them under the accident, until the vendor has done what it will."""
    life = Life()
    with accident:
        again = _try(scene, life)
    life.by_first = scene.bought()
    while again and life.tries < TRIES:
        again = _try(scene, life)
    scene.emulator.advance(LONG)
    return life


def _try(scene: Scene, life: Life) -> bool:
    """One try; whether Airflow makes another one."""
    life.tries += 1
    try:
        life.made = scene.try_once()
    except AirflowFailException as end:
        life.errors.append(str(end))
        return False
    except SeedanceError as error:
        life.errors.append(str(error))
    except Killed as end:
        return end.again
    return life.made is None


def what_happened(scene: Scene, life: Life, log: pytest.LogCaptureFixture) -> Cell:
    """As a cell of the table."""
    bills = sum(entry["billed"] for entry in scene.emulator.ledger()["generations"])
    return Cell(_word(scene, life, log), bills)


def _word(scene: Scene, life: Life, log: pytest.LogCaptureFixture) -> str:
    if life.made is None:
        return "stops"
    adopted = f"Adopted generation {life.made}" in log.text
    if life.tries > 1:
        return (
            "retry adopts" if adopted else "retry goes on" if life.made in life.by_first else "retry submits"
        )
    if adopted:
        return "adopted"
    return "made" if scene.emulator.ledger()["creates_received"] == 1 else "sent again"


def what_is_seen(life: Life, log: pytest.LogCaptureFixture) -> list[str]:
    """The errors of the tries, and the warnings in their logs."""
    warnings = [record.getMessage() for record in log.records if record.levelno >= logging.WARNING]
    return [*life.errors, *warnings]
