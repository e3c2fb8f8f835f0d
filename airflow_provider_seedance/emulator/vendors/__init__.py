"""The vendors, one module each; a fifth one is one more module and its name here."""

from __future__ import annotations

from airflow_provider_seedance.emulator.vendors.anyfast import AnyFast
from airflow_provider_seedance.emulator.vendors.base import Vendor
from airflow_provider_seedance.emulator.vendors.evolink import EvoLink
from airflow_provider_seedance.emulator.vendors.modelark import ModelArk
from airflow_provider_seedance.emulator.vendors.toapis import ToApis

VENDORS: tuple[Vendor, ...] = (ModelArk(), EvoLink(), AnyFast(), ToApis())
