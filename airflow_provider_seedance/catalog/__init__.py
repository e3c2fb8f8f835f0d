"""What every model takes at every vendor, its frame sizes and prices: data, and what reads it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.catalog.names import vendor_names

if TYPE_CHECKING:
    from airflow_provider_seedance.catalog.catalog import Catalog, Order

__all__ = ["Catalog", "Order", "vendor_names"]


def __getattr__(name: str) -> Any:
    """Imports what reads the data at its first use, not when a DAG is parsed."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.catalog"), name)
