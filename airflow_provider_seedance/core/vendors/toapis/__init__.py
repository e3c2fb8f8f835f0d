"""ToAPIs (contract: toapis). It has no list, no cancel, but finds a generation by an id of the caller's."""

from airflow_provider_seedance.core.vendors.contract import (
    API,
    AccountCalls,
    FileCalls,
    GenerationCalls,
    Service,
    Vendor,
)
from airflow_provider_seedance.core.vendors.toapis import (
    account,
    assets,
    callbacks,
    errors,
    files,
    generations,
)

VENDOR = Vendor(
    name=generations.NAME,
    services=(
        Service(
            API,
            {
                "global": "https://toapis.com",
            },
        ),
    ),
    generations=GenerationCalls(
        create=generations.create,
        get=generations.get,
        mark=generations.mark,
        find=generations.find,
        parameters=errors.PARAMETERS,
    ),
    account=AccountCalls(
        probe=account.probe,
        balance=account.balance,
    ),
    files=FileCalls(
        upload=files.upload,
    ),
    assets=assets.CALLS,
    callbacks=callbacks.CALLS,
)
