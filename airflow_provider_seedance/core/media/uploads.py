"""Uploads that are known, so that the same content is uploaded once for an account while it is there."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from airflow_provider_seedance.core.library import UploadedFile
from airflow_provider_seedance.core.storage.files import read_bytes, write_text
from airflow_provider_seedance.core.storage.paths import PathFromUri
from airflow_provider_seedance.errors import SeedanceError

log = logging.getLogger(__name__)

#: An upload that ends sooner is made anew: the vendor fetches it when the generation begins.
SHORTEST_LIFE = timedelta(hours=3)


class UploadCache:
    """The uploads of this process and, with a folder, of all processes that share it. Safe to use from many threads.

    An upload's link can be fetched by whoever has it, so it is kept here alone: in no record, result or log.

    :param folder: of small files, one for each upload; ``None`` to remember within the process only.
    """

    def __init__(self, folder: str | None = None, path_from_uri: PathFromUri | None = None) -> None:
        self._folder = folder
        self._path_from_uri = path_from_uri
        self._known: dict[str, UploadedFile] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    @contextmanager
    def only_one(self, key: str) -> Iterator[None]:
        """Holds back the other threads that want the same upload."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            yield

    def find(self, key: str, now: datetime) -> UploadedFile | None:
        """The upload, if it will be there for a while yet."""
        found = self._known.get(key) or self._stored(key)
        lives = found is not None and (found.expires_at is None or found.expires_at - now >= SHORTEST_LIFE)
        return found if lives else None

    def keep(self, key: str, upload: UploadedFile) -> None:
        """Remember an upload. Where that fails, the same content is uploaded again another time."""
        self._known[key] = upload
        if self._folder and self._path_from_uri:
            try:
                write_text(self._path_from_uri(self._file(key)), upload.model_dump_json())
            except SeedanceError as fault:
                log.warning("%s An upload is remembered by this process only.", fault)

    def forget(self, key: str) -> None:
        """The upload is not there any more."""
        self._known.pop(key, None)

    def _stored(self, key: str) -> UploadedFile | None:
        if not (self._folder and self._path_from_uri):
            return None
        try:
            content = read_bytes(self._path_from_uri(self._file(key)))
            return None if content is None else UploadedFile.model_validate(json.loads(content))
        except (SeedanceError, ValueError) as fault:
            log.warning(
                "A known upload cannot be read (%s); the file is uploaded again.", type(fault).__name__
            )
            return None

    def _file(self, key: str) -> str:
        # Deeper than the records of tasks, which have three levels.
        vendor, account, digest = key.split("/")
        return f"{(self._folder or '').rstrip('/')}/uploads/{vendor}/{account}/{digest}.json"
