"""A receiver over HTTP, before tasks and vendors of the tests' own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn

from airflow_provider_seedance.core.callbacks.token import CallbackTarget, CallbackTokens
from airflow_provider_seedance.core.callbacks.wakeup import WaitingTask
from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.polling.decide import WaitState
from airflow_provider_seedance.emulator.server import bind, url_of
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.models import Generation, Pending, Status, Succeeded
from airflow_provider_seedance.plugins.callbacks.app import make_app
from airflow_provider_seedance.plugins.callbacks.receiver import CallbackReceiver
from tests.clocks import ImpatientClock

SECRET = "whsec-tests"
TARGET = CallbackTarget("dag", "run", "task", -1, "sd-1", "evolink")
TOKENS = CallbackTokens(["a secret of the tests"])
TOKEN = TOKENS.seal(TARGET)


@dataclass
class Tasks:
    """Airflow with one task, which waits for a generation."""

    waiting: bool = True
    earliest_event: float = 0.0
    generation_id: str = "g-1"
    woken: list[str] = field(default_factory=list)
    asked: int = 0

    async def find(self, target: CallbackTarget) -> WaitingTask | None:
        self.asked += 1
        wait = WaitState(started=0.0, deadline=2e9)
        task = WaitingTask(1, target.seedance_conn_id, self.generation_id, wait, self.earliest_event)
        return task if self.waiting and target.task_id == "task" else None

    async def resume(self, task: WaitingTask) -> bool:
        if self.waiting:
            self.woken.append(task.generation_id)
        was, self.waiting = self.waiting, False
        return was


@dataclass
class Accounts:
    """Connections by the name of their vendor, and a vendor whose generation has ended or not."""

    ended: bool = True
    error: SeedanceError | None = None
    delay: float = 0.0
    reads: int = 0

    async def account(self, seedance_conn_id: str) -> Account:
        if self.error:
            raise self.error
        secret = SECRET if seedance_conn_id == "toapis" else None
        return Account.create(vendor=seedance_conn_id, api_key="sk-tests-0123456789", webhook_secret=secret)

    async def read(self, seedance_conn_id: str, generation_id: str) -> Generation:
        self.reads += 1
        await asyncio.sleep(self.delay)
        named: dict[str, Any] = {"vendor": seedance_conn_id, "generation_id": generation_id}
        if self.ended:
            return Succeeded(video_url="https://h/v", video_urls=("https://h/v",), **named)
        return Pending(status=Status.RUNNING, **named)


@dataclass
class Scene:
    """A receiver, and what is behind it. Pauses between its looks take no time."""

    tasks: Tasks = field(default_factory=Tasks)
    accounts: Accounts = field(default_factory=Accounts)
    clock: ImpatientClock = field(default_factory=ImpatientClock)

    def __post_init__(self) -> None:
        self.receiver = CallbackReceiver(TOKENS, self.accounts, self.tasks, self.clock)
        self.app = make_app(lambda: self.receiver)

    def client(self) -> httpx.AsyncClient:
        """Calls the app without a network between."""
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://airflow")


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def address(scene: Scene) -> Iterator[str]:
    """The receiver on a port of this machine."""
    listener = bind("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(scene.app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    listener.listen()
    thread.start()
    try:
        yield url_of(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
