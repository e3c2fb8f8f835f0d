"""One real clip, paid for by whoever set ``SEEDANCE_VENDOR`` and ``SEEDANCE_API_KEY``, and agreed to its price."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from airflow_provider_seedance.core.client.account import Account
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.models import Cost, GenerationRequest

_REQUEST = {
    "model": "seedance-2.0",
    "prompt": "A paper boat sails down a rain gutter, macro shot",
    "duration": 5,
    "resolution": "480p",
}


class Declined(RuntimeError):
    """Nothing was bought."""


@dataclass(frozen=True)
class PaidClip:
    """What will be bought, where, and for how much by the price list."""

    vendor: str
    connection: Mapping[str, Any]
    estimate: Cost

    @property
    def conf(self) -> dict[str, Any]:
        """For the DAG run: the request, and the estimate as its limit."""
        limit = f"{self.estimate.amount} {self.estimate.currency}" if self.estimate.amount else None
        return {**_REQUEST, "max_cost": limit}

    def confirm(self, environment: Mapping[str, str], terminal: TextIO, write: Callable[[str], None]) -> None:
        """Say what it costs and ask.

        :raises Declined: without a clear yes.
        """
        write(
            f"This makes one real clip at {self.vendor}: {_REQUEST['model']}, {_REQUEST['duration']} s,"
            f" {_REQUEST['resolution']}."
        )
        write(f"{self._price()} It is charged to the account of your API key.")
        if environment.get("SEEDANCE_CONFIRM") == "yes":
            return
        if not terminal.isatty():
            raise Declined("Nothing was bought. Set SEEDANCE_CONFIRM=yes to agree without a terminal.")
        write("Proceed? [y/N]")
        if terminal.readline().strip().lower() not in ("y", "yes"):
            raise Declined("Nothing was bought.")

    def _price(self) -> str:
        if self.estimate.amount is None:
            return "Its price is not in the catalog: the vendor charges what its own price list says."
        return f"By the price list it costs up to {self.estimate.amount} {self.estimate.currency}."


def paid_clip(environment: Mapping[str, str]) -> PaidClip | None:
    """The clip that the environment asks for, or ``None``; ``SEEDANCE_HOST`` overrides the vendor's address.

    :raises Declined: if only one of the two variables is set.
    :raises SeedanceError: if the vendor is unknown or does not take the request.
    """
    vendor, key = environment.get("SEEDANCE_VENDOR"), environment.get("SEEDANCE_API_KEY")
    if not vendor and not key:
        return None
    if not vendor or not key:
        raise Declined("Set both SEEDANCE_VENDOR and SEEDANCE_API_KEY for a real clip, or neither.")
    host = environment.get("SEEDANCE_HOST") or None
    with SeedanceClient(Account.create(vendor=vendor, api_key=key, host=host)) as client:
        estimate = client.estimate_cost(GenerationRequest.parse(_REQUEST))
    connection = {"conn_type": "seedance", "password": key, "host": host, "extra": {"vendor": vendor}}
    return PaidClip(vendor, connection, estimate)
