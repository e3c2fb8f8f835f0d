"""What a refusal or a failure points at: the stage, the medium, and the parameter of ours that the vendor names.

The words here are those of all vendors, since gateways pass on what Ark says. What a vendor calls our parameters is its
own: ``PARAMETERS`` of its package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from airflow_provider_seedance.core.diagnosis import Diagnosis, Medium, Stage, medium_of
from airflow_provider_seedance.core.error_kinds import Kind
from airflow_provider_seedance.core.redaction import MAX_TEXT
from airflow_provider_seedance.core.request_fields import REQUEST_FIELDS
from airflow_provider_seedance.models import GenerationRequest

#: A vendor's name of a parameter -> our fields, in the order in which they fill it where it is a list.
Parameters = Mapping[str, tuple[str, ...]]

#: Ark's codes of what its filter found: ``InputImageSensitiveContentDetected.PrivacyInformation``.
_ARK_CODE = re.compile(r"(Input|Output)(Text|Image|Video|Audio)?\w*(?:Sensitive|Risk)")
_OUTPUT = re.compile(
    r"\boutput|generated (?:video|audio|content|image)|\bresult\b|输出|生成的", re.IGNORECASE
)
_INPUT = re.compile(
    r"\binput|prompt|upload|reference|your request|detected in image|real (?:person|people|human|face)|photorealistic"
    r"|\bfaces?\b|celebrit|PrivacyInformation|输入|提示词|参考|上传|人脸",
    re.IGNORECASE,
)
_MEDIA: Mapping[Medium, re.Pattern[str]] = {
    "audio": re.compile(r"\baudio|music|\bsound|音频|音乐", re.IGNORECASE),
    "text": re.compile(r"\btext\b|\bprompt|提示词|文本", re.IGNORECASE),
    "image": re.compile(
        r"image|picture|photo|\bfaces?\b|celebrit|real (?:person|people|human)|图|人脸", re.IGNORECASE
    ),
    "video": re.compile(r"\bvideos?\b|视频", re.IGNORECASE),
}
_ANY_MEDIUM = re.compile(r"\bmedia\b", re.IGNORECASE)
#: Where a parameter is named in a sentence; one with a place in a list tells the most.
_PLACES = (
    re.compile(r"\b([a-z_]{2,40}\[[0-9]{1,3}\](?:\.[a-z_]{1,40}){0,3})"),
    re.compile(r"\bbody\.([a-z_]{2,40}(?:\.[0-9]{1,3})?)"),
    re.compile(r"`([a-z_]{2,40})(?:\.[a-z_]{1,40}){0,3}`"),
    re.compile(r"\bparameter ([a-z_]{2,40})\b"),
)
_PARAM = re.compile(r"([a-z_]{1,40})(?:\[([0-9]{1,3})\]|\.([0-9]{1,3}))?(?:\.[a-z_]{1,40}){0,3}")


def diagnose(
    kind: Kind, code: str | None, message: str | None, param: str | None = None, *, accepted: bool
) -> Diagnosis:
    """What a vendor's reason is about, as far as it says so.

    :param accepted: whether it ended a generation. What the filter found then counts as found in the result, unless
        the vendor's words name what was sent.
    """
    code, message = (code or "")[:MAX_TEXT], (message or "")[:MAX_TEXT]
    stage = _stage(kind, code, message, accepted=accepted)
    medium = _medium(code, message) if kind is Kind.MODERATION else None
    return Diagnosis(stage, medium, param=_place(message, param) if stage == "input" else None)


def _stage(kind: Kind, code: str, message: str, *, accepted: bool) -> Stage | None:
    if kind is Kind.VALIDATION:
        return "input"
    if kind is not Kind.MODERATION:
        return None
    if told := _ARK_CODE.match(code):
        return "input" if told.group(1) == "Input" else "output"
    words = f"{code} {message}"
    return "output" if accepted and (_OUTPUT.search(words) or not _INPUT.search(words)) else "input"


def _medium(code: str, message: str) -> Medium | None:
    if (told := _ARK_CODE.match(code)) and told.group(2):
        code, message = told.group(2), ""
    words = f"{code} {message}"
    found = (medium for medium, own in _MEDIA.items() if own.search(words))
    return None if _ANY_MEDIUM.search(words) else next(found, None)


def _place(message: str, param: str | None) -> str | None:
    """The parameter that a sentence names, or that stands beside it."""
    indexed, *others = (found.group(1) if (found := place.search(message)) else None for place in _PLACES)
    return indexed or param or next(filter(None, others), None)


def locate(diagnosis: Diagnosis, parameters: Parameters, request: GenerationRequest | None) -> Diagnosis:
    """The diagnosis with our field in place of the vendor's parameter.

    :param request: as it was sent; without it, only what needs no counting of its media is found.
    """
    if diagnosis.stage != "input":
        return diagnosis
    field, index = _field_of(diagnosis.param, parameters, request)
    if field is None and diagnosis.medium is not None:
        takers = tuple(field for field in REQUEST_FIELDS if medium_of(field) == diagnosis.medium)
        field, index = _entry(takers, None, request)
    return replace(diagnosis, field=field, index=index, medium=medium_of(field) or diagnosis.medium)


def _field_of(
    param: str | None, parameters: Parameters, request: GenerationRequest | None
) -> tuple[str | None, int | None]:
    found = _PARAM.fullmatch(param or "")
    if found is None:
        return None, None
    name, place = found.group(1), found.group(2) or found.group(3)
    if request is not None and name in request.vendor_options:
        return "vendor_options", None
    fields = parameters.get(name) or ((name,) if name in REQUEST_FIELDS else ())
    return _entry(fields, None if place is None else int(place), request)


def _entry(
    fields: tuple[str, ...], place: int | None, request: GenerationRequest | None
) -> tuple[str | None, int | None]:
    """Our field at a place of the list that ``fields`` fill, and the place in the field."""
    entries = [] if request is None else list(_entries(fields, request))
    if request is not None and place is not None:
        return entries[place] if place < len(entries) else (None, None)
    if len(entries) == 1:
        return entries[0]
    named = {field for field, _ in entries} or set(fields)
    return (named.pop(), place) if len(named) == 1 else (None, None)


def _entries(fields: tuple[str, ...], request: GenerationRequest) -> Iterator[tuple[str, int | None]]:
    for field in fields:
        value = getattr(request, field)
        if isinstance(value, tuple):
            yield from ((field, index) for index in range(len(value)))
        elif value is not None:
            yield field, None
