"""EvoLink's file service: an upload has a public link for three days (contract: evolink 8)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow_provider_seedance.core.library import FilePage, FileQuota, StoredFile, UploadedFile
from airflow_provider_seedance.core.vendors.contract import (
    FILES,
    Call,
    HttpRequest,
    HttpResponse,
    Upload,
)
from airflow_provider_seedance.core.vendors.evolink.errors import accepted
from airflow_provider_seedance.core.vendors.reading import (
    as_dict,
    as_id,
    as_int,
    as_iso_time,
    as_link,
    as_word,
    required,
)
from airflow_provider_seedance.errors import Kind, SeedanceError, VendorRefusal

PATH = "/api/v1/files"
#: Where uploads of ours are kept.
FOLDER = "seedance"
PAGE_SIZE = 100
QUOTA_ADVICE = (
    "The account has as many uploads as it may. They end by themselves after 72 hours; delete some with"
    " SeedanceHook(...).files.delete(file_id), whose list() shows them, or give links to an object store of your own."
)


def upload(file: Upload) -> Call[UploadedFile]:
    body = file.form(file_name=file.filename, upload_path=FOLDER)
    return Call(HttpRequest("POST", f"{PATH}/upload/stream", body=body, service=FILES), _read_uploaded)


def list_files(page: int) -> Call[FilePage]:
    query = (("page", str(page)), ("pageSize", str(PAGE_SIZE)))
    return Call(HttpRequest("GET", f"{PATH}/list", query, service=FILES), _read_page)


def quota() -> Call[FileQuota]:
    return Call(HttpRequest("GET", f"{PATH}/quota", service=FILES), _read_quota)


def delete(file_id: str) -> Call[None]:
    return Call(HttpRequest("DELETE", f"{PATH}/{quote(file_id, safe='')}", service=FILES), _read_deleted)


def _read_uploaded(response: HttpResponse) -> UploadedFile:
    try:
        data = _data(response)
    except VendorRefusal as refused:
        raise _explained(refused) from None
    return UploadedFile(
        url=required(response, "data.file_url", as_link(data.get("file_url"))),
        file_id=as_id(data.get("file_id")),
        expires_at=as_iso_time(data.get("expires_at")),
    )


def _explained(refused: VendorRefusal) -> SeedanceError:
    if "quota" in refused.message.lower():
        refused.kind, refused.advice = Kind.BALANCE, QUOTA_ADVICE
    return refused


def _read_page(response: HttpResponse) -> FilePage:
    data = _data(response)
    rows = [as_dict(row) for row in data.get("files") or ()]
    return FilePage(
        total=required(response, "data.total", as_int(data.get("total"))),
        items=tuple(_stored(row, file_id) for row in rows if (file_id := as_id(row.get("file_id")))),
    )


def _stored(row: dict[str, Any], file_id: str) -> StoredFile:
    return StoredFile(
        file_id=file_id,
        name=as_word(row.get("file_name")),
        size=as_int(row.get("file_size")),
        uploaded_at=as_iso_time(row.get("upload_time")),
    )


def _read_quota(response: HttpResponse) -> FileQuota:
    data = _data(response)
    return FileQuota(
        used=as_int(data.get("used_files")),
        limit=as_int(data.get("max_files")),
        remaining=as_int(data.get("remain_files")),
    )


def _read_deleted(response: HttpResponse) -> None:
    accepted(response)


def _data(response: HttpResponse) -> dict[str, Any]:
    return as_dict(accepted(response).get("data"))
