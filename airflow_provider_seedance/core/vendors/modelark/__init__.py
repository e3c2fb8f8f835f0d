"""BytePlus ModelArk and Volcengine Ark, the official API (contract: modelark)."""

from airflow_provider_seedance.core.vendors import ark
from airflow_provider_seedance.core.vendors.contract import (
    API,
    ASSETS,
    AccountCalls,
    Credential,
    GenerationCalls,
    Listing,
    Service,
    Vendor,
)
from airflow_provider_seedance.core.vendors.modelark import account, assets, callbacks, generations, listing

VENDOR = Vendor(
    name=generations.NAME,
    services=(
        Service(
            API,
            {
                "ap-southeast": "https://ark.ap-southeast.bytepluses.com",
                "cn-beijing": "https://ark.cn-beijing.volces.com",
            },
        ),
        Service(
            ASSETS,
            {
                "ap-southeast": "https://open.byteplusapi.com",
                "cn-beijing": "https://ark.cn-beijing.volcengineapi.com",
            },
            Credential.SIGNATURE,
            assets.sign,
        ),
    ),
    generations=GenerationCalls(
        create=generations.create,
        get=generations.get,
        cancel=generations.cancel,
        mark=generations.mark,
        matches=generations.matches,
        parameters=ark.PARAMETERS,
    ),
    account=AccountCalls(
        probe=account.probe,
    ),
    assets=assets.CALLS,
    listing=Listing(
        list=listing.list_tasks,
        service_tiers=listing.SERVICE_TIERS,
        largest_page_size=listing.LARGEST_PAGE_SIZE,
        last_page=listing.LAST_PAGE,
        ids_per_request=listing.IDS_PER_REQUEST,
    ),
    callbacks=callbacks.CALLS,
)
