"""A generation: what was ordered, where it stands, what it cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Phase(str, Enum):
    """Where a generation stands; each vendor has its own words for these."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Nothing will happen any more."""
        return self not in (Phase.QUEUED, Phase.RUNNING)


@dataclass(frozen=True)
class Picture:
    """An input image that the emulator can show; loaded only when the clip is drawn."""

    role: str
    load: Callable[[], bytes] = field(compare=False)


@dataclass(frozen=True)
class Order:
    """What a vendor accepted. All fields are final values: defaults and 'adaptive' are already resolved."""

    account: str
    model: str
    mode: str
    prompt: str
    resolution: str
    ratio: str
    size: tuple[int, int]
    frames: int
    audio: bool
    last_frame: bool
    seed: int
    price: float
    unit: str
    wait: float
    run: float
    origin: str
    input_seconds: float = 0.0
    pictures: tuple[Picture, ...] = ()
    lane: str | None = None
    slots: int | None = None
    priority: int = 0
    expires_after: float | None = None
    callback: str | None = None
    container: str = "mp4"
    echo: dict[str, Any] = field(default_factory=dict)
    """What the vendor's module wants to remember; nobody else reads it."""

    @property
    def seconds(self) -> int:
        """Whole seconds, as the vendors count them."""
        return self.frames // 24


@dataclass
class Generation:
    """One order on its way; changed by :class:`World` alone."""

    vendor: str
    id: str
    number: int
    """In the order of creation."""
    order: Order
    created_at: float
    updated_at: float
    phase: Phase = Phase.QUEUED
    started_at: float | None = None
    finished_at: float | None = None
    fate: str | None = None
    billed: bool = False
    deleted: bool = False
    links: dict[str, str] = field(default_factory=dict)
    """Path and query of the results by kind: ``video``, ``last_frame``."""
    links_expire_at: float | None = None

    def progress(self, now: float) -> int:
        """Percent done; below 100 until it succeeded."""
        if self.phase is Phase.SUCCEEDED:
            return 100
        if self.phase is not Phase.RUNNING or self.started_at is None:
            return 0
        return max(1, min(99, int(100 * (now - self.started_at) / self.order.run)))
