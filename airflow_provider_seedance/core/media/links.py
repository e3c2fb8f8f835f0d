"""Links of a request, fetched to be measured like files: only where the user asks for it."""

from __future__ import annotations

import tempfile

from airflow_provider_seedance.core.client.http import SeedanceClient
from airflow_provider_seedance.core.media.probe import MediaInfo, Unreadable, probe
from airflow_provider_seedance.errors import LinkDead, LinkRefused, VideoTooLarge


def probe_link(client: SeedanceClient, url: str) -> MediaInfo:
    """What the file behind a link is. It is fetched without the key, from public addresses, into a temporary file.

    :raises Unreadable: if there is none, it is too large, or broken.
    :raises SeedanceError: if its host does not answer; trying again may help.
    """
    with tempfile.TemporaryFile(prefix="seedance-") as file:
        try:
            with client.open(url) as stream:
                for chunk in stream.chunks:
                    file.write(chunk)
        except (LinkDead, LinkRefused, VideoTooLarge) as fault:
            raise Unreadable(f"it cannot be fetched: {fault.message}") from fault
        return probe(file, file.tell())
