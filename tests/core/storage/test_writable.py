"""A place where a file could not be written is found out before anything is paid, and nothing is left there."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_seedance.core.storage.writable import SPACE_RESERVE, check_writable
from airflow_provider_seedance.errors import DestinationError
from tests.core.storage.conftest import Stored


def test_a_good_target_passes_untouched(folder: Any, tmp_path: Path) -> None:
    """Nothing is made, not even a folder."""
    check_writable(folder / "a" / "b" / "v.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way(tmp_path: Path) -> None:
    """The folder that is none is named."""
    (tmp_path / "file").touch()
    with pytest.raises(DestinationError, match=r"/file is not a directory"):
        check_writable(tmp_path / "file" / "v.mp4")


def test_a_directory_with_the_name_of_the_file(tmp_path: Path) -> None:
    """The advice says how a directory is meant."""
    with pytest.raises(DestinationError, match=r"(?s)it is a directory.*with a slash"):
        check_writable(tmp_path)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux's /proc, where nobody can write")
def test_no_permission() -> None:
    """The folder is named, not the file that is not there yet. In a process's own folder even root may not write."""
    with pytest.raises(DestinationError, match="no permission to write in /proc/self"):
        check_writable(Path("/proc/self/v.mp4"))


def test_a_store_that_airflow_does_not_know() -> None:
    """The advice names the two things that may be missing."""
    with pytest.raises(
        DestinationError, match=r"(?s)filesystem cannot be set up \(.*Install the Airflow provider"
    ):
        check_writable(ObjectStoragePath("memory://bucket/v.mp4"))


def test_a_store_path_without_a_name() -> None:
    """A prefix is no file."""
    with pytest.raises(DestinationError, match="names a directory"):
        check_writable(Stored(MemoryFileSystem(), path="/bucket/videos/"))


def test_a_retry_is_not_worth_it(tmp_path: Path) -> None:
    """Somebody must correct the destination first."""
    with pytest.raises(DestinationError) as caught:
        check_writable(tmp_path)
    assert not caught.value.retryable


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs Linux's /proc, where nobody can write")
@pytest.mark.parametrize("folder", ["/proc", "/proc/clips/2026"])
def test_a_folder_that_takes_no_files(folder: str) -> None:
    """Its permission bits do not tell, to root least of all."""
    with pytest.raises(
        DestinationError, match=r"cannot be written: no (file can be made|permission to write)"
    ):
        check_writable(Path(folder, "v.mp4"))


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry may find space, so this is no error for good."""
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, SPACE_RESERVE - 1)
    )
    for target in (tmp_path / "v.mp4", Stored(MemoryFileSystem())):
        with pytest.raises(DestinationError, match="bytes of free space") as caught:
            check_writable(target)
        assert caught.value.retryable


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("小" * 84 + ".mp4", r"its name '小.*has 256 bytes, and 5 more with \.json for its manifest; 255"),
        ("a" * 247 + ".mp4", "has 251 bytes, and 5 more"),
        ("é" * 128 + "/v.mp4", "has 256 bytes; 255"),
        ("/".join(["a" * 250] * 17), r"its path .* has 4\d\d\d bytes"),
    ],
    ids=["characters of three bytes", "its record", "a folder", "all of it"],
)
def test_a_name_that_is_too_long(tmp_path: Path, name: str, told: str) -> None:
    """In bytes, of which some characters take three; the part, the bytes and the limit are told."""
    with pytest.raises(DestinationError, match=told) as caught:
        check_writable(tmp_path / name)
    assert not caught.value.retryable


def test_a_name_that_just_fits(tmp_path: Path) -> None:
    check_writable(tmp_path / ("a" * 246 + ".mp4"))


class BucketStore(MemoryFileSystem):
    """A store with one bucket, like S3."""

    protocol = "s3"
    cachable = False
    #: Raised to who looks at a bucket.
    forbids: Exception | None = None

    def exists(self, path: str, **_: Any) -> bool:
        return not self.forbids and path.strip("/") == "clips"

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:
        raise self.forbids or FileNotFoundError(path)


def test_a_bucket_that_is_not_there() -> None:
    """Nobody makes a bucket by writing to it."""
    check_writable(Stored(BucketStore(), path="clips/v.mp4", protocol="s3"))
    with pytest.raises(DestinationError, match="there is no bucket 'clisp'") as caught:
        check_writable(Stored(BucketStore(), path="clisp/v.mp4", protocol="s3"))
    assert not caught.value.retryable


def test_a_bucket_that_may_not_be_looked_at() -> None:
    """Who may write in it is not always allowed to list it."""
    store = BucketStore()
    store.forbids = PermissionError("Forbidden")
    check_writable(Stored(store, path="clips/v.mp4", protocol="s3"))


def test_a_key_that_is_too_long() -> None:
    with pytest.raises(DestinationError, match=r"has 1023 bytes, and 5 more .* 1024 are possible"):
        check_writable(Stored(BucketStore(), path=f"clips/{'a/' * 509}a.mp4", protocol="s3"))


def test_a_store_that_cannot_be_asked() -> None:
    """That is an error: it would be paid for without a place to go."""

    class BlindStore(MemoryFileSystem):
        cachable = False

        def info(self, path: str, **_: Any) -> Any:
            raise PermissionError("Forbidden")

    with pytest.raises(DestinationError, match=r"cannot look at test://bucket/v.mp4: PermissionError"):
        check_writable(Stored(BlindStore()))
