"""ToAPIs' uploads: a file has a public link, of whose end nothing is said (contract: toapis 8.1)."""

from __future__ import annotations

from airflow_provider_seedance.core.library import UploadedFile
from airflow_provider_seedance.core.vendors.contract import Call, HttpRequest, HttpResponse, Upload
from airflow_provider_seedance.core.vendors.reading import as_dict, as_id, as_link, required
from airflow_provider_seedance.core.vendors.toapis.errors import accepted

PATH = "/v1/uploads"


def upload(file: Upload) -> Call[UploadedFile]:
    body = file.form(purpose="generation")
    return Call(HttpRequest("POST", f"{PATH}/{file.kind}s", body=body), _read_uploaded)


def _read_uploaded(response: HttpResponse) -> UploadedFile:
    data = as_dict(accepted(response).get("data"))
    return UploadedFile(
        url=required(response, "data.url", as_link(data.get("url"))), file_id=as_id(data.get("id"))
    )
