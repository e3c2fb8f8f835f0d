"""The emulator as a child process, and the Airflow connections that lead to it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from dev.environment import free_port, plain_environment
from dev.processes import Processes

VENDORS = ("modelark", "evolink", "anyfast", "toapis")


@dataclass(frozen=True)
class Emulator:
    """A running emulator; ``url`` is scheme, host and port."""

    url: str

    def ledger(self) -> dict[str, Any]:
        """What the vendors received and billed."""
        answer: dict[str, Any] = (
            httpx.get(f"{self.url}/_emulator/ledger", trust_env=False).raise_for_status().json()
        )
        return answer


@contextmanager
def running_emulator(logs: Path, *, rate: float = 60.0, timeout: float = 60.0) -> Iterator[Emulator]:
    """Run the emulator until the block is left.

    :param logs: folder for ``emulator.log``.
    :param rate: vendor seconds per second.
    :param timeout: seconds until it must answer.
    :raises ProcessDied: if it ends while starting.
    :raises TimeoutError: if it does not answer in time.
    """
    port = free_port()
    module = "airflow_provider_seedance.emulator"
    command = [sys.executable, "-m", module, "--port", str(port), "--rate", str(rate)]
    url = f"http://127.0.0.1:{port}"
    with Processes(logs) as processes:
        processes.start("emulator", command, plain_environment())
        deadline = time.monotonic() + timeout
        while not _answers(url):
            processes.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"the emulator does not answer at {url} after {timeout:g} s")
            time.sleep(0.1)
        yield Emulator(url)


def connection(vendor: str, url: str) -> dict[str, Any]:
    """The Airflow connection to one vendor of the emulator at ``url``, in its JSON form."""
    return {
        "conn_type": "seedance",
        "host": f"{url}/{vendor}",
        "password": "sk-emulator",
        "extra": {"vendor": vendor},
    }


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_emulator/ledger", trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
