"""What a kill, a clear or a limit does to a generation that is waited for, and what comes after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["queued", "running", "finished", "unknown"]
Effect = Literal["cancels", "leaves", "gives up"]


@dataclass(frozen=True)
class Interruption:
    """Something that ends the wait from outside.

    :param worker: its effect on a task that waits in a worker; ``None`` if it cannot befall one.
    :param deferred: on one that is deferred.
    :param after: what Airflow makes of the task then.
    :param only: the one state in which it has this effect; in the others the generation is left alone.
    """

    name: str
    worker: Effect | None
    deferred: Effect | None
    after: Literal["nothing", "next try", "waits on"]
    only: State | None = None

    def effect(self, place: str, state: str) -> Effect | None:
        """What it does to a generation in this state, waited for at this place."""
        effect = self.deferred if place == "deferred" else self.worker
        return effect if self.only in (None, state) else "leaves"


@dataclass(frozen=True)
class Fate:
    """What becomes of a generation.

    :param becomes: its status and its bill, as far as they are known.
    :param said: what the log or the error says.
    """

    becomes: str
    said: str = ""

    def __str__(self) -> str:
        return f"{self.becomes}: `{self.said}`" if self.said else self.becomes


INTERRUPTIONS = (
    Interruption("marked failed", "cancels", "cancels", "nothing"),
    Interruption("marked success", "cancels", "cancels", "nothing"),
    Interruption("DAG run marked failed", "cancels", "cancels", "nothing"),
    Interruption("`dagrun_timeout` passed", "cancels", "cancels", "nothing"),
    Interruption("cleared", "cancels", "leaves", "next try"),
    Interruption("worker evicted or shut down", "cancels", None, "next try"),
    Interruption("worker killed without notice", "leaves", None, "next try"),
    Interruption("another triggerer takes over", None, "leaves", "waits on"),
    Interruption("triggerer shut down or killed", None, "leaves", "waits on"),
    Interruption("`timeout` passed", "gives up", "gives up", "next try"),
    Interruption("`queue_timeout` passed", "gives up", "gives up", "next try", only="queued"),
    Interruption("task fails for good, such as by a key withdrawn", "leaves", "leaves", "nothing"),
)

FATES: dict[State, dict[Effect, Fate]] = {
    "queued": {
        "cancels": Fate("cancelled, no bill", "was still queued and has been cancelled; nothing is billed"),
        "leaves": Fate("queued, 1 bill"),
        "gives up": Fate("cancelled, no bill", "it was cancelled, and nothing is billed"),
    },
    "running": {
        "cancels": Fate("running, 1 bill", "is already running: it will finish and be billed"),
        "leaves": Fate("running, 1 bill"),
        "gives up": Fate("running, 1 bill", "it goes on at the vendor, and is billed if it succeeds"),
    },
    "finished": {
        "cancels": Fate("succeeded, 1 bill", "had already ended"),
        "leaves": Fate("succeeded, 1 bill"),
        "gives up": Fate("succeeded, 1 bill"),
    },
    "unknown": {
        "cancels": Fate("unknown", "could not be cancelled"),
        "leaves": Fate("unknown"),
        "gives up": Fate("unknown", "The id is unknown to this vendor account"),
    },
}

#: What the next try or the triggerer does about it: ``""`` is the rule, the others are exceptions to it.
AFTERWARDS: dict[State, dict[str, str]] = {
    "queued": {"": "goes on", "it was cancelled": "submits"},
    "running": {"": "goes on"},
    "finished": {"": "goes on"},
    "unknown": {"": "stops", "cleared while deferred": "submits"},
}


def afterwards(interruption: str, place: str, state: State, *, cancelled: bool) -> str:
    """What comes after an interruption."""
    holds = {
        "it was cancelled": cancelled,
        "cleared while deferred": (interruption, place) == ("cleared", "deferred"),
    }
    (found,) = [then for when, then in AFTERWARDS[state].items() if when and holds[when]] or [
        AFTERWARDS[state][""]
    ]
    return found
