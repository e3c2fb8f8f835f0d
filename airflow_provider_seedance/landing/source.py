"""Where the bytes come from: what landing asks of an HTTP client, and no more."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from airflow_provider_seedance.client.media import MediaStream


class MediaSource(Protocol):
    """Opens result links, without any credentials of the vendor."""

    def open(self, url: str) -> AbstractContextManager[MediaStream]:
        """The bytes behind ``url``.

        :raises LinkDead: for HTTP 401, 403, 404 and 410.
        :raises VendorUnavailable: for any other refusal.
        :raises NotSent: if no connection was made.
        :raises NoReply: if the connection broke, also between two chunks.
        """
