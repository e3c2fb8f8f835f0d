"""Whether a file can be written at a place, found out before anything is paid or fetched."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from airflow_provider_seedance.core.redaction import shorten
from airflow_provider_seedance.core.storage.files import CHUNK_SIZE, size_of
from airflow_provider_seedance.core.storage.paths import (
    BUCKET_PROTOCOLS,
    StoragePath,
    describe,
    local_path,
    uri_of,
)
from airflow_provider_seedance.errors import DestinationError, Kind

#: Bytes of a disk that no download takes.
SPACE_RESERVE = 16 * CHUNK_SIZE
#: What the names of files beside a video add to its own: bytes of ``.json``.
_RECORD_ENDING = 5
#: Bytes of a name, and of a whole path, on a disk that does not tell.
_USUAL_NAME, _USUAL_PATH = 255, 4096
#: Bytes of a key at S3, Google Cloud Storage and Azure alike.
_LONGEST_KEY = 1024
#: Characters of a name that an error shows.
_MAX_SHOWN = 1000

_CHOOSE = "Choose another destination."
_SHORTEN = "Shorten the destination, then clear the task."


def check_writable(target: StoragePath) -> None:
    """Find out cheaply whether ``target`` and its record can be written, and leave nothing behind.

    On a disk, a nameless file is made in the folder. A store is only asked whether bucket and file exist, which takes
    them, its library and its credentials.

    :raises DestinationError: for no directory, no bucket, no permission, no space, a name that is too long, or no such
        store (not retryable but for space), or a store that does not answer or refuses.
    """
    path = local_path(target)
    if path is None:
        _check_store(target)
        return
    try:
        _check_local(path.absolute())
    except OSError as fault:
        raise _unusable(target, describe(fault), _CHOOSE) from fault


def _check_local(path: Path) -> None:
    _check_names(path)
    if path.is_dir():
        raise _unusable(path, "it is a directory", "Name a file in it, or end the destination with a slash.")
    folder = next(parent for parent in path.parents if parent.exists())
    if not folder.is_dir():
        raise _unusable(path, f"{folder} is not a directory", _CHOOSE)
    advice = "Grant the worker's user write permission, or choose another destination."
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(path, f"no permission to write in {folder}", advice)
    try:
        # A mount that is read-only, a system's own folder and a used-up quota show only now.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as fault:
        raise _unusable(path, f"no file can be made in {folder} ({describe(fault)})", advice) from fault
    check_space(folder, 0)


def _check_names(path: Path) -> None:
    longest_name, longest_path = _limits(path)
    *folders, name = path.parts[1:] or ("",)
    for part, added in (*((folder, 0) for folder in folders), (name, _RECORD_ENDING)):
        _check_length(path, part, "name", len(os.fsencode(part)), added, longest_name)
    # The limit counts a byte that ends it.
    _check_length(path, str(path), "path", len(os.fsencode(path)), _RECORD_ENDING, longest_path - 1)


def _check_length(target: StoragePath, part: str, what: str, length: int, added: int, longest: int) -> None:
    if length + added > longest:
        ending = f", and {added} more with .json for its manifest" if added else ""
        why = f"its {what} {shorten(part, _MAX_SHOWN)!r} has {length} bytes{ending}; {longest} are possible"
        raise _unusable(target, why, _SHORTEN)


def _limits(path: Path) -> tuple[int, int]:
    """Bytes of the longest name, and of the longest path, on the disk that ``path`` is on."""
    for parent in path.parents:
        try:
            return os.pathconf(parent, "PC_NAME_MAX"), os.pathconf(parent, "PC_PATH_MAX")
        except (OSError, ValueError):
            continue
    return _USUAL_NAME, _USUAL_PATH


def _check_store(target: Any) -> None:
    if target.path.endswith("/"):
        raise _unusable(target, "it names a directory", "Name a file in it.")
    try:
        target.fs  # noqa: B018  # building the filesystem is what may fail
    except Exception as fault:
        advice = "Install the Airflow provider of this store, and check the connection that the URI names."
        raise _unusable(target, f"its filesystem cannot be set up ({describe(fault)})", advice) from fault
    if target.protocol in BUCKET_PROTOCOLS:
        bucket, _, key = target.path.lstrip("/").partition("/")
        _check_length(target, key, "key", len(key.encode()), _RECORD_ENDING, _LONGEST_KEY)
        if _is_missing(target.fs, bucket):
            raise _unusable(
                target, f"there is no bucket {bucket!r}", "Make it, or choose another destination."
            )
    size_of(target)
    check_space(Path(tempfile.gettempdir()), 0)


def _is_missing(fs: Any, bucket: str) -> bool:
    """Whether there surely is no such bucket; who may write in one may still not be allowed to look at it."""
    with suppress(Exception):
        fs.invalidate_cache(bucket)
        try:
            if not fs.exists(bucket):
                fs.ls(bucket)
        except FileNotFoundError:
            return True
    return False


def check_space(folder: Path, size: int) -> None:
    """Refuse to write ``size`` more bytes in ``folder``, if less than :data:`SPACE_RESERVE` would be left for others.

    :raises DestinationError: naming both numbers.
    """
    usage = shutil.disk_usage(folder)
    # Some network filesystems do not tell, and give 0 for all of it.
    if usage.total and usage.free < size + SPACE_RESERVE:
        raise DestinationError(
            f"cannot write {size or 'more'} bytes in {folder}: its disk has {usage.free} bytes of free space,"
            f" of which {SPACE_RESERVE} are left to others",
            advice="Free some space there, or choose another destination, then clear the task.",
        )


def _unusable(target: StoragePath, why: str, advice: str) -> DestinationError:
    return DestinationError(
        f"{shorten(uri_of(target), _MAX_SHOWN)} cannot be written: {why}",
        kind=Kind.CONFIGURATION,
        advice=advice,
    )
