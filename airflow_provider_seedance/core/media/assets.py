"""A file of the user's own, put into the vendor's asset library once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.catalog.attributes import form_of
from airflow_provider_seedance.core.catalog.schema import MediaKind, MediaLimits
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.library import (
    Asset,
    AssetGroup,
    AssetStatus,
    NewAsset,
    vendor_asset_name,
)
from airflow_provider_seedance.core.media.asset_records import AssetRecords, made_once
from airflow_provider_seedance.core.media.check import faults, fits
from airflow_provider_seedance.core.media.content import FileReader, MediaFile
from airflow_provider_seedance.core.media.deliver import MediaDelivery
from airflow_provider_seedance.core.media.links import read_link
from airflow_provider_seedance.core.media.plan import Abilities, choose_method
from airflow_provider_seedance.core.media.probe import MediaInfo, Unreadable
from airflow_provider_seedance.errors import (
    AssetFailed,
    Problem,
    RequestInvalid,
    Unsupported,
)

KINDS: tuple[MediaKind, ...] = ("image", "video", "audio")
DEFAULT_NAME = "asset"


@dataclass(frozen=True)
class AssetUpload:
    """An asset, and what was put into it.

    :param created: whether it was made now; else it was there.
    """

    asset: Asset
    name: str
    kind: MediaKind
    sha256: str
    created: bool

    def to_payload(self) -> dict[str, Any]:
        """The upload as JSON, for a deferral."""
        return {
            "asset": self.asset.model_dump(mode="json"),
            "name": self.name,
            "kind": self.kind,
            "sha256": self.sha256,
            "created": self.created,
        }

    def to_dict(self, asset: Asset, *, vendor: str, conn_id: str) -> dict[str, Any]:
        """What an operator returns, for the asset as it stands by now."""
        return {
            "vendor": vendor,
            "seedance_conn_id": conn_id,
            "asset_id": asset.asset_id,
            "asset_uri": asset.uri,
            "group_id": asset.group_id or self.asset.group_id,
            "name": self.name,
            "kind": self.kind,
            "status": asset.status.value,
            "sha256": self.sha256,
            "created": self.created,
        }


@dataclass(frozen=True)
class _Medium:
    """What is put into the library: a file, or a link that the vendor fetches itself."""

    sha256: str
    info: MediaInfo
    name: str
    file: MediaFile | None


def upload_asset(
    client: SeedanceClient,
    reader: FileReader,
    delivery: MediaDelivery,
    *,
    file: str,
    group_id: str,
    name: str | None = None,
    kind: str | None = None,
    real_person: bool = False,
    records: AssetRecords | None = None,
) -> AssetUpload:
    """Put a file into a group of the library. The same content of the same name is there once, where it can be listed.

    :param file: a path, URI, ``data:`` URI or link.
    :param name: without one, that of the file.
    :param kind: ``image``, ``video`` or ``audio``; without one, what the content is.
    :param real_person: whether a check of a real person made the group.
    :param records: of what was made, for a vendor that has no list.
    :raises RequestInvalid: for a file that the vendor does not take, before anything is sent.
    :raises AssetFailed: if the same content was refused before.
    """
    if client.settings.vendor.assets is None:
        raise Unsupported("this vendor has no asset library", vendor=client.vendor_name)
    medium = _read(client, reader, file)
    found = _checked_kind(client.catalog, medium, kind)
    name = (name or "").strip() or medium.name
    made = vendor_asset_name(name, medium.sha256)
    asset = client.assets.find(group_id, made, real_person)
    if asset is not None:
        check_usable(asset, client.vendor_name)
        return AssetUpload(asset, name, found, medium.sha256, created=False)

    def prepare() -> Callable[[], str]:
        link = _link(client, delivery, medium, found, file)
        new = NewAsset(group_id=group_id, name=made, kind=found, link=link, real_person=real_person)
        return lambda: client.assets.create(new).asset_id

    asset_id, created = _made_once(client, records, f"asset/{group_id}/{made}", prepare)
    asset = Asset(asset_id=asset_id, group_id=group_id, vendor_name=made, kind=found)
    return AssetUpload(asset, name, found, medium.sha256, created)


def create_group(
    client: SeedanceClient,
    name: str,
    description: str | None = None,
    records: AssetRecords | None = None,
) -> tuple[AssetGroup, bool]:
    """The group of this name, and whether it was made now.

    :param records: of what was made, for a vendor that has no list.
    :raises Unsupported: where the vendor has no asset library.
    """
    if (found := client.assets.find_group(name)) is not None:
        return found, False

    def create() -> str:
        group_id: str = client.assets.create_group(name, description).group_id
        return group_id

    group_id, created = _made_once(client, records, f"group/{name}", lambda: create)
    return AssetGroup(group_id=group_id, name=name, description=description), created


def _made_once(
    client: SeedanceClient, records: AssetRecords | None, key: str, prepare: Callable[[], Callable[[], str]]
) -> tuple[str, bool]:
    """The id of what has this key, and whether it was made now."""
    calls = client.settings.vendor.assets
    if records is None or (calls is not None and calls.list is not None):
        return prepare()(), True
    return made_once(records, f"{client.vendor_name}/{client.account_id}/{key}", prepare)


def check_usable(asset: Asset, vendor: str) -> None:
    """Refuse an asset that no request may use.

    :raises AssetFailed: with the vendor's reason.
    """
    if asset.status in (AssetStatus.FAILED, AssetStatus.INACTIVE):
        why = asset.reason or f"it is {asset.status.value}"
        raise AssetFailed(
            f"asset {asset.asset_id} ({asset.name}) cannot be used: {why}",
            vendor=vendor,
            advice="Give another file; to have this one reviewed again, delete the asset and clear the task.",
        )


def _read(client: SeedanceClient, reader: FileReader, file: str) -> _Medium:
    try:
        if form_of(file) == "url":
            digest, info = read_link(client, file)
            return _Medium(digest, info, _stem(urlsplit(file).path), None)
        if form_of(file) in ("asset", "content"):
            raise Unreadable("it is no file: an asset is in the library already")
        read = reader.read(file)
        return _Medium(read.sha256, read.info, _stem(read.name if read.path else ""), read)
    except Unreadable as fault:
        raise RequestInvalid([Problem("file", file, str(fault))], vendor=client.vendor_name) from fault


def _stem(path: str) -> str:
    return PurePosixPath(path.rstrip("/")).stem or DEFAULT_NAME


def _checked_kind(catalog: Catalog, medium: _Medium, kind: str | None) -> MediaKind:
    """What the file is.

    :raises RequestInvalid: if it is something else than ``kind``, or no model takes it.
    """
    wanted = next((known for known in KINDS if known == (kind or medium.info.kind)), None)
    if wanted is None:
        why = "must be image, video or audio" if kind else "this is no image, video or sound that is known"
        problem = Problem("kind" if kind else "file", kind or medium.name, why)
        raise RequestInvalid([problem], vendor=catalog.vendor)
    limits: Sequence[MediaLimits | None] = catalog.asset_limits(wanted) or [None]
    if not any(fits(medium.info, wanted, one) for one in limits):
        reasons = [f"{catalog.vendor} {reason}" for reason in faults(medium.info, wanted, limits[0])]
        raise RequestInvalid(
            [Problem("file", medium.name, reason) for reason in reasons], vendor=catalog.vendor
        )
    return wanted


def _link(
    client: SeedanceClient, delivery: MediaDelivery, medium: _Medium, kind: MediaKind, given: str
) -> str:
    """What the vendor fetches it from."""
    if medium.file is None:
        return given
    abilities = Abilities(client.settings.vendor.files is not None, bool(delivery.staging))
    method = choose_method(client.catalog.asset_delivery_rules(), medium.file, kind, abilities)
    if method is None:
        why = (
            f"{client.vendor_name} takes an asset from a link only: give one, or name a folder of an object store in"
            " [seedance] staging"
        )
        raise RequestInvalid([Problem("file", medium.file.name, why)], vendor=client.vendor_name)
    return delivery.link(client, medium.file, method)
