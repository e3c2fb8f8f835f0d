"""A generation: the accepted order, its phase, and its results."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from airflow_provider_seedance.emulator.media.inputs import Picture


class Phase(str, Enum):
    """The phase of a generation; each vendor has its own words for these."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the phase never changes again."""
        return self not in (Phase.QUEUED, Phase.RUNNING)


@dataclass(frozen=True)
class Order:
    """An accepted request. All values are final: defaults and 'adaptive' are already resolved."""

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
    queue_seconds: float
    """Vendor seconds before it starts, or before it waits for a free slot."""
    run_seconds: float
    """Vendor seconds from its start to its end."""
    origin: str
    input_seconds: float = 0.0
    pictures: tuple[Picture, ...] = ()
    concurrency_key: str | None = None
    """Orders with the same key share ``slots``; None means that nothing limits how many run at once."""
    slots: int | None = None
    priority: int = 0
    expires_after: float | None = None
    callback: str | None = None
    container: str = "mp4"
    vendor_data: dict[str, Any] = field(default_factory=dict)
    """Values that only the vendor's own modules read."""

    @property
    def seconds(self) -> int:
        """The length in whole seconds, as the vendors give it."""
        return self.frames // 24


@dataclass
class Generation:
    """One generation. Only :class:`State` changes it."""

    vendor: str
    id: str
    number: int
    """Counts the generations in the order of their creation."""
    order: Order
    created_at: float
    updated_at: float
    phase: Phase = Phase.QUEUED
    started_at: float | None = None
    finished_at: float | None = None
    outcome: str | None = None
    """Why it will not succeed: a kind of fault, or the vendor's own reason. None lets it succeed."""
    billed: bool = False
    deleted: bool = False
    links: dict[str, str] = field(default_factory=dict)
    """Path and query of each result by its kind: ``video``, ``second_video`` (the same video) or ``last_frame``."""
    links_expire_at: float | None = None

    def progress(self, now: float) -> int:
        """Percent done; 100 only after it has succeeded."""
        if self.phase is Phase.SUCCEEDED:
            return 100
        if self.phase is not Phase.RUNNING or self.started_at is None:
            return 0
        return max(1, min(99, int(100 * (now - self.started_at) / self.order.run_seconds)))
