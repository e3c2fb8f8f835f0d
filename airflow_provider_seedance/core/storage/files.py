"""Where files go: a local path or an object store, written whole or not at all.

Rule 1: under its final name there is the old file or the whole new one, never a part.
Rule 2: a part file is gone when its context ends, however it ends.
Rule 3: "could not look" is an error, never "nothing there".
"""

from __future__ import annotations

import hashlib
import inspect
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias

from airflow_provider_seedance.errors import DestinationError, Kind, SeedanceError

CHUNK = 1024 * 1024
# fsspec's cloud filesystems would hold 50 MiB and more at a time. S3 takes no part below 5 MiB.
_UPLOAD_BOUNDS = {"chunksize": 5 * CHUNK, "max_concurrency": 2}
_READ_AHEAD = 4 * CHUNK
_LOCAL = ("", "file", "local")


class StorePath(Protocol):
    """A path on an fsspec filesystem; ``ObjectStoragePath`` and ``UPath`` fit."""

    @property
    def protocol(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def fs(self) -> Any: ...


Target: TypeAlias = Path | StorePath
#: Makes a target of a path or URI.
OpenTarget: TypeAlias = Callable[[str], Target]


def uri_of(target: Target) -> str:
    """The text from which the same target can be made again, by any process in any working directory."""
    if isinstance(target, Path) or not target.protocol:
        return str(Path(str(target)).absolute())
    return str(target)


def local_path(target: Target) -> Path | None:
    """The file on this machine that ``target`` means, or ``None`` for one in a store."""
    if isinstance(target, Path):
        return target
    return Path(target.path) if target.protocol in _LOCAL else None


def check_writable(target: Target) -> None:
    """Find out cheaply, before anything is paid or fetched, whether ``target`` can be written; write nothing.

    A store is only asked whether the file exists, which takes it, its library and its credentials.

    :raises DestinationError: for no directory, no permission, no such store (not retryable), or a store that
        does not answer or refuses.
    """
    path = local_path(target)
    if path is None:
        _check_store(target)
        return
    try:
        _check_local(path.absolute())
    except OSError as fault:
        raise _unusable(target, _reason(fault), "Choose another destination.") from fault


def _check_local(path: Path) -> None:
    if path.is_dir():
        raise _unusable(path, "it is a directory", "Name a file in it, or end the destination with a slash.")
    folder = next(parent for parent in path.parents if parent.exists())
    if not folder.is_dir():
        raise _unusable(path, f"{folder} is not a directory", "Choose another destination.")
    if not os.access(folder, os.W_OK | os.X_OK):
        advice = "Grant the worker's user write permission, or choose another destination."
        raise _unusable(path, f"no permission to write in {folder}", advice)


def _check_store(target: Any) -> None:
    if target.path.endswith("/"):
        raise _unusable(target, "it names a directory", "Name a file in it.")
    try:
        target.fs  # noqa: B018  # building the filesystem is what may fail
    except Exception as fault:
        advice = "Install the Airflow provider of this store, and check the connection that the URI names."
        raise _unusable(target, f"its filesystem cannot be set up ({_reason(fault)})", advice) from fault
    size_of(target)


def size_of(target: Target) -> int | None:
    """Bytes at ``target``, ``None`` if there is no file.

    :raises DestinationError: if that cannot be found out.
    """
    path = local_path(target)
    with disk_faults(target, "look at"):
        try:
            return path.stat().st_size if path else _stored_size(target)
        except FileNotFoundError:
            return None


def holds(target: Target, size: int, sha256: str) -> bool:
    """Whether exactly these bytes are at ``target``; they are read only if the size is right.

    :raises DestinationError: if that cannot be found out.
    """
    if size_of(target) != size:
        return False
    digest = hashlib.sha256()
    with disk_faults(target, "read"), open_for_reading(target) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == sha256


def open_for_reading(target: Target) -> BinaryIO:
    """``target``, opened for bytes. A missing file is a ``FileNotFoundError``."""
    path = local_path(target)
    return path.open("rb") if path else _open_stored(target)


def _open_stored(target: Any) -> BinaryIO:
    file: BinaryIO = target.fs.open(target.path, "rb", block_size=_READ_AHEAD)
    return file


@contextmanager
def part_for(target: Target) -> Iterator[Path]:
    """A local file of its own to collect ``target``'s bytes in, removed at the end unless committed.

    Local targets get it beside them, hidden, so that a rename can commit it. For a store it is in the
    temporary directory, under the target's name, from which stores guess the content type.

    :raises DestinationError: if there is no place for it.
    """
    path = local_path(target)
    if path is None:
        with disk_faults(Path(tempfile.gettempdir()), "write"):
            folder = tempfile.TemporaryDirectory(prefix="seedance-")
        with folder:
            yield Path(folder.name) / uri_of(target).rpartition("/")[2]
        return
    part = path.with_name(f".seedance-{secrets.token_hex(8)}.part")
    with disk_faults(path, "write"):
        part.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def commit(part: Path, target: Target) -> None:
    """Put the whole ``part`` under ``target``'s name, atomically; what was there is replaced.

    :raises DestinationError: and what was there before is still there, or nothing.
    """
    path = local_path(target)
    with disk_faults(target, "write"):
        if path:
            _rename(part, path)
        else:
            _upload(part, target)


def _rename(part: Path, path: Path) -> None:
    _sync(part)
    part.replace(path)
    # The file is in place; a network filesystem that cannot sync a directory does not change that.
    with suppress(OSError):
        _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _upload(part: Path, target: Any) -> None:
    before = size_of(target)
    fs, whole = target.fs, part.stat().st_size
    try:
        fs.put_file(str(part), target.path, **_upload_options(fs))
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
    return {name: value for name, value in _UPLOAD_BOUNDS.items() if name in known}


def _stored_size(target: Any) -> int:
    # Listings are cached for the life of the process; another task may have written since.
    target.fs.invalidate_cache(target.path)
    return int(target.fs.info(target.path)["size"])


@contextmanager
def disk_faults(place: Target, doing: str) -> Iterator[None]:
    """Turn what a filesystem raises into an error that names the ``place``.

    :raises DestinationError: for an ``OSError``, and for any error of a store: each library has its own.
    """
    foreign: type[Exception] = OSError if local_path(place) else Exception
    try:
        yield
    except SeedanceError:
        raise
    except foreign as fault:
        raise DestinationError(
            f"cannot {doing} {uri_of(place)}: {_reason(fault)}",
            advice="Check that it may be read and written and that there is space, then clear the task.",
        ) from fault


def _reason(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}"


def _unusable(target: Target, why: str, advice: str) -> DestinationError:
    return DestinationError(
        f"{uri_of(target)} cannot be written: {why}", kind=Kind.CONFIGURATION, advice=advice
    )
