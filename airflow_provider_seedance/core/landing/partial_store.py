"""Where unfinished downloads are kept, so that a later try on the same machine resumes them.

Rule 1: one process at a time writes a partial file: it holds the file's lock. A process that finds it locked collects
in a file of its own, which nobody resumes.
Rule 2: after a success, and after an error that no retry can mend, nothing is left. After any other end, a killed
process included, the partial file and its metadata stay for the next try.
Rule 3: only regular files are opened, without following links and without waiting; in a folder that others may write
in, only this user's own. What else has the name of a partial file, or of its metadata, is in the way, and stays.
Rule 4: a partial file that no try came back for is removed by any later landing in the same folder, once it is older
than links live.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import platform
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from airflow_provider_seedance.core.landing.manifest import GenerationReference
from airflow_provider_seedance.core.landing.partial import Partial, read_metadata
from airflow_provider_seedance.core.storage.paths import StoragePath, local_path, storage_errors, uri_of
from airflow_provider_seedance.errors import SeedanceError, VideoCorrupt

log = logging.getLogger(__name__)

#: Result links live for 24 hours; an hour more for clocks that differ.
RETENTION = timedelta(hours=25)

_NAME = re.compile(r"[0-9a-f]{16}(-[0-9a-f]{16})?\.(json|part(\.\w+)?)")


@dataclass(frozen=True)
class _Folder:
    """A folder with partial files, and how they are named there."""

    path: Path
    prefix: str
    suffix: str
    #: Others may write in the folder, and are not to see the bytes.
    shared: bool

    def partial_path(self, name: str) -> Path:
        return self.path / f"{self.prefix}{name}{self.suffix}"

    def metadata_path(self, name: str) -> Path:
        return self.path / f"{self.prefix}{name}.json"

    def is_ours(self, file_name: str) -> bool:
        """Whether a file of this name is a partial file, or its metadata."""
        return file_name.startswith(self.prefix) and bool(
            _NAME.fullmatch(file_name.removeprefix(self.prefix))
        )


@contextmanager
def open_partial(target: StoragePath, generation: GenerationReference, now: datetime) -> Iterator[Partial]:
    """The file to collect a generation's video for ``target`` in, with the bytes that an earlier try left there.

    For a local target it is hidden in the same directory, so that a rename can commit it. For a store it is in the
    temporary directory (``TMPDIR``), and ends as the target does, from which stores guess the content type.

    :raises DestinationError: if there is no place for it.
    """
    folder = _folder_for(target)
    with storage_errors(folder.path, "write"):
        folder.path.mkdir(parents=True, exist_ok=True)
    _remove_expired(folder, now)
    partial = _open_in(folder, _name_for(target, generation), generation)
    try:
        yield partial
    except BaseException as fault:
        _close(partial, keep=_is_resumable(fault))
        raise
    _close(partial, keep=False)


def _folder_for(target: StoragePath) -> _Folder:
    path = local_path(target)
    if path:
        return _Folder(path.parent, ".seedance-", ".part", shared=False)
    suffix = Path(uri_of(target)).suffix
    return _Folder(Path(tempfile.gettempdir()), f"seedance-{os.geteuid()}-", f".part{suffix}", shared=True)


def _name_for(target: StoragePath, generation: GenerationReference) -> str:
    """The same for every try, on this machine, to land this generation there."""
    identity = (_boot_id(), generation.vendor, generation.generation_id, uri_of(target))
    return hashlib.sha256("\n".join(identity).encode()).hexdigest()[:16]


def _boot_id() -> str:
    """This machine, since it started: locks may not reach further, and its crash may leave holes in files."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return platform.node()


def _open_in(folder: _Folder, name: str, generation: GenerationReference) -> Partial:
    path, metadata_path = folder.partial_path(name), folder.metadata_path(name)
    file = None
    if not _is_taken(metadata_path, private=folder.shared):
        file = _open_locked(path, os.O_CREAT, private=folder.shared)
    if file is None:
        log.info(
            "Another process, or a file that is not ours, is in the way of the download of generation %s: it gets a"
            " file of its own.",
            generation.generation_id,
        )
        path = folder.partial_path(f"{name}-{secrets.token_hex(8)}")
        with storage_errors(path, "write"):
            return Partial(path, _open(path, os.O_CREAT | os.O_EXCL, private=folder.shared), generation)
    length, metadata = os.fstat(file.fileno()).st_size, read_metadata(metadata_path)
    if metadata is None or length > (metadata.total or length):
        return Partial(path, file, generation, metadata_path)
    return Partial(path, file, generation, metadata_path, length, metadata)


def _open(path: Path, flags: int, *, private: bool) -> BinaryIO:
    """
    :raises OSError: if it is no regular file, or if ``private``, not this user's own.
    """
    # Opening a pipe would wait for its other end.
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | flags, 0o600 if private else 0o666)
    try:
        if not _is_usable(os.fstat(handle), private=private):
            raise PermissionError(f"{path} is no file of this user's own")
    except OSError:
        os.close(handle)
        raise
    return os.fdopen(handle, "r+b", buffering=0)


def _is_usable(status: os.stat_result, *, private: bool) -> bool:
    """Whether a file is a regular one, and if ``private``, this user's own under one name alone."""
    own = status.st_uid == os.geteuid() and status.st_nlink <= 1
    return stat.S_ISREG(status.st_mode) and (own or not private)


def _is_taken(path: Path, *, private: bool) -> bool:
    """Whether something that is not ours has this name."""
    try:
        return not _is_usable(path.lstat(), private=private)
    except FileNotFoundError:
        return False


def _open_locked(path: Path, flags: int = 0, *, private: bool) -> BinaryIO | None:
    """The file, locked; ``None`` if that cannot be had, whoever or whatever is in the way."""
    while True:
        try:
            file = _open(path, flags, private=private)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        if _is_at(path, file):
            return file
        # Its last owner renamed or removed it between the two calls.
        file.close()


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Whether ``path`` still names the open ``file``."""
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _is_resumable(fault: BaseException) -> bool:
    """Whether another try may use the bytes: not if they were wrong, or if there will be no other try."""
    if isinstance(fault, VideoCorrupt):
        return False
    return fault.retryable if isinstance(fault, SeedanceError) else True


def _close(partial: Partial, *, keep: bool) -> None:
    with partial.file:
        is_there = _is_at(partial.path, partial.file)
        if keep and is_there and partial.metadata_path and partial.length and partial.version.known:
            log.info(
                "%d bytes of generation %s are kept for the next try.",
                partial.length,
                partial.generation.generation_id,
            )
            return
        # Once committed, the name may already be another process's, and the metadata with it.
        with suppress(OSError):
            if _is_at(partial.path, partial.file):
                partial.path.unlink()
            if partial.metadata_path and not partial.path.exists():
                partial.metadata_path.unlink(missing_ok=True)


def _remove_expired(folder: _Folder, now: datetime) -> None:
    """Remove what is older than :data:`RETENTION`, unless a process still holds it."""
    oldest = (now - RETENTION).timestamp()
    # Tidying up is no reason to fail, whoever removes or guards a file meanwhile.
    with suppress(OSError), os.scandir(folder.path) as entries:
        for entry in entries:
            with suppress(OSError):
                if folder.is_ours(entry.name) and entry.stat(follow_symlinks=False).st_mtime < oldest:
                    _remove_unlocked(Path(entry.path), private=folder.shared)


def _remove_unlocked(path: Path, *, private: bool) -> None:
    if file := _open_locked(path, private=private):
        with file:
            path.unlink()
