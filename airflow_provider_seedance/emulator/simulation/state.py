"""The state of the emulator, and the rules by which a generation moves from phase to phase.

Only a call that a vendor accepted makes a generation, and only a success is billed. The scheduler alone starts, ends
and expires generations, so reading one never changes it. A generation whose outcome is "stuck" stays in its phase.
"""

from __future__ import annotations

import asyncio
import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from airflow_provider_seedance.emulator.simulation.asset_library import AssetLibrary
from airflow_provider_seedance.emulator.simulation.callbacks import Delivery, Outbox
from airflow_provider_seedance.emulator.simulation.clock import Clock
from airflow_provider_seedance.emulator.simulation.concurrency import ConcurrencyLimit
from airflow_provider_seedance.emulator.simulation.faults import OUTCOMES, Fault, Faults
from airflow_provider_seedance.emulator.simulation.generation import Generation, Order, Phase
from airflow_provider_seedance.emulator.simulation.ledger import Ledger
from airflow_provider_seedance.emulator.simulation.scheduler import Scheduler

_LOWER_CASE_AND_DIGITS = string.ascii_lowercase + string.digits

PhaseListener = Callable[["State", Generation], None]

_OUTCOME_BY_PROMPT = {
    "[emulator:moderation]": "moderation",
    "[emulator:fail]": "fail",
    "[emulator:stuck]": "stuck",
}


@dataclass(frozen=True)
class Settings:
    """Options of the command line and of ``serve()``; a reset does not change them."""

    seed: int = 0
    host: str = "127.0.0.1"
    """The name or address that it listens on, by which the control surface may be called."""
    names: tuple[str, ...] = ()
    """Further host names by which the control surface may be called."""
    link_seconds: float = 86400
    """Life of a result link, in vendor time."""
    slots: int = 10
    """ModelArk generations that run at once, per model."""
    webhook_secret: str = "whsec-emulator"
    """Signs ToAPIs webhooks; a new and a previous one, with a comma between them, both do."""


@dataclass(frozen=True)
class Link:
    """One downloadable result."""

    generation: Generation
    kind: str
    query: str
    expires_at: float
    head_allowed: bool
    position: str = "first"
    """Whether an answer names this link first or second of those that lead to the same result."""


@dataclass(frozen=True)
class UploadedFile:
    """One uploaded file."""

    id: str
    vendor: str
    account: str
    name: str
    mime: str
    content: bytes
    stored_at: float
    expires_at: float


class State:
    """Everything that the emulator remembers."""

    def __init__(self, clock: Clock, settings: Settings, listeners: Mapping[str, PhaseListener]) -> None:
        self.clock = clock
        self.settings = settings
        self.changed = asyncio.Event()
        self._listeners = listeners
        self._start_empty()

    def _start_empty(self) -> None:
        self.rng = random.Random(self.settings.seed)
        self.scheduler = Scheduler()
        self.faults = Faults(random.Random(self.settings.seed))
        self.ledger = Ledger()
        self.outbox = Outbox()
        self.generations: dict[tuple[str, str], Generation] = {}
        self.links: dict[str, Link] = {}
        self.uploads: dict[str, UploadedFile] = {}
        self._limits: dict[str, ConcurrencyLimit] = {}
        self._libraries: dict[str, AssetLibrary] = {}

    def reset(self) -> None:
        """Forget everything but the clock and the settings."""
        self._start_empty()
        self.changed.set()

    def tick(self) -> float:
        """Run all events that are due by now; returns the current vendor time."""
        now = self.clock.now()
        self.scheduler.run_until(now)
        return now

    def schedule(self, when: float, action: Callable[[float], None]) -> None:
        """Schedule ``action(when)`` for a moment of vendor time."""
        self.scheduler.call_at(when, action)
        self.changed.set()

    def token(self, length: int, alphabet: str = _LOWER_CASE_AND_DIGITS) -> str:
        """A random string; the same seed gives the same strings."""
        return "".join(self.rng.choices(alphabet, k=length))

    def new_id(self, vendor: str, prefix: str, length: int, alphabet: str = _LOWER_CASE_AND_DIGITS) -> str:
        """A random id that no generation of the vendor has yet."""
        while (vendor, generation_id := prefix + self.token(length, alphabet)) in self.generations:
            pass
        return generation_id

    def library(self, vendor: str) -> AssetLibrary:
        """The asset library of one vendor."""
        return self._libraries.setdefault(vendor, AssetLibrary(self.token))

    def submit(
        self,
        vendor: str,
        generation_id: str,
        order: Order,
        fault: Fault | None = None,
        *,
        outcome: str | None = None,
    ) -> Generation:
        """Accept an order; ``outcome`` is the vendor's own reason if the generation is going to fail."""
        now = self.clock.now()
        number = len(self.generations)
        generation = Generation(vendor, generation_id, number, order, created_at=now, updated_at=now)
        generation.outcome = outcome or _outcome_in(order.prompt)
        self.apply_fault(generation, fault)
        self.generations[vendor, generation_id] = generation
        self.schedule(now + order.queue_seconds, partial(self._enqueue, generation))
        if order.expires_after is not None:
            self.schedule(now + order.expires_after, partial(self._expire, generation))
        self._listeners[vendor](self, generation)
        return generation

    def find_generation(self, vendor: str, generation_id: str) -> Generation | None:
        """The generation with that id, unless it does not exist or was deleted."""
        generation = self.generations.get((vendor, generation_id))
        return None if generation is None or generation.deleted else generation

    def of_account(self, vendor: str, account: str) -> list[Generation]:
        """All generations of one key that were not deleted, newest first."""
        return [
            generation
            for generation in reversed(self.generations.values())
            if generation.vendor == vendor and generation.order.account == account and not generation.deleted
        ]

    def apply_fault(self, generation: Generation, fault: Fault | None) -> None:
        """Mark the generation with the outcome that a fault demands, if the fault is of that kind."""
        if fault and fault.kind in OUTCOMES and not generation.phase.is_final:
            generation.outcome = fault.outcome

    def cancel(self, generation: Generation) -> None:
        """Cancel a queued generation."""
        self._move(generation, Phase.CANCELLED, self.clock.now())

    def publish(
        self,
        generation: Generation,
        kind: str,
        path: str,
        query: str,
        *,
        head_allowed: bool,
        position: str = "first",
    ) -> None:
        """Give a result of a finished generation a link that expires; a result may have a first and a second one."""
        expires_at = generation.updated_at + self.settings.link_seconds
        self.links[path] = Link(generation, kind, query, expires_at, head_allowed, position)
        generation.links_expire_at = expires_at
        name = kind if position == "first" else f"second_{kind}"
        generation.links[name] = f"{path}?{query}" if query else path

    def send(self, delivery: Delivery) -> None:
        """Put a callback into the outbox, from which the background worker sends it."""
        self.outbox.due.append(delivery)
        self.changed.set()

    def spent(self, vendor: str, account: str) -> float:
        """The sum of what was billed to one key."""
        mine = (g for g in self.generations.values() if g.vendor == vendor and g.order.account == account)
        return sum(generation.order.price for generation in mine if generation.billed)

    def _enqueue(self, generation: Generation, when: float) -> None:
        order = generation.order
        if order.concurrency_key is None or order.slots is None:
            self._start(generation, when)
            return
        limit = self._limits.setdefault(order.concurrency_key, ConcurrencyLimit(order.slots))
        limit.enqueue(generation)
        self._admit(limit, when)

    def _admit(self, limit: ConcurrencyLimit, when: float) -> None:
        for generation in limit.admit():
            self._start(generation, when)

    def _start(self, generation: Generation, when: float) -> None:
        if generation.phase is not Phase.QUEUED or generation.outcome == "stuck":
            return
        generation.started_at = when
        self._move(generation, Phase.RUNNING, when)
        self.schedule(when + generation.order.run_seconds, partial(self._finish, generation))

    def _finish(self, generation: Generation, when: float) -> None:
        if generation.phase is not Phase.RUNNING or generation.outcome == "stuck":
            return
        generation.billed = generation.outcome is None
        self._move(generation, Phase.FAILED if generation.outcome else Phase.SUCCEEDED, when)

    def _expire(self, generation: Generation, when: float) -> None:
        if not generation.phase.is_final and generation.outcome != "stuck":
            self._move(generation, Phase.EXPIRED, when)

    def _move(self, generation: Generation, phase: Phase, when: float) -> None:
        was_running = generation.phase is Phase.RUNNING
        generation.phase, generation.updated_at = phase, when
        if phase.is_final:
            generation.finished_at = when
        self._listeners[generation.vendor](self, generation)
        limit = self._limits.get(generation.order.concurrency_key or "")
        if limit and was_running:
            limit.release()
            self._admit(limit, when)


def _outcome_in(prompt: str) -> str | None:
    return next((outcome for word, outcome in _OUTCOME_BY_PROMPT.items() if word in prompt), None)
