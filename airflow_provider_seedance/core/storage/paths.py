"""Paths of files: on a local disk as :class:`pathlib.Path`, anywhere else on an fsspec filesystem."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from airflow_provider_seedance.errors import DestinationError, SeedanceError

_LOCAL_PROTOCOLS = ("", "file", "local")
#: The stores whose files are in buckets, which are not made by writing.
BUCKET_PROTOCOLS = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oss")

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_COMMON_SCHEMES = (*BUCKET_PROTOCOLS, "wasb", "wasbs", "hdfs", "sftp", "http", "https", "file")


class RemotePath(Protocol):
    """A path on an fsspec filesystem; ``ObjectStoragePath`` and ``UPath`` fit."""

    @property
    def protocol(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def fs(self) -> Any: ...
    @property
    def name(self) -> str: ...
    def with_name(self, name: str, /) -> RemotePath: ...


StoragePath: TypeAlias = Path | RemotePath
#: Makes the path that a local path or a URI names.
PathFromUri: TypeAlias = Callable[[str], StoragePath]


def reason_not_to_use(location: str) -> str | None:
    """Why a local path or a URI cannot be meant as it is written, with what to write instead; ``None`` if it can.

    A relative path would lead to wherever the worker happens to run.
    """
    scheme, separator, rest = location.partition("://")
    if "\\" in location:
        return "it has a backslash; write / between the parts"
    if separator and _SCHEME.fullmatch(scheme):
        return _reason_not_to_use_uri(scheme.lower(), rest)
    wrong = _SCHEME.match(location)
    after = location[wrong.end() :] if wrong else ""
    if wrong and (after.startswith(":") or (after.startswith("//") and wrong[0].lower() in _COMMON_SCHEMES)):
        start = "/" if wrong[0] == "file" else ""
        return f"a URI has :// after its scheme; write {wrong[0]}://{start}{after.lstrip(':/')}"
    if location.startswith(("//", "://")):
        return "a URI begins with its scheme, such as s3://, and a path with one slash"
    if not location.startswith(("/", "~/")):
        return (
            "it is relative to wherever the worker runs; begin a path with /, and the URI of a store with its scheme,"
            " such as s3://"
        )
    return None


def _reason_not_to_use_uri(scheme: str, rest: str) -> str | None:
    if scheme in BUCKET_PROTOCOLS and (not rest or rest.startswith("/")):
        return f"it names no bucket; write {scheme}://bucket{rest}"
    if scheme == "file" and not rest.startswith("/"):
        return f"a file has three slashes; write file:///{rest}"
    return None


def uri_of(path: StoragePath) -> str:
    """The text from which the same path can be made again, by any process in any working directory."""
    if isinstance(path, Path) or not path.protocol:
        return str(Path(str(path)).absolute())
    return str(path)


def beside(path: StoragePath, ending: str) -> StoragePath:
    """The path in the same folder whose name is that of ``path`` and an ``ending``."""
    return path.with_name(f"{path.name}{ending}")


def local_path(path: StoragePath) -> Path | None:
    """The file on this machine that ``path`` means, or ``None`` for one in a store."""
    if isinstance(path, Path):
        return path
    return Path(path.path) if path.protocol in _LOCAL_PROTOCOLS else None


@contextmanager
def storage_errors(path: StoragePath, action: str) -> Iterator[None]:
    """Turn what a filesystem raises into an error that names the ``path``.

    :param action: what is done there, as a verb: ``"read"``, ``"write"``.
    :raises DestinationError: for an ``OSError``, and for any error of a store: each library has its own.
    """
    foreign: type[Exception] = OSError if local_path(path) else Exception
    try:
        yield
    except SeedanceError:
        raise
    except foreign as fault:
        raise DestinationError(
            f"cannot {action} {uri_of(path)}: {describe(fault)}",
            advice="Check that it may be read and written and that there is space, then clear the task.",
        ) from fault


def describe(fault: Exception) -> str:
    """A foreign error's type and message, for the message of ours."""
    return f"{type(fault).__name__}: {fault}"
