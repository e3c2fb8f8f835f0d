"""What a batch is made of, beside its journal: what is to be done, and those who do it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.batch.state import End
from airflow_provider_seedance.core.polling.decide import WaitOutcome, WaitState
from airflow_provider_seedance.core.submission.record import SubmissionRecord
from airflow_provider_seedance.errors import Kind, SeedanceError
from airflow_provider_seedance.models import Cost


class Works(Protocol):
    """What a crew does; called on other threads."""

    def submit(self, row: Row) -> SubmissionRecord: ...

    def collect(self, row: Row, outcome: WaitOutcome, wait: WaitState) -> End | None: ...


class PollsRows(Protocol):
    """What a watcher does."""

    def wait_for(self, row: int, generation_id: str, wait: WaitState) -> None: ...


class News(Protocol):
    """A queue of what happened, each as what is to be done about it; made for many threads."""

    def put(self, item: Callable[[], None], /) -> None: ...

    def get(self, block: bool = True, timeout: float | None = None) -> Callable[[], None]: ...

    def get_nowait(self) -> Callable[[], None]: ...


class TooManyFailures(SeedanceError):
    """More rows failed than ``max_failures`` allows."""

    kind = Kind.REJECTED


@dataclass(frozen=True)
class Plan:
    """What is to be done.

    :param estimates: the most that each row can cost.
    :param max_failures: with more failed rows than this, nothing more is submitted; ``None`` for no limit.
    """

    rows: Mapping[int, Row]
    estimates: Mapping[int, Cost]
    max_failures: int | None = None


@dataclass(frozen=True)
class Hands:
    """Those who work beside the deciding thread."""

    worker: Works
    submitting: Executor
    landing: Executor
