"""Options of Airflow's configuration: those of the section ``[seedance]``, and Airflow's own default for deferral."""

from __future__ import annotations

import os
from typing import Any


def ledger_conn_id() -> str | None:
    """The connection to the ledger's database; ``None`` without a ledger."""
    from airflow.configuration import conf

    return conf.get("seedance", "ledger_conn_id", fallback=None) or None


def ledger_keeps_prompts() -> bool:
    """Whether prompts are stored in the ledger."""
    from airflow.configuration import conf

    return conf.getboolean("seedance", "ledger_prompts", fallback=True)


def callback_base_url() -> str | None:
    """The public address of Airflow's API server, without a trailing slash; ``None`` without callbacks."""
    from airflow.configuration import conf

    url: str = conf.get("seedance", "callback_base_url", fallback="") or ""
    return url.strip().rstrip("/") or None


def callback_secrets() -> tuple[str, ...]:
    """What the tokens in callback URLs are made from, the present secret first; empty if there is none."""
    from airflow.configuration import conf

    own = conf.get("seedance", "callback_secret", fallback="") or ""
    secrets = own or conf.get("core", "fernet_key", fallback="") or ""
    return tuple(secret for part in secrets.split(",") if (secret := part.strip()))


def download_options() -> dict[str, Any]:
    """What may be downloaded and from where, as fields of an :class:`.Account`.

    :raises ConfigurationError: naming an option that cannot be used.
    """
    from airflow.configuration import conf
    from airflow.exceptions import AirflowConfigException

    from airflow_provider_seedance.core.client.account import MAX_VIDEO_BYTES
    from airflow_provider_seedance.errors import ConfigurationError

    try:
        return {
            "max_video_bytes": conf.getint("seedance", "max_video_bytes", fallback=MAX_VIDEO_BYTES),
            "allow_private_result_hosts": conf.getboolean(
                "seedance", "allow_private_result_hosts", fallback=False
            ),
        }
    except AirflowConfigException as error:
        raise ConfigurationError(
            f"an option in [seedance] of Airflow's configuration cannot be read: {error}"
        ) from error


def default_deferrable() -> bool:
    """Whether operators wait in the triggerer if they are not told: ``[operators] default_deferrable``, else true.

    It counts if it is set in the environment. In ``airflow.cfg`` it says nothing about the user's wish, because Airflow
    writes its own default, which is false, into a new file.
    """
    from airflow.configuration import conf

    if "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE" not in os.environ:
        return True
    return conf.getboolean("operators", "default_deferrable")
