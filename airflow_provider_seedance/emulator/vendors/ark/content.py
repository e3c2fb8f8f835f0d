"""The ``content`` array of Ark: its parts, the roles of the media, and the mode they add up to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_seedance.emulator.media.inputs import UNKNOWN_VIDEO_SECONDS, BadMedia, Media
from airflow_provider_seedance.emulator.media.sizes import RATIOS
from airflow_provider_seedance.emulator.vendors.ark.models import ArkModel

KINDS = {"image_url": "image", "video_url": "video", "audio_url": "audio"}
SHORT_MODE = {
    "text": "t2v",
    "first_frame": "i2v",
    "first_last_frame": "i2v",
    "reference": "r2v",
    "draft_final": "r2v",
}

_TYPES = "`text`, `image_url`, `audio_url`, `video_url`"
_IMAGE_ROLES = ("first_frame", "last_frame", "reference_image")
_LONGEST_SECONDS = {"2.0": 15.2, "2.5": 30.2}
_MOST_MEGABYTES = {"image": 30, "video": 50, "audio": 15}
_MOST_VIDEO_PIXELS = {"2.0": 2_086_876, "2.5": 8_295_044}


class ArkError(Exception):
    """A code of Ark's, its sentence and the field it is about."""

    def __init__(self, code: str, message: str, param: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.param = param


@dataclass(frozen=True)
class Part:
    """One medium of the content array."""

    place: int
    field: str
    url: str
    role: str

    @property
    def kind(self) -> str:
        """image, video or audio."""
        return KINDS[self.field]


@dataclass
class Content:
    """The array, read."""

    prompt: str = ""
    parts: list[Part] = field(default_factory=list)
    draft_id: str | None = None
    mode: str = "text"

    def of_kind(self, kind: str) -> list[Part]:
        """All media of one kind."""
        return [part for part in self.parts if part.kind == kind]


def invalid(text: str, *, at: str = "content") -> ArkError:
    """Ark's usual sentence about a parameter."""
    return ArkError(
        "InvalidParameter", f"The parameter `{at}` specified in the request is not valid: {text}", at
    )


def read_content(items: Any) -> Content:
    """Types and shapes of the parts."""
    if not isinstance(items, list) or not items:
        raise invalid("content must be a non-empty array.")
    content = Content()
    texts = []
    for place, item in enumerate(items):
        kind = item.get("type") if isinstance(item, dict) else None
        if kind == "text":
            if not isinstance(item.get("text"), str):
                raise invalid("expected a string.", at=f"content[{place}].text")
            texts.append(item["text"])
        elif kind in KINDS:
            content.parts.append(_read_part(place, item, kind))
        elif kind == "draft_task":
            draft = item.get("draft_task")
            content.draft_id = str(draft.get("id")) if isinstance(draft, dict) else ""
        else:
            raise invalid(f"supported values are: {_TYPES}.", at=f"content[{place}].type")
    content.prompt = "\n".join(texts)
    content.mode = _mode(content, len(items))
    return content


def _read_part(place: int, item: dict[str, Any], kind: str) -> Part:
    holder = item.get(kind)
    url = holder.get("url") if isinstance(holder, dict) else None
    if not isinstance(url, str) or not url:
        raise invalid("expected an object with a url.", at=f"content[{place}].{kind}")
    return Part(place, kind, url, str(item.get("role") or ""))


def _mode(content: Content, length: int) -> str:
    """The mode that the roles add up to; mixtures are refused."""
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


def check_counts(content: Content, model: ArkModel) -> None:
    """Does the model have this mode, and does it take so many references?"""
    if content.mode not in model.modes:
        text = f"the content specified in the request is not valid for model {model.undated}"
        raise ArkError("InvalidParameter", f"{text} in {SHORT_MODE[content.mode]}", "content")
    if content.mode != "reference":
        return
    for kind, most in zip(("image", "video", "audio"), model.references, strict=True):
        count = len(content.of_kind(kind))
        if count > most:
            raise invalid(f"expected at most {most} reference {kind} contents but got {count} instead.")
    if model.family != "2.5" and not content.of_kind("image") and not content.of_kind("video"):
        raise invalid("reference audio content requires at least one reference image or video content.")


def fetch_media(
    content: Content, model: ArkModel, find: Callable[[str, str], Media], asset: Callable[[Part], Media]
) -> dict[int, Media]:
    """Look at every medium; the answer is keyed by its place in the array."""
    found = {}
    for part in content.parts:
        if part.url.lower().startswith("asset://"):
            found[part.place] = asset(part)
            continue
        if part.kind == "video" and part.url.startswith("data:"):
            raise invalid("reference_video must be provided as a web url.")
        try:
            found[part.place] = find(part.url, part.kind)
        except BadMedia as bad:
            code = (
                "InvalidImageURL.InvalidFormat" if bad.reason == "format" and part.kind == "image" else None
            )
            error = invalid(f"{bad}.", at=f"content[{part.place}].{part.field}")
            raise ArkError(code or error.code, str(error), error.param) from bad
    for part in content.parts:
        _check_limits(part, found[part.place], content, model)
    _check_total(content, found, model)
    return found


def _check_limits(part: Part, media: Media, content: Content, model: ArkModel) -> None:
    """Limits of one file, as far as it is known."""
    at = f"content[{part.place}]"
    most_seconds = _LONGEST_SECONDS.get(model.family, 15.2)
    limits: list[tuple[str, float | None, float, float]] = [
        ("width (px)", media.width, 300, 6000),
        ("height (px)", media.height, 300, 6000),
        ("aspect ratio", media.aspect, 0.4, 2.5),
        ("size (MB)", media.length and media.length / 1e6, 0, _MOST_MEGABYTES[part.kind]),
        ("duration (seconds)", media.seconds, 1.8, most_seconds),
        ("fps", media.fps, 23.8, 60),
    ]
    if part.kind == "video" and media.width and media.height:
        most_pixels = _MOST_VIDEO_PIXELS.get(model.family, 2_086_876)
        limits.append(("pixel count", media.width * media.height, 409_600, most_pixels))
    for name, value, least, most in limits:
        if value is not None and not least <= value <= most:
            word, bound = ("greater", least) if value < least else ("less", most)
            text = (
                f"the parameter {part.kind} {name} specified in the request must be {word} than or equal to"
            )
            raise invalid(f"{text} {bound} for model {model.undated} in {SHORT_MODE[content.mode]}.", at=at)


def _check_total(content: Content, found: dict[int, Media], model: ArkModel) -> None:
    most = _LONGEST_SECONDS.get(model.family, 15.2)
    for kind in ("video", "audio"):
        total = sum(found[part.place].seconds or 0 for part in content.of_kind(kind))
        if total > most:
            text = f"the parameter total {kind} duration (seconds) specified in the request must be less than"
            raise invalid(
                f"{text} or equal to {most} for model {model.undated} in {SHORT_MODE[content.mode]}."
            )


def input_seconds(content: Content, found: dict[int, Media]) -> float:
    """Billed length of the reference videos."""
    videos = (found[part.place].seconds for part in content.of_kind("video"))
    return sum(UNKNOWN_VIDEO_SECONDS if seconds is None else round(seconds) for seconds in videos)


_FLAG = re.compile(r"\s--([a-z]+)\s+(\S+)")
_FLAGS = {
    "rs": "resolution", "resolution": "resolution", "rt": "ratio", "ratio": "ratio", "dur": "duration",
    "duration": "duration", "frames": "frames", "seed": "seed", "cf": "camera_fixed", "camerafixed": "camera_fixed",
    "wm": "watermark", "watermark": "watermark",
}  # fmt: skip


_IS_GOOD: dict[str, Callable[[Any], bool]] = {
    "ratio": lambda value: value in ("adaptive", *RATIOS),
    "frames": lambda value: value in range(29, 290, 4),
    "seed": lambda value: type(value) is int,
    "camera_fixed": lambda value: type(value) is bool,
    "watermark": lambda value: type(value) is bool,
}


def flags_in(prompt: str) -> tuple[str, dict[str, Any]]:
    """The old way to give parameters (``--rs 720p --dur 5``): the prompt without them, and their values.

    Wrong values are ignored, but for resolution and duration, which are checked like the fields.
    """
    values: dict[str, Any] = {}
    for flag, word in _FLAG.findall(prompt):
        name, value = _FLAGS.get(flag, ""), _flag_value(word)
        if name and _IS_GOOD.get(name, lambda _: True)(value):
            values[name] = value
    return _FLAG.sub(lambda match: "" if match[1] in _FLAGS else match[0], prompt), values


def _flag_value(word: str) -> Any:
    if word in ("true", "false"):
        return word == "true"
    try:
        return int(word)
    except ValueError:
        return word
