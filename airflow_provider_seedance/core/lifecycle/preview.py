"""``preview=True``: check and price a request and show what would be sent, and send nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.lifecycle.result import cost_dict
from airflow_provider_seedance.core.redaction import redact_values
from airflow_provider_seedance.core.vendors.contract import JsonBody
from airflow_provider_seedance.models import GenerationRequest


def preview(
    client: SeedanceClient, request: GenerationRequest, budgets: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The checked wire request and its estimated cost; nothing is sent. Links are shown without their secrets.

    :param budgets: how those of the connection stand.
    :raises RequestInvalid: as a submission would.
    """
    account = client.settings
    wire = account.vendor.generations.create(client.catalog.prepare(request)).request
    return {
        "vendor": account.vendor.name,
        "mode": request.mode.value,
        "cost": cost_dict(client.estimate_cost(request)),
        "prices": [
            price.model_dump(mode="json", exclude_defaults=True) for price in client.catalog.prices(request)
        ],
        "budgets": list(budgets),
        "request": {
            "method": wire.method,
            "url": account.base_url + wire.path,
            "body": redact_values(wire.body.json) if isinstance(wire.body, JsonBody) else None,
        },
    }
