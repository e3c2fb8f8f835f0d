"""The checks before anything is paid for: each yields what is wrong, and none stops at the first fault."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_seedance.core.catalog.offers import others
from airflow_provider_seedance.core.catalog.schema import (
    FieldSpec,
    Form,
    MediaKind,
    OptionName,
    Row,
    VendorOption,
)
from airflow_provider_seedance.core.catalog.settings import (
    OPTIONS,
    Facts,
    available,
    facts,
    form_of,
    holds,
    media_links,
)
from airflow_provider_seedance.core.catalog.values import described, fits
from airflow_provider_seedance.errors import Problem
from airflow_provider_seedance.models import GenerationRequest, Mode

log = logging.getLogger(__name__)

_FORM_WORDS: dict[Form, str] = {"url": "an http(s) URL", "data": "a data: URI", "asset": "asset://<id>"}
_MEDIA_FIELD: dict[MediaKind, str] = {
    "image": "reference_images",
    "video": "reference_videos",
    "audio": "reference_audios",
}

#: The field to blame for a mode that the model lacks; in mode ``reference``, the medium that is there.
_MODE_FIELD = {
    Mode.TEXT: "first_frame",
    Mode.FIRST_FRAME: "first_frame",
    Mode.FIRST_LAST_FRAME: "last_frame",
    Mode.DRAFT_FINAL: "draft_task_id",
}


@dataclass(frozen=True)
class Case:
    """One request before one vendor; without a row nothing is known of the model."""

    vendor: str
    region: str
    request: GenerationRequest
    row: Row | None
    #: All that the request's model has, this row's and its siblings'.
    modes: Sequence[Mode]
    #: Of the vendor, and of the row where there is one.
    vendor_options: Mapping[str, VendorOption]

    @cached_property
    def facts(self) -> Facts:
        return facts(self.request, self.row, self.region)

    @property
    def mode(self) -> Mode:
        return self.request.mode


def problems(case: Case) -> Iterator[Problem]:
    """Everything that is wrong with the request."""
    yield from _mixed_media(case.request)
    yield from _links(case)
    yield from _vendor_options(case)
    if case.row is None:
        if case.mode is Mode.TEXT:
            yield from _prompt(case.request)
        return
    for check in _ROW_CHECKS:
        yield from check(case, case.row)


@cache
def warn_once(text: str) -> None:
    """Logs a warning, the first time only."""
    log.warning(text)


def _mixed_media(request: GenerationRequest) -> Iterator[Problem]:
    has_references = any(field.startswith("reference_") for field, _, _ in media_links(request))
    if request.draft_task_id:
        given = ["prompt"] if request.prompt else []
        for field in [*given, *dict.fromkeys(field for field, _, _ in media_links(request))]:
            yield Problem(
                field, getattr(request, field), "a draft's final render reuses the draft's; leave it out"
            )
        return
    for field in ("first_frame", "last_frame"):
        if has_references and getattr(request, field):
            why = "first and last frames cannot be combined with reference media; give one or the other"
            yield Problem(field, getattr(request, field), why)
    if request.last_frame and not request.first_frame and not has_references:
        yield Problem("last_frame", request.last_frame, "needs a first_frame beside it")


def _links(case: Case) -> Iterator[Problem]:
    for field, kind, link in media_links(case.request):
        taken = (case.row.media if case.row else {}).get(kind, tuple(_FORM_WORDS))
        form = form_of(link)
        if form not in taken:
            words = " or ".join(_FORM_WORDS[each] for each in taken)
            hint = "" if form else "; upload a local file first and give its URL"
            yield Problem(field, link, f"{case.vendor} takes {kind}s as {words}{hint}")
        elif form == "url" and not _is_url(link):
            yield Problem(field, link, "this URL has no host, or a blank in it")
        elif form == "data" and not re.fullmatch(
            rf"data:{kind}/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={{0,2}}", link
        ):
            yield Problem(field, link, f"must be data:{kind}/<format in lower case>;base64,<data>")


def _is_url(link: str) -> bool:
    try:
        return bool(urlsplit(link).hostname) and not re.search(r"\s", link)
    except ValueError:
        return False


def _mode(case: Case, row: Row) -> Iterator[Problem]:
    if case.mode in row.modes:
        return
    field = _MODE_FIELD.get(case.mode) or next(
        field for field, _, _ in media_links(case.request) if field.startswith("reference_")
    )
    why = (
        f"{case.request.model} at {case.vendor} has no mode {case.mode.value}; it has: {_listed(case.modes)}"
    )
    if case.request.model != row.family:
        why += f"; the family name {row.family} picks the id by mode"
    yield Problem(field, getattr(case.request, field), why)


def _counts(case: Case, row: Row) -> Iterator[Problem]:
    if case.mode is not Mode.REFERENCE or case.mode not in row.modes:
        return
    request = case.request
    for kind, field in _MEDIA_FIELD.items():
        count, most = len(getattr(request, field)), getattr(row.references, kind)
        if count > most:
            yield Problem(field, count, f"{case.vendor} takes at most {most} for {row.family}")
    only_audio = request.reference_audios and not request.reference_images and not request.reference_videos
    if only_audio and not row.references.audio_alone:
        yield Problem(
            "reference_audios", len(request.reference_audios), "needs a reference image or video too"
        )


def _prompt_missing(case: Case, row: Row) -> Iterator[Problem]:
    if case.mode in row.prompt_required:
        yield from _prompt(case.request)


def _prompt(request: GenerationRequest) -> Iterator[Problem]:
    if not request.prompt:
        yield Problem("prompt", request.prompt, "is needed")


def _options(case: Case, row: Row) -> Iterator[Problem]:
    for name in OPTIONS:
        value = getattr(case.request, name)
        spec = row.options.get(name)
        if value is None:
            if spec and spec.required:
                yield Problem(name, None, f"must be given for {row.family}; allowed: {described(spec)}")
            continue
        if spec is None:
            yield Problem(name, value, _not_offered(case, row, name))
        elif available(spec, case.mode, case.region):
            if not fits(spec, value):
                alternatives = others(case.vendor, row.family, name, value) if spec.values else ""
                yield Problem(name, value, f"allowed: {described(spec)}{alternatives}")
        elif value != spec.otherwise:
            yield Problem(name, value, _not_here(case, row, name))


def _not_here(case: Case, row: Row, name: OptionName) -> str:
    """Why an option that the row mentions does not exist for this request."""
    spec = row.options[name]
    if spec.modes != ():
        return _elsewhere(case, spec)
    only = "" if spec.otherwise is None else f"; allowed: {spec.otherwise}"
    return f"{_not_offered(case, row, name)}{only}"


def _elsewhere(case: Case, spec: FieldSpec) -> str:
    if spec.modes is not None and case.mode not in spec.modes:
        return f"not offered in mode {case.mode.value}; modes that have it: {_listed(spec.modes)}"
    return f"not offered in region {case.region}; regions that have it: {', '.join(spec.regions or ())}"


def _listed(modes: Sequence[Mode]) -> str:
    return ", ".join(mode.value for mode in modes)


def _not_offered(case: Case, row: Row, name: OptionName) -> str:
    return f"not offered by {case.vendor} for {row.family}{others(case.vendor, row.family, name)}"


def _restrictions(case: Case, row: Row) -> Iterator[Problem]:
    for rule in row.restrictions:
        given = all(case.facts.get(name) is not None for name in rule.when_given)
        value = getattr(case.request, rule.field, None)
        if value is None:
            value = case.request.vendor_options.get(rule.field)
        if given and holds(rule.when, case.facts) and value is not None and value not in rule.allow:
            allowed = f"allowed here: {', '.join(map(str, rule.allow))}" if rule.allow else "leave it out"
            yield Problem(rule.field, value, f"{rule.why}; {allowed}")


def _vendor_options(case: Case) -> Iterator[Problem]:
    for name, value in case.request.vendor_options.items():
        field, spec = f"vendor_options.{name}", case.vendor_options.get(name)
        use = name if name in GenerationRequest.model_fields else spec and spec.use
        if spec and spec.refuse:
            yield Problem(field, value, spec.refuse)
        elif use:
            yield Problem(field, value, f"is written by the provider; use the parameter {use}")
        elif spec:
            yield from _vendor_option(case, spec, field, value)
        else:
            warn_once(f"{case.vendor}: the catalog does not know {field}; it is sent unchecked")


def _vendor_option(case: Case, spec: VendorOption, field: str, value: Any) -> Iterator[Problem]:
    if not available(spec, case.mode, case.region):
        yield Problem(field, value, _elsewhere(case, spec))
    elif not fits(spec, value):
        yield Problem(field, value, f"allowed: {described(spec)}")


_ROW_CHECKS: tuple[Callable[[Case, Row], Iterator[Problem]], ...] = (
    _mode,
    _counts,
    _prompt_missing,
    _options,
    _restrictions,
)
