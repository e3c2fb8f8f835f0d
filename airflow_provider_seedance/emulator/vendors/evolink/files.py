"""EvoLink's file service, which gives an uploaded file a URL for three days."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.media.inputs import BadMedia
from airflow_provider_seedance.emulator.media.samples import SAMPLES
from airflow_provider_seedance.emulator.simulation.state import UploadedFile
from airflow_provider_seedance.emulator.urls import is_web_url
from airflow_provider_seedance.emulator.vendors.base import Call, Endpoint
from airflow_provider_seedance.emulator.vendors.evolink import NAME
from airflow_provider_seedance.emulator.vendors.evolink.requests import account_of
from airflow_provider_seedance.emulator.vendors.multipart import parse_form
from airflow_provider_seedance.emulator.vendors.values import positive_int

_PATH = "/api/v1/files"
_LIFE_SECONDS = 72 * 3600
_MAX_FILES = 100
_MAX_BYTES = 100 * 1024 * 1024
_MAX_BODY_BYTES = 140 * 1024 * 1024
"""Room for the largest file in Base64, and for one that is somewhat too large."""
_CHINA_TIME = timezone(timedelta(hours=8))


class FileService:
    """Uploads in three forms, the list of files, the quota, and deletion."""

    def endpoints(self) -> Sequence[Endpoint]:
        """All routes of the service."""
        return (
            Endpoint("POST", _PATH + "/upload/base64", self._from_base64, max_body_bytes=_MAX_BODY_BYTES),
            Endpoint("POST", _PATH + "/upload/url", self._from_url),
            Endpoint("POST", _PATH + "/upload/stream", self._from_form, max_body_bytes=_MAX_BODY_BYTES),
            Endpoint("GET", _PATH + "/list", self._list),
            Endpoint("GET", _PATH + "/quota", self._quota),
            Endpoint("DELETE", _PATH + "/{id}", self._delete),
        )

    def _from_base64(self, call: Call) -> Response:
        account, body = account_of(call), call.json_object() or {}
        text = str(body.get("base64_data", ""))
        head, comma, data = text.partition(",")
        mime = head.removeprefix("data:").partition(";")[0] if comma else "image/png"
        try:
            content = base64.b64decode(data if comma else text, validate=True)
        except binascii.Error:
            return _error("Invalid base64 data")
        return self._store(call, account, content, mime, body)

    def _from_url(self, call: Call) -> Response:
        account, body = account_of(call), call.json_object() or {}
        url = str(body.get("file_url", ""))
        if not is_web_url(url):
            return _error("file_url must be a public http or https URL")
        mime = mimetypes.guess_type(urlsplit(url).path)[0] or "image/png"
        if mime.partition("/")[0] not in ("image", "video", "audio"):
            return _error("Unsupported file type")
        try:
            media = call.store.find_input(url, mime.partition("/")[0], call.host)
        except BadMedia as bad:
            return _error(f"Failed to download file: {bad}")
        content = media.load() if media.load else _placeholder(media.kind)
        return self._store(call, account, content, mime, {"file_name": url.rpartition("/")[2], **body})

    def _from_form(self, call: Call) -> Response:
        account = account_of(call)
        form = parse_form(call.request.headers.get("content-type", ""), call.body)
        file = form.files.get("file")
        if file is None:
            return _error("file is required")
        names = {"uploadPath": "upload_path", "fileName": "file_name"}
        fields = {names.get(name, name): value for name, value in form.fields.items()}
        return self._store(call, account, file.content, file.mime, {"file_name": file.name, **fields})

    def _store(self, call: Call, account: str, content: bytes, mime: str, fields: dict[str, Any]) -> Response:
        if mime.partition("/")[0] not in ("image", "video", "audio"):
            return _error("Unsupported file type")
        if len(content) > _MAX_BYTES:
            return _error("File too large", 413)
        if len(self._own_files(call, account)) >= _MAX_FILES:
            return _error("File quota exceeded", 403)
        file_id = f"file_{call.state.token(12)}"
        name = str(fields.get("file_name") or f"{file_id}{mimetypes.guess_extension(mime) or ''}")
        folder = str(fields.get("upload_path") or "files").strip("/")
        file = UploadedFile(file_id, NAME, account, name, mime, content, call.now, call.now + _LIFE_SECONDS)
        path = f"/media/{NAME}/{folder}/{file_id}/{name}"
        download = f"/media/{NAME}{_PATH}/download/{file_id}"
        call.state.uploads[path] = call.state.uploads[download] = file
        data = {
            "file_id": file_id,
            "file_name": name,
            "original_name": name,
            "file_size": len(content),
            "mime_type": mime,
            "upload_path": folder,
            "file_url": call.origin + path,
            "download_url": call.origin + download,
            "upload_time": _timestamp(file.stored_at),
            "expires_at": _timestamp(file.expires_at),
        }
        return _success("File uploaded successfully", data)

    def _list(self, call: Call) -> Response:
        files = list(self._own_files(call, account_of(call)).values())
        query = call.request.query_params
        number, size = positive_int(query.get("page"), 1), min(100, positive_int(query.get("pageSize"), 20))
        page = files[(number - 1) * size : number * size]
        rows = [
            {
                "file_id": file.id,
                "file_name": file.name,
                "file_size": len(file.content),
                "upload_time": _timestamp(file.stored_at),
            }
            for file in page
        ]
        return _success("success", {"total": len(files), "files": rows})

    def _quota(self, call: Call) -> Response:
        used = len(self._own_files(call, account_of(call)))
        left = _MAX_FILES - used
        return _success(
            "success",
            {"user_group": "default", "used_files": used, "max_files": _MAX_FILES, "remain_files": left},
        )

    def _delete(self, call: Call) -> Response:
        mine = self._own_files(call, account_of(call))
        file_id = call.path_param("id")
        if file_id not in mine:
            return _error("File not found", 404)
        files = call.state.uploads
        call.state.uploads = {path: file for path, file in files.items() if file.id != file_id}
        return _success("File deleted successfully")

    def _own_files(self, call: Call, account: str) -> dict[str, UploadedFile]:
        return {
            file.id: file
            for file in call.state.uploads.values()
            if file.vendor == NAME and file.account == account and call.now < file.expires_at
        }


def _placeholder(kind: str) -> bytes:
    """A sample in place of a file on another host, since the emulator downloads nothing."""
    names = {"image": "reference.png", "video": "reference.mp4", "audio": "reference.mp3"}
    load = SAMPLES[names[kind]].media.load
    return load() if load else b""


def _timestamp(when: float) -> str:
    return datetime.fromtimestamp(int(when), _CHINA_TIME).isoformat()


def _success(message: str, data: dict[str, Any] | None = None) -> Response:
    body: dict[str, Any] = {"success": True, "code": 200, "msg": message}
    return JSONResponse({**body, "data": data} if data is not None else body)


def _error(message: str, status: int = 400) -> Response:
    return JSONResponse({"success": False, "code": status, "msg": message}, status)
