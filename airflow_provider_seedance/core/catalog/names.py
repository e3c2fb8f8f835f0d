"""Which vendors there are: those of this package, and those that other distributions register.

A vendor from outside is an entry point in the group ``airflow_provider_seedance.vendors``. Its name is the vendor's; it
points to a module with ``VENDOR``, a :class:`~airflow_provider_seedance.core.vendors.contract.Vendor` that names its
catalog file.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from airflow_provider_seedance.errors import ConfigurationError

GROUP = "airflow_provider_seedance.vendors"
DATA = Path(__file__).parent / "data"


@cache
def built_in_names() -> tuple[str, ...]:
    """The vendors of this package, sorted: those that have a catalog file here."""
    return tuple(sorted(path.stem for path in DATA.glob("*.json")))


@cache
def vendor_names() -> tuple[str, ...]:
    """All vendors, sorted."""
    return tuple(sorted({*built_in_names(), *_registered()}))


def catalog_file(vendor: str) -> Path:
    """The JSON file with what a vendor's models take.

    :raises ConfigurationError: if a vendor from outside names none.
    """
    if vendor in built_in_names():
        return DATA / f"{vendor}.json"
    path = getattr(registered_vendor(vendor), "catalog", None)
    if not isinstance(path, Path):
        raise unusable(vendor, "its VENDOR names no catalog file")
    return path


def registered_vendor(name: str) -> Any:
    """The ``VENDOR`` that an entry point leads to, its module imported at first use.

    :raises ConfigurationError: naming the entry point, if it leads to none.
    """
    try:
        return _registered()[name].load().VENDOR
    except Exception as error:
        raise unusable(name, f"{type(error).__name__}: {error}") from error


def unusable(name: str, reason: str) -> ConfigurationError:
    """The error for an entry point that gives no usable vendor."""
    entry = _registered()[name]
    package = f" of {entry.dist.name}" if entry.dist else ""
    return ConfigurationError(
        f"vendor {name!r} cannot be used: the entry point {entry.name} = {entry.value} in the group {GROUP}{package}"
        f" is broken ({reason})",
        advice="Mend or remove the package that registers it.",
    )


@cache
def _registered() -> dict[str, EntryPoint]:
    """The first entry point of each name. One that is named like a vendor of this package does not count."""
    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=GROUP):
        if entry.name not in built_in_names():
            found.setdefault(entry.name, entry)
    return found
