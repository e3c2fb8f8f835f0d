"""The bytes of landed files, and the parts of them that a player asks for.

No file is sent that is not a video or a picture, none without a record beside it that says whose it is, and none is
fetched by HTTP: the API server sees files and hosts that the user may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import BinaryIO

from airflow.sdk.io import has_fs
from fastapi import HTTPException
from fastapi.responses import Response, StreamingResponse

from airflow_provider_seedance.core.gallery.cards import Card
from airflow_provider_seedance.core.gallery.ranges import RangeNotSatisfiable, parse_range
from airflow_provider_seedance.core.gallery.records import may_be_sent
from airflow_provider_seedance.core.landing.ownership import read_record
from airflow_provider_seedance.core.landing.pictures import POSTER, picture_name
from airflow_provider_seedance.core.storage.files import open_for_reading, size_of
from airflow_provider_seedance.core.storage.paths import StoragePath, storage_errors
from airflow_provider_seedance.errors import SeedanceError
from airflow_provider_seedance.runtime.object_storage import path_from_uri

#: Bytes that are held at a time.
_CHUNK = 256 * 1024
#: Where in a file which bytes stand, by content type.
_SIGNATURES = {
    "video/mp4": (4, b"ftyp"),
    "image/jpeg": (0, b"\xff\xd8\xff"),
}
_NOT_FOUND = "the file is not where this API server can read it"
_HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    # Airflow compresses answers without one, and a part of a compressed file is not what was asked for.
    "Content-Encoding": "identity",
    "X-Content-Type-Options": "nosniff",
}


def send_video(card: Card, may_read: Callable[[str], bool], range_header: str | None) -> Response:
    """A card's video, or the part of it that is asked for.

    :param may_read: whether the user may read a DAG.
    :raises HTTPException: 404 if the card has no video that the user may see, 416 if it has no such part.
    """
    with _not_found():
        path = _own_file(card, may_read)
        size, file = _opened(path, "video/mp4")
    return _answer(file, size, "video/mp4", range_header)


def send_picture(card: Card, may_read: Callable[[str], bool], ending: str = POSTER) -> Response:
    """A picture beside a card's video: its poster, or its contact sheet.

    :param may_read: whether the user may read a DAG.
    :raises HTTPException: 404 if there is none, or the card has no video that the user may see.
    """
    with _not_found():
        _own_file(card, may_read)
        size, file = _opened(_path(picture_name(card.uri or "", ending)), "image/jpeg")
    return _answer(file, size, "image/jpeg", None)


@contextmanager
def _not_found() -> Iterator[None]:
    """Whatever an address that a user made up leads to is an answer, and always the same one."""
    try:
        yield
    except (SeedanceError, OSError, ValueError) as fault:
        raise HTTPException(404, _NOT_FOUND) from fault


def _own_file(card: Card, may_read: Callable[[str], bool]) -> StoragePath:
    path = _path(card.uri or "")
    if not may_be_sent(read_record(path), size_of(path), card, may_read):
        raise PermissionError(card.uri)
    return path


def _path(uri: str) -> StoragePath:
    scheme, separator, _ = uri.partition("://")
    if separator and (scheme.lower().startswith("http") or not has_fs(scheme)):
        raise ValueError(uri)
    return path_from_uri(uri)


def _opened(path: StoragePath, content_type: str) -> tuple[int, BinaryIO]:
    """A file's size, and the file, which is what it must be."""
    at, signature = _SIGNATURES[content_type]
    size = size_of(path)
    with storage_errors(path, "read"), ExitStack() as stack:
        file = stack.enter_context(open_for_reading(path))
        if size is None or file.read(at + len(signature))[at:] != signature:
            raise OSError(f"it is not {content_type}")
        stack.pop_all()
    return size or 0, file


def _answer(file: BinaryIO, size: int, content_type: str, range_header: str | None) -> Response:
    try:
        part = parse_range(range_header, size)
    except RangeNotSatisfiable as fault:
        file.close()
        raise HTTPException(416, headers={"Content-Range": f"bytes */{size}"}) from fault
    whole = part or range(size)
    headers = {**_HEADERS, "Content-Length": str(len(whole))}
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return StreamingResponse(_chunks(file, whole), 206 if part else 200, headers, media_type=content_type)


def _chunks(file: BinaryIO, part: range) -> Iterator[bytes]:
    with file:
        file.seek(part.start)
        left = len(part)
        while left and (chunk := file.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk
