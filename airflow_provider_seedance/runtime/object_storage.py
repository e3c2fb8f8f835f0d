"""Paths and URIs that DAG authors write, as paths on this machine or in an object store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_seedance.core.storage.paths import StoragePath


def path_from_uri(uri: str) -> StoragePath:
    """The path that ``uri`` names: a local path as it is, any other URI through Airflow's object storage.

    :raises ConfigurationError: for what only looks like a URI, and for a relative path.
    :raises DestinationError: if no installed provider knows the URI's scheme.
    """
    from airflow.sdk import ObjectStoragePath

    from airflow_provider_seedance.core.storage.paths import reason_not_to_use
    from airflow_provider_seedance.errors import ConfigurationError, DestinationError, Kind

    if reason := reason_not_to_use(uri):
        raise ConfigurationError(
            f"{uri!r} cannot be used as a path: {reason}", advice="Correct it, then clear the task."
        )
    if "://" not in uri:
        return Path(uri).expanduser()
    if uri.startswith("file://"):
        return Path(uri.removeprefix("file://"))
    try:
        target: StoragePath = ObjectStoragePath(uri)
    except (ImportError, ValueError) as fault:
        raise DestinationError(
            f"{uri} cannot be opened: {fault}",
            kind=Kind.CONFIGURATION,
            advice="Install the Airflow provider of this store, and check the URI's scheme.",
        ) from fault
    return target
