"""The other modes, models and vendors that a refusal names, since they have what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from airflow_provider_seedance.core.catalog.files import vendor_data
from airflow_provider_seedance.core.catalog.names import vendor_names
from airflow_provider_seedance.core.catalog.schema import MediaKind, MediaLimits, OptionName, Row
from airflow_provider_seedance.core.catalog.values import accepts, bounded
from airflow_provider_seedance.core.suggestions import suggest
from airflow_provider_seedance.errors import ConfigurationError


def families(vendor: str) -> tuple[str, ...]:
    """The model families of a vendor, sorted."""
    return tuple(sorted({row.family for row in _rows(vendor)}))


def vendors_with(family: str) -> tuple[str, ...]:
    """The vendors that have this model family."""
    return tuple(vendor for vendor in vendor_names() if family in families(vendor))


def vendors_with_regions() -> tuple[str, ...]:
    """The vendors that have more than one region."""
    return tuple(vendor for vendor in vendor_names() if len(_regions(vendor)) > 1)


def all_families() -> tuple[str, ...]:
    """The model families of all vendors, sorted."""
    return tuple(sorted({family for vendor in vendor_names() for family in families(vendor)}))


def similar_family(model: str, known: Iterable[str]) -> str | None:
    """The family whose misspelling ``model`` is, or ``None`` for a name of another kind or version.

    The digits must be those with which the family's begin: ``seedence-2.0`` and ``seedance-2`` are misspelled,
    ``seedance-9`` and ``dreamina-seedance-2-0-260128`` may be new models.
    """
    digits = _digits(model)
    return suggest(model, [family for family in known if _digits(family).startswith(digits)])


def _digits(name: str) -> str:
    return re.sub("[^0-9]", "", name)


def describe_alternatives(vendor: str, family: str, name: OptionName, value: Any = None) -> str:
    """A clause that names other modes, other models of the vendor and other vendors with the option.

    With a ``value``, only those where the option takes it. Empty if there are none.
    """
    having = [row for row in _rows(vendor) if _accepts(row, name, value)]
    modes = [mode.value for row in having if row.family == family for mode in row.modes]
    models = sorted({row.family for row in having} - {family})
    vendors = [
        other
        for other in vendor_names()
        if other != vendor
        and any(row.family == family and _accepts(row, name, value) for row in _rows(other))
    ]
    found = {
        f"modes of {family} that have it": modes,
        f"models of {vendor} that have it": models,
        "vendors that have it": vendors,
    }
    return "".join(f"; {who}: {', '.join(names)}" for who, names in found.items() if names)


def _rows(vendor: str) -> tuple[Row, ...]:
    """The rows of a vendor's file. A mere hint must not fail because another vendor's package is broken."""
    try:
        return vendor_data(vendor).rows
    except ConfigurationError:
        return ()


def _regions(vendor: str) -> tuple[str, ...]:
    """The regions in a vendor's file, as :func:`_rows`."""
    try:
        return vendor_data(vendor).regions
    except ConfigurationError:
        return ()


def _accepts(row: Row, name: OptionName, value: Any) -> bool:
    spec = row.options.get(name)
    if spec is None or spec.modes == ():
        return False
    return value is None or (accepts(spec, value) and bounded(spec))


def media_limits_elsewhere(vendor: str, family: str, kind: MediaKind) -> Iterator[tuple[str, MediaLimits]]:
    """What the other models of a vendor, and other vendors' models of the same family, take of a kind of media."""
    seen: set[str] = set()
    for other in (vendor, *(name for name in vendor_names() if name != vendor)):
        for row in _rows(other):
            name = f"{row.family} at {other}"
            is_same = other == vendor and (row.family == family or family in row.ids.values())
            counted = kind in row.media_limits and _takes_references(row, kind) and name not in seen
            if counted and not is_same and (other == vendor or row.family == family):
                seen.add(name)
                yield name, row.media_limits[kind]


def _takes_references(row: Row, kind: MediaKind) -> bool:
    return kind == "image" or bool(getattr(row.references, kind))
