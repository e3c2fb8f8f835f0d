"""EvoLink (contract: evolink). It has no list, no cancel, no idempotency: a lost id cannot be found again."""

from airflow_provider_seedance.core.vendors.contract import (
    API,
    FILES,
    AccountCalls,
    FileCalls,
    GenerationCalls,
    Service,
    Vendor,
)
from airflow_provider_seedance.core.vendors.evolink import account, callbacks, errors, files, generations

VENDOR = Vendor(
    name=generations.NAME,
    services=(
        Service(
            API,
            {
                "global": "https://api.evolink.ai",
            },
        ),
        Service(
            FILES,
            {
                "global": "https://files-api.evolink.ai",
            },
        ),
    ),
    generations=GenerationCalls(
        create=generations.create,
        get=generations.get,
        parameters=errors.PARAMETERS,
    ),
    account=AccountCalls(
        probe=account.probe,
        balance=account.balance,
    ),
    files=FileCalls(
        upload=files.upload,
        list=files.list_files,
        quota=files.quota,
        delete=files.delete,
    ),
    callbacks=callbacks.CALLS,
)
