"""The vendor-neutral words: what is asked for, and what a vendor says about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from airflow_provider_seedance.core.literals import mapping_in
from airflow_provider_seedance.core.redaction import redact_values
from airflow_provider_seedance.core.request_values import (
    Links,
    OptionalBool,
    OptionalInt,
    OptionalLink,
    OptionalText,
    Options,
    RequiredText,
    absent,
    reason_for,
)
from airflow_provider_seedance.errors import Diagnosis, Kind, Problem, RequestInvalid, redact

DEFAULT_MODEL = "seedance-2.0"

_LINK = re.compile("https?://")


class Mode(str, Enum):
    """What a request's media make of it."""

    TEXT = "text"
    FIRST_FRAME = "first_frame"
    FIRST_LAST_FRAME = "first_last_frame"
    REFERENCE = "reference"
    DRAFT_FINAL = "draft_final"


class Status(str, Enum):
    """Where a generation stands; the same six words for every vendor."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


#: The whole of an id, a vendor's or a user's: safe in a path, a file's name and a log.
GENERATION_ID = re.compile(r"(?!\.+\Z)[A-Za-z0-9._:-]{1,200}")


def parse_generation_id(value: Any, field: str = "generation_id") -> str:
    """The id of a generation, which may be given as the result that holds it, or as the text of that.

    :param field: the name of what was given, for the error.
    :raises RequestInvalid: if there is no id in it, or if it cannot be one.
    """
    if isinstance(value, str) and GENERATION_ID.fullmatch(value):
        return value
    found = mapping_in(value)
    if isinstance(found, Mapping):
        found = found.get("generation_id")
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**200:
        found = str(found)
    if isinstance(found, str) and GENERATION_ID.fullmatch(found.strip()):
        return found.strip()
    shown = redact_values(value, hide_links=True)
    raise RequestInvalid([Problem(field, shown, f"{_id_needed(value, found)} is needed")])


def _id_needed(value: Any, found: Any) -> str:
    needed = "a generation id or what the generate operator returned"
    if isinstance(found, str) and "://" in found[:20]:
        return f"this is a link; {needed}"
    if isinstance(mapping_in(value), Mapping):
        return f"there is no generation_id in this; {needed}"
    return f"{needed} (an id has letters, digits, and the characters . _ : -)"


def _draft_id(value: Any) -> Any:
    value = absent(value)
    try:
        return None if value is None else parse_generation_id(value)
    except RequestInvalid as refused:
        reason = refused.problems[0].reason
    raise ValueError(reason)


DraftId = Annotated[str | None, BeforeValidator(_draft_id)]


class GenerationRequest(BaseModel):
    """What to generate, the same for every vendor. A field left out takes the vendor's own default.

    Media are given as an http(s) URL, ``asset://<id>``, a ``data:`` URI, a local path or ``file:`` URI, or the URI of
    an object store. Operators and the hook read such files, check them, and bring them to the vendor.
    Strings become numbers and booleans where a field is one, so templated values need no care.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        str_strip_whitespace=True,
        protected_namespaces=(),
        hide_input_in_errors=True,
    )

    #: What the video shows. Optional beside media where the vendor allows it.
    prompt: OptionalText = None
    #: A family name (``seedance-2.0``) or a vendor's own model id.
    model: RequiredText = Field(default=DEFAULT_MODEL, min_length=1)
    first_frame: OptionalLink = None
    last_frame: OptionalLink = None
    reference_images: Links = ()
    reference_videos: Links = ()
    reference_audios: Links = ()
    #: Id of a draft generation to render in full (Seedance 1.5 Pro on ModelArk).
    draft_task_id: DraftId = None
    #: Whole seconds; -1 lets the model choose, where the vendor has that.
    duration: OptionalInt = None
    #: ``480p``, ``720p``, ``1080p``, ``4k``, as the model allows.
    resolution: OptionalText = None
    #: ``16:9``, ``9:16``, ... or ``adaptive``.
    aspect_ratio: OptionalText = None
    #: -1 to 4294967295; -1 means random.
    seed: OptionalInt = None
    generate_audio: OptionalBool = None
    watermark: OptionalBool = None
    return_last_frame: OptionalBool = None
    web_search: OptionalBool = None
    content_filter: OptionalBool = None
    camera_fixed: OptionalBool = None
    #: ``default`` or ``flex``.
    service_tier: OptionalText = None
    #: 0 to 9; higher runs earlier.
    priority: OptionalInt = None
    #: Further fields for the vendor's request body, sent as they are.
    vendor_options: Options = Field(default_factory=dict)

    @classmethod
    def parse(cls, given: Mapping[str, Any] | str | GenerationRequest) -> GenerationRequest:
        """The request that its fields make, or the text of these, or a prompt alone; a request as it is.

        :raises RequestInvalid: naming every field whose value does not fit.
        """
        if isinstance(given, cls):
            return given
        fields = mapping_in(given)
        if isinstance(fields, str):
            fields = {"prompt": fields}
        if not isinstance(fields, Mapping):
            raise RequestInvalid(
                [Problem("request", given, "a prompt or a dict of request fields is needed")]
            )
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as fault:
            problems = [
                Problem(".".join(map(str, error["loc"])) or "request", error["input"], reason_for(error))
                for error in fault.errors(include_url=False, include_context=False)
            ]
        raise RequestInvalid(problems)

    def to_dict(self) -> dict[str, Any]:
        """The fields that were set, as a JSON object: what one task returns for another to generate."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, redact_values(value)

    @property
    def mode(self) -> Mode:
        """The mode that the request's media make; mixed media are the catalog's to refuse."""
        if self.draft_task_id:
            return Mode.DRAFT_FINAL
        if self.reference_images or self.reference_videos or self.reference_audios:
            return Mode.REFERENCE
        if self.last_frame:
            return Mode.FIRST_LAST_FRAME
        return Mode.FIRST_FRAME if self.first_frame else Mode.TEXT


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=(), hide_input_in_errors=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, redact_values(value) if type(value) is str else value


def _redacted(text: str | None) -> str | None:
    return None if text is None else redact(text)


class Failure(_Value):
    """Why a generation ended without a video."""

    kind: Kind = Kind.UNKNOWN
    code: str | None = None
    #: In the vendor's words; links and keys in it are made unusable.
    message: Annotated[str, AfterValidator(redact)] = "the vendor gave no reason"
    #: What it is about, as far as that is known.
    diagnosis: Diagnosis = Diagnosis()


class Usage(_Value):
    """What a vendor counted; what it does not tell is ``None``."""

    completion_tokens: int | None = None
    total_tokens: int | None = None
    super_resolution_tokens: int | None = None
    web_searches: int | None = None
    #: Credits: those that were used once that is told, before that those that are reserved.
    credits: float | None = None


class Cost(_Value):
    """An amount of money or credits.

    ``currency`` is an ISO code or ``credits``. ``basis`` is ``billed`` when the vendor itself names what it
    charged, ``estimated`` when it comes from a price list or a reservation, ``unknown`` without an amount.
    """

    amount: Decimal | None = None
    currency: str | None = None
    basis: Literal["billed", "estimated", "unknown"] = "unknown"


class Balance(_Value):
    """What is left to spend; ``amount`` is ``None`` when the vendor sets no limit."""

    amount: Decimal | None
    currency: str


class _GenerationBase(_Value):
    vendor: str
    generation_id: str = Field(min_length=1)
    model: str | None = None
    #: The vendor's own word for the state.
    vendor_status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    #: Percent, 0 to 100.
    progress: int | None = None
    #: The vendor's estimate of the whole run, seconds.
    estimated_seconds: float | None = None
    #: What the vendor says it makes; may be told only at the end.
    duration: float | None = None
    frames: int | None = None
    resolution: str | None = None
    aspect_ratio: str | None = None
    seed: int | None = None
    generate_audio: bool | None = None
    service_tier: str | None = None
    priority: int | None = None
    draft: bool | None = None
    #: Seconds after its creation at which the vendor gives up on it.
    expires_after: int | None = None
    usage: Usage | None = None
    #: What the vendor itself says it charged or reserved.
    charge: Cost | None = None


class Pending(_GenerationBase):
    """Not finished. An unknown state word counts as running: neither finished nor still cancellable."""

    status: Literal[Status.QUEUED, Status.RUNNING]
    #: What a person should know, such as an unknown word beside a link; for the task's log.
    warning: Annotated[str, AfterValidator(_redacted)] | None = None


class Succeeded(_GenerationBase):
    """Finished, with a video to fetch. A success without a link cannot be made."""

    status: Literal[Status.SUCCEEDED] = Status.SUCCEEDED
    #: A short-lived bearer link, the first of ``video_urls``; kept out of ``repr`` and so out of logs.
    video_url: str = Field(repr=False, pattern=r"^https?://")
    #: All links to the video that the vendor gave, in the order in which to try them.
    video_urls: tuple[str, ...] = Field(default=(), repr=False)
    last_frame_url: str | None = Field(default=None, repr=False)
    finished_at: datetime | None = None
    #: When the links die, as far as the vendor says or promises.
    expires_at: datetime | None = None

    @model_validator(mode="before")
    @classmethod
    def _order_links(cls, fields: Any) -> Any:
        """Either of ``video_url`` and ``video_urls`` may be left out; what is no link is passed over."""
        if not isinstance(fields, Mapping):
            return fields
        given = (fields.get("video_url"), *(fields.get("video_urls") or ()))
        links = tuple(dict.fromkeys(link for link in given if isinstance(link, str) and _LINK.match(link)))
        return {**fields, "video_url": links[0], "video_urls": links} if links else fields


class Failed(_GenerationBase):
    """Ended without a video."""

    status: Literal[Status.FAILED, Status.EXPIRED, Status.CANCELLED]
    failure: Failure
    finished_at: datetime | None = None


Generation = Pending | Succeeded | Failed


@dataclass(frozen=True)
class ExpectedVideo:
    """What a delivered file must be; ``None`` for what was not ordered or is not known beforehand."""

    #: Seconds; ``None`` too when the model was to choose.
    duration: float | None = None
    #: Pixels.
    width: int | None = None
    height: int | None = None
    #: Whether there is to be a sound track.
    audio: bool | None = None


class GenerationPage(_Value):
    """One page of a vendor's list; ``total`` counts all matches, not this page's."""

    total: int
    items: tuple[Pending | Succeeded | Failed, ...]


class ListQuery(_Value):
    """Which generations to list. Without a ``page_size`` an answer has a hundred."""

    ids: tuple[str, ...] = ()
    status: Status | None = None
    model: str | None = None
    service_tier: str | None = None
    page: int = Field(default=1, ge=1)
    page_size: int | None = Field(default=None, ge=1)
