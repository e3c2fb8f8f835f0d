"""Paths and URIs of DAG authors, as files of this machine or of an object store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_provider_seedance.core.storage.paths import StoragePath


def path_from_uri(destination: str) -> StoragePath:
    """A local path as it is; any other URI through Airflow's object storage.

    :raises DestinationError: if no installed provider knows the URI's scheme.
    """
    from airflow.sdk import ObjectStoragePath

    from airflow_provider_seedance.errors import DestinationError, Kind

    if "://" not in destination:
        return Path(destination).expanduser().absolute()
    if destination.startswith("file://"):
        return Path(destination.removeprefix("file://"))
    try:
        target: StoragePath = ObjectStoragePath(destination)
    except (ImportError, ValueError) as fault:
        raise DestinationError(
            f"{destination} cannot be written: {fault}",
            kind=Kind.CONFIGURATION,
            advice="Install the Airflow provider of this store, and check the URI's scheme.",
        ) from fault
    return target
