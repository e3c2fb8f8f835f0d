"""The HTTP dialects of Seedance, one package each. A new vendor is a package here, or outside, and a catalog file."""

from __future__ import annotations

from importlib import import_module

from airflow_provider_seedance.core.catalog import vendor_names
from airflow_provider_seedance.core.vendors.contract import Vendor
from airflow_provider_seedance.errors import ConfigurationError

__all__ = ["load_vendor"]


def load_vendor(name: str) -> Vendor:
    """The vendor called ``name``, its package imported at first use.

    :raises ConfigurationError: if there is no such vendor.
    """
    known = vendor_names()
    if name not in known:
        raise ConfigurationError(f"unknown vendor {name!r}; known vendors: {', '.join(known)}")
    vendor = import_module(f"{__name__}.{name}").VENDOR
    assert isinstance(vendor, Vendor)
    return vendor
