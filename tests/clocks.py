"""Clocks for tests: time passes only in pauses, or pauses take no time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from airflow_provider_seedance.core.clock import SystemClock


@dataclass
class ManualClock:
    """Time that only pauses move; ``pauses`` keeps them."""

    moment: float = 1_000_000.0
    draw: float = 0.5
    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.moment

    def random(self) -> float:
        return self.draw

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.moment += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)


@dataclass
class ImpatientClock(ManualClock):
    """The machine's time, or one that is ``ahead`` of it by seconds, in which pauses take none."""

    ahead: float = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


class SteadyClock(SystemClock):
    """The machine's time, with jitter that always draws zero: retries of requests take no time."""

    def random(self) -> float:
        return 0.0
