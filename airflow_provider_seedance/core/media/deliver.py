"""Files brought to the vendor, each the way that :mod:`.plan` chose, and the request with links in their places."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_seedance.core.catalog.attributes import form_of
from airflow_provider_seedance.core.catalog.schema import DeliveryMethod
from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.clock import Clock, utc_now
from airflow_provider_seedance.core.library import UploadedFile
from airflow_provider_seedance.core.media.check import check_media
from airflow_provider_seedance.core.media.content import (
    FileReader,
    MediaFile,
    RequestMedia,
    numbered_links,
    with_links,
)
from airflow_provider_seedance.core.media.links import probe_link
from airflow_provider_seedance.core.media.plan import Abilities, is_in_store, plan_delivery
from airflow_provider_seedance.core.media.probe import MediaInfo, Unreadable
from airflow_provider_seedance.core.media.uploads import UploadCache
from airflow_provider_seedance.core.money import SpendLimit
from airflow_provider_seedance.core.storage.files import (
    CHUNK_SIZE,
    commit,
    size_of,
    temporary_file_for,
)
from airflow_provider_seedance.core.storage.paths import PathFromUri, StoragePath, local_path, uri_of
from airflow_provider_seedance.core.storage.writable import check_writable
from airflow_provider_seedance.core.vendors.contract import Upload
from airflow_provider_seedance.errors import (
    ConfigurationError,
    LinkDead,
    Problem,
    RequestInvalid,
    SeedanceError,
)
from airflow_provider_seedance.models import Cost, Generation, GenerationRequest, Pending, Succeeded

#: The ids of generations that are not to be taken for another one, as of the moment of the call.
KnownIds = Callable[[], Collection[str | None]]

log = logging.getLogger(__name__)

#: How long a presigned link lives, seconds: a generation may be queued for hours before its media are fetched.
PRESIGNED_LIFE = 86_400


class NotDelivered(SeedanceError):
    """A file may or may not have come to the vendor. Nothing was paid, and the file may be sent again.

    :param error: what went wrong.
    """

    def __init__(self, error: SeedanceError) -> None:
        super().__init__(
            f"a file could not be brought to the vendor: {error.message}",
            vendor=error.vendor,
            kind=error.kind,
            code=error.code,
            http_status=error.http_status,
            request_id=error.request_id,
            retry_after=error.retry_after,
            advice=error.advice,
        )


@dataclass(frozen=True)
class MediaDelivery:
    """Brings files to vendors.

    :param path_from_uri: makes the path that a local path or a URI names.
    :param staging: folder of an object store for files that must be put somewhere first; ``None`` for none.
    :param uploads: those that are known.
    :param checks_links: whether links are fetched and checked too.
    """

    path_from_uri: PathFromUri
    uploads: UploadCache
    clock: Clock
    staging: str | None = None
    checks_links: bool = False
    _links: dict[str, MediaInfo] = field(default_factory=dict)

    def checked(self, client: SeedanceClient, media: RequestMedia) -> RequestMedia:
        """The same media, once they are checked; see :meth:`check`."""
        self.check(client, media)
        return media

    def read(
        self, client: SeedanceClient, reader: FileReader, known: Mapping[str, str], request: GenerationRequest
    ) -> RequestMedia:
        """A request's files, read and checked. If one that is on record cannot be read, the check is left to a payment.

        :param known: the ``keys`` of earlier tries.
        :raises RequestInvalid: as :meth:`FileReader.identify` and :meth:`check`.
        """
        media = reader.identify(request, known)
        return media if media.missing else self.checked(client, media)

    def check(self, client: SeedanceClient, media: RequestMedia) -> dict[str, DeliveryMethod]:
        """Check the files, and find a way for each. Sends nothing and writes nothing.

        :raises RequestInvalid: for files that the vendor does not take, or that cannot be brought to it.
        """
        if media.missing:
            gone = [
                Problem(place, link, media.missing[link])
                for place, _, link in numbered_links(media.request)
                if link in media.missing
            ]
            raise RequestInvalid(gone, vendor=client.vendor_name, model=media.request.model)
        links = self._probe_links(client, media.request) if self.checks_links else {}
        if not media.files and not links:
            return {}
        check_media(client.catalog, media, links)
        abilities = Abilities(client.settings.vendor.files is not None, bool(self.staging))
        return dict(plan_delivery(client.catalog, media, abilities))

    def _probe_links(self, client: SeedanceClient, request: GenerationRequest) -> dict[str, MediaInfo]:
        """What is behind each link of the request; each is fetched once.

        :raises RequestInvalid: naming those with nothing behind them.
        """
        problems = []
        places = {link: place for place, _, link in numbered_links(request) if form_of(link) == "url"}
        for link, place in places.items():
            try:
                self._links[link] = self._links.get(link) or probe_link(client, link)
            except Unreadable as fault:
                problems.append(Problem(place, link, str(fault)))
        if problems:
            raise RequestInvalid(problems, vendor=client.vendor_name, model=request.model)
        return {link: self._links[link] for link in places}

    def deliver(self, client: SeedanceClient, media: RequestMedia) -> GenerationRequest:
        """The request as the vendor is to get it, with a link, or the content, in the place of each file.

        :raises RequestInvalid: as :meth:`check`.
        :raises SeedanceError: if a file could not be brought to the vendor; nothing was paid.
        """
        methods = self.check(client, media)
        try:
            links = {name: self.link(client, media.files[name], method) for name, method in methods.items()}
        except SeedanceError as error:
            if error.maybe_accepted:
                raise NotDelivered(error) from error
            raise
        return with_links(media.request, links)

    def link(self, client: SeedanceClient, file: MediaFile, method: DeliveryMethod) -> str:
        """What the vendor is given for a file: a link under which it can fetch it, or the content."""
        if method == "data":
            return data_uri(file)
        return self.upload(client, file).url if method == "upload" else self.presign(file)

    def upload(self, client: SeedanceClient, file: MediaFile) -> UploadedFile:
        """The file at the vendor's file service; one that is there already is not sent again."""
        key = f"{client.vendor_name}/{client.account_id}/{file.sha256}"
        with self.uploads.only_one(key):
            known = self.uploads.find(key, utc_now(self.clock))
            if known is not None and _is_there(client, known):
                return known
            self.uploads.forget(key)
            made = client.files.upload(
                Upload(
                    str(file.info.kind), file.file_name, file.info.content_type, file.info.bytes, file.open
                )
            )
            self.uploads.keep(key, made)
            log.info("Uploaded %s (%d bytes) to %s.", file.name, file.info.bytes, client.vendor_name)
            return made

    def presign(self, file: MediaFile) -> str:
        """A link of the user's own object store, made anew each time and kept nowhere.

        :raises ConfigurationError: if the store cannot make one.
        """
        path = file.path if file.path is not None and is_in_store(file) else self._staged(file)
        return presigned_link(path)

    def _staged(self, file: MediaFile) -> StoragePath:
        """The file in the staging folder, where its content is put once.

        :raises DestinationError: if it cannot be put there.
        """
        assert self.staging
        target = self.path_from_uri(f"{self.staging.rstrip('/')}/{file.file_name}")
        if local_path(target) is not None:
            raise _cannot_sign(target)
        with self.uploads.only_one(uri_of(target)):
            if size_of(target) != file.info.bytes:
                check_writable(target)
                _copy(file, target)
                log.info("Put %s (%d bytes) into [seedance] staging.", file.name, file.info.bytes)
        return target


def data_uri(file: MediaFile) -> str:
    """The file as a ``data:`` URI."""
    with file.open() as raw:
        return f"data:{file.info.content_type};base64,{base64.b64encode(raw.read()).decode()}"


def presigned_link(path: Any) -> str:
    """A link to a file of an object store, signed by the store's own library.

    :raises ConfigurationError: if it cannot.
    """
    try:
        link = path.fs.sign(path.path, expiration=PRESIGNED_LIFE)
    except Exception as fault:
        raise _cannot_sign(path) from fault
    if not str(link).startswith(("https://", "http://")):
        raise _cannot_sign(path)
    return str(link)


def _cannot_sign(path: StoragePath) -> ConfigurationError:
    return ConfigurationError(
        f"{uri_of(path)} cannot be given to the vendor: its store makes no signed links",
        advice="Use a store that does, such as S3 or GCS: name a folder in it in [seedance] staging.",
    )


def _copy(file: MediaFile, target: StoragePath) -> None:
    with temporary_file_for(target) as temporary, file.open() as raw:
        with temporary.open("wb") as copy:
            while chunk := raw.read(CHUNK_SIZE):
                copy.write(chunk)
        commit(temporary, target)


def _is_there(client: SeedanceClient, known: UploadedFile) -> bool:
    """Whether an upload can still be fetched: a vendor may have removed it before its time."""
    try:
        with client.open(known.url):
            return True
    except LinkDead:
        return False
    except SeedanceError as error:
        log.info("A known upload could not be looked at (%s); it is used.", error.kind.value)
        return True


class DeliveringClient:
    """A client that sends a request with its files, which :meth:`prepare` has brought to the vendor before.

    :param media: the request that will be sent.
    :param known_ids: ids of generations that belong to others: none of them is the one that is looked for.
    """

    def __init__(
        self,
        client: SeedanceClient,
        media: RequestMedia,
        delivery: MediaDelivery | None,
        known_ids: KnownIds = frozenset,
    ) -> None:
        self._client = client
        self._media = media
        self._delivery = delivery
        self._known_ids = known_ids
        self._wire_request: GenerationRequest | None = None

    @property
    def vendor_name(self) -> str:
        return self._client.vendor_name

    @property
    def account_id(self) -> str:
        return self._client.account_id

    @property
    def finds_by_key(self) -> bool:
        return self._client.finds_by_key

    @property
    def limits(self) -> tuple[SpendLimit, ...]:
        return self._client.limits

    @property
    def generations(self) -> DeliveringClient:
        return self

    def estimate_cost(self, request: GenerationRequest) -> Cost:
        return self._client.estimate_cost(request)

    def cost_of(self, generation: Succeeded, request: GenerationRequest | None = None) -> Cost:
        return self._client.cost_of(generation, request)

    def prepare(self) -> None:
        """Bring the files to the vendor. To be called before the intent is on record: nothing is paid here."""
        if self._delivery is None:
            self._wire_request = self._media.request
        else:
            self._wire_request = self._delivery.deliver(self._client, self._media)

    def create(
        self, request: GenerationRequest, intent_id: str | None = None, callback_url: str | None = None
    ) -> Pending:
        assert request == self._media.request
        assert self._wire_request is not None, "prepare() comes first"
        return self._client.generations.create(self._wire_request, intent_id, callback_url)

    def get(self, generation_id: str) -> Generation:
        return self._client.generations.get(generation_id)

    def find(self, request: GenerationRequest, intent_id: str, since: datetime) -> tuple[Generation, ...]:
        found = self._client.generations.find(request, intent_id, since)
        known = self._known_ids()
        return tuple(generation for generation in found if generation.generation_id not in known)


class DeliveringClients:
    """The delivering client of each connection, made once.

    :param open_client: makes the client of a connection, by its id.
    :param known_ids: see :class:`DeliveringClient`.
    """

    def __init__(
        self,
        open_client: Callable[[str], SeedanceClient],
        media: RequestMedia,
        delivery: MediaDelivery | None,
        known_ids: KnownIds = frozenset,
    ) -> None:
        self._open_client = open_client
        self._media = media
        self._delivery = delivery
        self._known_ids = known_ids
        self._clients: dict[str, DeliveringClient] = {}

    def __call__(self, conn_id: str) -> DeliveringClient:
        if conn_id not in self._clients:
            self._clients[conn_id] = DeliveringClient(
                self._open_client(conn_id), self._media, self._delivery, self._known_ids
            )
        return self._clients[conn_id]
