"""Files held against what a vendor takes, before anything costs money."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.catalog.alternatives import media_limits_elsewhere
from airflow_provider_seedance.core.catalog.schema import Bounds, MediaKind, MediaLimits, Quantity
from airflow_provider_seedance.core.media.content import RequestMedia, numbered_links
from airflow_provider_seedance.core.media.probe import MediaInfo
from airflow_provider_seedance.core.redaction import describe
from airflow_provider_seedance.errors import Problem, RequestInvalid

log = logging.getLogger(__name__)

_UNITS: dict[Quantity, tuple[str, str]] = {
    "bytes": ("size", " bytes"),
    "side": ("width and height", " pixels"),
    "ratio": ("width divided by height", ""),
    "pixels": ("area", " pixels a frame"),
    "seconds": ("duration", " seconds"),
    "total_seconds": ("duration of all together", " seconds"),
    "fps": ("frame rate", " frames a second"),
}


#: A place in the request, what it takes, what messages call the medium, and what is known of it.
Placed = tuple[str, MediaKind, str, MediaInfo]


def check_media(catalog: Catalog, media: RequestMedia, links: Mapping[str, MediaInfo] | None = None) -> None:
    """Refuse what the catalog knows that the vendor refuses; say in one log line what could not be checked.

    :param links: what is known of the request's links, where they were fetched.
    :raises RequestInvalid: naming each parameter with its index, its file, the limit, what was measured, and who
        takes it.
    """
    limits, placed = catalog.media_limits(media.request), list(_placed(media, links or {}))
    found = list(_problems(catalog.vendor, media.request.model, placed, limits))
    if found:
        raise RequestInvalid(found, vendor=catalog.vendor, model=media.request.model)
    if unchecked := list(_unchecked(placed, limits)):
        log.warning(
            "Not checked: %s. Install airflow-provider-seedance[media] to check more before paying.",
            "; ".join(unchecked),
        )


def _placed(media: RequestMedia, links: Mapping[str, MediaInfo]) -> Iterator[Placed]:
    for place, kind, link in numbered_links(media.request):
        if link in media.files:
            yield place, kind, media.files[link].name, media.files[link].info
        elif link in links:
            yield place, kind, link, links[link]


def _problems(
    vendor: str, model: str, placed: Sequence[Placed], limits: Mapping[MediaKind, MediaLimits]
) -> Iterator[Problem]:
    for place, kind, name, info in placed:
        for reason in faults(info, kind, limits.get(kind)):
            yield Problem(place, name, f"{vendor} {reason}{_takers(vendor, model, kind, info)}")
    for kind, of_kind in limits.items():
        infos = {place: info for place, of, _, info in placed if of == kind}
        if (bounds := of_kind.bounds.get("total_seconds")) and len(infos) > 1:
            total = sum(info.seconds or 0.0 for info in infos.values())
            if not bounds.hold(total):
                yield Problem(", ".join(infos), f"{total:g} s", f"{vendor} {_limit('total_seconds', bounds)}")


def faults(info: MediaInfo, kind: str, limits: MediaLimits | None) -> Iterator[str]:
    """What is wrong with a file, as a clause that follows the vendor's name."""
    if info.kind != kind:
        what = f"a {info.kind} ({info.format})" if info.kind else "no image, video or sound that is known"
        yield f"needs a file of the kind {kind} here, and by its content this is {what}"
        return
    if limits is None:
        return
    if limits.formats and info.format not in limits.formats:
        yield f"takes {kind} files as {', '.join(limits.formats)}, and this is {info.format}"
    for name, known, allowed in (
        ("picture", info.video_codec, limits.video_codecs),
        ("sound", info.audio_codec, limits.audio_codecs),
    ):
        if known and allowed and known not in allowed:
            yield f"takes the {name} of a {kind} as {' or '.join(allowed)}, and this is {known}"
    for quantity, bounds in limits.bounds.items():
        for value in measured(info, quantity):
            if not bounds.hold(value):
                yield f"{_limit(quantity, bounds)}, and this file has {value:.10g}"
                break


def fits(info: MediaInfo, kind: str, limits: MediaLimits | None) -> bool:
    """Whether a file is within the limits, as far as it is measured."""
    return not any(faults(info, kind, limits))


def measured(info: MediaInfo, quantity: Quantity) -> Iterator[float]:
    """The values of a quantity that are known of a file."""
    width, height = info.width, info.height
    values: dict[Quantity, Iterable[float | None]] = {
        "bytes": (info.bytes,),
        "side": (width, height),
        "ratio": (width / height if width and height else None,),
        "pixels": (width * height if width and height else None,),
        "seconds": (info.seconds,),
        "fps": (info.fps,),
    }
    return (value for value in values.get(quantity, ()) if value is not None)


def _limit(quantity: Quantity, bounds: Bounds) -> str:
    name, unit = _UNITS[quantity]
    least = f"at least {bounds.min:.10g}" if bounds.min is not None else ""
    most = f"at most {bounds.max:.10g}" if bounds.max is not None else ""
    return f"takes a {name} of {' and '.join(filter(None, (least, most)))}{unit}"


def _takers(vendor: str, model: str, kind: MediaKind, info: MediaInfo) -> str:
    """Which other models and vendors take a file, as a clause."""
    takers = [
        name for name, limits in media_limits_elsewhere(vendor, model, kind) if fits(info, kind, limits)
    ]
    return f"; {', '.join(takers)} would take it" if takers else "; no vendor is known to take it"


def _unchecked(placed: Sequence[Placed], limits: Mapping[MediaKind, MediaLimits]) -> Iterator[str]:
    for place, kind, name, info in placed:
        bounds = limits[kind].bounds if kind in limits else {}
        names = [_UNITS[quantity][0] for quantity in info.unmeasured if quantity in bounds]
        if names:
            yield f"{' and '.join(names)} of {place}={describe(name)}"
