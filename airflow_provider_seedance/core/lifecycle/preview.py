"""``preview``: everything but the paying."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.models import GenerationRequest


def preview(client: SeedanceClient, request: GenerationRequest) -> dict[str, Any]:
    """The checked wire request and its estimated cost; nothing is sent. Links are shown without their secrets.

    :raises RequestInvalid: as a submission would.
    """
    from airflow_provider_seedance.core.lifecycle.result import cost
    from airflow_provider_seedance.core.vendors.contract import JsonBody
    from airflow_provider_seedance.errors import redact

    settings = client.settings
    wire = settings.vendor.generations.create(client.catalog.prepare(request)).request
    return {
        "vendor": settings.vendor.name,
        "mode": request.mode.value,
        "cost": cost(client.estimate_cost(request)),
        "request": {
            "method": wire.method,
            "url": settings.base_url + wire.path,
            "body": json.loads(redact(json.dumps(wire.body.json)))
            if isinstance(wire.body, JsonBody)
            else None,
        },
    }
