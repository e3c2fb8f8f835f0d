"""The vendors, one module each; a fifth one is one more module and its name here."""

from __future__ import annotations

from airflow_provider_seedance.emulator.vendors.anyfast.vendor import AnyFast
from airflow_provider_seedance.emulator.vendors.base import Vendor
from airflow_provider_seedance.emulator.vendors.evolink.vendor import EvoLink
from airflow_provider_seedance.emulator.vendors.modelark.vendor import ModelArk
from airflow_provider_seedance.emulator.vendors.toapis.vendor import ToApis

VENDORS: tuple[Vendor, ...] = (ModelArk(), EvoLink(), AnyFast(), ToApis())
