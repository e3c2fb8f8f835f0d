"""Files get their final name whole, or not at all, on a disk as in a store."""

from __future__ import annotations

import errno
import hashlib
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_seedance.core.storage.files import (
    commit,
    has_content,
    iter_bytes,
    open_for_reading,
    read_bytes,
    size_of,
    temporary_file_for,
    write_text,
)
from airflow_provider_seedance.errors import DestinationError
from tests.core.storage.conftest import Stored


def _put(target: Any, content: bytes) -> None:
    with temporary_file_for(target) as part:
        part.write_bytes(content)
        commit(part, target)


def _content(target: Any) -> bytes:
    with open_for_reading(target) as file:
        return bytes(file.read())


def test_a_text_is_written_whole_and_read_back(folder: Any) -> None:
    """As UTF-8; what was there is replaced, and nothing is left beside it."""
    target = folder / "a" / "v.json"
    assert read_bytes(target) is None
    write_text(target, "first")
    write_text(target, "猫")
    assert read_bytes(target) == "猫".encode()
    assert b"".join(iter_bytes(target)) == "猫".encode()


def test_a_text_that_cannot_be_written_leaves_what_was_there() -> None:
    """The error names the file."""
    target = Stored(RefusingStore(), path="/bucket/results.jsonl")
    target.fs.pipe_file(target.path, b"old")
    with pytest.raises(DestinationError, match=r"cannot write test://bucket/results\.jsonl"):
        write_text(target, "new")
    assert read_bytes(target) == b"old"


def test_a_file_that_cannot_be_read_is_not_no_file(tmp_path: Path) -> None:
    """A directory in its place, for one."""
    with pytest.raises(DestinationError, match=f"cannot read {tmp_path}"):
        read_bytes(tmp_path)


def test_a_committed_file_is_there(folder: Any) -> None:
    """Folders on the way are made; what was there is replaced."""
    target = folder / "a" / "v.mp4"
    assert size_of(target) is None
    _put(target, b"first")
    _put(target, b"second one")
    assert _content(target) == b"second one"
    assert size_of(target) == 10


def test_a_part_that_is_not_committed_is_gone(folder: Any) -> None:
    """However its context ends, nothing is under the final name or beside it."""
    target = folder / "v.mp4"
    with suppress(KeyboardInterrupt), temporary_file_for(target) as part:
        part.write_bytes(b"half")
        raise KeyboardInterrupt
    assert not part.exists()
    assert size_of(target) is None


def test_a_local_part_is_hidden_beside_its_target(tmp_path: Path) -> None:
    """The same directory, so that a rename is atomic, and two writers never share one."""
    target = tmp_path / "v.mp4"
    with temporary_file_for(target) as one, temporary_file_for(target) as other:
        assert one.parent == other.parent == tmp_path
        assert one.name.startswith(".")
        assert one != other


def test_a_part_for_a_store_keeps_the_name() -> None:
    """Stores tell the content type from it."""
    with temporary_file_for(Stored(MemoryFileSystem())) as part:
        assert part.name == "v.mp4"


def test_a_landed_file_may_be_read_by_others(tmp_path: Path) -> None:
    """It has the rights of any file that the worker makes, not those of a temporary one."""
    (tmp_path / "plain").touch()
    _put(tmp_path / "v.mp4", b"video")
    rights = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "v.mp4")]
    assert rights[0] == rights[1]


@pytest.mark.parametrize(("content", "answer"), [(b"video", True), (b"v1deo", False), (b"longer", False)])
def test_the_same_bytes_are_recognised(folder: Any, content: bytes, answer: bool) -> None:
    """Size and hash both count."""
    target = folder / "v.mp4"
    assert not has_content(target, 5, hashlib.sha256(b"video").hexdigest())
    _put(target, content)
    assert has_content(target, 5, hashlib.sha256(b"video").hexdigest()) is answer


class HalfwayStore(MemoryFileSystem):
    """A store without atomic uploads, whose connection breaks in the middle of one."""

    store: dict[str, Any] = {}  # noqa: RUF012  # fsspec's own way to give a filesystem its content
    cachable = False

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        content = Path(lpath).read_bytes()
        self.pipe_file(rpath, content[: len(content) // 2])
        raise ConnectionError("connection reset")


class SilentlyHalfwayStore(HalfwayStore):
    """The same, and it does not even notice."""

    store: dict[str, Any] = {}  # noqa: RUF012

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        with pytest.raises(ConnectionError):
            super().put_file(lpath, rpath)


@pytest.mark.parametrize(
    ("fs", "reason"),
    [
        (HalfwayStore(), "connection reset"),
        (SilentlyHalfwayStore(), "10 bytes were sent, and the store has 5"),
    ],
)
def test_half_an_upload_is_removed(fs: Any, reason: str) -> None:
    """A truncated file is never left under its final name."""
    target = Stored(fs)
    with pytest.raises(DestinationError, match=f"cannot write test://bucket/v.mp4: .*{reason}"):
        _put(target, b"0123456789")
    assert size_of(target) is None


class RefusingStore(MemoryFileSystem):
    """A store that takes no uploads, and says so with an error of its library."""

    store: dict[str, Any] = {}  # noqa: RUF012
    cachable = False

    class LibraryError(Exception):
        """Not an ``OSError``, as in most cloud libraries."""

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        raise self.LibraryError("AccessDenied: https://store.example/v.mp4?X-Signature=abc")


def test_a_refused_upload_leaves_what_was_there() -> None:
    """The old file stays, and a signed link in the library's words does not get out."""
    target = Stored(RefusingStore())
    target.fs.pipe_file(target.path, b"old")
    with pytest.raises(DestinationError, match="AccessDenied") as caught:
        _put(target, b"new video")
    assert _content(target) == b"old"
    assert "abc" not in str(caught.value)


class ChunkingStore(MemoryFileSystem):
    """A store whose uploads can be bounded, as those of S3 and GCS."""

    store: dict[str, Any] = {}  # noqa: RUF012
    cachable = False

    def put_file(self, lpath: str, rpath: str, chunksize: int = 2**30, **_: Any) -> None:
        self.chunksize = chunksize
        super().put_file(lpath, rpath)


def test_uploads_hold_little_in_memory() -> None:
    """The big stores' default would be 50 MiB at a time, and ten at once."""
    target = Stored(ChunkingStore())
    _put(target, b"video")
    assert target.fs.chunksize == 5 * 1024 * 1024


class BlindStore(MemoryFileSystem):
    """A store that cannot be asked."""

    cachable = False

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        raise PermissionError(errno.EACCES, "Forbidden")


def test_could_not_look_is_not_nothing_there() -> None:
    """Or a file would be overwritten that nobody knew of."""
    with pytest.raises(DestinationError, match=r"cannot look at test://bucket/v.mp4: PermissionError"):
        size_of(Stored(BlindStore()))
