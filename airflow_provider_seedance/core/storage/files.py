"""Files on a local disk or in an object store, read as they are and written whole or not at all.

Rule 1: under its final name there is the old file or the whole new one, never a part.
Rule 2: a temporary file is removed when its context ends, however it ends.
Rule 3: "could not look" is an error, never "nothing there".
"""

from __future__ import annotations

import hashlib
import inspect
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from airflow_provider_seedance.core.storage.paths import (
    StoragePath,
    local_path,
    storage_errors,
    uri_of,
)

#: Bytes that are held at a time.
CHUNK_SIZE = 1024 * 1024
# fsspec's cloud filesystems would hold 50 MiB and more at a time. S3 takes no part below 5 MiB.
_UPLOAD_LIMITS = {"chunksize": 5 * CHUNK_SIZE, "max_concurrency": 2}
_READ_AHEAD = 4 * CHUNK_SIZE


def size_of(path: StoragePath) -> int | None:
    """Bytes at ``path``, ``None`` if there is no file.

    :raises DestinationError: if that cannot be found out.
    """
    local = local_path(path)
    with storage_errors(path, "look at"):
        try:
            return local.stat().st_size if local else _stored_size(path)
        except FileNotFoundError:
            return None


def _stored_size(path: Any) -> int:
    # Listings are cached for the life of the process; another task may have written since.
    path.fs.invalidate_cache(path.path)
    return int(path.fs.info(path.path)["size"])


def has_content(path: StoragePath, size: int, sha256: str) -> bool:
    """Whether exactly these bytes are at ``path``; they are read only if the size is right.

    :raises DestinationError: if that cannot be found out.
    """
    if size_of(path) != size:
        return False
    digest = hashlib.sha256()
    for chunk in iter_bytes(path):
        digest.update(chunk)
    return digest.hexdigest() == sha256


def open_for_reading(path: StoragePath) -> BinaryIO:
    """``path``, opened for bytes. A missing file is a ``FileNotFoundError``."""
    local = local_path(path)
    return local.open("rb") if local else _open_stored(path)


def _open_stored(path: Any) -> BinaryIO:
    file: BinaryIO = path.fs.open(path.path, "rb", block_size=_READ_AHEAD)
    return file


def iter_bytes(path: StoragePath) -> Iterator[bytes]:
    """The content of ``path``, :data:`CHUNK_SIZE` at a time.

    :raises DestinationError: if it cannot be read, or there is no file.
    """
    with storage_errors(path, "read"), open_for_reading(path) as file:
        while chunk := file.read(CHUNK_SIZE):
            yield chunk


def read_bytes(path: StoragePath) -> bytes | None:
    """The content of a small file, ``None`` if there is none.

    :raises DestinationError: if that cannot be found out.
    """
    with storage_errors(path, "read"):
        try:
            with open_for_reading(path) as file:
                return file.read()
        except FileNotFoundError:
            return None


def remove(path: StoragePath) -> None:
    """Delete the file at ``path``.

    :raises DestinationError: if there is none, or it cannot be deleted.
    """
    local = local_path(path)
    with storage_errors(path, "delete"):
        if local:
            local.unlink()
        else:
            _remove_stored(path)


def _remove_stored(path: Any) -> None:
    path.fs.rm_file(path.path)


def write_text(target: StoragePath, text: str) -> None:
    """Write a small file as UTF-8, whole or not at all; what was there is replaced.

    :raises DestinationError: naming the file; what was there before is still there, or nothing.
    """
    with temporary_file_for(target) as temporary:
        with storage_errors(temporary, "write"):
            temporary.write_text(text, encoding="utf-8")
        commit(temporary, target)


@contextmanager
def temporary_file_for(target: StoragePath) -> Iterator[Path]:
    """The path of a new local file to collect ``target``'s bytes in, removed at the end unless committed.

    For a local target it is hidden in the same directory, so that a rename can commit it. For a store it is in the
    temporary directory, under the target's name, from which stores guess the content type.

    :raises DestinationError: if there is no place for it.
    """
    path = local_path(target)
    if path is None:
        with storage_errors(Path(tempfile.gettempdir()), "write"):
            folder = tempfile.TemporaryDirectory(prefix="seedance-")
        with folder:
            yield Path(folder.name) / uri_of(target).rpartition("/")[2]
        return
    temporary = path.with_name(f".seedance-{secrets.token_hex(8)}.part")
    with storage_errors(path, "write"):
        temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def commit(temporary: Path, target: StoragePath) -> None:
    """Put the whole ``temporary`` file under ``target``'s name, atomically; what was there is replaced.

    :raises DestinationError: and what was there before is still there, or nothing.
    """
    path = local_path(target)
    with storage_errors(target, "write"):
        if path:
            _rename(temporary, path)
        else:
            _upload(temporary, target)


def _rename(temporary: Path, path: Path) -> None:
    _sync(temporary)
    temporary.replace(path)
    # The file is in place; a network filesystem that cannot sync a directory does not change that.
    with suppress(OSError):
        _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _upload(temporary: Path, target: Any) -> None:
    before = size_of(target)
    fs, whole = target.fs, temporary.stat().st_size
    try:
        fs.put_file(str(temporary), target.path, **_upload_options(fs))
        if (stored := _stored_size(target)) != whole:
            raise OSError(f"{whole} bytes were sent, and the store has {stored}")
    except BaseException:
        # Object stores commit at the end of an upload; others (sftp, hdfs) may be left with a part of it.
        with suppress(Exception):
            if _stored_size(target) not in (before, whole):
                fs.rm_file(target.path)
        raise


def _upload_options(fs: Any) -> dict[str, int]:
    known = inspect.signature(getattr(fs, "_put_file", fs.put_file)).parameters
    return {name: value for name, value in _UPLOAD_LIMITS.items() if name in known}
