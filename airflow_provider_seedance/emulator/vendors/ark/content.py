"""The ``content`` array of a request: its parts, the roles of the media, and the mode that follows from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_seedance.emulator.vendors.ark.models import ArkModel

KINDS = {"image_url": "image", "video_url": "video", "audio_url": "audio"}
MODE_ABBREVIATIONS = {
    "text": "t2v",
    "first_frame": "i2v",
    "first_last_frame": "i2v",
    "reference": "r2v",
    "draft_final": "r2v",
}

_TYPES = "`text`, `image_url`, `audio_url`, `video_url`"
_IMAGE_ROLES = ("first_frame", "last_frame", "reference_image")


class ArkError(Exception):
    """An error with Ark's code and message; ``param`` is the field that it is about."""

    def __init__(self, code: str, message: str, param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def refused_by_filter(content: list[Any], medium: str) -> ArkError:
    """The filter's refusal of the first part of that medium."""
    kind = "text" if medium == "text" else f"{medium}_url"
    place = next((number for number, part in enumerate(content) if part.get("type") == kind), None)
    named = medium if place is None else f"{medium} 'content[{place}]'"
    return ArkError(
        f"Input{medium.capitalize()}SensitiveContentDetected",
        f"The request failed because the input {named} may contain sensitive information.",
    )


@dataclass(frozen=True)
class Part:
    """One medium of the array."""

    index: int
    field: str
    url: str
    role: str

    @property
    def kind(self) -> str:
        """image, video or audio."""
        return KINDS[self.field]


@dataclass
class Content:
    """The parsed array."""

    prompt: str = ""
    parts: list[Part] = field(default_factory=list)
    draft_id: str | None = None
    mode: str = "text"

    def of_kind(self, kind: str) -> list[Part]:
        """All media of one kind."""
        return [part for part in self.parts if part.kind == kind]


def invalid(text: str, *, at: str = "content") -> ArkError:
    """The error about an invalid parameter, which is named ``at``."""
    return ArkError(
        "InvalidParameter", f"The parameter `{at}` specified in the request is not valid: {text}", at
    )


def parse_content(items: Any) -> Content:
    """Parse the array; raises ArkError if a part has the wrong type or form."""
    if not isinstance(items, list) or not items:
        raise invalid("content must be a non-empty array.")
    content = Content()
    texts = []
    for index, item in enumerate(items):
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == "text":
            if not isinstance(item.get("text"), str):
                raise invalid("expected a string.", at=f"content[{index}].text")
            texts.append(item["text"])
        elif kind in KINDS:
            content.parts.append(_parse_part(index, item, kind))
        elif kind == "draft_task":
            draft = item.get("draft_task")
            content.draft_id = str(draft.get("id")) if isinstance(draft, dict) else ""
        else:
            raise invalid(f"supported values are: {_TYPES}.", at=f"content[{index}].type")
    content.prompt = "\n".join(texts)
    content.mode = _mode(content, len(items))
    return content


def _parse_part(index: int, item: dict[str, Any], kind: str) -> Part:
    holder = item.get(kind)
    url = holder.get("url") if isinstance(holder, dict) else None
    if not isinstance(url, str) or not url:
        raise invalid("expected an object with a url.", at=f"content[{index}].{kind}")
    return Part(index, kind, url, str(item.get("role") or ""))


def _mode(content: Content, length: int) -> str:
    """The mode that follows from the roles; raises ArkError for roles that cannot be combined."""
    if content.draft_id is not None:
        if length > 1:
            raise invalid("draft_task content cannot be mixed with other contents.")
        return "draft_final"
    images = content.of_kind("image")
    for part in content.parts:
        _check_role(part, alone=len(images) == 1)
    roles = [part.role or "first_frame" for part in images]
    firsts, lasts = roles.count("first_frame"), roles.count("last_frame")
    has_references = "reference_image" in roles or len(content.parts) > len(images)
    if (firsts or lasts) and has_references:
        raise invalid("first/last frame content cannot be mixed with reference media content.")
    for count, name in ((firsts, "first"), (lasts, "last")):
        if count > 1:
            raise invalid(f"expected at most one {name} frame image content but got {count} instead.")
    if lasts and not firsts:
        raise invalid("last frame image content requires a first frame image content.")
    if has_references:
        return "reference"
    if lasts:
        return "first_last_frame"
    if firsts:
        return "first_frame"
    if not content.prompt.strip():
        raise ArkError(
            "MissingParameter", "The request failed because it is missing the text content.", "content"
        )
    return "text"


def _check_role(part: Part, *, alone: bool) -> None:
    if part.kind == "image":
        if not part.role and not alone:
            raise invalid("role must be specified for image contents.")
        if part.role and part.role not in _IMAGE_ROLES:
            raise invalid("invalid role specified for image content.")
    elif part.role != f"reference_{part.kind}":
        raise invalid(f"reference media mode requires {part.kind} role to be reference_{part.kind}.")


def check_mode_and_counts(content: Content, model: ArkModel) -> None:
    """Raise ArkError unless the model has the mode and takes that many references."""
    if content.mode not in model.modes:
        text = f"the content specified in the request is not valid for model {model.undated}"
        raise ArkError("InvalidParameter", f"{text} in {MODE_ABBREVIATIONS[content.mode]}", "content")
    if content.mode != "reference":
        return
    for kind, most in zip(("image", "video", "audio"), model.references, strict=True):
        count = len(content.of_kind(kind))
        if count > most:
            raise invalid(f"expected at most {most} reference {kind} contents but got {count} instead.")
    if model.family != "2.5" and not content.of_kind("image") and not content.of_kind("video"):
        raise invalid("reference audio content requires at least one reference image or video content.")
