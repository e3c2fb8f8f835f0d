"""Real time and real chance, for those who carry decisions out."""

from __future__ import annotations

import random
import time


class WallClock:
    """The machine's clock; see :class:`airflow_provider_seedance.core.polling.wait.Clock`."""

    def now(self) -> float:
        return time.time()

    def chance(self) -> float:
        return random.random()
