"""Files among a request's media: found by what the user wrote, and named by their content.

A request names such a file as ``sha256:<hex>``: in its fingerprint, on its record and in a preview. The link under
which the vendor fetches it is made last, and stands nowhere but in the request that is sent.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

from airflow_provider_seedance.core.catalog.attributes import form_of, media_links
from airflow_provider_seedance.core.catalog.schema import MediaKind
from airflow_provider_seedance.core.media.probe import MediaInfo, Unreadable, probe
from airflow_provider_seedance.core.redaction import shorten
from airflow_provider_seedance.core.request_fields import MEDIA_FIELDS
from airflow_provider_seedance.core.storage.files import CHUNK_SIZE, open_for_reading, size_of
from airflow_provider_seedance.core.storage.paths import PathFromUri, StoragePath, describe, uri_of
from airflow_provider_seedance.errors import (
    ConfigurationError,
    DestinationError,
    Kind,
    Problem,
    RequestInvalid,
)
from airflow_provider_seedance.models import GenerationRequest

#: Of the largest file that is read at all.
MAX_FILE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class MediaFile:
    """A file, as it was when it was read.

    :param sha256: of its content, in hexadecimal digits.
    :param name: what messages call it.
    :param path: where it is; ``None`` for one that the request itself contains.
    :param open: opens it at its beginning.
    """

    sha256: str
    info: MediaInfo
    name: str
    path: StoragePath | None = field(repr=False)
    open: Callable[[], BinaryIO] = field(repr=False)

    @property
    def reference(self) -> str:
        """What a request calls it."""
        return f"sha256:{self.sha256}"

    @property
    def file_name(self) -> str:
        """A name that no other content has."""
        return f"{self.sha256}.{self.info.format or 'bin'}"


@dataclass(frozen=True)
class RequestMedia:
    """A request whose files are named by their content.

    :param files: by what the request calls them.
    :param keys: what the request calls each file, by a digest of what the user wrote: for the task's record, so that a
        later try knows a file that is gone by then.
    :param missing: why a file that only its record names cannot be read, by what the request calls it.
    """

    request: GenerationRequest
    files: Mapping[str, MediaFile] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    def of_request(self) -> Iterator[tuple[str, MediaKind, MediaFile]]:
        """Each file in its place: the parameter with its index, what the parameter takes, and the file."""
        for place, kind, link in numbered_links(self.request):
            if link in self.files:
                yield place, kind, self.files[link]


class FileReader:
    """Reads files, each of them once.

    :param path_from_uri: makes the path that a local path or a URI names.
    """

    def __init__(self, path_from_uri: PathFromUri) -> None:
        self._path_from_uri = path_from_uri
        self._read: dict[str, MediaFile] = {}

    def identify(self, request: GenerationRequest, known: Mapping[str, str] | None = None) -> RequestMedia:
        """The request with each of its files, or ``data:`` URIs, named by its content.

        :param known: the ``keys`` of an earlier try, which count for files that cannot be read any more.
        :raises RequestInvalid: naming each file that is not there, cannot be read, or is broken.
        :raises DestinationError: if a store does not answer; trying again may help.
        """
        names: dict[str, str] = {}
        files: dict[str, MediaFile] = {}
        missing: dict[str, str] = {}
        problems: list[Problem] = []
        for place, _, link in numbered_links(request):
            if not is_file(link) or link in names:
                continue
            earlier = (known or {}).get(key_of(link))
            try:
                file = self.read(link)
                names[link], files[file.reference] = file.reference, file
            except (Unreadable, DestinationError) as fault:
                if earlier is not None:
                    names[link], missing[earlier] = earlier, str(fault)
                elif isinstance(fault, DestinationError):
                    raise
                else:
                    problems.append(Problem(place, _shown(link), str(fault)))
        if problems:
            raise RequestInvalid(problems, model=request.model)
        keys = {key_of(link): name for link, name in names.items()}
        return RequestMedia(with_links(request, names), files, keys, missing)

    def read(self, link: str) -> MediaFile:
        """The file at a path, URI or ``data:`` URI.

        :raises Unreadable: if there is none, it is broken, or not of the form that it must have.
        :raises DestinationError: if that cannot be found out; trying again may help.
        """
        if link not in self._read:
            self._read[link] = _from_data(link) if link.startswith("data:") else self._from_path(link)
        return self._read[link]

    def _from_path(self, link: str) -> MediaFile:
        path = self._path(link)
        size = size_of(path)
        if size is None:
            raise Unreadable("there is no such file")
        if size > MAX_FILE_BYTES:
            raise Unreadable(f"it has {size} bytes, and no vendor takes so large a file")
        with _read_errors(path), open_for_reading(path) as raw:
            return MediaFile(_sha256(raw), probe(raw, size), link, path, lambda: open_for_reading(path))

    def _path(self, link: str) -> StoragePath:
        if link.startswith("file:"):
            return Path(unquote(urlsplit(link).path))
        try:
            path = self._path_from_uri(link)
        except (DestinationError, ConfigurationError) as fault:
            raise Unreadable(f"{fault.message}. {fault.advice}") from fault
        if isinstance(path, Path):
            if path.is_dir():
                raise Unreadable("it is a directory")
            return path
        try:
            path.fs  # noqa: B018  # building the filesystem is what may fail
        except Exception as fault:
            raise Unreadable(
                f"its store cannot be set up ({describe(fault)}); install the Airflow provider of the store, and check"
                " the connection that the URI names"
            ) from fault
        return path


@contextmanager
def _read_errors(path: StoragePath) -> Iterator[None]:
    """What a filesystem raises becomes an error that names the path."""
    try:
        yield
    except PermissionError as fault:
        raise Unreadable("this worker's user may not read it") from fault
    except Unreadable:
        raise
    except Exception as fault:
        raise DestinationError(
            f"cannot read {uri_of(path)}: {describe(fault)}", kind=Kind.CONNECTION
        ) from fault


def key_of(link: str) -> str:
    """A digest of what the user wrote for a file, which may be long or hold a secret."""
    return hashlib.sha256(link.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def named_by(request: GenerationRequest, keys: Mapping[str, str]) -> GenerationRequest:
    """The request with its files named as an earlier try named them; nothing is read."""
    links = {link for _, _, link in numbered_links(request) if is_file(link)}
    return with_links(request, {link: keys[key] for link in links if (key := key_of(link)) in keys})


def has_files(request: GenerationRequest) -> bool:
    """Whether anything of the request must be brought to the vendor."""
    return any(is_file(link) for _, _, link in media_links(request))


def is_file(link: str) -> bool:
    """Whether a medium is a file that must be brought to the vendor: neither a link nor an asset."""
    return form_of(link) in (None, "data")


def numbered_links(request: GenerationRequest) -> Iterator[tuple[str, MediaKind, str]]:
    """Each medium of the request: its parameter with its index, what kind that takes, and what was given."""
    seen: dict[str, int] = {}
    for name, kind, link in media_links(request):
        index = seen[name] = seen.get(name, -1) + 1
        yield (f"{name}[{index}]" if name.endswith("s") else name), kind, link


def with_links(request: GenerationRequest, links: Mapping[str, str]) -> GenerationRequest:
    """The request with media replaced."""
    changes: dict[str, Any] = {}
    for name in MEDIA_FIELDS:
        given = getattr(request, name)
        if isinstance(given, tuple):
            changes[name] = tuple(links.get(link, link) for link in given)
        elif given is not None:
            changes[name] = links.get(given, given)
    return request.model_copy(update=changes)


def _sha256(raw: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := raw.read(CHUNK_SIZE):
        digest.update(chunk)
    return digest.hexdigest()


def _from_data(link: str) -> MediaFile:
    head, comma, data = link.partition(",")
    if not comma or not head.endswith(";base64"):
        raise Unreadable("must be data:<kind>/<format in lower case>;base64,<data>")
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise Unreadable("its data is not base64") from fault
    if not content:
        raise Unreadable("its data is empty; it must be data:<kind>/<format in lower case>;base64,<data>")
    digest = hashlib.sha256(content).hexdigest()
    info = probe(io.BytesIO(content), len(content))
    return MediaFile(digest, info, "a data: URI", None, lambda: io.BytesIO(content))


def _shown(link: str) -> str:
    return shorten(link, 40) if link.startswith("data:") else link
