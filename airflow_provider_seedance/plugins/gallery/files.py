"""The bytes of landed files, and the parts of them that a player asks for.

What a manifest says is what a DAG's author has let a task return. So no file is sent that is not a video or a picture,
and none is fetched by HTTP: the API server sees files and hosts that the author may not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from airflow.sdk.io import has_fs
from fastapi import HTTPException
from fastapi.responses import Response, StreamingResponse

from airflow_provider_seedance.core.gallery.ranges import RangeNotSatisfiable, parse_range
from airflow_provider_seedance.core.storage.files import open_for_reading, size_of
from airflow_provider_seedance.core.storage.paths import StoragePath
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


def poster_uri(uri: str) -> str:
    """Where the poster of a video is, if it has one: beside it, with the ending ``.jpg``."""
    folder, slash, name = uri.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}.jpg"


def send(uri: str, content_type: str, range_header: str | None) -> Response:
    """A file, or the part of it that is asked for.

    :param content_type: what the file must be.
    :raises HTTPException: 404 if it is not there or is something else, 416 if it has no such part.
    """
    try:
        path = _path(uri)
        size = size_of(path)
        file = open_for_reading(path) if size else None
    except (SeedanceError, OSError) as fault:
        raise HTTPException(404, _NOT_FOUND) from fault
    if file is None or size is None or not _is(file, content_type):
        raise HTTPException(404, _NOT_FOUND)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    try:
        part = parse_range(range_header, size)
    except RangeNotSatisfiable as fault:
        file.close()
        raise HTTPException(416, headers={"Content-Range": f"bytes */{size}"}) from fault
    whole = part or range(size)
    if part is not None:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    headers["Content-Length"] = str(len(whole))
    return StreamingResponse(_chunks(file, whole), 206 if part else 200, headers, media_type=content_type)


def _path(uri: str) -> StoragePath:
    scheme, separator, _ = uri.partition("://")
    if separator and (scheme.lower().startswith("http") or not has_fs(scheme)):
        raise HTTPException(404, _NOT_FOUND)
    return path_from_uri(uri)


def _is(file: BinaryIO, content_type: str) -> bool:
    at, signature = _SIGNATURES[content_type]
    begin = file.read(at + len(signature))
    if begin[at:] == signature:
        return True
    file.close()
    return False


def _chunks(file: BinaryIO, part: range) -> Iterator[bytes]:
    with file:
        file.seek(part.start)
        left = len(part)
        while left and (chunk := file.read(min(left, _CHUNK))):
            left -= len(chunk)
            yield chunk
