"""A journal on a disk: one file that grows by a line for each change."""

from __future__ import annotations

import fcntl
import logging
import os
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from airflow_provider_seedance.core.batch.journal.lines import (
    JournalWriter,
    read_errors,
    replay,
    write_errors,
)
from airflow_provider_seedance.core.batch.state import RowState
from airflow_provider_seedance.errors import StateUnreadable

log = logging.getLogger(__name__)


class FileJournal(JournalWriter):
    """A file that one process at a time appends to; a lock on it keeps the others of this machine out."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._path = path
        with write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b", buffering=0)
        try:
            self._acquire_lock()
            self._load()
        except BaseException:
            self._file.close()
            raise

    def _acquire_lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateUnreadable(f"another process of this machine is writing {self._path}") from None
        except OSError as fault:
            log.warning(
                "%s cannot be locked (%s): nothing keeps a second process from paying for the same rows.",
                self._path,
                fault,
            )

    def _load(self) -> None:
        with read_errors(self._path):
            self._file.seek(0)
            content = self._file.read()
            self.states = replay(content)
        with write_errors(self._path):
            self._repair_tail(content)
            # The file's name is to survive a crash as well as its content.
            _sync_folder(self._path.parent)

    def _repair_tail(self, content: bytes) -> None:
        """End the last line, or remove it if it was cut off, so that the next line does not go on with it."""
        tail = content.rpartition(b"\n")[2]
        if not tail:
            return
        try:
            RowState.model_validate_json(tail)
        except ValidationError:
            self._file.truncate(len(content) - len(tail))
        else:
            self._append(b"\n")

    def _append(self, content: bytes) -> None:
        end = self._file.seek(0, os.SEEK_END)
        try:
            if self._file.write(content) != len(content):
                raise OSError("only a part of a line was written")
            os.fsync(self._file.fileno())
        except OSError:
            # A line that follows a part of one could not be read.
            self._file.truncate(end)
            raise

    def _check_sole_writer(self) -> None:
        """The lock on the file keeps the other processes of this machine out already."""

    def close(self) -> None:
        self._file.close()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
