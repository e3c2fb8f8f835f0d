"""Paths of files: on a local disk as :class:`pathlib.Path`, anywhere else on an fsspec filesystem."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from airflow_provider_seedance.errors import DestinationError, SeedanceError

_LOCAL_PROTOCOLS = ("", "file", "local")


class RemotePath(Protocol):
    """A path on an fsspec filesystem; ``ObjectStoragePath`` and ``UPath`` fit."""

    @property
    def protocol(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def fs(self) -> Any: ...


StoragePath: TypeAlias = Path | RemotePath
#: Makes the path that a local path or a URI names.
PathFromUri: TypeAlias = Callable[[str], StoragePath]


def uri_of(path: StoragePath) -> str:
    """The text from which the same path can be made again, by any process in any working directory."""
    if isinstance(path, Path) or not path.protocol:
        return str(Path(str(path)).absolute())
    return str(path)


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
