"""The pictures beside a video: ``<name>.jpg``, its poster, and ``<name>.sheet.jpg``, its contact sheet.

A file that is there and was not written for this video is never replaced: it may be somebody's own picture.
"""

from __future__ import annotations

import hashlib
import io
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.landing.manifest import Manifest, Picture, Sidecar
from airflow_provider_seedance.core.landing.quality import is_black
from airflow_provider_seedance.core.storage.files import (
    commit,
    has_content,
    read_bytes,
    remove,
    size_of,
    temporary_file_for,
)
from airflow_provider_seedance.core.storage.paths import PathFromUri, StoragePath, storage_errors, uri_of

log = logging.getLogger(__name__)

POSTER, CONTACT_SHEET = ".jpg", ".sheet.jpg"
#: Bytes of a picture that is copied.
MAX_BYTES = 8 * 1024**2
#: Pixels of the longer side of each picture of a contact sheet, pixels between them, and how many stand in a row.
_CELL, _GAP, _COLUMNS = 320, 4, 3
_JPEG = {"quality": 85, "optimize": True}


@dataclass(frozen=True)
class PictureOptions:
    """Which pictures are written beside a video.

    :param contact_sheet: whether a contact sheet is, too.
    :param reserved: URIs of files that are yet to be written, and are not to be taken.
    """

    contact_sheet: bool = False
    reserved: Collection[str] = ()


def picture_name(name: str, ending: str = POSTER) -> str:
    """The name of a picture of the video with this name, or with this URI."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.rpartition('.')[0] or last}{ending}"


def render_poster(pictures: Sequence[Any]) -> bytes:
    """The picture of the middle as JPEG; one near it, if that is black.

    :param pictures: Pillow images in the order of time, at least one.
    """
    middle = len(pictures) // 2
    order = sorted(range(len(pictures)), key=lambda place: abs(place - middle))
    best = next((place for place in order if not is_black(pictures[place])), middle)
    return _as_jpeg(pictures[best])


def render_contact_sheet(pictures: Sequence[Any]) -> bytes:
    """All pictures in rows of three, as JPEG."""
    from PIL import Image, ImageOps

    first = pictures[0]
    scale = _CELL / max(first.size)
    width, height = (max(1, round(side * scale)) for side in first.size)
    rows = -(-len(pictures) // _COLUMNS)
    size = (_COLUMNS * (width + _GAP) - _GAP, rows * (height + _GAP) - _GAP)
    sheet = Image.new("RGB", size)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, _COLUMNS)
        small = ImageOps.fit(picture, (width, height))
        sheet.paste(small, (column * (width + _GAP), row * (height + _GAP)))
    return _as_jpeg(sheet)


def _as_jpeg(picture: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, "JPEG", **_JPEG)
    return target.getvalue()


def put_beside(
    video: StoragePath,
    ending: str,
    content: bytes,
    earlier: Picture | None,
    reserved: Collection[str] = (),
) -> Picture | None:
    """Write a picture beside a video; ``None`` if its name is taken by a file that is not ours.

    :param earlier: the picture that the record of the video that was there before names: that one is replaced.
    :raises DestinationError: if it cannot be written.
    """
    target = video.with_name(picture_name(video.name, ending))
    uri, digest = uri_of(target), hashlib.sha256(content).hexdigest()
    picture = Picture(uri=uri, bytes=len(content), sha256=digest)
    if target.name == video.name or uri in reserved:
        log.info("The name %s is needed for another file: no picture is written there.", uri)
        return None
    if size_of(target) is not None:
        if has_content(target, picture.bytes, digest):
            return picture
        if earlier is None or not has_content(target, earlier.bytes, earlier.sha256):
            log.warning("%s is a file of unknown origin; it stays, and the video gets no such picture.", uri)
            return None
    _write(target, content)
    return picture


def remove_pictures(earlier: Manifest | Sidecar | None, video: StoragePath, sha256: str) -> None:
    """Take away the pictures of a video that was replaced: they show something else, and the new one may get none.

    :param earlier: the record of the video that was there. A file that is none of its pictures stays.
    :param sha256: of the video that is there.
    """
    if earlier is None or earlier.sha256 == sha256:
        return
    for ending, picture in ((POSTER, earlier.poster), (CONTACT_SHEET, earlier.contact_sheet)):
        target = video.with_name(picture_name(video.name, ending))
        try:
            if picture and has_content(target, picture.bytes, picture.sha256):
                remove(target)
        except Exception as fault:  # noqa: BLE001 - the video matters, whatever is wrong with its pictures
            log.warning("%s shows an earlier video, and could not be removed: %s", uri_of(target), fault)


def _write(target: StoragePath, content: bytes) -> None:
    with temporary_file_for(target) as temporary:
        with storage_errors(temporary, "write"):
            temporary.write_bytes(content)
        commit(temporary, target)


def copy_beside(
    picture: Picture | None,
    video: StoragePath,
    ending: str,
    earlier: Picture | None,
    path_from_uri: PathFromUri,
) -> Picture | None:
    """Copy a landed video's picture to beside its published copy. What hinders it is logged: the video matters."""
    try:
        if picture is None or not has_content(path_from_uri(picture.uri), picture.bytes, picture.sha256):
            return None
        content = read_bytes(path_from_uri(picture.uri)) if picture.bytes <= MAX_BYTES else None
        return put_beside(video, ending, content, earlier) if content else None
    except Exception as fault:  # noqa: BLE001 - the video matters, whatever is wrong with its pictures
        log.warning("The picture %s could not be copied: %s", picture and picture.uri, fault)
        return None
