"""ModelArk's callback: the task as GET shows it, at each change; nothing signs it (contract: modelark 6)."""

from __future__ import annotations

from airflow_provider_seedance.core.vendors.contract import CallbackCalls
from airflow_provider_seedance.core.vendors.tasks import read_callback

CALLS = CallbackCalls(field="callback_url", read=read_callback)
