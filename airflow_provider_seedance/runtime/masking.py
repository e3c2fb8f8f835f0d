"""Mask result links and signed links, so that the rendered-fields table, the UI and the logs do not show them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

#: The keys of an operator's result that hold links: whoever knows one can fetch the file, signed or not.
RESULT_LINK_KEYS = ("video_url", "last_frame_url")


def bearer_links(value: Any, *, is_result: bool = False) -> Iterator[str]:
    """Every http(s) link inside ``value`` by which anybody can fetch a file, however deep in lists and dicts.

    :param is_result: ``value`` comes from a generation's result, so each link counts; else only one with a query.
    """
    if isinstance(value, str):
        if value.startswith(("https://", "http://")) and (is_result or "?" in value):
            yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from bearer_links(item, is_result=is_result or key in RESULT_LINK_KEYS)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from bearer_links(item, is_result=is_result)


class MaskedText:
    """A text that Airflow stores and shows with its secrets redacted, and does not render again.

    :param text: the whole text, for the operator that uses it.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def serialize(self) -> str:
        """The redacted text, which Airflow stores among the rendered fields."""
        from airflow_provider_seedance.errors import redact

        return redact(self.text)

    __repr__ = serialize


def mask_texts(value: Any) -> Any:
    """``value`` with a :class:`MaskedText` for each text that holds a signed link or inline media and is no template.

    For fields with thousands of links: each masked secret is one more pattern that every log line is searched for.
    """
    if isinstance(value, str):
        from airflow_provider_seedance.errors import redact

        has_secret = ("://" in value or "data:" in value) and redact(value) != value
        return MaskedText(value) if has_secret and "{{" not in value and "{%" not in value else value
    if isinstance(value, Mapping):
        return {key: mask_texts(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [mask_texts(item) for item in value]
    return value


def unmask(value: Any) -> Any:
    """The value that was given to :func:`mask_texts`."""
    if isinstance(value, MaskedText):
        return value.text
    if isinstance(value, dict):
        return {key: unmask(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unmask(item) for item in value]
    return value


class SignedLinkMaskingMixin:
    """For operators that take links: each bearer link that is set on a template field becomes a masked secret.

    Airflow stores rendered fields right after rendering and redacts them with the secrets known by then. Setting the
    field is the one moment before that, for mapped tasks too.
    """

    template_fields: Any
    #: Template fields that hold :class:`MaskedText` instead, since they may have thousands of links; read them with
    #: :func:`unmask`.
    masked_fields: frozenset[str] = frozenset()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.masked_fields:
            value = mask_texts(value)
        elif name in type(self).template_fields:
            template = str(getattr(self, name, ""))
            for link in bearer_links(value, is_result=any(word in template for word in RESULT_LINK_KEYS)):
                from airflow.sdk.log import mask_secret

                mask_secret(link)
        super().__setattr__(name, value)
