"""The bytes of one video that have come so far, and the metadata by which a later try knows what they are.

Rule 1: bytes of two versions of a file never meet: the old metadata are removed before the first new byte comes.
Rule 2: each chunk is on the file system before the next one is fetched: a process may die at any moment.
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.landing.manifest import GenerationReference
from airflow_provider_seedance.core.storage.files import CHUNK_SIZE
from airflow_provider_seedance.errors import ResumeRefused

#: Bytes of the metadata.
_MAX_METADATA = 64 * 1024


class Version(BaseModel):
    """What tells a file from another that may come from the same link later."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: The strong entity tag.
    etag: str | None = None
    #: Bytes of the whole file.
    total: int | None = Field(default=None, gt=0)

    @property
    def known(self) -> bool:
        """Whether the host tells at least one of them."""
        return bool(self.etag or self.total)

    def may_follow(self, earlier: Version) -> bool:
        """Whether bytes of this version may be appended to bytes of the ``earlier`` one."""
        pairs = ((earlier.etag, self.etag), (earlier.total, self.total))
        shared = [one == other for one, other in pairs if one and other]
        return bool(shared) and all(shared)

    def merged_with(self, earlier: Version) -> Version:
        """What the two tell together."""
        return Version(etag=self.etag or earlier.etag, total=self.total or earlier.total)


class PartialMetadata(Version):
    """What is stored beside the bytes: enough to resume, and for people to see what they are.

    Of the link only the host is told: with some vendors a link is a key even without its query.
    """

    vendor: str
    generation_id: str
    host: str | None
    started_at: AwareDatetime


def read_metadata(path: Path) -> PartialMetadata | None:
    """The metadata at ``path``; ``None`` if they are missing or unreadable, and the bytes are then of no use."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return PartialMetadata.model_validate_json(file.read(_MAX_METADATA))
    except (OSError, ValueError):
        return None


def _create(path: Path) -> BinaryIO:
    """A new file that only this user may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb")


@dataclass
class Partial:
    """A file in which one process collects one video."""

    path: Path
    #: Unbuffered, open for reading and writing.
    file: BinaryIO
    generation: GenerationReference
    #: Where its metadata are; ``None`` for a file that no later try will look for.
    metadata_path: Path | None = None
    #: Bytes that are there.
    length: int = 0
    version: Version = field(default_factory=Version)
    _hash: RunningHash | None = field(default=None, init=False, repr=False)
    #: Bytes that come again before the first new one.
    _repeated: int = field(default=0, init=False, repr=False)

    @property
    def complete(self) -> bool:
        """Whether every byte that was promised is there."""
        return self.length > 0 and self.length == self.version.total

    @property
    def resume_at(self) -> int:
        """The byte to ask for next; 0 where nothing tells which version of the file this is.

        The last byte of a complete file is asked for again: the answer confirms the version.
        """
        if not self.version.known:
            return 0
        return min(self.length, self.version.total - 1) if self.version.total else self.length

    @property
    def sha256(self) -> str:
        """Of all bytes that are there, in lower-case hex."""
        return self._running_hash().hexdigest()

    def begin(self, stream: MediaStream, url: str, now: datetime) -> None:
        """Prepare for the bytes of ``stream``: resume after what is there, or restart from the beginning.

        :raises ResumeRefused: if they are the middle of another version of the file.
        """
        version = Version(etag=stream.etag, total=self._total_of(stream))
        if stream.start == 0:
            self._restart(version, url, now)
        elif stream.start <= self.length and version.may_follow(self.version):
            self.version = version.merged_with(self.version)
            self._resume(stream.start)
        else:
            raise ResumeRefused("the video has changed at its host while it was fetched")

    def _total_of(self, stream: MediaStream) -> int | None:
        """Bytes of the whole file; a part that ends where the whole does tells it too."""
        if stream.total is None and stream.end == self.version.total:
            return stream.end
        return stream.total or None

    def append(self, chunk: bytes) -> None:
        """Add to the end of what :meth:`begin` left there, less what is there already."""
        repeated = min(self._repeated, len(chunk))
        self._repeated -= repeated
        chunk = chunk[repeated:]
        self._running_hash().update(chunk)
        rest = memoryview(chunk)
        while rest:
            rest = rest[self.file.write(rest) :]
        self.length += len(chunk)

    def clear(self) -> None:
        """Remove all bytes, and the metadata before them."""
        if self.metadata_path:
            self.metadata_path.unlink(missing_ok=True)
        self.file.seek(0)
        self.file.truncate()
        self.length, self.version, self._hash, self._repeated = 0, Version(), RunningHash(), 0

    def _restart(self, version: Version, url: str, now: datetime) -> None:
        self.clear()
        self.version = version
        if self.metadata_path and version.known:
            metadata = PartialMetadata(
                **version.model_dump(),
                vendor=self.generation.vendor,
                generation_id=self.generation.generation_id,
                host=urlsplit(url).hostname,
                started_at=now,
            )
            # Without metadata a later try starts over, which is no reason to stop this one.
            with suppress(OSError), _create(self.metadata_path) as file:
                file.write(metadata.model_dump_json(indent=2).encode())

    def _resume(self, start: int) -> None:
        self._repeated = self.length - start
        self._running_hash()
        self.file.seek(self.length)

    def _running_hash(self) -> RunningHash:
        """Kept up to date; the bytes that an earlier try left are read once."""
        if self._hash is None:
            self._hash = RunningHash()
            self.file.seek(0)
            while chunk := self.file.read(CHUNK_SIZE):
                self._hash.update(chunk)
        return self._hash


class RunningHash:
    """The sha256 of bytes that come one chunk after the other.

    A thread of its own computes it while the next chunk is fetched and written: done in between, it keeps landing
    below ``curl`` (``benchmarks/landing.py``). One chunk at a time waits, so memory stays flat. The thread ends
    with this object.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="seedance-hash")
        self._pending: Future[None] | None = None

    def update(self, chunk: bytes) -> None:
        """Add ``chunk``, once the one before is done."""
        self._wait()
        self._pending = self._executor.submit(self._digest.update, chunk)

    def hexdigest(self) -> str:
        """Of all chunks so far, in lower case."""
        self._wait()
        return self._digest.hexdigest()

    def _wait(self) -> None:
        if self._pending:
            self._pending.result()
