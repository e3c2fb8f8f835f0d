"""From a vendor's name to its dialect."""

from __future__ import annotations

import pytest

from airflow_provider_seedance.core.catalog import vendor_names
from airflow_provider_seedance.core.vendors import load_vendor
from airflow_provider_seedance.core.vendors.contract import API
from airflow_provider_seedance.errors import ConfigurationError


@pytest.mark.parametrize("name", vendor_names())
def test_every_vendor_of_the_catalog_has_a_dialect(name: str) -> None:
    """A catalog file and a module of the same name make a vendor."""
    vendor = load_vendor(name)
    assert name == vendor.name
    assert vendor.services[0].name == API
    for service in vendor.services:
        assert tuple(service.base_urls) == vendor.regions
        assert all(url.startswith("https://") for url in service.base_urls.values())


@pytest.mark.parametrize("name", ["", "wire", "Evolink", "os.path"])
def test_another_name_is_a_wrong_connection(name: str) -> None:
    """The refusal lists the names that would do."""
    with pytest.raises(ConfigurationError, match=r"known vendors: .*evolink"):
        load_vendor(name)
