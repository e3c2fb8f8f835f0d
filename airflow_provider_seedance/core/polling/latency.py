"""How long a generation usually takes: published figures as a prior, then what this process has measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Median seconds from submission to success of a 5 s clip at 720p, by a word in the model's id; the first match counts.
#: Medians of what users and resellers of the vendors publish: 2.0 family 90-170 s (docs.apiyi.com, measured),
#: 2.0 Mini 48 s (muapi.ai), 2.0 Fast 35-75 s (aiapiplaybook.com, docs.bytespike.ai), 1.5 Pro 50 s and 1.0 Pro 42 s
#: (ComfyUI's constants). No figure was found for 2.5.
PUBLISHED_MEDIANS = (
    ("mini", 48.0),
    ("fast", 50.0),
    ("1-5", 50.0),
    ("1.5", 50.0),
    ("1-0", 42.0),
    ("1.0", 42.0),
)
#: The same for all other models.
DEFAULT_MEDIAN = 120.0
#: What the median is multiplied by for other resolutions than 720p, from the same sources.
RESOLUTION_FACTORS = {"480p": 0.75, "1080p": 1.5, "2k": 2.0, "4k": 2.5}
#: Standard deviation of the latency's logarithm, for a median that somebody else measured.
PUBLISHED_SPREAD = 0.35

#: How many measured generations the prior counts for.
PRIOR_WEIGHT = 1.0
#: The most that the measured count grows to, so that newer generations outweigh older ones.
MAX_SAMPLE_COUNT = 50.0
#: From so many measured generations on, the distribution counts as measured.
MIN_SAMPLES_TO_TRUST = 3.0
#: How many keys are remembered, more than an account has in use; the least recently measured one is dropped first.
MAX_KEYS = 500


@dataclass(frozen=True, slots=True)
class LatencyKey:
    """What the latency of a generation depends on, as far as the vendor tells while it is pending.

    :param duration: length of the video, seconds.
    """

    vendor: str = ""
    model: str | None = None
    resolution: str | None = None
    duration: float | None = None


UNKNOWN_KEY = LatencyKey()


@dataclass(frozen=True, slots=True)
class LatencyDistribution:
    """A log-normal time from submission to success.

    :param median: seconds.
    :param spread: standard deviation of its logarithm.
    :param measured: whether it rests on generations of this process, not only on what others publish.
    """

    median: float
    spread: float
    measured: bool = False

    def seconds_at(self, deviations: float) -> float:
        """The time that lies so many standard deviations from the median, seconds."""
        return self.median * math.exp(deviations * self.spread)

    def deviations_at(self, seconds: float) -> float:
        """How many standard deviations from the median a time lies: the inverse of :meth:`seconds_at`."""
        return math.log(max(seconds, 0.1) / self.median) / max(self.spread, 0.01)


@dataclass(frozen=True, slots=True)
class RunningMoments:
    """Mean and variance of the logarithms of measured times; each new time makes older ones weigh less."""

    count: float = 0.0
    mean: float = 0.0
    variance: float = 0.0

    def with_sample(self, seconds: float) -> RunningMoments:
        """The moments after one more measured time."""
        count = min(self.count + 1.0, MAX_SAMPLE_COUNT)
        deviation = math.log(max(seconds, 0.1)) - self.mean
        mean = self.mean + deviation / count
        variance = (1.0 - 1.0 / count) * (self.variance + deviation * deviation / count)
        return RunningMoments(count, mean, variance)


def published_latency(key: LatencyKey) -> LatencyDistribution:
    """What published figures say. A video's length counts half: ten seconds take half as long again as five."""
    model = (key.model or "").lower()
    median = next((seconds for word, seconds in PUBLISHED_MEDIANS if word in model), DEFAULT_MEDIAN)
    median *= RESOLUTION_FACTORS.get((key.resolution or "").lower(), 1.0)
    return LatencyDistribution(median * (5.0 + max(key.duration or 5.0, 1.0)) / 10.0, PUBLISHED_SPREAD)


def posterior(prior: LatencyDistribution, samples: RunningMoments) -> LatencyDistribution:
    """The prior weighed with what was measured; where the two disagree, the spread is wider."""
    weight, total = PRIOR_WEIGHT, PRIOR_WEIGHT + samples.count
    prior_mean = math.log(prior.median)
    mean = (weight * prior_mean + samples.count * samples.mean) / total
    variance = (
        weight * (prior.spread**2 + (prior_mean - mean) ** 2)
        + samples.count * (samples.variance + (samples.mean - mean) ** 2)
    ) / total
    measured = samples.count >= MIN_SAMPLES_TO_TRUST
    return LatencyDistribution(math.exp(mean), math.sqrt(variance), measured)


class LatencyModel:
    """Predicts how long a generation takes, and learns from those that this process has waited for."""

    def __init__(self) -> None:
        self._samples: dict[LatencyKey, RunningMoments] = {}

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._samples)

    def predict(self, key: LatencyKey, vendor_estimate: float | None = None) -> LatencyDistribution:
        """The distribution to expect for such a generation.

        :param vendor_estimate: the vendor's own estimate of the latency, seconds; it replaces published figures.
        """
        if vendor_estimate and vendor_estimate > 0:
            prior = LatencyDistribution(vendor_estimate, PUBLISHED_SPREAD)
        else:
            prior = published_latency(key)
        samples = self._samples.get(key)
        return prior if samples is None else posterior(prior, samples)

    def observe(self, key: LatencyKey, seconds: float) -> None:
        """Learn that such a generation took so many seconds from submission to success."""
        samples = self._samples.pop(key, RunningMoments())
        while len(self._samples) >= MAX_KEYS:
            del self._samples[next(iter(self._samples))]
        self._samples[key] = samples.with_sample(seconds)
