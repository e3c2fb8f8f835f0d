"""What every model takes at every vendor, its frame sizes and prices: data, and what reads it."""

from airflow_provider_seedance.core.catalog.catalog import Catalog
from airflow_provider_seedance.core.catalog.names import vendor_names

__all__ = ["Catalog", "vendor_names"]
