"""The checks before anything is paid for: each yields what is wrong, and none stops at the first fault."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlsplit

from airflow_provider_seedance.core.catalog.alternatives import describe_alternatives
from airflow_provider_seedance.core.catalog.attributes import (
    OPTION_NAMES,
    Attributes,
    attributes_of,
    available,
    form_of,
    matches,
    media_links,
)
from airflow_provider_seedance.core.catalog.prompts import flag_problems, flags_in
from airflow_provider_seedance.core.catalog.schema import (
    FieldSpec,
    Form,
    MediaKind,
    OptionName,
    Row,
    VendorOption,
)
from airflow_provider_seedance.core.catalog.values import accepts, describe_values
from airflow_provider_seedance.core.literals import mapping_in
from airflow_provider_seedance.core.redaction import redact, shorten
from airflow_provider_seedance.core.suggestions import did_you_mean
from airflow_provider_seedance.errors import MAX_DETAIL, Problem
from airflow_provider_seedance.models import GenerationRequest, Mode

log = logging.getLogger(__name__)

_FORM_DESCRIPTIONS: dict[Form, str] = {
    "url": "an http(s) URL",
    "data": "a data: URI",
    "asset": "asset://<id>",
    "content": "a file",
}
_REFERENCE_FIELD: dict[MediaKind, str] = {
    "image": "reference_images",
    "video": "reference_videos",
    "audio": "reference_audios",
}

#: A medium of the request in its prompt, by kind and number (contracts: anyfast 2.2, modelark 2.3).
_MENTION = re.compile(r"(@(image|video|audio) ?([0-9]{1,3}))(?![0-9A-Za-z])", re.IGNORECASE)

#: The field to blame for a mode that the model lacks; in mode ``reference``, the medium that is there.
_MODE_FIELD = {
    Mode.TEXT: "first_frame",
    Mode.FIRST_FRAME: "first_frame",
    Mode.FIRST_LAST_FRAME: "last_frame",
    Mode.DRAFT_FINAL: "draft_task_id",
}


@dataclass(frozen=True)
class ValidationContext:
    """A request and what the catalog knows of its model at one vendor; without a row, that is nothing."""

    vendor: str
    region: str
    request: GenerationRequest
    row: Row | None
    #: All that the request's model has, this row's and its siblings'.
    modes: Sequence[Mode]
    #: Of the vendor, and of the row where there is one.
    vendor_options: Mapping[str, VendorOption]
    #: Of the vendor.
    prompt_flags: Mapping[str, str]

    @cached_property
    def attributes(self) -> Attributes:
        return attributes_of(self.request, self.row, self.region)

    @property
    def mode(self) -> Mode:
        return self.request.mode


def find_problems(context: ValidationContext) -> Iterator[Problem]:
    """Everything that is wrong with the request, for one vendor."""
    yield from _mixed_media(context.request)
    yield from _links(context)
    yield from _mentions(context.request)
    yield from _vendor_options(context)
    yield from _prompt_flags(context)
    if context.row is None:
        if context.mode is Mode.TEXT:
            yield from _prompt(context.request)
        return
    for check in _ROW_CHECKS:
        yield from check(context, context.row)


@cache
def warn_once(text: str) -> None:
    """Logs a warning, the first time only."""
    log.warning("%s", shorten(redact(text), MAX_DETAIL))


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


def _links(context: ValidationContext) -> Iterator[Problem]:
    for field, kind, link in media_links(context.request):
        taken = (context.row.media if context.row else {}).get(kind, tuple(_FORM_DESCRIPTIONS))
        form = form_of(link)
        if form == "content" and taken:
            continue
        if form not in taken:
            words = " or ".join(_FORM_DESCRIPTIONS[each] for each in taken if each != "content")
            hint = "" if form else "; upload a local file first and give its URL"
            yield Problem(field, link, f"{context.vendor} takes {kind}s as {words}{hint}")
        elif form == "url" and not _is_url(link):
            yield Problem(field, link, "this URL has no host, or a blank in it")
        elif form == "data" and not re.fullmatch(
            rf"data:{kind}/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={{0,2}}", link
        ):
            yield Problem(field, link, f"must be data:{kind}/<format in lower case>;base64,<data>")


def _mentions(request: GenerationRequest) -> Iterator[Problem]:
    """References in the prompt to media that are not there; their numbers count each kind from 1."""
    counts = Counter(kind for _, kind, _ in media_links(request))
    for mention, kind, number in dict.fromkeys(_MENTION.findall(request.prompt or "")):
        count = counts[kind.lower()]
        if not 1 <= int(number) <= count:
            there_are = (
                f"there are {count} of the kind {kind.lower()}" if count else f"there is no {kind.lower()}"
            )
            yield Problem("prompt", mention, f"refers to what is not there; in this request {there_are}")


def _is_url(link: str) -> bool:
    try:
        return bool(urlsplit(link).hostname) and not re.search(r"\s", link)
    except ValueError:
        return False


def _prompt_flags(context: ValidationContext) -> Iterator[Problem]:
    """An unknown model may be one that reads settings out of the prompt."""
    prompt, row = context.request.prompt or "", context.row
    if row is None or row.reads_prompt_flags:
        yield from flag_problems(prompt, context.prompt_flags)
        return
    for flag, parameter in flags_in(prompt, context.prompt_flags):
        warn_once(
            f"{context.vendor}: {row.family} takes no {flag} from a prompt; use the parameter {parameter}"
        )


def _mode(context: ValidationContext, row: Row) -> Iterator[Problem]:
    if context.mode in row.modes:
        return
    field = _MODE_FIELD.get(context.mode) or next(
        field for field, _, _ in media_links(context.request) if field.startswith("reference_")
    )
    model = context.request.model
    why = f"{model} at {context.vendor} has no mode {context.mode.value}; it has: {_listed(context.modes)}"
    if model != row.family:
        why += f"; the family name {row.family} picks the id by mode"
    yield Problem(field, getattr(context.request, field), why)


def _counts(context: ValidationContext, row: Row) -> Iterator[Problem]:
    if context.mode is not Mode.REFERENCE or context.mode not in row.modes:
        return
    request = context.request
    for kind, field in _REFERENCE_FIELD.items():
        count, most = len(getattr(request, field)), getattr(row.references, kind)
        if count > most:
            yield Problem(field, count, f"{context.vendor} takes at most {most} for {row.family}")
    only_audio = request.reference_audios and not request.reference_images and not request.reference_videos
    if only_audio and not row.references.audio_alone:
        yield Problem(
            "reference_audios", len(request.reference_audios), "needs a reference image or video too"
        )


def _prompt_missing(context: ValidationContext, row: Row) -> Iterator[Problem]:
    if context.mode in row.prompt_required:
        yield from _prompt(context.request)


def _prompt(request: GenerationRequest) -> Iterator[Problem]:
    if not request.prompt:
        yield Problem("prompt", request.prompt, "is needed")


def _options(context: ValidationContext, row: Row) -> Iterator[Problem]:
    for name in OPTION_NAMES:
        value = getattr(context.request, name)
        spec = row.options.get(name)
        if value is None:
            if spec and spec.required:
                yield Problem(name, None, f"must be given for {row.family}; allowed: {describe_values(spec)}")
            continue
        if spec is None:
            yield Problem(name, value, _not_offered(context, row, name))
        elif available(spec, context.mode, context.region):
            if not accepts(spec, value):
                meant = did_you_mean(value, spec.values)
                alternatives = describe_alternatives(context.vendor, row.family, name, value)
                yield Problem(name, value, f"{meant}allowed: {describe_values(spec)}{alternatives}")
        elif value != spec.otherwise:
            yield Problem(name, value, _not_here(context, row, name))


def _not_here(context: ValidationContext, row: Row, name: OptionName) -> str:
    """Why an option that the row mentions does not exist for this request."""
    spec = row.options[name]
    if spec.modes != ():
        return _elsewhere(context, spec)
    only = "" if spec.otherwise is None else f"; allowed: {spec.otherwise}"
    return f"{_not_offered(context, row, name)}{only}"


def _elsewhere(context: ValidationContext, spec: FieldSpec) -> str:
    if spec.modes is not None and context.mode not in spec.modes:
        return f"not offered in mode {context.mode.value}; modes that have it: {_listed(spec.modes)}"
    return f"not offered in region {context.region}; regions that have it: {', '.join(spec.regions or ())}"


def _listed(modes: Sequence[Mode]) -> str:
    return ", ".join(mode.value for mode in modes)


def _not_offered(context: ValidationContext, row: Row, name: OptionName) -> str:
    return f"not offered by {context.vendor} for {row.family}{describe_alternatives(context.vendor, row.family, name)}"


def _restrictions(context: ValidationContext, row: Row) -> Iterator[Problem]:
    for rule in row.restrictions:
        given = all(context.attributes.get(name) is not None for name in rule.when_given)
        value = getattr(context.request, rule.field, None)
        if value is None:
            value = context.request.vendor_options.get(rule.field)
        if given and matches(rule.when, context.attributes) and value is not None and value not in rule.allow:
            allowed = f"allowed here: {', '.join(map(str, rule.allow))}" if rule.allow else "leave it out"
            yield Problem(rule.field, value, f"{rule.why}; {allowed}")


def _vendor_options(context: ValidationContext) -> Iterator[Problem]:
    for name, value in context.request.vendor_options.items():
        field, known = f"vendor_options.{name}", _known_option(context, name)
        if known is None:
            warn_once(f"{context.vendor}: the catalog does not know {field}; it is sent unchecked")
            yield from _inner_options(context, field, value)
        elif reason := _refusal_of_option(context, known):
            yield Problem(field, value, reason)
        elif known != name:
            yield Problem(field, value, f"the vendor's field is called {known}")
        else:
            yield from _vendor_option(context, context.vendor_options[known], field, value)


def _known_option(context: ValidationContext, name: str) -> str | None:
    """The parameter or the field of the vendor that ``name`` is, however it is spelled."""
    names = [*context.vendor_options, *GenerationRequest.model_fields]
    if name in names:
        return name
    return next((known for known in names if _letters(known) == _letters(name)), None)


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())


def _refusal_of_option(context: ValidationContext, name: str) -> str | None:
    spec = context.vendor_options.get(name)
    if spec and spec.refuse:
        return spec.refuse
    use = name if name in GenerationRequest.model_fields else spec and spec.use
    return f"is written by the provider; use the parameter {use}" if use else None


def _inner_options(context: ValidationContext, field: str, value: Any) -> Iterator[Problem]:
    """Fields inside an object that the catalog does not know: vendors read some of them there too."""
    value = mapping_in(value)
    if isinstance(value, Mapping):
        for name, inner in value.items():
            path, known = f"{field}.{name}", _known_option(context, str(name))
            if known is None:
                yield from _inner_options(context, path, inner)
            else:
                reason = _refusal_of_option(context, known) or f"give it as vendor_options.{known} by itself"
                yield Problem(path, inner, reason)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _inner_options(context, field, inner)


def _vendor_option(
    context: ValidationContext, spec: VendorOption, field: str, value: Any
) -> Iterator[Problem]:
    if not available(spec, context.mode, context.region):
        yield Problem(field, value, _elsewhere(context, spec))
    elif not accepts(spec, value):
        yield Problem(field, value, f"allowed: {describe_values(spec)}")


_ROW_CHECKS: tuple[Callable[[ValidationContext, Row], Iterator[Problem]], ...] = (
    _mode,
    _counts,
    _prompt_missing,
    _options,
    _restrictions,
)
