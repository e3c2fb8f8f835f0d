"""Where the bytes of unfinished landings lie, so that a later try on the same machine goes on with them.

Rule 1: one process at a time writes a partial file: it holds the file's lock. Who finds it locked collects in a
file of its own, which nobody goes on with.
Rule 2: after a success, and after an error that no retry can mend, nothing is left. After any other end, a killed
process included, the partial file and its note stay for the next try.
Rule 3: what no try came back for is removed by any later landing in the same place, once it is older than links
live.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import platform
import re
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from airflow_provider_seedance.core.landing.manifest import Provenance
from airflow_provider_seedance.core.landing.partial import Partial, read_metadata
from airflow_provider_seedance.core.storage.paths import StoragePath, local_path, storage_errors, uri_of
from airflow_provider_seedance.errors import SeedanceError, VideoCorrupt

log = logging.getLogger(__name__)

#: Result links live for 24 hours; an hour more for clocks that differ.
KEPT_FOR = timedelta(hours=25)

_NAME = re.compile(r"[0-9a-f]{16}(-[0-9a-f]{16})?\.(json|part(\.\w+)?)")


@dataclass(frozen=True)
class _Place:
    """A folder with partial files, and what they are called there."""

    folder: Path
    prefix: str
    #: What a name ends with.
    ending: str
    #: Others may write in the folder, and are not to see the bytes.
    shared: bool

    def data(self, name: str) -> Path:
        return self.folder / f"{self.prefix}{name}{self.ending}"

    def note(self, key: str) -> Path:
        return self.folder / f"{self.prefix}{key}.json"

    def names(self, file_name: str) -> bool:
        """Whether a file of this name is one of ours."""
        own = file_name.startswith(self.prefix)
        return own and bool(_NAME.fullmatch(file_name.removeprefix(self.prefix)))


@contextmanager
def partial_for(target: StoragePath, provenance: Provenance, now: datetime) -> Iterator[Partial]:
    """The file to collect a generation's video for ``target`` in, with what an earlier try left there.

    For a local target it lies beside it, hidden, so that a rename can commit it. For a store it is in the
    temporary directory (``TMPDIR``), and ends as the target does, from which stores guess the content type.

    :raises DestinationError: if there is no place for it.
    """
    place = _place(target)
    with storage_errors(place.folder, "write"):
        place.folder.mkdir(parents=True, exist_ok=True)
    _sweep(place, now)
    partial = _take(place, _key(target, provenance), provenance)
    try:
        yield partial
    except BaseException as fault:
        _put_away(partial, keep=_may_go_on(fault))
        raise
    _put_away(partial, keep=False)


def _place(target: StoragePath) -> _Place:
    path = local_path(target)
    if path:
        return _Place(path.parent, ".seedance-", ".part", shared=False)
    ending = Path(uri_of(target)).suffix
    return _Place(Path(tempfile.gettempdir()), f"seedance-{os.geteuid()}-", f".part{ending}", shared=True)


def _key(target: StoragePath, provenance: Provenance) -> str:
    """The same for every try, on this machine, to land this generation there."""
    whose = (_machine(), provenance.vendor, provenance.generation_id, uri_of(target))
    return hashlib.sha256("\n".join(whose).encode()).hexdigest()[:16]


def _machine() -> str:
    """This machine, since it started: locks may not reach further, and its crash may leave holes in files."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return platform.node()


def _take(place: _Place, key: str, provenance: Provenance) -> Partial:
    path, note = place.data(key), place.note(key)
    file = _locked(path, os.O_CREAT, private=place.shared)
    if file is None:
        log.info("Another process is landing generation %s at the same place.", provenance.generation_id)
        path = place.data(f"{key}-{secrets.token_hex(8)}")
        with storage_errors(path, "write"):
            return Partial(path, _opened(path, os.O_CREAT | os.O_EXCL, private=place.shared), provenance)
    length, told = os.fstat(file.fileno()).st_size, read_metadata(note)
    if told is None or length > (told.total or length):
        return Partial(path, file, provenance, note)
    return Partial(path, file, provenance, note, length, told)


def _opened(path: Path, flags: int, *, private: bool) -> BinaryIO:
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | flags, 0o600 if private else 0o666)
    return os.fdopen(handle, "r+b", buffering=0)


def _locked(path: Path, flags: int = 0, *, private: bool) -> BinaryIO | None:
    """The file, locked; ``None`` if that cannot be had, whoever or whatever is in the way."""
    while True:
        try:
            file = _opened(path, flags, private=private)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if private and os.fstat(file.fileno()).st_uid != os.geteuid():
                raise PermissionError(f"{path} belongs to somebody else")
        except OSError:
            file.close()
            return None
        if _is_at(path, file):
            return file
        # Its last owner renamed or removed it between the two calls.
        file.close()


def _is_at(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _may_go_on(fault: BaseException) -> bool:
    """Whether another try may use the bytes: not if they were wrong, or if there will be no other try."""
    if isinstance(fault, VideoCorrupt):
        return False
    return fault.retryable if isinstance(fault, SeedanceError) else True


def _put_away(partial: Partial, *, keep: bool) -> None:
    with partial.file:
        if keep and partial.note and partial.length and partial.version.known:
            log.info(
                "%d bytes of generation %s are kept for the next try.",
                partial.length,
                partial.provenance.generation_id,
            )
            return
        # Once committed, the name may already be another process's, and the note with it.
        with suppress(OSError):
            if _is_at(partial.path, partial.file):
                partial.path.unlink()
            if partial.note and not partial.path.exists():
                partial.note.unlink(missing_ok=True)


def _sweep(place: _Place, now: datetime) -> None:
    """Remove what was left here before :data:`KEPT_FOR`, unless a process still holds it."""
    oldest = (now - KEPT_FOR).timestamp()
    # Tidying up is no reason to fail, whoever removes or guards a file meanwhile.
    with suppress(OSError), os.scandir(place.folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if place.names(entry.name) and entry.stat(follow_symlinks=False).st_mtime < oldest:
                    _remove_old(Path(entry.path), private=place.shared)


def _remove_old(path: Path, *, private: bool) -> None:
    if file := _locked(path, private=private):
        with file:
            path.unlink()
