"""The other modes, models and vendors that a refusal names, since they have what was asked for."""

from __future__ import annotations

from typing import Any

from airflow_provider_seedance.core.catalog.files import builtin_data, vendor_names
from airflow_provider_seedance.core.catalog.schema import OptionName, Row


def families(vendor: str) -> tuple[str, ...]:
    """The model families that the package knows of a vendor, sorted."""
    return tuple(sorted({row.family for row in builtin_data(vendor).rows}))


def vendors_with(family: str) -> tuple[str, ...]:
    """The vendors that have this model family."""
    return tuple(vendor for vendor in vendor_names() if family in families(vendor))


def describe_alternatives(vendor: str, family: str, name: OptionName, value: Any = None) -> str:
    """A clause that names other modes, other models of the vendor and other vendors with the option.

    With a ``value``, only those where the option takes it. Empty if there are none.
    """
    having = [row for row in builtin_data(vendor).rows if _accepts(row, name, value)]
    modes = [mode.value for row in having if row.family == family for mode in row.modes]
    models = sorted({row.family for row in having} - {family})
    vendors = [
        other
        for other in vendor_names()
        if other != vendor
        and any(row.family == family and _accepts(row, name, value) for row in builtin_data(other).rows)
    ]
    found = {
        f"modes of {family} that have it": modes,
        f"models of {vendor} that have it": models,
        "vendors that have it": vendors,
    }
    return "".join(f"; {who}: {', '.join(names)}" for who, names in found.items() if names)


def _accepts(row: Row, name: OptionName, value: Any) -> bool:
    spec = row.options.get(name)
    if spec is None or spec.modes == ():
        return False
    return value is None or value in spec.values
