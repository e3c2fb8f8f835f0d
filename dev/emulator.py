"""Airflow connections that lead to the emulator."""

from __future__ import annotations

from typing import Any

VENDORS = ("modelark", "evolink", "anyfast", "toapis")


def connection(vendor: str, url: str) -> dict[str, Any]:
    """The Airflow connection to one vendor of the emulator at ``url``, in its JSON form."""
    return {
        "conn_type": "seedance",
        "host": f"{url}/{vendor}",
        "password": "sk-emulator",
        "extra": {"vendor": vendor},
    }


def connections(url: str) -> dict[str, dict[str, Any]]:
    """``seedance_<vendor>`` for each vendor, and ``seedance_default``, which is ModelArk's."""
    each = {f"seedance_{vendor}": connection(vendor, url) for vendor in VENDORS}
    return {**each, "seedance_default": connection("modelark", url)}
