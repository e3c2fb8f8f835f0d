"""EvoLink (contract: evolink). It has no list, no cancel, no idempotency: a lost id cannot be found again."""

from airflow_provider_seedance.core.vendors.contract import (
    API,
    AccountCalls,
    GenerationCalls,
    Service,
    Vendor,
)
from airflow_provider_seedance.core.vendors.evolink import account, generations

VENDOR = Vendor(
    name=generations.NAME,
    services=(
        Service(
            API,
            {
                "global": "https://api.evolink.ai",
            },
        ),
    ),
    generations=GenerationCalls(
        create=generations.create,
        get=generations.get,
    ),
    account=AccountCalls(
        probe=account.probe,
        balance=account.balance,
    ),
)
