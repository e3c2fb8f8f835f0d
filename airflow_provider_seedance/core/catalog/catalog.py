"""The catalog of one connection: which model takes what, how large its frames are, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_provider_seedance.core.catalog import pricing, rules
from airflow_provider_seedance.core.catalog.alternatives import all_families, similar_family, vendors_with
from airflow_provider_seedance.core.catalog.attributes import Attributes, attributes_of, available
from airflow_provider_seedance.core.catalog.files import Additions, with_additions
from airflow_provider_seedance.core.catalog.names import vendor_names
from airflow_provider_seedance.core.catalog.schema import (
    DeliveryMethod,
    Form,
    MediaKind,
    MediaLimits,
    PixelTable,
    Price,
    Row,
    VendorData,
)
from airflow_provider_seedance.core.catalog.values import accepts
from airflow_provider_seedance.core.suggestions import suggest, unknown_name
from airflow_provider_seedance.errors import ConfigurationError, Problem, RequestInvalid
from airflow_provider_seedance.models import Cost, ExpectedVideo, GenerationRequest, Succeeded

#: What a vendor reports of a finished video, and what then counts instead of the request's own words.
_REPORTED_FIELDS = ("resolution", "aspect_ratio", "generate_audio", "service_tier")


@dataclass(frozen=True)
class DeliveryRules:
    """How files may come to a vendor.

    :param methods: for each kind of medium, the preferred way first.
    :param uploads: what the vendor's file service takes.
    :param body_bytes: of the largest request.
    """

    methods: Mapping[MediaKind, tuple[DeliveryMethod, ...]]
    uploads: Mapping[MediaKind, MediaLimits]
    body_bytes: int


def _methods(forms: tuple[Form, ...]) -> tuple[DeliveryMethod, ...]:
    """The ways that the forms of a medium allow, where the vendor's catalog names none."""
    data: tuple[DeliveryMethod, ...] = ("data",) if "data" in forms else ()
    return (*data, "presign") if "url" in forms else data


class Catalog:
    """What one vendor's models take in one region. Made with :meth:`load`; has no state of its own."""

    def __init__(self, vendor: str, region: str, data: VendorData) -> None:
        self.vendor = vendor
        self.region = region
        self._data = data

    @classmethod
    def load(cls, vendor: str, region: str, *, rows: Additions = (), prices: Additions = ()) -> Catalog:
        """The catalog of a vendor and region, with the user's own rows and prices.

        :param rows: rows to add or to lay over the package's, in the shape of :mod:`~.catalog.schema`: as
            dicts, as JSON text, or as the path of a JSON file with a list of them.
        :param prices: prices to ask before the package's, likewise.
        :raises ConfigurationError: for an unknown vendor or region, or an addition that is malformed.
        """
        if vendor not in vendor_names():
            raise ConfigurationError(unknown_name("vendor", vendor, vendor_names()))
        data = with_additions(vendor, rows, prices)
        if region not in data.regions:
            raise ConfigurationError(unknown_name("region", region, data.regions), vendor=vendor)
        return cls(vendor, region, data)

    @property
    def has_prices(self) -> bool:
        """Whether the cost of anything can be estimated here."""
        return any(price.regions is None or self.region in price.regions for price in self._data.prices)

    def prepare(self, request: GenerationRequest) -> GenerationRequest:
        """The request as the vendor module is to encode it: checked, with the vendor's own model id.

        Defaults that must be on the wire are filled in. A model that the catalog does not know is let
        through with a warning, its media checked for contradictions only.

        :raises RequestInvalid: listing everything that is wrong.
        """
        row = self._row(request)
        found = [] if row else self._unknown_model(request.model)
        found += rules.find_problems(
            rules.ValidationContext(
                vendor=self.vendor,
                region=self.region,
                request=request,
                row=row,
                modes=[mode for sibling in self._rows(request.model) for mode in sibling.modes],
                vendor_options={**self._data.vendor_options, **(row.vendor_options if row else {})},
                prompt_flags=self._data.prompt_flags,
            )
        )
        if found:
            raise RequestInvalid(found, vendor=self.vendor, model=request.model)
        return request.model_copy(update=self._wire_changes(request, row)) if row else request

    def takes_option(self, name: str, value: Any) -> bool:
        """Whether the vendor takes this value of a field of its own; one that the catalog does not know takes all."""
        spec = self._data.vendor_options.get(name)
        return spec is None or (spec.refuse is None and accepts(spec, value))

    def estimate(self, request: GenerationRequest) -> Cost:
        """The most that the request can cost by the price list; unknown where there is no price for it.

        Whatever the model or the media decide counts with its largest value: an adaptive ratio, a duration
        of -1, the length of input videos. Calls of tools are not contained.
        """
        row = self._row(request)
        if row is None:
            return Cost()
        attributes = attributes_of(request, row, self.region)
        return pricing.estimate(self._prices(row, attributes), self._workload(row, attributes), attributes)

    def prices(self, request: GenerationRequest) -> list[Price]:
        """The rows of the price list that may hold for the request; the highest of them is its estimate."""
        row = self._row(request)
        return [] if row is None else self._prices(row, attributes_of(request, row, self.region))

    def cost(self, generation: Succeeded, request: GenerationRequest | None = None) -> Cost:
        """What a finished generation cost.

        What the vendor itself names; else its count of tokens at the list price; else the estimate for the
        request, told what the vendor reports of the video; else unknown.
        """
        if generation.charge is not None:
            return generation.charge
        asked = self._request_as_made(generation, request)
        row = self._row(asked)
        if row is None:
            return Cost()
        attributes = attributes_of(asked, row, self.region)
        if request is None:
            attributes = {**attributes, "video_input": None}
        usage = generation.usage
        if usage and (count := usage.completion_tokens or usage.total_tokens):
            count += usage.super_resolution_tokens or 0
            return pricing.price_of_tokens(self._prices(row, attributes), count, attributes)
        return self.estimate(asked) if request else Cost()

    def frame_size(
        self, model: str, resolution: str | None, aspect_ratio: str | None
    ) -> tuple[int, int] | None:
        """Width and height in pixels; ``None`` if the ratio is adaptive or the catalog has no size for it.

        What is left out takes the model's default.
        """
        row = next(iter(self._rows(model)), None)
        if row is None:
            return None
        defaults = {name: spec.default for name, spec in row.options.items()}
        wanted = (resolution or defaults.get("resolution"), aspect_ratio or defaults.get("aspect_ratio"))
        return self._frame_size(row, *wanted)

    def expected_video(self, request: GenerationRequest) -> ExpectedVideo:
        """What the delivered file must be."""
        row = self._row(request)
        attributes = attributes_of(request, row, self.region)
        duration, frames = attributes["duration"], attributes.get("frames")
        seconds = float(duration) if duration and duration > 0 else None
        size = self._frame_size(row, attributes["resolution"], attributes["aspect_ratio"])
        width, height = size or (None, None)
        return ExpectedVideo(
            duration=frames / pricing.FRAMES_PER_SECOND if isinstance(frames, int) else seconds,
            width=width,
            height=height,
            audio=attributes["generate_audio"],
        )

    def media_limits(self, request: GenerationRequest) -> Mapping[MediaKind, MediaLimits]:
        """What the files of the request must be; nothing for a model that the catalog does not know."""
        row = self._row(request)
        return row.media_limits if row else {}

    def delivery_rules(self, request: GenerationRequest) -> DeliveryRules:
        """How the files of the request may come to the vendor."""
        row = self._row(request)
        forms: Mapping[MediaKind, tuple[Form, ...]] = row.media if row else {}
        return DeliveryRules(
            {**{kind: _methods(taken) for kind, taken in forms.items()}, **self._data.delivery},
            self._data.uploads,
            self._data.body_bytes,
        )

    def asset_delivery_rules(self) -> DeliveryRules:
        """How files may come into the vendor's asset library."""
        return DeliveryRules(self._data.asset_delivery, self._data.uploads, self._data.body_bytes)

    def asset_limits(self, kind: MediaKind) -> list[MediaLimits]:
        """What any of the models takes of a kind: an asset is good if one of them takes it."""
        return [row.media_limits[kind] for row in self._data.rows if kind in row.media_limits]

    def _rows(self, model: str) -> list[Row]:
        """The rows of a family in this region, else those of an id."""
        of_family = [row for row in self._data.rows if row.family == model and self.region in row.ids]
        return of_family or [row for row in self._data.rows if model in (*row.ids.values(), *row.aliases)]

    def _row(self, request: GenerationRequest) -> Row | None:
        """The row for the request's model and mode, or one of the model's if none has the mode."""
        rows = self._rows(request.model)
        fitting = (row for row in rows if request.mode in row.modes)
        return next(fitting, rows[0] if rows else None)

    def _unknown_model(self, model: str) -> list[Problem]:
        """The refusal of what is not to be had here: another vendor's family, or a name much like a family's.

        Any other id may be a new one: an id with its date, or another version.
        """
        prefix = self._data.unchecked_ids
        if prefix and model.startswith(prefix):
            return []
        here = sorted({row.family for row in self._data.rows if self.region in row.ids})
        closest = suggest(model, here)
        similar = f"; similar: {closest}" if closest else ""
        if elsewhere := [vendor for vendor in vendors_with(model) if vendor != self.vendor]:
            why = f"not offered by {self.vendor}, which has: {', '.join(here)}{similar}"
            return [Problem("model", model, f"{why}; vendors that have it: {', '.join(elsewhere)}")]
        if meant := similar_family(model, here) or similar_family(model, all_families()):
            owners = "" if meant in here else f" (at {', '.join(vendors_with(meant))})"
            why = f"no such model; did you mean {meant!r}{owners}? {self.vendor} has: {', '.join(here)}"
            return [Problem("model", model, f"{why}; one that is new goes into the connection's catalog")]
        rules.warn_once(
            f"{self.vendor}: the catalog does not know model {model!r}; it is sent unchecked{similar}"
        )
        return []

    def _wire_changes(self, request: GenerationRequest, row: Row) -> dict[str, Any]:
        """What the vendor's encoder must see otherwise than the user wrote it."""
        changes: dict[str, Any] = {}
        if request.model == row.family:
            changes["model"] = row.ids.get(self.region, request.model)
        for name, spec in row.options.items():
            value = getattr(request, name)
            exists = available(spec, request.mode, self.region)
            if value is not None and not exists:
                changes[name] = None
            elif value is None and exists and spec.send_default:
                changes[name] = spec.default
        return changes

    def _request_as_made(self, generation: Succeeded, request: GenerationRequest | None) -> GenerationRequest:
        """The request in the light of what the vendor reports of the video."""
        # Not every vendor names the model of a finished generation; "unknown" has no row, and so no price.
        asked = request or GenerationRequest(model=generation.model or "unknown")
        made = {name: getattr(generation, name) for name in _REPORTED_FIELDS}
        if generation.duration:
            made["duration"] = round(generation.duration)
        if generation.model and self._rows(generation.model):
            made["model"] = generation.model
        return asked.model_copy(update={name: value for name, value in made.items() if value is not None})

    def _prices(self, row: Row, attributes: Attributes) -> list[Price]:
        return list(pricing.candidate_prices(self._data.prices, row.family, self.region, attributes))

    def _workload(self, row: Row, attributes: Attributes) -> pricing.Workload:
        duration, frames = attributes["duration"], attributes.get("frames")
        longest = row.options["duration"].max if "duration" in row.options else None
        return pricing.Workload(
            seconds=duration if duration and duration > 0 else longest,
            input_seconds=row.references.video_seconds if attributes["video_input"] else 0,
            pixels=self._most_pixels(row, attributes),
            frames=frames if isinstance(frames, int) else None,
        )

    def _most_pixels(self, row: Row, attributes: Attributes) -> int | None:
        size = self._frame_size(row, attributes["resolution"], attributes["aspect_ratio"])
        if size:
            return size[0] * size[1]
        possible = self._pixel_table(row).get(attributes["resolution"], {}).values()
        return max((width * height for width, height in possible), default=None)

    def _frame_size(self, row: Row | None, resolution: Any, aspect_ratio: Any) -> tuple[int, int] | None:
        return self._pixel_table(row).get(resolution, {}).get(aspect_ratio) if row else None

    def _pixel_table(self, row: Row) -> PixelTable:
        return self._data.pixels[row.pixels] if isinstance(row.pixels, str) else row.pixels or {}
