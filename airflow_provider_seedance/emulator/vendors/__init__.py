"""The vendors, one folder each.

A new vendor is a new folder, whose ``vendor.py`` has a ``VENDOR``, and its name in this list. The files of a folder:
``vendor.py`` has the routes and their handlers, ``requests.py`` checks a request and makes an order from it,
``responses.py`` has the bodies of the answers, ``models.py`` says what each model takes, ``assets.py`` is the asset
library and ``files.py`` the uploads. A folder leaves out what its vendor does not have.
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
