"""The vendors, one folder each.

A new vendor is a new folder, whose ``vendor.py`` has a ``VENDOR``, and one line in ``_NAMES``. Every folder has these
files, as far as the vendor needs them:

- ``vendor.py``: the routes and their handlers;
- ``requests.py``: checks the body of a create and makes an order from it;
- ``responses.py``: the bodies of responses and errors;
- ``models.py``: the models and what they take;
- ``assets.py``: the asset library;
- ``files.py``: uploads.
"""

from __future__ import annotations

from importlib import import_module

from airflow_provider_seedance.emulator.vendors.base import Vendor

_NAMES = (
    "modelark",
    "evolink",
    "anyfast",
    "toapis",
)

VENDORS: tuple[Vendor, ...] = tuple(import_module(f"{__name__}.{name}.vendor").VENDOR for name in _NAMES)
