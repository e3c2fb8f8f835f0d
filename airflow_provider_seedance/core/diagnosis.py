"""What is at fault in a request: what a vendor's refusal or failure points at, and what is found before sending."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.core.redaction import MAX_TEXT, describe, redact, redact_values, shorten
from airflow_provider_seedance.core.request_fields import MEDIA_FIELDS

#: ``input``: what was sent is at fault. ``output``: what was made of it was rejected.
Stage = Literal["input", "output"]
Medium = Literal["text", "image", "video", "audio"]

#: The longest detail of an error, in characters.
MAX_DETAIL = 300
#: What is read of a message, in characters.
MAX_READ = 1_000_000


#: A field of a request, and the place in it: ``reference_images[2]``, ``reference_images.2``.
_FIELD = re.compile(r"([a-z_]{1,40})(?:\[([0-9]{1,3})\]|\.([0-9]{1,3})\b)?")


def medium_of(field: str | None) -> Medium | None:
    """The medium that a field of a request takes."""
    return "text" if field == "prompt" else cast("Medium | None", MEDIA_FIELDS.get(field or ""))


@dataclass(frozen=True)
class Problem:
    """One reason why a request is refused.

    :param value: what was given; a long one, or one with a secret in it, is kept as the text that is shown of it.
    """

    field: str
    value: Any
    reason: str

    def __post_init__(self) -> None:
        for name, kept in (
            ("field", shorten(redact(self.field), MAX_DETAIL)),
            ("value", _shown_value(self.value)),
            ("reason", shorten(redact(self.reason), MAX_TEXT)),
        ):
            object.__setattr__(self, name, kept)

    def __str__(self) -> str:
        return f"{self.field}={describe(self.value)}: {self.reason}"


@dataclass(frozen=True)
class Diagnosis:
    """What a refusal or a failure is about; ``None`` where it is about the account, or where the vendor does not say.

    :param field: the field of :class:`~airflow_provider_seedance.models.GenerationRequest` at fault.
    :param index: the place in ``field``, from 0, where that is a list.
    :param param: the vendor's own name of the parameter, such as ``content[2].image_url``.
    """

    stage: Stage | None = None
    medium: Medium | None = None
    field: str | None = None
    index: int | None = None
    param: str | None = None

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Diagnosis:
        """The diagnosis of a request that is refused before it is sent: the first of its problems counts."""
        found = _FIELD.match(problems[0].field) if problems else None
        if found is None:
            return cls("input")
        field, index = found.group(1), found.group(2) or found.group(3)
        return cls("input", medium_of(field), field, None if index is None else int(index))


def remedy_of(kind: Kind, diagnosis: Diagnosis) -> str:
    """What to do about a vendor's refusal or a failure: the usual advice for the kind, or a more exact one."""
    if kind is Kind.MODERATION and diagnosis.stage == "output":
        return "Change the prompt or the reference media, or generate it again: the same request may pass."
    if diagnosis.stage == "input" and diagnosis.field:
        place = diagnosis.field if diagnosis.index is None else f"{diagnosis.field}[{diagnosis.index}]"
        what = "the prompt" if place == "prompt" else place
        return f"Change {what}; repeating the request unchanged cannot succeed."
    return kind.traits.advice


def _shown_value(value: Any) -> Any:
    """``value`` itself if an error may hold it, else a text that describes it."""
    if value is None or isinstance(value, (bool, float)):
        return value
    shown = describe(value, MAX_TEXT)
    if len(shown) < MAX_TEXT and not shown.startswith("<") and redact_values(value) == value:
        return value
    return redact(value[:MAX_READ])[:MAX_TEXT] if isinstance(value, str) else shown
