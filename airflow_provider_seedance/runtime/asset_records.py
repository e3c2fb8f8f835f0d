"""Where notes of what was made in an asset library live: beside the records of generations."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from airflow_provider_seedance.core.storage.files import read_bytes, write_text
from airflow_provider_seedance.runtime.object_storage import path_from_uri

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.media.asset_records import AssetRecords

#: The name under which users see the notes among a task's state.
KEY = "seedance_assets"


def asset_records(context: Context | None = None) -> AssetRecords | None:
    """The notes in ``[seedance] state_folder``, which all tasks share; else those of this task; else none."""
    from airflow.configuration import conf

    if folder := conf.get("seedance", "state_folder", fallback=None):
        return FileAssetRecords(folder)
    accessor: Any = context.get("task_state_store") if context else None
    return None if accessor is None else TaskStateAssetRecords(accessor)


class FileAssetRecords:
    """One small file for each key.

    :param folder: of the records of generations.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder.rstrip("/")

    def read(self, key: str) -> str | None:
        content = read_bytes(path_from_uri(self._file(key)))
        found: str | None = None if content is None else json.loads(content)["id"]
        return found

    def write(self, key: str, value: str | None) -> None:
        write_text(path_from_uri(self._file(key)), json.dumps({"key": key, "id": value}, indent=2))

    def _file(self, key: str) -> str:
        # Deeper than the records of tasks, which have three levels.
        vendor, account, _ = key.split("/", 2)
        return (
            f"{self._folder}/assets/{vendor}/{account}/{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"
        )


class TaskStateAssetRecords:
    """Airflow's task state store.

    :param accessor: ``context["task_state_store"]``.
    """

    def __init__(self, accessor: Any) -> None:
        self._accessor = accessor

    def read(self, key: str) -> str | None:
        notes: dict[str, str] = self._accessor.get(KEY) or {}
        return notes.get(key)

    def write(self, key: str, value: str | None) -> None:
        from airflow.sdk.execution_time.context import NEVER_EXPIRE

        notes = dict(self._accessor.get(KEY) or {})
        if value is None:
            notes.pop(key, None)
        else:
            notes[key] = value
        self._accessor.set(KEY, notes, retention=NEVER_EXPIRE)
