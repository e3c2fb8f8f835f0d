"""The emulator's state and the laws by which generations live.

Rule 1: only a call that a vendor accepted makes a generation, and only a success is billed.
Rule 2: phases change on the timeline alone, never because somebody looked.
Rule 3: a generation whose fate is "stuck" stays where it is.
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
from airflow_provider_seedance.emulator.simulation.concurrency import Lane
from airflow_provider_seedance.emulator.simulation.faults import FATES, Fault, Faults
from airflow_provider_seedance.emulator.simulation.generation import Generation, Order, Phase
from airflow_provider_seedance.emulator.simulation.ledger import Ledger
from airflow_provider_seedance.emulator.simulation.scheduler import Timeline

_NAME_LETTERS = string.ascii_lowercase + string.digits

Observer = Callable[["World", Generation], None]

_PROMPT_WORDS = {
    "[emulator:moderation]": "moderation",
    "[emulator:fail]": "fail",
    "[emulator:stuck]": "stuck",
}


@dataclass(frozen=True)
class Settings:
    """What stays the same over a reset."""

    seed: int = 0
    link_seconds: float = 86400
    """Life of a result link, in vendor time."""
    slots: int = 10
    """ModelArk generations that run at once, per model."""
    webhook_secret: str = "whsec-emulator"
    """Signs ToAPIs webhooks."""


@dataclass(frozen=True)
class Link:
    """One downloadable result."""

    generation: Generation
    kind: str
    query: str
    expires_at: float
    head_allowed: bool


@dataclass(frozen=True)
class StoredFile:
    """One uploaded file."""

    id: str
    vendor: str
    account: str
    name: str
    mime: str
    content: bytes
    stored_at: float
    expires_at: float


class World:
    """Everything the emulator remembers."""

    def __init__(self, clock: Clock, settings: Settings, observers: Mapping[str, Observer]) -> None:
        self.clock = clock
        self.settings = settings
        self.changed = asyncio.Event()
        self._observers = observers
        self._start_empty()

    def _start_empty(self) -> None:
        self.rng = random.Random(self.settings.seed)
        self.timeline = Timeline()
        self.faults = Faults(random.Random(self.settings.seed))
        self.ledger = Ledger()
        self.outbox = Outbox()
        self.generations: dict[tuple[str, str], Generation] = {}
        self.links: dict[str, Link] = {}
        self.files: dict[str, StoredFile] = {}
        self._lanes: dict[str, Lane] = {}
        self._libraries: dict[str, AssetLibrary] = {}

    def reset(self) -> None:
        """Forget everything but the clock and the settings."""
        self._start_empty()
        self.changed.set()

    def tick(self) -> float:
        """Let everything happen that is due by now; returns the present moment."""
        now = self.clock.now()
        self.timeline.run(now)
        return now

    def plan(self, when: float, action: Callable[[float], None]) -> None:
        """Let ``action`` happen at a moment of vendor time."""
        self.timeline.at(when, action)
        self.changed.set()

    def token(self, length: int, alphabet: str = _NAME_LETTERS) -> str:
        """A random name; the same seed gives the same names."""
        return "".join(self.rng.choices(alphabet, k=length))

    def unused_id(self, vendor: str, stem: str, length: int, alphabet: str = _NAME_LETTERS) -> str:
        """An id for the next generation of a vendor."""
        while (vendor, name := stem + self.token(length, alphabet)) in self.generations:
            pass
        return name

    def library(self, vendor: str) -> AssetLibrary:
        """The asset library of one vendor."""
        return self._libraries.setdefault(vendor, AssetLibrary(self.token))

    # --- generations -------------------------------------------------------------------------------------

    def submit(
        self,
        vendor: str,
        generation_id: str,
        order: Order,
        fault: Fault | None = None,
        *,
        fate: str | None = None,
    ) -> Generation:
        """Accept an order; ``fate`` is the vendor's own word for an end that is already certain."""
        now = self.clock.now()
        number = len(self.generations)
        generation = Generation(vendor, generation_id, number, order, created_at=now, updated_at=now)
        generation.fate = fate or _fate_in(order.prompt)
        self.doom(generation, fault)
        self.generations[vendor, generation_id] = generation
        self.plan(now + order.wait, partial(self._join_lane, generation))
        if order.expires_after is not None:
            self.plan(now + order.expires_after, partial(self._expire, generation))
        self._observers[vendor](self, generation)
        return generation

    def find(self, vendor: str, generation_id: str) -> Generation | None:
        """A generation that the vendor still shows."""
        generation = self.generations.get((vendor, generation_id))
        return None if generation is None or generation.deleted else generation

    def of_account(self, vendor: str, account: str) -> list[Generation]:
        """All generations that one key may see, newest first."""
        return [
            generation
            for generation in reversed(self.generations.values())
            if generation.vendor == vendor and generation.order.account == account and not generation.deleted
        ]

    def doom(self, generation: Generation, fault: Fault | None) -> None:
        """Apply a fault that decides how the generation ends."""
        if fault and fault.kind in FATES and not generation.phase.is_final:
            generation.fate = fault.kind

    def cancel(self, generation: Generation) -> None:
        """Take a queued generation out of its queue."""
        self._move(generation, Phase.CANCELLED, self.clock.now())

    def publish(
        self, generation: Generation, kind: str, path: str, query: str, *, head_allowed: bool
    ) -> None:
        """Put a result of a finished generation under a link."""
        expires_at = generation.updated_at + self.settings.link_seconds
        self.links[path] = Link(generation, kind, query, expires_at, head_allowed)
        generation.links_expire_at = expires_at
        generation.links[kind] = f"{path}?{query}" if query else path

    def send(self, delivery: Delivery) -> None:
        """Hand a callback to the courier."""
        self.outbox.due.append(delivery)
        self.changed.set()

    def spent(self, vendor: str, account: str) -> float:
        """What one key has paid so far."""
        mine = (g for g in self.generations.values() if g.vendor == vendor and g.order.account == account)
        return sum(generation.order.price for generation in mine if generation.billed)

    # --- lifecycle, called by the timeline ---------------------------------------------------------------

    def _join_lane(self, generation: Generation, when: float) -> None:
        order = generation.order
        if order.lane is None or order.slots is None:
            self._start(generation, when)
            return
        lane = self._lanes.setdefault(order.lane, Lane(order.slots))
        lane.join(generation)
        self._fill(lane, when)

    def _fill(self, lane: Lane, when: float) -> None:
        for generation in lane.admit():
            self._start(generation, when)

    def _start(self, generation: Generation, when: float) -> None:
        if generation.phase is not Phase.QUEUED or generation.fate == "stuck":
            return
        generation.started_at = when
        self._move(generation, Phase.RUNNING, when)
        self.plan(when + generation.order.run, partial(self._finish, generation))

    def _finish(self, generation: Generation, when: float) -> None:
        if generation.phase is not Phase.RUNNING or generation.fate == "stuck":
            return
        generation.billed = generation.fate is None
        self._move(generation, Phase.FAILED if generation.fate else Phase.SUCCEEDED, when)

    def _expire(self, generation: Generation, when: float) -> None:
        if not generation.phase.is_final and generation.fate != "stuck":
            self._move(generation, Phase.EXPIRED, when)

    def _move(self, generation: Generation, phase: Phase, when: float) -> None:
        was_running = generation.phase is Phase.RUNNING
        generation.phase, generation.updated_at = phase, when
        if phase.is_final:
            generation.finished_at = when
        self._observers[generation.vendor](self, generation)
        lane = self._lanes.get(generation.order.lane or "")
        if lane and was_running:
            lane.leave()
            self._fill(lane, when)


def _fate_in(prompt: str) -> str | None:
    return next((fate for word, fate in _PROMPT_WORDS.items() if word in prompt), None)
