"""AnyFast: a gateway that wraps Ark's task object into an envelope of its own (contract: anyfast).

It has no list, no cancel and no idempotency: a lost id cannot be found again.
"""

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.anyfast import account, assets, generations
from airflow_provider_seedance.core.vendors.contract import (
    API,
    AccountCalls,
    GenerationCalls,
    Service,
    Vendor,
)

VENDOR = Vendor(
    name=generations.NAME,
    services=(
        Service(
            API,
            {
                "global": "https://www.anyfast.ai",
            },
        ),
    ),
    generations=GenerationCalls(
        create=generations.create,
        get=generations.get,
        parameters=ark.PARAMETERS,
    ),
    account=AccountCalls(
        probe=account.probe,
    ),
    assets=assets.CALLS,
    console="https://www.anyfast.ai/console/token",
)
