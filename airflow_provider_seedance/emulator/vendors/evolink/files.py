"""EvoLink's file service: local media become URLs that live for three days."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response

from airflow_provider_seedance.emulator.http.multipart import read_form
from airflow_provider_seedance.emulator.media.inputs import BadMedia, is_web_url
from airflow_provider_seedance.emulator.media.samples import SAMPLES
from airflow_provider_seedance.emulator.simulation.state import StoredFile
from airflow_provider_seedance.emulator.vendors.base import Call, Endpoint, whole

_BASE = "/api/v1/files"
_LIFE = 72 * 3600
_MOST_FILES = 100
_MOST_BYTES = 100 * 1024 * 1024
_CHINA_TIME = timezone(timedelta(hours=8))


class FileService:
    """Upload in three ways, list, quota, delete."""

    def __init__(self, vendor: str, account: Callable[[Call], str]) -> None:
        self._vendor = vendor
        self._account = account

    def endpoints(self) -> Sequence[Endpoint]:
        """All paths of the service."""
        return (
            Endpoint("POST", _BASE + "/upload/base64", self._from_base64),
            Endpoint("POST", _BASE + "/upload/url", self._from_url),
            Endpoint("POST", _BASE + "/upload/stream", self._from_form),
            Endpoint("GET", _BASE + "/list", self._list),
            Endpoint("GET", _BASE + "/quota", self._quota),
            Endpoint("DELETE", _BASE + "/{id}", self._delete),
        )

    def _from_base64(self, call: Call) -> Response:
        account, body = self._account(call), call.json_object() or {}
        text = str(body.get("base64_data", ""))
        head, comma, data = text.partition(",")
        mime = head.removeprefix("data:").partition(";")[0] if comma else "image/png"
        try:
            content = base64.b64decode(data if comma else text, validate=True)
        except binascii.Error:
            return _refuse("Invalid base64 data")
        return self._keep(call, account, content, mime, body)

    def _from_url(self, call: Call) -> Response:
        account, body = self._account(call), call.json_object() or {}
        url = str(body.get("file_url", ""))
        if not is_web_url(url):
            return _refuse("file_url must be a public http or https URL")
        mime = mimetypes.guess_type(urlsplit(url).path)[0] or "image/png"
        if mime.partition("/")[0] not in ("image", "video", "audio"):
            return _refuse("Unsupported file type")
        try:
            media = call.store.find(url, mime.partition("/")[0], call.host)
        except BadMedia as bad:
            return _refuse(f"Failed to download file: {bad}")
        content = media.load() if media.load else _stand_in(media.kind)
        return self._keep(call, account, content, mime, {"file_name": url.rpartition("/")[2], **body})

    def _from_form(self, call: Call) -> Response:
        account, form = (
            self._account(call),
            read_form(call.request.headers.get("content-type", ""), call.body),
        )
        file = form.files.get("file")
        if file is None:
            return _refuse("file is required")
        names = {"uploadPath": "upload_path", "fileName": "file_name"}
        fields = {names.get(name, name): value for name, value in form.fields.items()}
        return self._keep(call, account, file.content, file.mime, {"file_name": file.name, **fields})

    def _keep(self, call: Call, account: str, content: bytes, mime: str, fields: dict[str, Any]) -> Response:
        if mime.partition("/")[0] not in ("image", "video", "audio"):
            return _refuse("Unsupported file type")
        if len(content) > _MOST_BYTES:
            return _refuse("File too large", 413)
        if len(self._mine(call, account)) >= _MOST_FILES:
            return _refuse("File quota exceeded", 403)
        file_id = f"file_{call.world.token(12)}"
        name = str(fields.get("file_name") or f"{file_id}{mimetypes.guess_extension(mime) or ''}")
        folder = str(fields.get("upload_path") or "files").strip("/")
        file = StoredFile(file_id, self._vendor, account, name, mime, content, call.now, call.now + _LIFE)
        path = f"/media/{self._vendor}/{folder}/{file_id}/{name}"
        download = f"/media/{self._vendor}{_BASE}/download/{file_id}"
        call.world.files[path] = call.world.files[download] = file
        data = {
            "file_id": file_id,
            "file_name": name,
            "original_name": name,
            "file_size": len(content),
            "mime_type": mime,
            "upload_path": folder,
            "file_url": call.origin + path,
            "download_url": call.origin + download,
            "upload_time": _moment(file.stored_at),
            "expires_at": _moment(file.expires_at),
        }
        return _done("File uploaded successfully", data)

    def _list(self, call: Call) -> Response:
        files = list(self._mine(call, self._account(call)).values())
        query = call.request.query_params
        number, size = whole(query.get("page"), 1), min(100, whole(query.get("pageSize"), 20))
        page = files[(number - 1) * size : number * size]
        rows = [
            {
                "file_id": file.id,
                "file_name": file.name,
                "file_size": len(file.content),
                "upload_time": _moment(file.stored_at),
            }
            for file in page
        ]
        return _done("success", {"total": len(files), "files": rows})

    def _quota(self, call: Call) -> Response:
        used = len(self._mine(call, self._account(call)))
        left = _MOST_FILES - used
        return _done(
            "success",
            {"user_group": "default", "used_files": used, "max_files": _MOST_FILES, "remain_files": left},
        )

    def _delete(self, call: Call) -> Response:
        mine = self._mine(call, self._account(call))
        wanted = call.path("id")
        if wanted not in mine:
            return _refuse("File not found", 404)
        files = call.world.files
        call.world.files = {path: file for path, file in files.items() if file.id != wanted}
        return _done("File deleted successfully")

    def _mine(self, call: Call, account: str) -> dict[str, StoredFile]:
        return {
            file.id: file
            for file in call.world.files.values()
            if file.vendor == self._vendor and file.account == account and call.now < file.expires_at
        }


def _stand_in(kind: str) -> bytes:
    """A sample in place of a file that lies elsewhere, since nothing is fetched from the net."""
    names = {"image": "reference.png", "video": "reference.mp4", "audio": "reference.mp3"}
    load = SAMPLES[names[kind]].media.load
    return load() if load else b""


def _moment(when: float) -> str:
    return datetime.fromtimestamp(int(when), _CHINA_TIME).isoformat()


def _done(message: str, data: dict[str, Any] | None = None) -> Response:
    body: dict[str, Any] = {"success": True, "code": 200, "msg": message}
    return JSONResponse({**body, "data": data} if data is not None else body)


def _refuse(message: str, status: int = 400) -> Response:
    return JSONResponse({"success": False, "code": status, "msg": message}, status)
