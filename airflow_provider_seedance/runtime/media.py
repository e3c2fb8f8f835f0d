"""Where this Airflow keeps what media need: the known uploads, and the staging folder."""

from __future__ import annotations

from functools import cache

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.core.media.deliver import MediaDelivery
from airflow_provider_seedance.core.media.uploads import UploadCache
from airflow_provider_seedance.runtime.object_storage import path_from_uri


def media_delivery(*, check_media: str = "files") -> MediaDelivery:
    """Brings files to vendors, with the staging folder and the known uploads of this Airflow.

    :param check_media: ``all`` fetches and checks links too.

    Uploads are remembered in ``[seedance] state_folder``; without one, by this process.
    """
    from airflow.configuration import conf

    staging = conf.get("seedance", "staging", fallback=None) or None
    folder = conf.get("seedance", "state_folder", fallback=None) or None
    return MediaDelivery(path_from_uri, _uploads(folder), clock.SYSTEM_CLOCK, staging, check_media == "all")


@cache
def _uploads(folder: str | None) -> UploadCache:
    return UploadCache(folder, path_from_uri)
