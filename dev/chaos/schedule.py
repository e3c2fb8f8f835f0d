"""What goes wrong and when: the same seed gives the same accidents. Pure; nothing is carried out here.

Moments are shares of the run's progress, from 0 to 1, so that a slow machine meets the same accidents as a fast one.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dev.emulator import VENDORS

Victim = Literal["worker", "task", "triggerer", "scheduler"]

#: Kills in a run of 100 videos.
_KILLS: Mapping[Victim, int] = {"worker": 3, "task": 16, "triggerer": 4, "scheduler": 3}
#: Seconds until what was killed is started again, at least and at most.
_ABSENCE = (2.0, 8.0)
#: About half of the videos are submitted then.
PRIMARY_DIES_AT = 0.25


@dataclass(frozen=True)
class Kill:
    """SIGKILL for a worker with all that it runs, one of the two triggerers, the scheduler, or one task's process.

    :param at: the share of the run after which it is due.
    :param absence: seconds until it is started again; a task's process is not.
    :param chance: in [0, 1): chooses among several.
    """

    at: float
    victim: Victim
    absence: float
    chance: float


@dataclass(frozen=True)
class Trouble:
    """A fault of the emulated vendors, as the emulator takes it.

    :param at: the share of the run after which it is due.
    """

    at: float
    fault: Mapping[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Death:
    """The primary of a list of connections stops answering, for good.

    :param at: the share of the run after which it is due.
    """

    at: float


Event = Kill | Trouble | Death


@dataclass(frozen=True)
class _Kind:
    """One kind of trouble.

    :param times: calls that it strikes, at least and at most.
    :param count: how often in a run of 100 videos; for each vendor, if ``everywhere``.
    :param begin: earliest moment.
    :param end: latest moment.
    """

    fault: Mapping[str, Any]
    count: int
    times: tuple[int, int] = (1, 1)
    everywhere: bool = False
    begin: float = 0.05
    end: float = 0.9


def _page(on: str, status: int) -> dict[str, Any]:
    """A page that a proxy, a firewall or a login gate sends in the place of the vendor's answer."""
    body = f"<!DOCTYPE html><html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return {
        "on": on,
        "kind": "reply",
        "status": status,
        "headers": {"Content-Type": "text/html; charset=utf-8"},
        "body": body,
    }


def _status(on: str, status: int, retry_after: str | None = None) -> dict[str, Any]:
    return {"on": on, "kind": "status", "status": status, "retry_after": retry_after}


#: Creates come early in a run, downloads late.
_TROUBLES = (
    _Kind({"on": "create", "kind": "drop_before_accept"}, 1, everywhere=True, begin=0.0, end=0.4),
    _Kind({"on": "create", "kind": "drop_after_accept"}, 2, everywhere=True, begin=0.0, end=0.4),
    _Kind(_status("create", 503), 2, (1, 2), begin=0.0, end=0.4),
    _Kind(_status("create", 429, "1"), 4, (2, 5), begin=0.0, end=0.4),
    _Kind(_status("get", 429, "2"), 3, (5, 20)),
    _Kind(_status("get", 503), 3, (5, 20)),
    _Kind({"on": "get", "kind": "drop_before_accept"}, 3, (1, 6)),
    _Kind({"on": "get", "kind": "malformed"}, 2, (1, 4)),
    _Kind(_status("list", 503), 2, (1, 4)),
    _Kind(_status("list", 429, "1"), 2, (1, 4)),
    _Kind({"on": "list", "kind": "drop_after_accept"}, 2, (1, 2)),
    _Kind({"on": "download", "kind": "truncate"}, 6, begin=0.2),
    _Kind(_status("download", 403), 4, begin=0.2),
    _Kind(_status("download", 503), 2, (1, 3), begin=0.2),
    _Kind({"on": "download", "kind": "drop_after_accept"}, 3, begin=0.2),
)
#: What proxies between the client and the vendors add.
_PROXY_TROUBLES = tuple(
    _Kind(_page(on, status), 2, (1, 6)) for on in ("get", "list") for status in (403, 404, 502, 503)
)


def schedule(seed: int, *, videos: int, proxies: bool = False) -> tuple[Event, ...]:
    """All accidents of a run, in order.

    :param videos: how many the run makes; there are as many more accidents as there are more videos.
    :param proxies: whether, beside everything else, proxies answer reads with HTML pages; the other accidents of a
        seed are the same with and without.
    """
    rng = random.Random(seed)
    events: list[Event] = [*_kills(rng, videos), *_troubles(_TROUBLES, rng, videos), Death(PRIMARY_DIES_AT)]
    if proxies:
        events += _troubles(_PROXY_TROUBLES, rng, videos)
    return tuple(sorted(events, key=lambda event: event.at))


def describe(event: Event) -> str:
    """An accident as one line."""
    if isinstance(event, Death):
        return f"{event.at:4.0%}  the primary connection dies for good"
    if isinstance(event, Kill):
        back = "" if event.victim == "task" else f", back after {event.absence:.1f} s"
        return f"{event.at:4.0%}  kill {event.victim}{back}"
    fault = event.fault
    status = f" {fault['status']}" if "status" in fault else ""
    return f"{event.at:4.0%}  {fault['vendor']} {fault['on']} {fault['kind']}{status}, {fault['times']} calls"


def _kills(rng: random.Random, videos: int) -> Iterator[Kill]:
    for victim, count in _KILLS.items():
        for _ in range(_scaled(count, videos)):
            yield Kill(rng.uniform(0.05, 0.9), victim, rng.uniform(*_ABSENCE), rng.random())


def _troubles(kinds: Iterable[_Kind], rng: random.Random, videos: int) -> Iterator[Trouble]:
    for kind in kinds:
        for number in range(_scaled(kind.count, videos) * (len(VENDORS) if kind.everywhere else 1)):
            vendor = VENDORS[number % len(VENDORS)] if kind.everywhere else rng.choice((*VENDORS, "*"))
            fault = {**kind.fault, "vendor": vendor, "times": rng.randint(*kind.times)}
            yield Trouble(rng.uniform(kind.begin, kind.end), fault)


def _scaled(count: int, videos: int) -> int:
    return max(1, round(count * videos / 100))
