"""Which videos lie below a folder, and whose they are, by the records beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from airflow_provider_seedance.core.landing.ownership import MAX_RECORD, Record, parse_record
from airflow_provider_seedance.core.storage.files import read_bytes, size_of
from airflow_provider_seedance.core.storage.paths import (
    StoragePath,
    local_path,
    storage_errors,
    uri_of,
)

#: Levels of folders that are looked into: a destination may begin at the top of a disk.
MAX_LEVELS = 4


def find_records(folder: StoragePath) -> Iterator[tuple[str, Record]]:
    """The URI of each video below ``folder`` that is as long as its record says, and the record.

    Where a folder was moved, the URI is the present one.

    :raises DestinationError: if that cannot be found out.
    """
    path: Any = local_path(folder) or folder
    for level in range(MAX_LEVELS):
        with storage_errors(folder, "look into"):
            files = list(path.glob("/".join([*["*"] * level, "*.json"])))
        for file in files:
            size = size_of(file)
            if size is None or size > MAX_RECORD or (record := parse_record(read_bytes(file))) is None:
                continue
            video = file.with_name(file.name.removesuffix(".json"))
            if size_of(video) == record.bytes:
                yield uri_of(video), record
