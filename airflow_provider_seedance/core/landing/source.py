"""Where the bytes come from: what landing asks of an HTTP client, and no more."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from airflow_provider_seedance.core.client.download import MediaStream


class MediaSource(Protocol):
    """Opens result links, without any credentials of the vendor."""

    def open(
        self, url: str, *, start: int = 0, etag: str | None = None
    ) -> AbstractContextManager[MediaStream]:
        """The bytes behind ``url``, from ``start`` on if the host can do that, else from the beginning.

        :param etag: the strong entity tag of the file that is to go on; of another the beginning comes.
        :raises LinkDead: for HTTP 401, 403, 404 and 410.
        :raises ResumeRefused: if the host answers neither with the beginning nor with what was asked for.
        :raises VendorUnavailable: for any other refusal.
        :raises NotSent: if no connection was made.
        :raises NoReply: if the connection broke, also between two chunks.
        """
