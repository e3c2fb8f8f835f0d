"""ToAPIs' uploads, which give a file a URL that never expires."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence

from starlette.responses import Response

from airflow_provider_seedance.emulator.simulation.state import UploadedFile
from airflow_provider_seedance.emulator.vendors.base import Call, Endpoint
from airflow_provider_seedance.emulator.vendors.multipart import parse_form
from airflow_provider_seedance.emulator.vendors.toapis import NAME
from airflow_provider_seedance.emulator.vendors.toapis.requests import account_of
from airflow_provider_seedance.emulator.vendors.toapis.responses import error_response, success_response

_FOREVER_SECONDS = 10 * 365 * 86400
_KINDS = {
    "images": (("image/jpeg", "image/png", "image/webp", "image/gif"), 10, "JPEG, PNG, WebP, GIF"),
    "videos": (("video/mp4", "video/quicktime"), 50, "MP4, MOV"),
    "audios": (("audio/mpeg", "audio/wav", "audio/x-wav", "audio/vnd.wave"), 15, "MP3, WAV"),
}
"""MIME types, the most megabytes, and the formats as the error text names them."""


class FileService:
    """Uploads of images, videos and audio files."""

    def endpoints(self) -> Sequence[Endpoint]:
        """All routes of the service."""
        return tuple(Endpoint("POST", f"/v1/uploads/{kind}", self._upload) for kind in _KINDS)

    def _upload(self, call: Call) -> Response:
        account = account_of(call)
        mimes, megabytes, names = _KINDS[call.request.url.path.rpartition("/")[2]]
        word = mimes[0].partition("/")[0]
        form = parse_form(call.request.headers.get("content-type", ""), call.body)
        file = form.files.get("file")
        if file is None:
            return error_response("file is required")
        if file.mime not in mimes:
            return error_response(f"Unsupported {word} type. Allowed: {names}")
        if len(file.content) > megabytes * 1024 * 1024:
            return error_response(f"{word.capitalize()} too large. Maximum size is {megabytes}MB")
        upload_id = call.state.token(8)
        path = (
            f"/media/{NAME}/uploads/{int(call.now)}_{upload_id}{mimetypes.guess_extension(file.mime) or ''}"
        )
        call.state.uploads[path] = UploadedFile(
            upload_id,
            NAME,
            account,
            file.name,
            file.mime,
            file.content,
            call.now,
            call.now + _FOREVER_SECONDS,
        )
        data = {"id": f"upload_{upload_id}", "url": call.origin + path, "mime_type": file.mime}
        return success_response({**data, "size": len(file.content)})
