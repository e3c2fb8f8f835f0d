"""A landed video is looked at, and gets its pictures; nothing about them can lose it."""

from __future__ import annotations

import hashlib
import io
import logging
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from PIL import Image
from upath import UPath

from airflow_provider_seedance.core.landing import decoder_limits
from airflow_provider_seedance.core.landing import land as land_module
from airflow_provider_seedance.core.landing.land import VideoSource, land
from airflow_provider_seedance.core.landing.manifest import Manifest, Media
from airflow_provider_seedance.core.landing.ownership import read_record, write_record
from airflow_provider_seedance.core.landing.pictures import PictureOptions, picture_name
from airflow_provider_seedance.core.landing.publish import publish
from airflow_provider_seedance.core.landing.samples import TIME_LIMIT, take_samples
from airflow_provider_seedance.core.storage.files import read_bytes, size_of
from airflow_provider_seedance.core.storage.paths import uri_of
from airflow_provider_seedance.errors import DestinationError
from tests.clocks import ManualClock
from tests.core.landing.conftest import NOW
from tests.core.landing.films import make_film
from tests.core.storage.conftest import Stored

JPEG = b"\xff\xd8\xff"
MINE = b"\xff\xd8\xff a picture of my own"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_film(tmp_path_factory.mktemp("film") / "v.mp4").read_bytes()


def _land(source: VideoSource, target: Any, opener: Any, **settings: Any) -> Manifest:
    pictures = PictureOptions(contact_sheet=True)
    options = {"fresh_links": lambda: (), "clock": ManualClock(NOW.timestamp()), "pictures": pictures}
    return land(source, target, opener, **{**options, **settings})


def _size(target: Any) -> tuple[int, int]:
    return Image.open(io.BytesIO(read_bytes(target) or b"")).size


def test_a_video_gets_a_poster_and_a_contact_sheet(source, folder, serving, film) -> None:
    """On every kind of target; the manifest names them, and says how the video looks."""
    target = folder / "v.mp4"
    manifest = _land(source, target, serving(film))
    poster, sheet = target.with_name("v.jpg"), target.with_name("v.sheet.jpg")
    assert (manifest.poster.uri, manifest.contact_sheet.uri) == (uri_of(poster), uri_of(sheet))
    assert hashlib.sha256(read_bytes(poster)).hexdigest() == manifest.poster.sha256
    assert _size(poster) == (96, 64)
    assert _size(sheet) == (3 * 320 + 2 * 4, 3 * 213 + 2 * 4)
    assert manifest.quality.flags == ()
    assert read_record(target) == manifest


@pytest.mark.parametrize("settings", [{"verify": False}, {"pictures": None}])
def test_no_pictures_where_none_are_wanted(settings, source, tmp_path, serving, film) -> None:
    manifest = _land(source, tmp_path / "v.mp4", serving(film), **settings)
    assert (manifest.poster, manifest.quality) == (None, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["v.mp4", "v.mp4.json"]


def test_a_file_that_is_there_already_is_not_looked_at_again(source, tmp_path, serving, film) -> None:
    """Its manifest says what was found when it came."""
    first = _land(source, tmp_path / "v.mp4", serving(film))
    (tmp_path / "v.jpg").unlink()
    assert _land(source, tmp_path / "v.mp4", serving()) == first


class TestAFileOfItsName:
    """is somebody's own picture, unless an earlier manifest names it."""

    @pytest.mark.parametrize("overwrite", ["own", "always", "never"])
    @pytest.mark.parametrize("ending", [".jpg", ".sheet.jpg"])
    def test_stays(self, overwrite, ending, source, tmp_path, serving, film) -> None:
        own = tmp_path / f"v{ending}"
        own.write_bytes(MINE)
        manifest = _land(source, tmp_path / "v.mp4", serving(film), overwrite=overwrite)
        assert own.read_bytes() == MINE
        assert [manifest.poster, manifest.contact_sheet].count(None) == 1

    def test_is_replaced_with_its_video(self, source, folder, serving, film, tmp_path) -> None:
        """A poster belongs to what it shows."""
        _land(source, folder / "v.mp4", serving(film))
        other = replace(source, generation=source.generation.model_copy(update={"generation_id": "task-2"}))
        brighter = make_film(tmp_path / "brighter.mp4", brightness=110).read_bytes()
        manifest = _land(other, folder / "v.mp4", serving(brighter), overwrite="always")
        poster = read_bytes((folder / "v.mp4").with_name("v.jpg"))
        assert hashlib.sha256(poster).hexdigest() == manifest.poster.sha256

    @pytest.mark.parametrize(("name", "reserved"), [("v.jpg", ()), ("v.mp4", ("v.jpg",))])
    def test_may_be_needed_for_another_file(self, name, reserved, source, tmp_path, serving, film) -> None:
        """The video's own, or one that is yet to come."""
        pictures = PictureOptions(reserved=[str(tmp_path / taken) for taken in reserved])
        manifest = _land(source, tmp_path / name, serving(film), pictures=pictures)
        assert manifest.poster is None
        assert (tmp_path / name).read_bytes() == film


class TestAVideoThatIsReplaced:
    """loses its pictures, whatever hinders those of the next one: they show something else."""

    @pytest.fixture
    def other(self, source: VideoSource) -> VideoSource:
        return replace(source, generation=source.generation.model_copy(update={"generation_id": "task-2"}))

    @pytest.fixture
    def brighter(self, tmp_path: Path) -> bytes:
        return make_film(tmp_path / "brighter.mp4", brightness=110).read_bytes()

    @pytest.mark.parametrize("hindrance", ["no extra", "too large", "not wanted", "not verified", "no sheet"])
    def test_by_landing(self, hindrance, source, other, brighter, folder, serving, film, monkeypatch) -> None:
        target, settings = folder / "v.mp4", {"overwrite": "always"}
        _land(source, target, serving(film))
        if hindrance == "no extra":
            monkeypatch.setitem(sys.modules, "av", None)
        elif hindrance == "too large":
            monkeypatch.setattr(decoder_limits, "MAX_PIXELS", 10)
        else:
            settings |= {
                "not wanted": {"pictures": None},
                "not verified": {"verify": False},
                "no sheet": {"pictures": PictureOptions()},
            }[hindrance]
        manifest = _land(other, target, serving(brighter), **settings)
        assert (manifest.poster is not None) == (hindrance == "no sheet")
        assert (size_of(target.with_name("v.jpg")) is not None) == (hindrance == "no sheet")
        assert size_of(target.with_name("v.sheet.jpg")) is None

    def test_by_publishing(self, source, other, brighter, folder, tmp_path, serving, film) -> None:
        publish_ = TestPublishing()._publish
        publish_(_land(source, tmp_path / "a.mp4", serving(film)), folder / "v.mp4")
        second = _land(other, tmp_path / "b.mp4", serving(brighter), pictures=None)
        assert publish_(second, folder / "v.mp4", overwrite="always").published
        assert size_of((folder / "v.mp4").with_name("v.jpg")) is None

    def test_but_somebody_elses_picture_stays(self, source, other, brighter, folder, serving, film) -> None:
        """It is told by its content."""
        target = folder / "v.mp4"
        _land(source, target, serving(film))
        target.with_name("v.jpg").write_bytes(MINE)
        _land(other, target, serving(brighter), overwrite="always", pictures=None)
        assert read_bytes(target.with_name("v.jpg")) == MINE

    def test_and_one_that_is_landed_again_keeps_them(self, source, folder, serving, film) -> None:
        """The bytes are the same."""
        target = folder / "v.mp4"
        poster = _land(source, target, serving(film)).poster
        target.with_name("v.mp4.json").unlink()
        assert _land(source, target, serving(film), overwrite="always").poster == poster


class _StoreWithoutPictures(MemoryFileSystem):
    """Refuses pictures, for a reason of its own."""

    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def put_file(self, lpath: Any, rpath: Any, *args: Any, **kwargs: Any) -> None:
        if rpath.endswith(".jpg"):
            raise RuntimeError("no pictures, please")
        super().put_file(lpath, rpath, *args, **kwargs)


class TestTheVideoIsKept:
    """whatever hinders its pictures."""

    def test_when_its_poster_cannot_be_written(self, source, serving, film, caplog) -> None:
        target = Stored(_StoreWithoutPictures())
        manifest = _land(source, target, serving(film))
        assert read_bytes(target) == film
        assert (manifest.poster, manifest.quality.flags) == (None, ())
        assert "has no pictures beside it" in caplog.text

    def test_when_it_breaks_in_the_middle(self, source, tmp_path, serving, caplog) -> None:
        """The first picture is whole, and the others are noise."""
        content = bytearray(make_film(tmp_path / "source.mp4", size=(192, 128)).read_bytes())
        start = content.index(b"mdat") + 1500
        content[start : start + 3000] = bytes(range(250)) * 12
        _land(source, tmp_path / "v.mp4", serving(bytes(content)))
        assert (tmp_path / "v.mp4").read_bytes() == bytes(content)

    def test_when_it_is_too_large_to_decode(
        self, source, tmp_path, serving, film, caplog, monkeypatch
    ) -> None:
        monkeypatch.setattr(decoder_limits, "MAX_PIXELS", 10)
        caplog.set_level(logging.INFO)
        assert _land(source, tmp_path / "v.mp4", serving(film)).quality is None
        assert "was not looked at: they have 96x64 pixels" in caplog.text

    @pytest.mark.parametrize("library", ["av", "PIL"])
    def test_without_the_extra(self, library, source, tmp_path, serving, film, caplog, monkeypatch) -> None:
        """One line says what is missing."""
        monkeypatch.setitem(sys.modules, library, None)
        caplog.set_level(logging.INFO)
        assert _land(source, tmp_path / "v.mp4", serving(film)).poster is None
        assert caplog.text.count("the extra 'media'") == 1


class TestPublishing:
    """takes the pictures along."""

    def _publish(self, video: Manifest, target: Any, **options: Any) -> Any:
        clock = ManualClock(NOW.timestamp())
        return publish(video, uri_of(target), {}, path_from_uri=UPath, clock=clock, **options)

    def test_copies_them(self, source, folder, tmp_path, serving, film) -> None:
        video = _land(source, tmp_path / "landed.mp4", serving(film))
        publication = self._publish(video, folder / "v.mp4")
        poster = UPath(publication.poster.uri)
        assert poster.name == "v.jpg"
        assert poster.read_bytes() == (tmp_path / "landed.jpg").read_bytes()
        assert UPath(publication.contact_sheet.uri).read_bytes().startswith(JPEG)
        assert publication.manifest == video

    @pytest.mark.parametrize("hindrance", ["another's", "gone", "changed"])
    def test_goes_on_without_them(self, hindrance, source, tmp_path, serving, film) -> None:
        video = _land(source, tmp_path / "landed.mp4", serving(film))
        hinder = {
            "another's": lambda: (tmp_path / "v.jpg").write_bytes(MINE),
            "gone": (tmp_path / "landed.jpg").unlink,
            "changed": lambda: (tmp_path / "landed.jpg").write_bytes(MINE),
        }
        hinder[hindrance]()
        publication = self._publish(video, tmp_path / "v.mp4")
        assert (publication.published, publication.poster) == (True, None)
        assert (tmp_path / "v.mp4").read_bytes() == film


@pytest.mark.parametrize(
    ("video", "poster"),
    [
        ("s3://bucket/a.b/fox.mp4", "s3://bucket/a.b/fox.jpg"),
        ("/videos.d/fox", "/videos.d/fox.jpg"),
        ("fox.v2.mov", "fox.v2.jpg"),
        (".mp4", ".mp4.jpg"),
    ],
)
def test_the_name_of_a_poster(video: str, poster: str) -> None:
    """What landing writes, and the gallery and the approval read."""
    assert picture_name(video) == poster
    assert picture_name(Path(video).name) == Path(poster).name


def test_what_was_seen_and_cannot_be_noted_fails_no_landing(
    source, tmp_path, serving, film, monkeypatch, caplog
) -> None:
    """The record that was written when the video was put in its place stays, and counts."""
    written: list[Manifest] = []

    def write(record: Manifest, target: Any) -> None:
        if written:
            raise DestinationError("the store is out of order")
        written.append(record)
        write_record(record, target)

    monkeypatch.setattr(land_module, "write_record", write)
    manifest = _land(source, tmp_path / "v.mp4", serving(film))
    assert [manifest] == written == [read_record(tmp_path / "v.mp4")]
    assert "the store is out of order" in caplog.text


def test_sound_is_listened_to_for_a_limited_time_too(tmp_path) -> None:
    """The time is up after the last picture, while sound is left."""
    times = iter([0.0] * 26 + [TIME_LIMIT])
    take_samples(make_film(tmp_path / "v.mp4"), Media(duration=1.04), lambda: next(times))
    assert next(times, None) is None
