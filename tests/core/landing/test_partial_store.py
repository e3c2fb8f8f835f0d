"""What stays of an unfinished download, who may resume it, and when it is removed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from airflow_provider_seedance.core.client.download import MediaStream
from airflow_provider_seedance.core.landing.manifest import GenerationReference
from airflow_provider_seedance.core.landing.partial import Partial
from airflow_provider_seedance.core.landing.partial_store import RETENTION, open_partial
from airflow_provider_seedance.errors import ConfigurationError, DestinationError, NoReply, VideoCorrupt
from tests.core.landing.conftest import NOW
from tests.core.storage.conftest import Stored

GENERATION = GenerationReference(vendor="evolink", generation_id="task-1")


@pytest.fixture(autouse=True)
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary directory, where this module's tests look for files."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture(params=["local", "store"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Both kinds of place."""
    return tmp_path / "out" / "v.mp4" if request.param == "local" else Stored(MemoryFileSystem())


def _fill(partial: Partial, content: bytes, *, etag: str | None = '"1"', total: int | None = 10) -> None:
    partial.begin(MediaStream(iter(()), total, None, etag), "https://files.example/v.mp4", NOW)
    partial.append(content)


def _leave(target: Any, fault: BaseException, **stream: Any) -> Path:
    """A landing that ends with ``fault`` after half of the bytes."""
    with suppress(type(fault)), open_partial(target, GENERATION, NOW) as partial:
        _fill(partial, b"01234", **stream)
        raise fault
    return partial.path


def _files(tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


def test_nothing_is_left_after_a_success(target: Any, tmp_path: Path) -> None:
    """Neither bytes nor metadata."""
    with open_partial(target, GENERATION, NOW) as partial:
        _fill(partial, b"0123456789")
    assert _files(tmp_path) == []


@pytest.mark.parametrize("fault", [NoReply("reset"), DestinationError("no space"), KeyboardInterrupt()])
def test_what_a_retry_can_mend_leaves_the_bytes(target: Any, fault: BaseException) -> None:
    """The next try finds them, with what tells their file from another."""
    path = _leave(target, fault)
    with open_partial(target, GENERATION, NOW) as again:
        assert (again.path, again.length, again.resume_at) == (path, 5, 5)
        assert (again.version.etag, again.version.total) == ('"1"', 10)


@pytest.mark.parametrize("fault", [ConfigurationError("no such key"), VideoCorrupt("no MP4")])
def test_what_no_retry_can_mend_leaves_nothing(target: Any, tmp_path: Path, fault: BaseException) -> None:
    """Nor do bytes that were wrong."""
    _leave(target, fault)
    assert _files(tmp_path) == []


def test_bytes_of_no_known_file_are_not_left(target: Any, tmp_path: Path) -> None:
    """Nobody could resume them."""
    _leave(target, NoReply("reset"), etag=None, total=None)
    assert _files(tmp_path) == []


def test_only_the_same_landing_is_resumed(tmp_path: Path) -> None:
    """Another generation, vendor or destination has a file of its own."""
    _leave(tmp_path / "v.mp4", NoReply("reset"))
    for target, changed in (
        (tmp_path / "v.mp4", {"generation_id": "task-2"}),
        (tmp_path / "v.mp4", {"vendor": "toapis"}),
        (tmp_path / "w.mp4", {}),
    ):
        with open_partial(target, GENERATION.model_copy(update=changed), NOW) as other:
            assert other.length == 0


def test_bytes_without_metadata_are_started_over(target: Any) -> None:
    """A process may be killed before it wrote them."""
    path = _leave(target, NoReply("reset"))
    for metadata in path.parent.glob(".seedance-*.json" if path.name.startswith(".") else "*.json"):
        metadata.unlink()
    with open_partial(target, GENERATION, NOW) as again:
        assert (again.path, again.length) == (path, 0)
        _fill(again, b"abc")
        assert path.read_bytes() == b"abc"


def test_more_bytes_than_the_metadata_tell_are_started_over(target: Any) -> None:
    """They cannot be right."""
    path = _leave(target, NoReply("reset"))
    with path.open("ab") as file:
        file.write(b"56789!")
    with open_partial(target, GENERATION, NOW) as again:
        assert again.length == 0


def test_two_at_a_time_do_not_meet(target: Any, tmp_path: Path) -> None:
    """The second one has a file of its own, which it takes along when it goes."""
    with suppress(NoReply), open_partial(target, GENERATION, NOW) as first:
        _fill(first, b"01234")
        with suppress(NoReply), open_partial(target, GENERATION, NOW) as second:
            assert second.path.parent == first.path.parent
            assert (second.length, second.path != first.path) == (0, True)
            _fill(second, b"012")
            raise NoReply("reset")
        assert not second.path.exists()
        raise NoReply("reset")
    assert first.path.read_bytes() == b"01234"
    assert len(_files(tmp_path)) == 2


def test_a_commit_does_not_take_the_next_ones_file(tmp_path: Path) -> None:
    """As soon as the file has its final name, another process may start anew under the old one."""
    target = tmp_path / "v.mp4"
    with open_partial(target, GENERATION, NOW) as first:
        _fill(first, b"0123456789")
        first.path.replace(target)
        with suppress(NoReply), open_partial(target, GENERATION, NOW) as second:
            _fill(second, b"01234")
            raise NoReply("reset")
    assert target.read_bytes() == b"0123456789"
    with open_partial(target, GENERATION, NOW) as third:
        assert third.length == 5


def _age(folder: Path, age: timedelta) -> None:
    for path in _files(folder):
        os.utime(path, times=((NOW - age).timestamp(),) * 2)


def test_what_nobody_came_back_for_is_removed(target: Any, tmp_path: Path) -> None:
    """By any later landing in the same place, once the link must be dead."""
    _leave(target, NoReply("reset"))
    _age(tmp_path, RETENTION + timedelta(minutes=1))
    with open_partial(target, GENERATION.model_copy(update={"generation_id": "task-2"}), NOW) as other:
        assert _files(tmp_path) == [other.path]


def test_what_is_younger_stays(target: Any, tmp_path: Path) -> None:
    """Its link may still live."""
    _leave(target, NoReply("reset"))
    _age(tmp_path, RETENTION - timedelta(minutes=1))
    with open_partial(target, GENERATION, NOW) as again:
        assert again.length == 5


def test_what_is_in_use_is_not_removed(target: Any, tmp_path: Path) -> None:
    """However long its process has slept."""
    with open_partial(target, GENERATION, NOW) as first:
        _fill(first, b"01234")
        _age(tmp_path, RETENTION * 2)
        with open_partial(target, GENERATION.model_copy(update={"generation_id": "task-2"}), NOW):
            assert first.path.read_bytes() == b"01234"


def test_other_files_are_not_removed(tmp_path: Path) -> None:
    """Only names that this package gives."""
    names = ["v.mp4", ".seedance-notes.json", ".seedance-0123456789abcdef.mp4", "0123456789abcdef.part"]
    for name in names:
        (tmp_path / name).touch()
    _age(tmp_path, RETENTION * 2)
    with open_partial(tmp_path / "w.mp4", GENERATION, NOW):
        assert {path.name for path in _files(tmp_path)} >= set(names)


def test_a_place_beside_the_target(tmp_path: Path) -> None:
    """Hidden, so that nobody takes it for a video, and with the rights of any file that the worker makes."""
    (tmp_path / "plain").touch()
    with open_partial(tmp_path / "v.mp4", GENERATION, NOW) as partial:
        assert partial.path.parent == tmp_path
        assert partial.path.name.startswith(".")
        assert partial.path.suffix == ".part"
        assert partial.path.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_place_for_a_store(temp: Path) -> None:
    """Private, in the temporary directory, and with the ending from which stores tell the content type."""
    with open_partial(Stored(MemoryFileSystem()), GENERATION, NOW) as partial:
        assert partial.path.parent == temp
        assert partial.path.name.endswith(".part.mp4")
        assert partial.path.stat().st_mode & 0o077 == 0


def test_a_planted_link_is_not_followed(temp: Path, tmp_path: Path) -> None:
    """The temporary directory is open to everybody on the machine."""
    with open_partial(Stored(MemoryFileSystem()), GENERATION, NOW) as partial:
        expected = partial.path
    (tmp_path / "precious").write_bytes(b"precious")
    expected.symlink_to(tmp_path / "precious")
    with open_partial(Stored(MemoryFileSystem()), GENERATION, NOW) as partial:
        _fill(partial, b"01234")
    assert (tmp_path / "precious").read_bytes() == b"precious"


def _link(path: Path, precious: Path) -> None:
    path.symlink_to(precious)


def _dangling_link(path: Path, precious: Path) -> None:
    path.symlink_to(precious.with_name("missing"))


def _hard_link(path: Path, precious: Path) -> None:
    path.hardlink_to(precious)


def _pipe(path: Path, precious: Path) -> None:
    os.mkfifo(path)


def _directory(path: Path, precious: Path) -> None:
    path.mkdir()


def _others_file(path: Path, precious: Path) -> None:
    path.write_bytes(b"01234")
    try:
        os.chown(path, 12345, 12345)
    except PermissionError:
        pytest.skip("only root can give a file away")


@pytest.mark.parametrize("plant", [_link, _dangling_link, _hard_link, _pipe, _directory, _others_file])
@pytest.mark.parametrize("place", ["bytes", "metadata"])
def test_what_others_planted_in_the_temporary_folder_is_not_touched(
    temp: Path, tmp_path: Path, plant: Callable[[Path, Path], None], place: str
) -> None:
    """Neither opened nor waited for nor gone on with: the download has a file of its own."""
    target, precious = Stored(MemoryFileSystem()), tmp_path / "precious"
    precious.write_bytes(b"precious")
    partial_path = _leave(target, NoReply("reset"))
    path = partial_path if place == "bytes" else next(temp.glob("*.json"))
    path.unlink()
    plant(path, precious)
    planted = path.lstat()
    with open_partial(target, GENERATION, NOW) as partial:
        assert (partial.length, partial.path != partial_path) == (0, True)
        _fill(partial, b"0123456789")
        assert partial.complete
    assert precious.read_bytes() == b"precious"
    assert path.lstat().st_ino == planted.st_ino


def test_the_metadata_are_for_nobody_else(temp: Path) -> None:
    _leave(Stored(MemoryFileSystem()), NoReply("reset"))
    assert [path.stat().st_mode & 0o077 for path in temp.iterdir()] == [0, 0]


def test_a_pipe_for_metadata_beside_a_local_target_is_not_waited_for(tmp_path: Path) -> None:
    path = _leave(tmp_path / "v.mp4", NoReply("reset"))
    metadata = path.with_suffix(".json")
    metadata.unlink()
    os.mkfifo(metadata)
    with open_partial(tmp_path / "v.mp4", GENERATION, NOW) as partial:
        assert partial.length == 0


def test_no_place_at_all(tmp_path: Path) -> None:
    """The folder is named."""
    (tmp_path / "file").touch()
    with (
        pytest.raises(DestinationError, match=r"cannot write .*/file"),
        open_partial(tmp_path / "file" / "v.mp4", GENERATION, NOW),
    ):
        pass
