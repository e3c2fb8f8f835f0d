"""The shape of the catalog's data: what a file in ``data/``, and a user's own row or price, may hold.

A file has ``rows`` (one per model id, or per model and mode), ``prices``, ``pixels`` (named tables of frame
sizes), ``vendor_options`` and ``prompt_flags`` that hold for every model of the vendor, and ``groups``: parts that
rows and prices name in ``extends`` to share what they have in common. Later parts win over earlier ones, the row's own
words over all of them, objects are merged, everything else is replaced, and ``null`` removes.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from airflow_provider_seedance.core.money import parse_currency
from airflow_provider_seedance.models import Mode

Scalar = StrictBool | StrictInt | StrictStr
#: Attribute -> the values with which the condition holds. Attributes are the request's settings, given or default, its
#: vendor options, ``mode``, ``forms`` (of its media) and ``video_input``.
Condition = dict[str, tuple[Scalar, ...]]
#: How a medium is given: an http(s) URL, a ``data:`` URI, ``asset://<id>``, or ``sha256:<hex>`` for a file that is
#: brought to the vendor when the request is sent.
Form = Literal["url", "data", "asset", "content"]
MediaKind = Literal["image", "video", "audio"]
#: What is limited of a medium: its size in bytes, each side and the area in pixels, width by height, its duration and
#: that of all media of its kind in seconds, and frames per second.
Quantity = Literal["bytes", "side", "ratio", "pixels", "seconds", "total_seconds", "fps"]
#: How a file comes to a vendor: by its file service, inside the request, or as a presigned link of an object store.
DeliveryMethod = Literal["upload", "data", "presign"]
#: The request's settings that the catalog describes, by their neutral names.
OptionName = Literal[
    "duration",
    "resolution",
    "aspect_ratio",
    "seed",
    "generate_audio",
    "watermark",
    "return_last_frame",
    "web_search",
    "content_filter",
    "camera_fixed",
    "service_tier",
    "priority",
]
#: ``pixels[resolution][aspect ratio]`` is width and height.
PixelTable = dict[str, dict[str, tuple[int, int]]]
Money = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class _Shape(BaseModel):
    # defer_build: the validators are made when a file is read, not when a DAG is parsed.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ConditionalDefault(_Shape):
    """A default that holds under a condition."""

    when: Condition
    value: Scalar


class FieldSpec(_Shape):
    """Which values a field takes, and when."""

    type: Literal["integer", "boolean", "string", "object"] | None = None
    min: int | None = None
    max: int | None = None
    #: Counted from ``min``.
    step: int | None = None
    #: Single values beside the range.
    also: tuple[Scalar, ...] = ()
    values: tuple[Scalar, ...] = ()
    max_length: int | None = None
    #: Must match the whole text; ``description`` puts it in words.
    pattern: str | None = None
    description: str | None = None
    #: Where the field exists; without a word, everywhere.
    modes: tuple[Mode, ...] | None = None
    regions: tuple[str, ...] | None = None
    #: What holds where the field does not exist. Asking for it there is harmless, and nothing is sent.
    otherwise: Scalar | None = None
    #: What the vendor does with a request that does not say.
    default: Scalar | None = None
    #: The first condition that holds wins over ``default``.
    default_if: tuple[ConditionalDefault, ...] = ()
    #: Put the default on the wire, since the vendor's own is in doubt or not the others'.
    send_default: bool = False
    required: bool = False


class VendorOption(FieldSpec):
    """A field of the vendor's request body: one that users may set, or why they may not."""

    #: The parameter that writes this field.
    use: str | None = None
    refuse: str | None = None


class Restriction(_Shape):
    """Under a condition, ``field`` may only have the values in ``allow``; with none, it may not be given."""

    when: Condition = {}
    #: Vendor options whose mere presence makes the condition.
    when_given: tuple[str, ...] = ()
    field: str
    allow: tuple[Scalar, ...]
    why: str


class References(_Shape):
    """How many reference media of each kind; ``video_seconds`` is the most that all videos may last."""

    image: int = 0
    video: int = 0
    audio: int = 0
    video_seconds: int = 0
    audio_alone: bool = False


class Bounds(_Shape):
    """The least and the most; both are allowed."""

    min: float | None = None
    max: float | None = None

    def hold(self, value: float) -> bool:
        """Whether the value is within them."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)


class MediaLimits(_Shape):
    """What a file of one kind must be. A quantity or a list that is left out is not limited."""

    formats: tuple[str, ...] = ()
    video_codecs: tuple[str, ...] = ()
    audio_codecs: tuple[str, ...] = ()
    bounds: dict[Quantity, Bounds] = {}
    #: Where the limits are from, if not from the source of the row.
    source: str | None = None


class Row(_Shape):
    """What one model takes at one vendor."""

    family: str
    #: Region -> the vendor's id.
    ids: dict[str, str] = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = Field(min_length=1)
    options: dict[OptionName, FieldSpec] = {}
    vendor_options: dict[str, VendorOption] = {}
    restrictions: tuple[Restriction, ...] = ()
    references: References = References.model_construct()
    media: dict[MediaKind, tuple[Form, ...]] = {}
    media_limits: dict[MediaKind, MediaLimits] = {}
    prompt_required: tuple[Mode, ...] = ()
    #: The model takes settings out of the prompt: the file's ``prompt_flags``.
    reads_prompt_flags: bool = False
    #: A table, or the name of one in the file's ``pixels``; without one, frame sizes are unknown.
    pixels: PixelTable | str | None = None
    source: str = "added by the user"
    checked: date | None = None


class Factor(_Shape):
    """What multiplies an amount under a condition."""

    when: Condition
    factor: Money


class Price(_Shape):
    """What one unit costs, for the requests that ``when`` describes."""

    family: str
    regions: tuple[str, ...] | None = None
    when: Condition = {}
    unit: Literal["million_tokens", "second"]
    #: An ISO code, such as ``USD``, or ``credits``; in any case.
    currency: Annotated[str, BeforeValidator(parse_currency)]
    amount: Money
    #: How a second of input video counts: added to the output, or as at least the output's length.
    input_seconds: Literal["added", "at_least_output"] = "added"
    #: On the number of tokens, which a vendor's own count already contains.
    token_factors: tuple[Factor, ...] = ()
    #: On the price.
    surcharges: tuple[Factor, ...] = ()
    source: str = "added by the user"
    checked: date | None = None


class VendorData(_Shape):
    """One vendor's part of the catalog, groups already laid out."""

    regions: tuple[str, ...] = Field(min_length=1)
    #: How ids begin that stand for a model only the user's account knows.
    unchecked_ids: str | None = None
    vendor_options: dict[str, VendorOption] = {}
    #: Settings that some models read out of the prompt (``--rs 1080p``), each with the parameter to use instead.
    prompt_flags: dict[str, str] = {}
    pixels: dict[str, PixelTable] = {}
    #: The ways in which files come to the vendor, the preferred one first; without a word, those that a row's
    #: ``media`` allow.
    delivery: dict[MediaKind, tuple[DeliveryMethod, ...]] = {}
    #: Likewise into the vendor's asset library.
    asset_delivery: dict[MediaKind, tuple[DeliveryMethod, ...]] = {}
    #: What the vendor's file service takes.
    uploads: dict[MediaKind, MediaLimits] = {}
    #: The largest request body.
    body_bytes: int = 64_000_000
    rows: tuple[Row, ...] = ()
    prices: tuple[Price, ...] = ()
