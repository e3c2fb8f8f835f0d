"""How long a generation takes: published figures to start from, then what this process has seen."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Seconds from submission to success of a 5 s clip at 720p, by a word in the model's id; the first match counts.
#: Medians of what users and resellers of the vendors publish: 2.0 family 90-170 s (docs.apiyi.com, measured),
#: 2.0 Mini 48 s (muapi.ai), 2.0 Fast 35-75 s (aiapiplaybook.com, docs.bytespike.ai), 1.5 Pro 50 s and 1.0 Pro 42 s
#: (ComfyUI's constants). No figure was found for 2.5.
SEEDS = (("mini", 48.0), ("fast", 50.0), ("1-5", 50.0), ("1.5", 50.0), ("1-0", 42.0), ("1.0", 42.0))
OTHER_MODELS = 120.0
#: The same sources' ratios to 720p.
RESOLUTIONS = {"480p": 0.75, "1080p": 1.5, "2k": 2.0, "4k": 2.5}
#: Logarithmic standard deviation of a figure that somebody else measured.
SEED_SPREAD = 0.35

#: What is known before counts like this many generations seen here.
PRIOR_WEIGHT = 1.0
#: Later ones push earlier ones out at this pace.
MEMORY = 50.0
#: From this many on, what was seen here is believed.
ENOUGH = 3.0
#: More kinds than an account has in use; the least lately learned goes first.
MOST_CELLS = 500


@dataclass(frozen=True, slots=True)
class Cell:
    """A kind of generation, as far as the vendor tells while it is pending."""

    vendor: str = ""
    model: str | None = None
    resolution: str | None = None
    duration: float | None = None


UNKNOWN = Cell()


@dataclass(frozen=True, slots=True)
class Latency:
    """A log-normal time from submission to success.

    :param median: seconds.
    :param spread: standard deviation of its logarithm.
    :param sure: whether it was seen here, not only read or told.
    """

    median: float
    spread: float
    sure: bool = False

    def at(self, deviations: float) -> float:
        """The time that lies this many standard deviations from the median, seconds."""
        return self.median * math.exp(deviations * self.spread)

    def deviations(self, seconds: float) -> float:
        """The inverse of :meth:`at`."""
        return math.log(max(seconds, 0.1) / self.median) / max(self.spread, 0.01)


@dataclass(frozen=True, slots=True)
class Seen:
    """Moments of the logarithms of the times seen, older ones fading."""

    count: float = 0.0
    mean: float = 0.0
    variance: float = 0.0

    def and_also(self, seconds: float) -> Seen:
        count = min(self.count + 1.0, MEMORY)
        off = math.log(max(seconds, 0.1)) - self.mean
        mean = self.mean + off / count
        return Seen(count, mean, (1.0 - 1.0 / count) * (self.variance + off * off / count))


def seed(cell: Cell) -> Latency:
    """What published figures say. A clip's length counts half: ten seconds take half as long again as five."""
    model = (cell.model or "").lower()
    median = next((seconds for word, seconds in SEEDS if word in model), OTHER_MODELS)
    median *= RESOLUTIONS.get((cell.resolution or "").lower(), 1.0)
    return Latency(median * (5.0 + max(cell.duration or 5.0, 1.0)) / 10.0, SEED_SPREAD)


def blended(before: Latency, seen: Seen) -> Latency:
    """What to expect after ``seen``; where the two disagree, the spread says so."""
    weight, total = PRIOR_WEIGHT, PRIOR_WEIGHT + seen.count
    prior = math.log(before.median)
    mean = (weight * prior + seen.count * seen.mean) / total
    variance = (
        weight * (before.spread**2 + (prior - mean) ** 2)
        + seen.count * (seen.variance + (seen.mean - mean) ** 2)
    ) / total
    return Latency(math.exp(mean), math.sqrt(variance), sure=seen.count >= ENOUGH)


class Latencies:
    """The memory of one process."""

    def __init__(self) -> None:
        self._seen: dict[Cell, Seen] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def expected(self, cell: Cell, estimate: float | None = None) -> Latency:
        """What to expect of such a generation.

        :param estimate: the vendor's own, seconds; it stands in for published figures.
        """
        before = Latency(estimate, SEED_SPREAD) if estimate and estimate > 0 else seed(cell)
        seen = self._seen.get(cell)
        return before if seen is None else blended(before, seen)

    def learn(self, cell: Cell, seconds: float) -> None:
        """Remember that one took this long."""
        seen = self._seen.pop(cell, Seen())
        while len(self._seen) >= MOST_CELLS:
            del self._seen[next(iter(self._seen))]
        self._seen[cell] = seen.and_also(seconds)
