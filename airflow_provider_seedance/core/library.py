"""What a vendor keeps for an account beside its generations: uploaded files, and assets."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class UploadedFile(_Kept):
    """A file at the vendor's file service."""

    #: For the vendor to fetch; whoever has it can fetch the file.
    url: str = Field(repr=False, pattern=r"^https?://")
    file_id: str | None = None
    #: When the vendor deletes it; ``None`` if it does not say.
    expires_at: datetime | None = None


class StoredFile(_Kept):
    """An upload in the vendor's list of them."""

    file_id: str
    name: str | None = None
    #: In bytes.
    size: int | None = None
    uploaded_at: datetime | None = None


class FilePage(_Kept):
    """One page of the list of uploads; ``total`` counts all of them."""

    total: int
    items: tuple[StoredFile, ...]


class FileQuota(_Kept):
    """How many uploads there are, and may be."""

    used: int | None = None
    limit: int | None = None
    remaining: int | None = None
