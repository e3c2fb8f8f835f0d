"""The accidents, by their names in ``docs/never-pay-twice.md``; each befalls a first try and is over after it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.ledger.ledger import Ledger
from airflow_provider_seedance.core.submission.record import NoRecords
from airflow_provider_seedance.errors import DestinationError
from airflow_provider_seedance.runtime import task_state
from tests.faults.scene import Killed, Scene

#: How often a fault strikes that is there for the whole of a try.
ALWAYS = None
RESUBMIT = {"on_orphaned_intent": "resubmit"}

Happening = Callable[[Scene], Iterator[None]]


@dataclass(frozen=True)
class Accident:
    """One way in which a row of the table comes about.

    :param arguments: of the operator.
    :param happens: begins when it is entered, and is over when it is resumed.
    :param has_ledger: whether a ledger remembers, whatever else does.
    """

    row: str
    variant: str
    arguments: dict[str, Any]
    happens: Happening
    has_ledger: bool = False

    def __str__(self) -> str:
        return f"{self.row}-{self.variant}" if self.variant else self.row

    @contextmanager
    def __call__(self, scene: Scene) -> Iterator[None]:
        yield from self.happens(scene)


ACCIDENTS: list[Accident] = []


def accident(row: str, happens: Happening, variant: str = "", **arguments: Any) -> None:
    ACCIDENTS.append(Accident(row, variant, arguments, happens))


def struck(row: str, on: str, *faults: dict[str, Any], **arguments: Any) -> None:
    """Faults of the emulator, each of them one way in which the row comes about."""
    for fault in faults:
        variant = "-".join(str(fault[name]) for name in ("kind", "status") if name in fault)
        accident(row, _struck(on, fault), variant, **arguments)


def _struck(on: str, fault: dict[str, Any]) -> Happening:
    def happens(scene: Scene) -> Iterator[None]:
        for call in on.split():
            scene.emulator.add_fault(vendor=scene.vendor, on=call, **fault)
        yield
        scene.emulator.clear_faults()

    return happens


def _connected(**changes: Any) -> Happening:
    def happens(scene: Scene) -> Iterator[None]:
        scene.connect(scene.vendor, **changes)
        yield
        scene.connect(scene.vendor)

    return happens


def _unreachable(scene: Scene) -> Iterator[None]:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        scene.connect(scene.vendor, host=f"http://127.0.0.1:{closed.getsockname()[1]}")
        yield
    scene.connect(scene.vendor)


ACCEPTED = (
    {"kind": "drop_after_accept"},
    {"kind": "truncate"},
    {"kind": "malformed"},
    {"kind": "malformed", "status": 502},
)
NOT_ACCEPTED = (
    {"kind": "drop_before_accept"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 504},
)

accident("no connection to the vendor", _unreachable)
struck("429 to a create, once", "create", {"kind": "status", "status": 429, "retry_after": "3"})
struck("429 to every create of a try", "create", {"kind": "status", "status": 429, "times": ALWAYS})
struck("request refused", "create", {"kind": "status", "status": 400})
struck("content refused", "create", {"kind": "moderation"})
accident("key refused", _connected(password="sk-invalid"))
accident("account empty", _connected(password="sk-empty"))
struck("create accepted, its answer lost, unreadable or a 5xx", "create", *ACCEPTED)
struck('the same with `on_orphaned_intent="resubmit"`', "create", *ACCEPTED, **RESUBMIT)
struck("create not accepted, its answer lost or a 5xx", "create", *NOT_ACCEPTED)
struck('the same, again with `on_orphaned_intent="resubmit"`', "create", *NOT_ACCEPTED, **RESUBMIT)
struck("503 to a create", "create", {"kind": "status", "status": 503})


def _dies_at_write(number: int, *, stored: bool) -> Happening:
    """Killed just before or after a write of the record: the first holds the intent, the second the id."""

    def happens(scene: Scene) -> Iterator[None]:
        writes = 0

        def deadly(original: Any) -> Any:
            def write(store: Any, record: Any) -> None:
                nonlocal writes
                writes += 1
                if writes == number and not stored:
                    raise Killed
                original(store, record)
                if writes == number:
                    raise Killed

            return write

        with scene.patch.context() as patch:
            for kind in (task_state.TaskStateRecords, task_state.FileRecords, NoRecords):
                patch.setattr(kind, "write", deadly(kind.write))
            yield

    return happens


def _overtaken(scene: Scene) -> Iterator[None]:
    """A worker that was thought dead wakes up: it has found no record, and its successor has made the video since."""
    scene.patch.setenv("AIRFLOW__SEEDANCE__LEDGER_CONN_ID", "seedance_ledger")
    ledger = Path(scene.destination).with_name("ledger.db")
    scene.patch.setenv("AIRFLOW_CONN_SEEDANCE_LEDGER", f"sqlite:///{ledger}")
    original = Ledger.insert

    with scene.patch.context() as patch:

        def insert(*args: Any) -> None:
            patch.setattr(Ledger, "insert", original)
            scene.try_once()
            original(*args)

        patch.setattr(Ledger, "insert", insert)
        yield


def _dies_landing(scene: Scene) -> Iterator[None]:
    def append(partial: Partial, chunk: bytes) -> None:
        raise Killed

    with scene.patch.context() as patch:
        patch.setattr(Partial, "append", append)
        yield


ACCIDENTS.append(
    Accident(
        "with a ledger, another try pays between the look for a record and the intent",
        "",
        {},
        _overtaken,
        has_ledger=True,
    )
)
accident("worker killed before the intent is stored", _dies_at_write(1, stored=False))
accident("worker killed after the intent is stored, before the create", _dies_at_write(1, stored=True))
accident(
    "worker killed after the create was accepted, before the id is stored", _dies_at_write(2, stored=False)
)
accident("worker killed after the id is stored", _dies_at_write(2, stored=True))
accident("worker killed while it lands the video", _dies_landing)


def _broken(original: Any, after: int = 0, error: type[Exception] = OSError) -> Any:
    """``original``, which raises ``error`` after so many calls."""
    calls = 0

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > after:
            raise error("out of order")
        return original(*args, **kwargs)

    return call


def _unreadable(scene: Scene) -> Iterator[None]:
    with scene.patch.context() as patch:
        patch.setattr(scene.task.state, "get", _broken(scene.task.state.get))
        patch.setattr(task_state, "read_bytes", _broken(task_state.read_bytes, error=DestinationError))
        yield


def _unwritable(after: int) -> Happening:
    def happens(scene: Scene) -> Iterator[None]:
        with scene.patch.context() as patch:
            patch.setattr(scene.task.state, "set", _broken(scene.task.state.set, after))
            patch.setattr(
                task_state,
                "write_text",
                _broken(task_state.write_text, after, DestinationError),
            )
            yield

    return happens


accident("Airflow's state cannot be read", _unreadable)
accident("the intent cannot be stored", _unwritable(after=0))
accident("the id cannot be stored", _unwritable(after=1))


def _triggerer_killed(scene: Scene) -> Iterator[None]:
    wait = scene.task._wait

    def wait_twice(paused: Any) -> Any:
        asyncio.run(_look_once(scene, paused.trigger))
        return wait(paused)

    with scene.patch.context() as patch:
        patch.setattr(scene.task, "_wait", wait_twice)
        yield


async def _look_once(scene: Scene, trigger: Any) -> None:
    """A trigger that dies when it has begun to look."""
    before = scene.looks()
    waiting = asyncio.ensure_future(anext(trigger.run()))
    while await asyncio.to_thread(scene.looks) == before:
        assert not waiting.done()
    waiting.cancel()
    await asyncio.wait([waiting])


def _out_of_reach(scene: Scene) -> Iterator[None]:
    """For 40 looks, which are 15 seconds apart in the end."""
    on = "list" if scene.vendor == "modelark" else "get"
    scene.emulator.add_fault(vendor=scene.vendor, on=on, kind="status", status=502, times=40)
    yield
    assert 300 < scene.passing.moment - scene.passing.start < 900


def _key_withdrawn(scene: Scene) -> Iterator[None]:
    with scene.patch.context() as patch:
        patch.setattr(
            scene.task, "while_deferred", lambda: scene.connect(scene.vendor, password="sk-invalid")
        )
        yield
    scene.connect(scene.vendor)


def _nothing_else(scene: Scene) -> Iterator[None]:
    yield


accident("triggerer killed while it waits", _triggerer_killed)
accident("vendor out of reach for up to 15 minutes", _out_of_reach)
struck("vendor out of reach for longer", "get list", {"kind": "status", "status": 502, "times": ALWAYS})
accident("key withdrawn while the generation runs", _key_withdrawn)
accident("generation failed for its content", _nothing_else, prompt="[emulator:moderation] A fox")
struck("generation failed for a reason of the vendor", "create", {"kind": "fail"})
struck("link dead", "download", {"kind": "status", "status": 403})
struck("link dead, and its fresh one too", "download", {"kind": "status", "status": 403, "times": ALWAYS})
struck("download cut short", "download", {"kind": "truncate", "times": 2}, {"kind": "drop_after_accept"})
struck("download host out of order", "download", {"kind": "status", "status": 503, "times": ALWAYS})
struck("file broken", "download", {"kind": "malformed", "times": ALWAYS})
