"""The media of a request: finding them, checking them against Ark's limits, and values that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from airflow_provider_seedance.emulator.media.inputs import UNKNOWN_VIDEO_SECONDS, BadMedia, Media, Picture
from airflow_provider_seedance.emulator.vendors.ark.content import (
    MODE_ABBREVIATIONS,
    ArkError,
    Content,
    Part,
    invalid,
)
from airflow_provider_seedance.emulator.vendors.ark.models import ArkModel

_MAX_SECONDS = {"2.0": 15.2, "2.5": 30.2}
_MAX_MEGABYTES = {"image": 30, "video": 50, "audio": 15}
_MAX_VIDEO_PIXELS = {"2.0": 2_086_876, "2.5": 8_295_044}


def load_media(
    content: Content, model: ArkModel, find: Callable[[str, str], Media], asset: Callable[[Part], Media]
) -> dict[int, Media]:
    """Find and check all media; the result has them by their index in the array.

    ``find`` finds a medium by its URL, and ``asset`` finds one of the asset library.
    """
    found = {}
    for part in content.parts:
        if part.url.lower().startswith("asset://"):
            found[part.index] = asset(part)
            continue
        if part.kind == "video" and part.url.startswith("data:"):
            raise invalid("reference_video must be provided as a web url.")
        try:
            found[part.index] = find(part.url, part.kind)
        except BadMedia as bad:
            code = (
                "InvalidImageURL.InvalidFormat" if bad.reason == "format" and part.kind == "image" else None
            )
            error = invalid(f"{bad}.", at=f"content[{part.index}].{part.field}")
            raise ArkError(code or error.code, str(error), error.param) from bad
    for part in content.parts:
        _check_limits(part, found[part.index], content, model)
    _check_total_length(content, found, model)
    return found


def _check_limits(part: Part, media: Media, content: Content, model: ArkModel) -> None:
    """Raise ArkError if one file exceeds a limit, as far as the file is known."""
    at = f"content[{part.index}]"
    most_seconds = _MAX_SECONDS.get(model.family, 15.2)
    limits: list[tuple[str, float | None, float, float]] = [
        ("width (px)", media.width, 300, 6000),
        ("height (px)", media.height, 300, 6000),
        ("aspect ratio", media.aspect, 0.4, 2.5),
        ("size (MB)", media.length and media.length / 1e6, 0, _MAX_MEGABYTES[part.kind]),
        ("duration (seconds)", media.seconds, 1.8, most_seconds),
        ("fps", media.fps, 23.8, 60),
    ]
    if part.kind == "video" and media.width and media.height:
        most_pixels = _MAX_VIDEO_PIXELS.get(model.family, 2_086_876)
        limits.append(("pixel count", media.width * media.height, 409_600, most_pixels))
    for name, value, least, most in limits:
        if value is not None and not least <= value <= most:
            word, bound = ("greater", least) if value < least else ("less", most)
            text = (
                f"the parameter {part.kind} {name} specified in the request must be {word} than or equal to"
            )
            raise invalid(
                f"{text} {bound} for model {model.undated} in {MODE_ABBREVIATIONS[content.mode]}.", at=at
            )


def _check_total_length(content: Content, found: dict[int, Media], model: ArkModel) -> None:
    most = _MAX_SECONDS.get(model.family, 15.2)
    for kind in ("video", "audio"):
        total = sum(found[part.index].seconds or 0 for part in content.of_kind(kind))
        if total > most:
            text = f"the parameter total {kind} duration (seconds) specified in the request must be less than"
            raise invalid(
                f"{text} or equal to {most} for model {model.undated} in {MODE_ABBREVIATIONS[content.mode]}."
            )


def input_seconds(content: Content, found: Mapping[int, Media]) -> float:
    """The billed length of the reference videos."""
    videos = (found[part.index].seconds for part in content.of_kind("video"))
    return sum(UNKNOWN_VIDEO_SECONDS if seconds is None else round(seconds) for seconds in videos)


def pictures(content: Content, media: Mapping[int, Media]) -> tuple[Picture, ...]:
    """The images that are shown in the video."""
    return tuple(
        Picture(part.role or "first_frame", load)
        for part in content.of_kind("image")
        if (load := media[part.index].load) is not None
    )


def first_aspect(content: Content, media: Mapping[int, Media]) -> float | None:
    """The aspect ratio of the first video, else of the first image; None if there is neither."""
    parts = content.of_kind("video") + content.of_kind("image")
    return media[parts[0].index].aspect if parts else None
