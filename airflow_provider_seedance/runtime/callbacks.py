"""The callback URLs that vendors are given, where ``[seedance] callback_base_url`` is set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from airflow_provider_seedance.runtime.config import callback_base_url, callback_secrets

if TYPE_CHECKING:
    from airflow_provider_seedance.core.callbacks.token import CallbackTokens
    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.submission.record import SubmissionRecord, TaskIdentity
    from airflow_provider_seedance.models import GenerationRequest

#: Where the plugin's receiver is, below the address of Airflow's API server.
PREFIX = "/seedance-callbacks"
#: A later version of Airflow may wake its tasks in another way.
FIRST_UNKNOWN_AIRFLOW = 4

_NO_SECRET = (
    "[seedance] callback_base_url is set, and there is neither [seedance] callback_secret nor [core] fernet_key to make"
    " tokens from. No callbacks are asked for; generations are polled."
)
_UNKNOWN_AIRFLOW = (
    "[seedance] callback_base_url is set, and this provider does not know how to wake a task of Airflow %s. No"
    " callbacks are asked for; generations are polled."
)
_NO_WEBHOOK_SECRET = (
    "%s signs its callbacks, and connection %s has no webhook_secret. No callbacks are asked for; generations are"
    " polled."
)
_URL_REFUSED = (
    "[seedance] callback_base_url: %s does not take callback URLs that begin with %s. No callbacks are asked for;"
    " generations are polled."
)


def make_tokens() -> CallbackTokens | None:
    """What makes and reads tokens, by the configuration; ``None`` without callbacks."""
    from airflow_provider_seedance.core.callbacks.token import CallbackTokens
    from airflow_provider_seedance.core.catalog.rules import warn_once

    if callback_base_url() is None:
        return None
    if not (secrets := callback_secrets()):
        warn_once(_NO_SECRET)
        return None
    return CallbackTokens(secrets)


def callback_url_of(
    task: TaskIdentity, request: GenerationRequest, open_client: Callable[[str], SeedanceClient]
) -> Callable[[SubmissionRecord], str | None]:
    """Where the vendor is to tell of an intent's generation.

    It is ``None`` without callbacks, and where the vendor has none or does not take the URL; and if ``request`` has a
    callback URL of its own.
    """
    tokens = make_tokens() if _knows_this_airflow() else None

    def callback_url(intent: SubmissionRecord) -> str | None:
        from airflow_provider_seedance.core.callbacks.token import CallbackTarget
        from airflow_provider_seedance.core.catalog.rules import warn_once

        client = open_client(intent.seedance_conn_id)
        callbacks = client.settings.vendor.callbacks
        if tokens is None or callbacks is None or callbacks.field in request.vendor_options:
            return None
        if callbacks.verify is not None and client.settings.webhook_secret is None:
            warn_once(_NO_WEBHOOK_SECRET % (client.vendor_name, intent.seedance_conn_id))
            return None
        names = (task.dag_id, task.run_id, task.task_id, task.map_index)
        token = tokens.seal(CallbackTarget(*names, intent.intent_id, intent.seedance_conn_id))
        url = f"{callback_base_url()}{PREFIX}/{token}"
        return url if _is_taken(client, callbacks.field, url) else None

    return callback_url


def _is_taken(client: SeedanceClient, field: str, url: str) -> bool:
    """Whether the vendor takes the URL; where the connection has a private host, such as the emulator's, that does."""
    from airflow_provider_seedance.core.catalog.rules import warn_once

    if client.settings.has_private_host or client.catalog.takes_option(field, url):
        return True
    warn_once(_URL_REFUSED % (client.vendor_name, callback_base_url()))
    return False


def _knows_this_airflow() -> bool:
    from airflow import __version__

    from airflow_provider_seedance.core.catalog.rules import warn_once

    if int(__version__.partition(".")[0]) < FIRST_UNKNOWN_AIRFLOW:
        return True
    if callback_base_url():
        warn_once(_UNKNOWN_AIRFLOW % __version__)
    return False
