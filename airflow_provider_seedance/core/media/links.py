"""Links of a request, fetched to be measured like files: only where the user asks for it."""

from __future__ import annotations

import hashlib
import tempfile

from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.media.probe import MediaInfo, Unreadable, probe
from airflow_provider_seedance.errors import LinkDead, LinkRefused, VideoTooLarge


def probe_link(client: SeedanceClient, url: str) -> MediaInfo:
    """What the file behind a link is; see :func:`read_link`."""
    return read_link(client, url)[1]


def read_link(client: SeedanceClient, url: str) -> tuple[str, MediaInfo]:
    """The SHA-256 of the file behind a link, and what it is.

    It is fetched without the key, from public addresses, into a temporary file.

    :raises Unreadable: if there is none, it is too large, or broken.
    :raises SeedanceError: if its host does not answer; trying again may help.
    """
    digest = hashlib.sha256()
    with tempfile.TemporaryFile(prefix="seedance-") as file:
        try:
            with client.open(url) as stream:
                for chunk in stream.chunks:
                    digest.update(chunk)
                    file.write(chunk)
        except (LinkDead, LinkRefused, VideoTooLarge) as fault:
            raise Unreadable(f"it cannot be fetched: {fault.message}") from fault
        return digest.hexdigest(), probe(file, file.tell())
