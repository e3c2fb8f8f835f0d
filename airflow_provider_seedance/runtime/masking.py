"""Keeping result links and signed links out of the rendered-fields table, the UI and the logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: Where an operator's result has its links: whoever knows one can fetch the file, signed or not.
RESULT_LINKS = ("video_url", "last_frame_url")


def bearer_links(value: Any, *, is_result: bool = False) -> Iterator[str]:
    """Every http(s) link inside ``value`` that opens something, however deep in lists and dicts.

    :param is_result: ``value`` comes from a generation's result; else only links with a query count.
    """
    if isinstance(value, str):
        if value.startswith(("https://", "http://")) and (is_result or "?" in value):
            yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from bearer_links(item, is_result=is_result or key in RESULT_LINKS)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from bearer_links(item, is_result=is_result)


class MaskedText:
    """A text that Airflow stores and shows without what it opens, and does not render again."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def serialize(self) -> str:
        """What Airflow stores among the rendered fields."""
        from airflow_provider_seedance.errors import redact

        return redact(self.text)

    __repr__ = serialize


def mask_texts(value: Any) -> Any:
    """``value`` with each text in it that holds a signed link or inline media concealed, unless it is a template.

    For fields with thousands of links: a masked secret is one pattern more that every log line is searched for.
    """
    if isinstance(value, str):
        from airflow_provider_seedance.errors import redact

        opens = ("://" in value or "data:" in value) and redact(value) != value
        return MaskedText(value) if opens and "{{" not in value and "{%" not in value else value
    if isinstance(value, Mapping):
        return {key: mask_texts(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_texts(item) for item in value]
    return value


def unmask(value: Any) -> Any:
    """What was given to :func:`concealed`."""
    if isinstance(value, MaskedText):
        return value.text
    if isinstance(value, dict):
        return {key: unmask(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unmask(item) for item in value]
    return value


class SignedLinkMaskingMixin:
    """For operators that take links: each one given to a template field becomes a masked secret.

    Airflow stores rendered fields right after rendering and redacts them with the secrets known by then; setting the
    field is the one moment that comes before, for mapped tasks too.
    """

    template_fields: Any
    #: Template fields that are concealed instead, for they may hold thousands of links; read with :func:`revealed`.
    masked_fields: frozenset[str] = frozenset()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.masked_fields:
            value = mask_texts(value)
        elif name in type(self).template_fields:
            template = str(getattr(self, name, ""))
            for link in bearer_links(value, is_result=any(word in template for word in RESULT_LINKS)):
                from airflow.sdk.log import mask_secret

                mask_secret(link)
        super().__setattr__(name, value)
