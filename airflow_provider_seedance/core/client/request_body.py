"""The body of a request as httpx takes it; files are streamed."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, BinaryIO

from airflow_provider_seedance.core.vendors.contract import FormBody, HttpRequest, JsonBody

#: Bytes of a file that are read and sent at a time.
UPLOAD_CHUNK = 524288
#: Bytes a second that an upload must make at least.
SLOWEST_UPLOAD = 128 * 1024


def sending_time(request: HttpRequest) -> float:
    """Seconds that the files of a request may take on a slow line, beside the time for its answer."""
    files = request.body.files if isinstance(request.body, FormBody) else ()
    return sum(file.size for file in files) / SLOWEST_UPLOAD


class _LargeReads:
    """A file that is read in large pieces: httpx asks for 64 KiB at a time, and sends each by itself."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size if size < 0 else max(size, UPLOAD_CHUNK))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def httpx_body(body: JsonBody | FormBody | None, files: ExitStack) -> dict[str, Any]:
    if isinstance(body, JsonBody):
        return {"json": body.json}
    if body is None:
        return {}
    parts = [
        (part.name, (part.filename, _LargeReads(files.enter_context(part.open())), part.content_type))
        for part in body.files
    ]
    return {"data": body.fields, "files": parts}
