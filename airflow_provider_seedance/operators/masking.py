"""Keeping signed links out of the rendered-fields table, the UI and the logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit


def signed_links(value: Any) -> Iterator[str]:
    """Every http(s) link with a query inside ``value``, however deep in lists and dicts."""
    if isinstance(value, str):
        if value.startswith(("https://", "http://")) and urlsplit(value).query:
            yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from signed_links(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from signed_links(item)


class MasksSignedLinks:
    """For operators that take links: each one given to a template field becomes a masked secret.

    Airflow stores rendered fields right after rendering and redacts them with the secrets known by then; setting the
    field is the one moment that comes before, for mapped tasks too.
    """

    template_fields: Any

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).template_fields:
            for link in signed_links(value):
                from airflow.sdk.log import mask_secret

                mask_secret(link)
        super().__setattr__(name, value)
