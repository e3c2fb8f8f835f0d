"""Put media into the vendor's asset library: a group for a cast, and the assets in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_seedance.core import clock
from airflow_provider_seedance.operators._arguments import one_of, seconds
from airflow_provider_seedance.operators._mapping import MapLabelMixin
from airflow_provider_seedance.runtime.exceptions import task_errors
from airflow_provider_seedance.runtime.masking import SignedLinkMaskingMixin

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_seedance.core.client.http import SeedanceClient
    from airflow_provider_seedance.core.media.assets import AssetUpload

#: Seconds for an upload's review, unless the task says otherwise.
REVIEW_TIMEOUT = 600.0
#: The trigger keeps the deadline; Airflow's own deferral timeout only backs it up, this much later.
BACKSTOP = timedelta(minutes=10)


class SeedanceCreateAssetGroupOperator(MapLabelMixin):
    """Take the group of assets that has this name, or make it.

    Returns ``vendor, seedance_conn_id, group_id, name, created``; ``created`` is false when a group of that name was
    there. ToAPIs has no list of groups: there the groups that were made are remembered in ``[seedance] state_folder``,
    or by the task.

    :param name: of the group.
    :param description: for people, of a group that is made.
    :param seedance_conn_id: a connection of type ``seedance``; for ModelArk with an access key.
    """

    template_fields: Sequence[str] = ("name", "description", "seedance_conn_id")
    label_fields = ("name",)
    ui_color = "#e3f0ff"

    def __init__(
        self,
        *,
        name: str,
        description: str | None = None,
        seedance_conn_id: str = "seedance_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.description = description
        self.seedance_conn_id = seedance_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_seedance.core.media.assets import create_group
        from airflow_provider_seedance.runtime.asset_records import asset_records
        from airflow_provider_seedance.runtime.clients import ClientPool

        with task_errors(context), ClientPool() as clients:
            client = clients(self.seedance_conn_id)
            group, created = create_group(client, self.name, self.description, asset_records(context))
            return {
                "vendor": client.vendor_name,
                "seedance_conn_id": self.seedance_conn_id,
                "group_id": group.group_id,
                "name": self.name,
                "created": created,
            }


class SeedanceUploadAssetOperator(SignedLinkMaskingMixin, MapLabelMixin):
    """Put a file into a group of the asset library, and wait until it may be used.

    The same content of the same name is put there once. Returns ``vendor, seedance_conn_id, asset_id, asset_uri,
    group_id, name, kind, status, sha256, created``; ``asset_uri`` (``asset://...``) goes into any media parameter.
    A review that fails ends the task with the vendor's reason and without further tries.

    :param file: a local path, a ``file:`` or ``data:`` URI, the URI of an object store, or a link.
    :param group_id: of the group, as :class:`SeedanceCreateAssetGroupOperator` returns it.
    :param name: of the asset; without one, that of the file.
    :param kind: ``image``, ``video`` or ``audio``; without one, what the content is.
    :param timeout: seconds for the review.
    :param deferrable: wait in the triggerer; ``False`` waits in the worker, with the same outcome.
    :param seedance_conn_id: a connection of type ``seedance``; for ModelArk with an access key.
    """

    template_fields: Sequence[str] = ("file", "group_id", "name", "kind", "timeout", "seedance_conn_id")
    label_fields = ("name", "file")
    ui_color = "#e3f0ff"

    def __init__(
        self,
        *,
        file: str,
        group_id: str,
        name: str | None = None,
        kind: Literal["image", "video", "audio"] | None = None,
        timeout: float | str = REVIEW_TIMEOUT,
        deferrable: bool = True,
        seedance_conn_id: str = "seedance_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.file = file
        self.group_id = group_id
        self.name = name
        self.kind = kind
        self.timeout = timeout
        self.deferrable = deferrable
        self.seedance_conn_id = seedance_conn_id

    def execute(self, context: Context) -> dict[str, Any]:
        from airflow_provider_seedance.core.library import AssetStatus
        from airflow_provider_seedance.runtime.clients import ClientPool

        self._reveal()
        with task_errors(context), ClientPool() as clients:
            client = clients(self.seedance_conn_id)
            uploaded = self._upload(context, client)
            asset = uploaded.asset
            if asset.status is not AssetStatus.ACTIVE:
                self.log.info("Asset %s of %s is under review.", asset.asset_id, client.vendor_name)
                if self.deferrable:
                    self._defer(uploaded)
                self._wait_in_worker(client, asset.asset_id)
            return self._result(client, uploaded)

    def execute_complete(
        self, context: Context, event: dict[str, Any], upload: dict[str, Any]
    ) -> dict[str, Any]:
        """Resume after the trigger: read how the review ended.

        :param upload: what was put there.
        """
        from airflow_provider_seedance.core.library import Asset
        from airflow_provider_seedance.core.media.assets import AssetUpload
        from airflow_provider_seedance.runtime.clients import ClientPool

        fields = dict(upload)
        asset = Asset.model_validate(fields.pop("asset"))
        with task_errors(context), ClientPool() as clients:
            return self._result(clients(self.seedance_conn_id), AssetUpload(asset=asset, **fields))

    def _upload(self, context: Context, client: SeedanceClient) -> AssetUpload:
        from airflow_provider_seedance.core.media.assets import upload_asset
        from airflow_provider_seedance.core.media.content import FileReader
        from airflow_provider_seedance.runtime.asset_records import asset_records
        from airflow_provider_seedance.runtime.media import media_delivery
        from airflow_provider_seedance.runtime.object_storage import path_from_uri

        return upload_asset(
            client,
            FileReader(path_from_uri),
            media_delivery(),
            file=self.file,
            group_id=self.group_id,
            name=self.name,
            kind=one_of("kind", self.kind, "image", "video", "audio") if self.kind else None,
            records=asset_records(context),
        )

    def _defer(self, upload: AssetUpload) -> None:
        from airflow_provider_seedance.triggers.asset import SeedanceAssetTrigger

        now, timeout = clock.SYSTEM_CLOCK.now(), self._timeout_seconds()
        self.defer(
            trigger=SeedanceAssetTrigger(self.seedance_conn_id, upload.asset.asset_id, now, now + timeout),
            method_name="execute_complete",
            kwargs={"upload": upload.to_payload()},
            timeout=timedelta(seconds=timeout) + BACKSTOP,
        )

    def _wait_in_worker(self, client: SeedanceClient, asset_id: str) -> None:
        from airflow_provider_seedance.core.media.review import MAX_LAG_SECONDS, as_generation
        from airflow_provider_seedance.core.polling.decide import WaitState
        from airflow_provider_seedance.core.polling.report import TroubleReport
        from airflow_provider_seedance.core.polling.wait import wait_for_end

        now = clock.SYSTEM_CLOCK.now()
        wait_for_end(
            lambda: as_generation(client.assets.get(asset_id), client.vendor_name),
            WaitState(now + self._timeout_seconds(), now, None),
            clock=clock.SYSTEM_CLOCK,
            report=TroubleReport(f"Asset {asset_id}", self.log.log),
            max_lag=MAX_LAG_SECONDS,
        )

    def _result(self, client: SeedanceClient, upload: AssetUpload) -> dict[str, Any]:
        """What is returned for an active asset.

        :raises AssetFailed: if its review failed.
        :raises DeadlinePassed: if it goes on.
        """
        from airflow_provider_seedance.core.library import AssetStatus
        from airflow_provider_seedance.core.media.assets import check_usable
        from airflow_provider_seedance.errors import DeadlinePassed

        asset = upload.asset
        if asset.status is not AssetStatus.ACTIVE:
            asset = client.assets.get(asset.asset_id)
        check_usable(asset, client.vendor_name)
        if asset.status is not AssetStatus.ACTIVE:
            raise DeadlinePassed(
                f"asset {asset.asset_id} is still under review after {self._timeout_seconds():g} seconds",
                vendor=client.vendor_name,
                advice="A retry goes on waiting for the same asset; raise timeout if reviews take longer.",
            )
        return upload.to_dict(asset, vendor=client.vendor_name, conn_id=self.seedance_conn_id)

    def _timeout_seconds(self) -> float:
        return seconds("timeout", self.timeout) or REVIEW_TIMEOUT
