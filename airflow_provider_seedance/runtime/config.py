"""Options of the section ``[seedance]`` of Airflow's configuration."""

from __future__ import annotations

from typing import Any


def ledger_conn_id() -> str | None:
    """The connection to the ledger's database; ``None`` without a ledger."""
    from airflow.configuration import conf

    return conf.get("seedance", "ledger_conn_id", fallback=None) or None


def ledger_keeps_prompts() -> bool:
    """Whether prompts are stored in the ledger."""
    from airflow.configuration import conf

    return conf.getboolean("seedance", "ledger_prompts", fallback=True)


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
