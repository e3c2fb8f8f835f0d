"""Pytest fixtures for tests of your own DAGs, with the emulator in the vendor's place.

Switch them on with ``pytest -p airflow_provider_seedance.testing``, or with
``pytest_plugins = ["airflow_provider_seedance.testing"]`` in the topmost ``conftest.py``. They need the extra
``emulator``, and work for tasks that run in the process of the test, as ``dag.test()`` runs them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from airflow_provider_seedance.emulator import Emulator

__all__ = [
    "VendorClock",
    "VendorFaults",
    "VendorGeneration",
    "VendorLedger",
    "seedance_connection",
    "seedance_emulator",
    "vendor_clock",
    "vendor_faults",
    "vendor_ledger",
]

#: Vendor seconds that pass in a second, unless a test says otherwise: a generation takes some 0.2 s.
RATE = 600.0

_EMULATOR = pytest.StashKey["Emulator"]()


@dataclass(frozen=True)
class VendorGeneration:
    """A generation as the vendor's invoice has it; times are Unix seconds of vendor time."""

    vendor: str
    generation_id: str
    model: str
    mode: str
    status: str
    billed: bool
    amount: float
    """What it costs, in ``unit``; 0 if it is not billed."""
    unit: str
    prompt: str
    created_at: float
    finished_at: float | None


class VendorLedger:
    """What the vendors were asked for and what they bill; each look is at the present state."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    @property
    def generations(self) -> list[VendorGeneration]:
        """All generations that a vendor has accepted, in the order of their creation."""
        names = {field.name for field in fields(VendorGeneration)}
        rows: list[dict[str, Any]] = self._emulator.ledger()["generations"]
        return [
            VendorGeneration(**{name: value for name, value in row.items() if name in names}) for row in rows
        ]

    @property
    def billed(self) -> list[VendorGeneration]:
        """The generations that cost something."""
        return [generation for generation in self.generations if generation.billed]

    @property
    def creates_received(self) -> int:
        """How many requests for a generation have reached a vendor, refused ones included."""
        return int(self._emulator.ledger()["creates_received"])


class VendorFaults:
    """What goes wrong from now on.

    Each fault strikes the next ``times`` calls of its kind, or all of them with ``times=None``, at one ``vendor`` or at
    all (``"*"``). ``on`` is the kind of call: ``create``, ``get``, ``list``, ``cancel``, ``download`` or ``callback``.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def refuse_by_moderation(self, *, times: int | None = 1, vendor: str = "*") -> None:
        """The vendor's moderation rejects the next generation, which is not billed."""
        self._add("create", "moderation", times, vendor)

    def fail_generation(self, *, times: int | None = 1, vendor: str = "*") -> None:
        """The next generation is accepted and fails at the vendor."""
        self._add("create", "fail", times, vendor)

    def never_finish(self, *, times: int | None = 1, vendor: str = "*") -> None:
        """The next generation is accepted and stays as it is."""
        self._add("create", "stuck", times, vendor)

    def lose_request(self, on: str = "create", *, times: int | None = 1, vendor: str = "*") -> None:
        """The connection closes before the vendor has heard anything."""
        self._add(on, "drop_before_accept", times, vendor)

    def lose_reply(self, on: str = "create", *, times: int | None = 1, vendor: str = "*") -> None:
        """The vendor does what it was asked, and bills it, but the connection closes before the reply."""
        self._add(on, "drop_after_accept", times, vendor)

    def answer_with_status(
        self,
        status: int,
        on: str = "create",
        *,
        retry_after: float | None = None,
        times: int | None = 1,
        vendor: str = "*",
    ) -> None:
        """The vendor refuses in its own form of error, such as with 503; ``retry_after`` is in seconds."""
        self._add(on, "status", times, vendor, status=status, retry_after=retry_after)

    def limit_rate(
        self,
        on: str = "create",
        *,
        retry_after: float | None = None,
        times: int | None = 1,
        vendor: str = "*",
    ) -> None:
        """The vendor answers that there are too many requests (429); ``retry_after`` is in seconds."""
        self.answer_with_status(429, on, retry_after=retry_after, times=times, vendor=vendor)

    def answer_with_page(self, on: str = "get", *, times: int | None = 1, vendor: str = "*") -> None:
        """An HTML page comes back instead of JSON; the vendor has done what it was asked."""
        self._add(on, "malformed", times, vendor)

    def delay_reply(
        self, seconds: float, on: str = "get", *, times: int | None = 1, vendor: str = "*"
    ) -> None:
        """The reply comes late, by seconds of real time."""
        self._add(on, "delay", times, vendor, seconds=seconds)

    def cut_download(self, *, times: int | None = 1, vendor: str = "*") -> None:
        """The download of the video breaks off in the middle."""
        self._add("download", "truncate", times, vendor)

    def clear(self) -> None:
        """Nothing goes wrong any more; what a fault has decided about a generation stays."""
        self._emulator.clear_faults()

    def _add(self, on: str, kind: str, times: int | None, vendor: str, **details: Any) -> None:
        self._emulator.add_fault(on=on, kind=kind, times=times, vendor=vendor, **details)


class VendorClock:
    """Vendor time, on which generations finish and links expire; it runs at 600 times the real one."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def now(self) -> float:
        """Vendor time as Unix seconds."""
        return self._emulator.now()

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Jump forward by the sum of these."""
        self._emulator.advance(seconds + 60 * (minutes + 60 * (hours + 24 * days)))

    def set_rate(self, rate: float) -> None:
        """Let so many seconds pass in a second of real time: 1 is real time, 0 stops the clock."""
        self._emulator.set_rate(rate)


@pytest.fixture
def seedance_emulator(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The running emulator with an empty state; one server serves the whole session."""
    emulator = pytestconfig.stash.get(_EMULATOR, None) or _start(pytestconfig)
    emulator.reset()
    emulator.set_rate(RATE)
    # A trigger waits this long for a scheduler that its event could overtake; ``dag.test()`` has none.
    monkeypatch.setattr("airflow_provider_seedance.runtime.polling.EARLIEST_EVENT_SECONDS", 0.0)
    # A proxy of the environment does not lead to this machine.
    exempt = filter(None, [os.environ.get("NO_PROXY"), os.environ.get("no_proxy"), "127.0.0.1"])
    for name, value in dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(exempt)).items():
        monkeypatch.setenv(name, value)
    return emulator


def _start(config: pytest.Config) -> Emulator:
    try:
        from airflow_provider_seedance.emulator import serve
    except ModuleNotFoundError as error:
        raise pytest.UsageError(str(error)) from error
    stack = ExitStack()
    config.stash[_EMULATOR] = stack.enter_context(serve(rate=RATE))
    config.add_cleanup(stack.close)
    return config.stash[_EMULATOR]


@pytest.fixture
def seedance_connection(seedance_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """``seedance_connection(vendor, conn_id="seedance_default", password="test-key", **extra)`` makes a connection.

    It leads to the emulated ``vendor`` until the end of the test, whatever connection of that id Airflow has. Its id is
    returned. ``extra`` are further fields of the connection's extra. The password ``sk-invalid`` is refused, and
    ``sk-empty`` has no balance.
    """

    def connect(
        vendor: str, *, conn_id: str = "seedance_default", password: str = "test-key", **extra: Any
    ) -> str:
        connection = {
            "conn_type": "seedance",
            "host": seedance_emulator.vendor_url(vendor),
            "password": password,
            "extra": {"vendor": vendor, **extra},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(connection))
        return conn_id

    return connect


@pytest.fixture
def vendor_ledger(seedance_emulator: Emulator) -> VendorLedger:
    """What the emulated vendors were asked for and what they bill."""
    return VendorLedger(seedance_emulator)


@pytest.fixture
def vendor_faults(seedance_emulator: Emulator) -> VendorFaults:
    """What goes wrong at the emulated vendors."""
    return VendorFaults(seedance_emulator)


@pytest.fixture
def vendor_clock(seedance_emulator: Emulator) -> VendorClock:
    """The time of the emulated vendors."""
    return VendorClock(seedance_emulator)
