"""The bytes of one video that have come so far, and the note by which a later try knows what they are.

Rule 1: bytes of two versions of a file never meet: the old note goes before the first new byte comes.
Rule 2: what has come is on the file system with its last byte: a process may die at any moment.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.landing.manifest import Provenance
from airflow_provider_seedance.core.landing.running_hash import RunningHash
from airflow_provider_seedance.core.storage.files import CHUNK_SIZE
from airflow_provider_seedance.errors import ResumeRefused


class Version(BaseModel):
    """What tells a file from another that may come from the same link later."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    #: The strong entity tag.
    etag: str | None = None
    #: Bytes of the whole file.
    total: int | None = Field(default=None, gt=0)

    @property
    def known(self) -> bool:
        """Whether there is anything to tell it by."""
        return bool(self.etag or self.total)

    def continues(self, earlier: Version) -> bool:
        """Whether bytes of this version may follow on bytes of the ``earlier`` one."""
        pairs = ((earlier.etag, self.etag), (earlier.total, self.total))
        shared = [one == other for one, other in pairs if one and other]
        return bool(shared) and all(shared)

    def completed_by(self, earlier: Version) -> Version:
        """What both tell together."""
        return Version(etag=self.etag or earlier.etag, total=self.total or earlier.total)


class PartialMetadata(Version):
    """What lies beside the bytes: enough to go on, and for people to see what they are.

    Of the link only the host is told: with some vendors a link is a key even without its query.
    """

    vendor: str
    generation_id: str
    host: str | None
    started_at: AwareDatetime


def read_metadata(path: Path) -> PartialMetadata | None:
    """The note at ``path``; ``None`` if there is none that can be read, and the bytes are then of no use."""
    try:
        return PartialMetadata.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


@dataclass
class Partial:
    """A file in which one video is collected, in the hands of one process."""

    path: Path
    #: Unbuffered, open for reading and writing.
    file: BinaryIO
    provenance: Provenance
    #: Where its note is; ``None`` for a file that no later try will look for.
    note: Path | None = None
    #: Bytes that are there.
    length: int = 0
    version: Version = field(default_factory=Version)
    _hash: RunningHash | None = field(default=None, init=False, repr=False)

    @property
    def complete(self) -> bool:
        """Whether every byte that was promised is there."""
        return self.length > 0 and self.length == self.version.total

    @property
    def next_byte(self) -> int:
        """The place to ask for next; 0 where nothing tells the file that it belongs to.

        The last byte of a file that is all there is asked for again: the answer confirms the version.
        """
        if not self.version.known:
            return 0
        return min(self.length, self.version.total - 1) if self.version.total else self.length

    @property
    def sha256(self) -> str:
        """Of all bytes that are there, in lower-case hex."""
        return self._running_hash().hexdigest()

    def begin(self, stream: MediaStream, url: str, now: datetime) -> None:
        """Make ready for the bytes of ``stream``: to go on with what is there, or from the beginning.

        :raises ResumeRefused: if they are the middle of another version of the file.
        """
        version = Version(etag=stream.etag, total=stream.total or None)
        if stream.start == 0:
            self._restart(version, url, now)
        elif version.continues(self.version):
            self.version = version.completed_by(self.version)
            self._go_on(stream.start)
        else:
            raise ResumeRefused("the video has changed at its host while it was fetched")

    def append(self, chunk: bytes) -> None:
        """Add to the end of what :meth:`begin` left there."""
        self._running_hash().update(chunk)
        rest = memoryview(chunk)
        while rest:
            rest = rest[self.file.write(rest) :]
        self.length += len(chunk)

    def clear(self) -> None:
        """Forget everything that is there."""
        if self.note:
            self.note.unlink(missing_ok=True)
        self.file.seek(0)
        self.file.truncate()
        self.length, self.version, self._hash = 0, Version(), RunningHash()

    def _restart(self, version: Version, url: str, now: datetime) -> None:
        self.clear()
        self.version = version
        if self.note and version.known:
            note = PartialMetadata(
                **version.model_dump(),
                vendor=self.provenance.vendor,
                generation_id=self.provenance.generation_id,
                host=urlsplit(url).hostname,
                started_at=now,
            )
            # Without a note a later try starts over, which is no reason to stop now.
            with suppress(OSError), self.note.open("x", encoding="utf-8") as file:
                file.write(note.model_dump_json(indent=2))

    def _go_on(self, start: int) -> None:
        if start < self.length:
            self.file.truncate(start)
            self.length, self._hash = start, None
        self._running_hash()
        self.file.seek(start)

    def _running_hash(self) -> RunningHash:
        """Kept up to date; what an earlier try left is read once."""
        if self._hash is None:
            self._hash = RunningHash()
            self.file.seek(0)
            while chunk := self.file.read(CHUNK_SIZE):
                self._hash.update(chunk)
        return self._hash
