"""The attributes of a request for one model, given or default, and the conditions that they match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from airflow_provider_seedance.core.catalog.schema import (
    Condition,
    FieldSpec,
    Form,
    MediaKind,
    OptionName,
    Row,
)
from airflow_provider_seedance.models import GenerationRequest

OPTION_NAMES: tuple[OptionName, ...] = get_args(OptionName)

Attributes = Mapping[str, Any]

_FORM_BY_PREFIX: dict[str, Form] = {"data:": "data", "asset://": "asset", "sha256:": "content"}


def attributes_of(request: GenerationRequest, row: Row | None, region: str) -> Attributes:
    """All that conditions may ask about; what is neither given nor known is ``None``.

    Without a row, only what was given is known.
    """
    found: dict[str, Any] = {
        **request.vendor_options,
        "mode": request.mode.value,
        "forms": tuple(form_of(link) for _, _, link in media_links(request)),
        "video_input": bool(request.reference_videos),
    }
    for name in OPTION_NAMES:
        value = getattr(request, name)
        spec = row.options.get(name) if row else None
        if value is None and spec:
            value = _default(spec, found, region)
        found[name] = value
    return found


def available(spec: FieldSpec, mode: str, region: str) -> bool:
    """Whether the field exists for this mode and region."""
    return (spec.modes is None or mode in spec.modes) and (spec.regions is None or region in spec.regions)


def matches(condition: Condition, attributes: Attributes, *, unknown: bool = False) -> bool:
    """Whether the attributes meet every condition; ``unknown`` is the answer for an attribute that is not known."""
    return all(_matches_any(attributes.get(name), wanted, unknown) for name, wanted in condition.items())


def media_links(request: GenerationRequest) -> Iterator[tuple[str, MediaKind, str]]:
    """Each medium of the request: its field, its kind and its link."""
    if request.first_frame:
        yield "first_frame", "image", request.first_frame
    if request.last_frame:
        yield "last_frame", "image", request.last_frame
    for link in request.reference_images:
        yield "reference_images", "image", link
    for link in request.reference_videos:
        yield "reference_videos", "video", link
    for link in request.reference_audios:
        yield "reference_audios", "audio", link


def form_of(link: str) -> Form | None:
    """How the medium is given, or ``None`` for what is no link at all, such as a local path."""
    # The scheme of a URL may be in capitals; the other two may not (contract: anyfast 2.2, 5.2).
    if link[:8].lower().startswith(("https://", "http://")):
        return "url"
    return next((form for prefix, form in _FORM_BY_PREFIX.items() if link.startswith(prefix)), None)


def _default(spec: FieldSpec, attributes: Attributes, region: str) -> Any:
    if not available(spec, attributes["mode"], region):
        return spec.otherwise
    return next((rule.value for rule in spec.default_if if matches(rule.when, attributes)), spec.default)


def _matches_any(attribute: Any, wanted: tuple[Any, ...], unknown: bool) -> bool:
    if attribute is None:
        return unknown
    return any(each in wanted for each in (attribute if isinstance(attribute, tuple) else (attribute,)))
