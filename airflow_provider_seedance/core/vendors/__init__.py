"""The HTTP dialects of Seedance, one package each. A new vendor is a package and a catalog file.

The catalog file of a package here is ``core/catalog/data/<vendor>.json``; a package from outside names its own in
``VENDOR.catalog``."""

from __future__ import annotations

from importlib import import_module

from airflow_provider_seedance.core.catalog import vendor_names
from airflow_provider_seedance.core.catalog.names import built_in_names, registered_vendor, unusable
from airflow_provider_seedance.core.suggestions import unknown_name
from airflow_provider_seedance.core.vendors.contract import API, Vendor
from airflow_provider_seedance.errors import ConfigurationError

__all__ = ["load_vendor"]


def load_vendor(name: str) -> Vendor:
    """The vendor called ``name``, its package imported at first use.

    :raises ConfigurationError: if there is no such vendor, or the package that registers it is broken.
    """
    if name in built_in_names():
        vendor = import_module(f"{__name__}.{name}").VENDOR
        assert isinstance(vendor, Vendor)
        return vendor
    known = vendor_names()
    if name not in known:
        raise ConfigurationError(unknown_name("vendor", name, known))
    return _checked(name, registered_vendor(name))


def _checked(name: str, vendor: object) -> Vendor:
    """A vendor from outside, if it is what it says."""
    if not isinstance(vendor, Vendor):
        raise unusable(name, f"VENDOR is a {type(vendor).__name__}, not a Vendor")
    if vendor.name != name:
        raise unusable(name, f"VENDOR is called {vendor.name!r}")
    regions = [tuple(service.base_urls) for service in vendor.services]
    if not regions or vendor.services[0].name != API or set(regions) != {vendor.regions}:
        raise unusable(name, f"its services must begin with {API!r} and have the same regions")
    return vendor
