"""What a vendor keeps for an account beside its generations: uploaded files, and assets."""

from __future__ import annotations

import re
from datetime import datetime
from enum import Enum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from airflow_provider_seedance.core.redaction import redact


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


class AssetStatus(str, Enum):
    """Where an asset stands: only an active one may be used."""

    PROCESSING = "processing"
    ACTIVE = "active"
    FAILED = "failed"
    INACTIVE = "inactive"


class AssetGroup(_Kept):
    """A group of assets, such as a cast."""

    group_id: str
    name: str
    description: str | None = None
    created_at: datetime | None = None


class AssetGroupPage(_Kept):
    """One page of the groups; ``total`` counts all of them."""

    total: int
    items: tuple[AssetGroup, ...]


#: What :func:`vendor_asset_name` adds to a name.
_MARK = re.compile(r" #([0-9a-f]{12})\Z")


def vendor_asset_name(name: str, sha256: str) -> str:
    """The name that an asset has at the vendor: the content is in it, so that a later try finds it."""
    return f"{name} #{sha256[:12]}"


class Asset(_Kept):
    """A reviewed medium, to which requests refer as ``asset://<id>``."""

    asset_id: str
    group_id: str | None = None
    #: As the vendor has it; see :func:`vendor_asset_name`.
    vendor_name: str = ""
    #: ``image``, ``video`` or ``audio``.
    kind: str | None = None
    status: AssetStatus = AssetStatus.PROCESSING
    #: Why the review failed, in the vendor's words.
    reason: Annotated[str | None, AfterValidator(lambda text: text and redact(text))] = None
    created_at: datetime | None = None

    @property
    def name(self) -> str:
        """As the user gave it."""
        return _MARK.sub("", self.vendor_name)

    @property
    def uri(self) -> str:
        """What goes into a media parameter."""
        return f"asset://{self.asset_id}"


class AssetPage(_Kept):
    """One page of the assets; ``total`` counts all of them."""

    total: int
    items: tuple[Asset, ...]


class NewAsset(_Kept):
    """An asset to make.

    ``link`` is what the vendor fetches it from: an http(s) link, or a ``data:`` URI where it takes one.
    """

    group_id: str
    name: str
    kind: str
    link: str = Field(repr=False)
    #: Whether a check of a real person made the group.
    real_person: bool = False


class PersonCheck(_Kept):
    """A check of a real person, which that person does in a browser behind ``link``."""

    token: str = Field(repr=False)
    link: str | None = Field(default=None, repr=False)
    expires_at: datetime | None = None
