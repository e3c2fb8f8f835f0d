"""Whether a video is black, frozen or silent, by figures that its manifest shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from airflow_provider_seedance.core.landing.manifest import Quality, QualityFlag
from airflow_provider_seedance.core.landing.samples import Samples
from airflow_provider_seedance.errors import QualityRejected

#: What to do about a video that differs from its order, or is black, frozen or silent.
OnQuality: TypeAlias = Literal["flag", "fail"]

#: Brightness, 0 to 255, up to which a pixel is black; and the share of black pixels from which a picture is.
BLACK_LUMA, BLACK_PIXELS = 25, 0.98
#: The mean difference of two pictures, 0 to 1, up to which nothing has moved between them.
STILL_DIFFERENCE = 0.001
#: The share of the looked-at pictures that must be black, or stand still, for the video to be.
FLAGGED_SHARE = 0.9
#: Decibels below full scale up to which a sound track is silent.
SILENT_DBFS = -60.0

_COMPARED_SIZE = (160, 90)
_LISTED = 20
_REMEDY = (
    "The file is in place, with its manifest, and is paid for. Watch it: to accept it, set on_quality='flag' and clear"
    " the task; to pay for another one, set on_clear='regenerate' on the task that generates it, and clear that one."
)


def measure(samples: Samples, *, audio_expected: bool | None) -> Quality:
    """The figures, and what they mean.

    :param audio_expected: whether the order was for sound; ``None`` if that is not known.
    """
    pictures = [picture.convert("L").resize(_COMPARED_SIZE) for picture in samples.pictures]
    black = _share([is_black(picture) for picture in pictures])
    frozen = _share([_is_still(a, b) for a, b in pairwise(pictures)])
    peak = samples.peak_dbfs
    flags: dict[QualityFlag, bool] = {
        "black": black is not None and black >= FLAGGED_SHARE,
        "frozen": frozen is not None and frozen >= FLAGGED_SHARE,
        "silent": peak is not None and peak <= SILENT_DBFS and audio_expected is not False,
    }
    return Quality(
        pictures=len(pictures),
        black=black,
        frozen=frozen,
        peak_dbfs=None if peak is None else round(peak, 1),
        flags=tuple(name for name, is_set in flags.items() if is_set),
    )


def is_black(picture: Any) -> bool:
    """Whether a Pillow image shows nothing."""
    histogram = picture.convert("L").histogram()
    return bool(sum(histogram[: BLACK_LUMA + 1]) >= BLACK_PIXELS * sum(histogram))


def _is_still(picture: Any, following: Any) -> bool:
    from PIL import ImageChops, ImageStat

    difference = ImageStat.Stat(ImageChops.difference(picture, following)).mean[0]
    return bool(difference / 255 <= STILL_DIFFERENCE)


def _share(answers: Sequence[bool]) -> float | None:
    return round(sum(answers) / len(answers), 3) if answers else None


def defects_of(manifest: Mapping[str, Any] | None) -> list[str]:
    """What is wrong with a landed video, in words: how it differs from its order, and the flags of its quality."""
    if not manifest:
        return []
    differing = [
        f"{item['field']} is {item['actual']} instead of {item['expected']}"
        for item in manifest.get("mismatches") or ()
    ]
    return [*differing, *((manifest.get("quality") or {}).get("flags") or ())]


def check_quality(manifest: Mapping[str, Any] | None, on_quality: OnQuality) -> None:
    """Refuse a landed video that is not as it should be.

    :raises QualityRejected: if ``on_quality`` is ``fail`` and there is something wrong with it. The file stays.
    """
    if on_quality == "fail" and manifest and (defects := defects_of(manifest)):
        source = manifest.get("source") or {}
        raise QualityRejected(
            f"the video at {manifest['uri']} is not as it should be: {', '.join(defects)}",
            vendor=source.get("vendor"),
            generation_id=source.get("generation_id"),
            advice=_REMEDY,
        )


def check_quality_of_rows(results: Sequence[Mapping[str, Any]], on_quality: OnQuality) -> None:
    """As :func:`check_quality`, for the results of all rows of a batch.

    :raises QualityRejected: naming the rows.
    """
    wrong = {result["row"]: defects for result in results if (defects := defects_of(result["manifest"]))}
    if on_quality == "fail" and wrong:
        named = [f"row {row}: {', '.join(wrong[row])}" for row in list(wrong)[:_LISTED]]
        if more := len(wrong) - len(named):
            named.append(f"and {more} more")
        raise QualityRejected(
            f"{len(wrong)} of {len(results)} videos are not as they should be: {'; '.join(named)}",
            advice=_REMEDY,
        )
