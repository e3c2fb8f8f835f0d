"""Every limit of every row, on both sides of its edge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_seedance.core.catalog import Catalog, vendor_names
from airflow_provider_seedance.core.catalog.attributes import OPTION_NAMES
from airflow_provider_seedance.core.catalog.files import vendor_data
from airflow_provider_seedance.core.catalog.schema import FieldSpec, MediaKind, OptionName, Row
from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import GenerationRequest, Mode

LINKS = {
    "url": "https://example.com/media",
    "data": "data:{kind}/png;base64,AAAA",
    "asset": "asset://asset-20260320120147-pqwhc",
}
FIELD: dict[MediaKind, str] = {
    "image": "reference_images",
    "video": "reference_videos",
    "audio": "reference_audios",
}
#: A value of each option's type, for vendors that lack the option; none of them is harmless.
ANY_VALUE: dict[str, Any] = {
    "duration": 5,
    "resolution": "720p",
    "aspect_ratio": "16:9",
    "seed": 1,
    "generate_audio": True,
    "watermark": True,
    "return_last_frame": True,
    "web_search": True,
    "content_filter": False,
    "camera_fixed": True,
    "service_tier": "flex",
    "priority": 1,
}


def link(kind: str, form: str) -> str:
    return LINKS[form].format(kind=kind)


CASES = [
    pytest.param(vendor, region, row, mode, id=f"{vendor}-{region}-{row.family}-{mode.value}")
    for vendor in vendor_names()
    for region in vendor_data(vendor).regions
    for row in vendor_data(vendor).rows
    for mode in row.modes
]
every_case = pytest.mark.parametrize(("vendor", "region", "row", "mode"), CASES)


def plain(row: Row, mode: Mode) -> dict[str, Any]:
    """The least that makes a request of this mode."""
    image = link("image", row.media["image"][0])
    by_mode: dict[Mode, dict[str, Any]] = {
        Mode.TEXT: {"prompt": "A cat"},
        Mode.FIRST_FRAME: {"prompt": "A cat", "first_frame": image},
        Mode.FIRST_LAST_FRAME: {"prompt": "A cat", "first_frame": image, "last_frame": image},
        Mode.REFERENCE: {"prompt": "A cat", "reference_images": (image,)},
        Mode.DRAFT_FINAL: {"draft_task_id": "cgt-20260101120000-abcde"},
    }
    required: dict[str, Any] = {name: spec.values[0] for name, spec in row.options.items() if spec.required}
    return {"model": row.family, **by_mode[mode], **required}


def refused(vendor: str, region: str, fields: dict[str, Any]) -> set[str]:
    """The fields that the catalog complains about."""
    try:
        Catalog.load(vendor, region).prepare(GenerationRequest(**fields))
    except RequestInvalid as refusal:
        return {problem.field for problem in refusal.problems}
    return set()


def exists(spec: FieldSpec, mode: Mode, region: str) -> bool:
    return (spec.modes is None or mode in spec.modes) and (spec.regions is None or region in spec.regions)


def good_values(row: Row, name: OptionName, mode: Mode) -> st.SearchStrategy[Any]:
    """The values that the row lets this option have in this mode."""
    spec = row.options[name]
    for rule in row.restrictions:
        if rule.field == name and not rule.when_given and mode in rule.when.get("mode", ()):
            return st.sampled_from(rule.allow)
    if spec.values:
        return st.sampled_from(spec.values)
    if spec.min is not None:
        numbers = st.integers(spec.min, spec.max)
        return numbers | st.sampled_from(spec.also) if spec.also else numbers
    return st.booleans()


def media(row: Row, mode: Mode) -> st.SearchStrategy[dict[str, Any]]:
    """Reference media within the row's counts, at least one image among them."""
    if mode is not Mode.REFERENCE:
        return st.just({})

    def of(kind: MediaKind, least: int) -> st.SearchStrategy[tuple[str, ...]]:
        forms = st.sampled_from(row.media[kind]).map(lambda form: link(kind, form))
        most = getattr(row.references, kind)
        return st.lists(forms, min_size=least, max_size=most).map(tuple)

    return st.fixed_dictionaries({FIELD[kind]: of(kind, int(kind == "image")) for kind in FIELD})


@every_case
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_inside_the_limits(vendor: str, region: str, row: Row, mode: Mode, data: st.DataObject) -> None:
    """Whatever a row allows is let through, keeps its values, and gets the vendor's id."""
    values: dict[str, st.SearchStrategy[Any]] = {
        name: good_values(row, name, mode) for name, spec in row.options.items() if exists(spec, mode, region)
    }
    chosen = data.draw(st.fixed_dictionaries({}, optional=values))
    fields = {**plain(row, mode), **chosen, **data.draw(media(row, mode))}
    prepared = Catalog.load(vendor, region).prepare(GenerationRequest(**fields))
    assert prepared.model == row.ids[region]
    assert {name: getattr(prepared, name) for name in chosen} == chosen


@every_case
def test_outside_the_limits(vendor: str, region: str, row: Row, mode: Mode) -> None:
    """A value one step beyond an edge, or not in the list, is refused by the name of its field."""
    for name, spec in row.options.items():
        if not exists(spec, mode, region):
            continue
        beyond: list[Any] = ["bogus"] if spec.values else []
        if spec.min is not None and spec.max is not None:
            beyond = [value for value in (spec.min - 1, spec.max + 1) if value not in spec.also]
        for value in beyond:
            assert refused(vendor, region, {**plain(row, mode), name: value}) == {name}


@every_case
def test_options_that_do_not_exist(vendor: str, region: str, row: Row, mode: Mode) -> None:
    """An option that the vendor, the model or the mode lacks is refused, never dropped."""
    for name in OPTION_NAMES:
        spec = row.options.get(name)
        if spec is None or not exists(spec, mode, region):
            assert name in refused(vendor, region, {**plain(row, mode), name: ANY_VALUE[name]})


@every_case
def test_harmless_values(vendor: str, region: str, row: Row, mode: Mode) -> None:
    """What holds anyhow where an option does not exist may be asked for, and is not sent."""
    for name, spec in row.options.items():
        if spec.otherwise is not None and not exists(spec, mode, region):
            fields = {**plain(row, mode), name: spec.otherwise}
            prepared = Catalog.load(vendor, region).prepare(GenerationRequest(**fields))
            assert getattr(prepared, name) is None


@every_case
def test_reference_counts(vendor: str, region: str, row: Row, mode: Mode) -> None:
    """As many reference media as the row says pass, one more does not."""
    if mode is not Mode.REFERENCE:
        return
    for kind, field in FIELD.items():
        most = getattr(row.references, kind)
        one = link(kind, row.media[kind][0])
        assert refused(vendor, region, {**plain(row, mode), field: (one,) * most}) == set()
        assert field in refused(vendor, region, {**plain(row, mode), field: (one,) * (most + 1)})


@every_case
def test_media_forms(vendor: str, region: str, row: Row, mode: Mode) -> None:
    """Each form that the row names passes; each other form, and a local path, is refused."""
    if mode is not Mode.REFERENCE:
        return
    for kind, field in FIELD.items():
        if not getattr(row.references, kind):
            continue
        for form in LINKS:
            taken = form in row.media[kind]
            found = refused(vendor, region, {**plain(row, mode), field: (link(kind, form),)})
            assert (field in found) is not taken
        assert field in refused(vendor, region, {**plain(row, mode), field: ("/data/cat.png",)})


@every_case
def test_audio_alone(vendor: str, region: str, row: Row, mode: Mode) -> None:
    """Audio without an image or a video passes only where the row says so."""
    if mode is not Mode.REFERENCE or not row.references.audio:
        return
    fields = {**plain(row, mode), "reference_images": (), "reference_audios": (link("audio", "url"),)}
    assert refused(vendor, region, fields) == (set() if row.references.audio_alone else {"reference_audios"})


@every_case
def test_prompt(vendor: str, region: str, row: Row, mode: Mode) -> None:
    """A request without a prompt is refused exactly where the row says so."""
    fields = {**plain(row, mode), "prompt": None}
    assert refused(vendor, region, fields) == ({"prompt"} if mode in row.prompt_required else set())


@every_case
def test_modes_that_do_not_exist(vendor: str, region: str, row: Row, mode: Mode) -> None:
    """Media that make a mode which no row of the family has are refused."""
    having = {
        each for other in vendor_data(vendor).rows if other.family == row.family for each in other.modes
    }
    fields = {
        Mode.FIRST_LAST_FRAME: "last_frame",
        Mode.REFERENCE: "reference_images",
        Mode.DRAFT_FINAL: "draft_task_id",
        Mode.FIRST_FRAME: "first_frame",
        Mode.TEXT: "first_frame",
    }
    for missing in set(Mode) - having:
        assert fields[missing] in refused(vendor, region, plain(row, missing))
