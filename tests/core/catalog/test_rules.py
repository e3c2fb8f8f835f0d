"""What is refused before anything is paid for, what is let through, and what a refusal says."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airflow_provider_seedance.core.catalog import Catalog
from airflow_provider_seedance.core.catalog.rules import warn_once
from airflow_provider_seedance.errors import ConfigurationError, RequestInvalid
from airflow_provider_seedance.models import GenerationRequest

IMAGE, VIDEO, AUDIO = "https://h/1.png", "https://h/1.mp4", "https://h/1.mp3"
REGION = {"modelark": "ap-southeast"}


def prepare(vendor: str, region: str | None = None, **fields: Any) -> GenerationRequest:
    catalog = Catalog.load(vendor, region or REGION.get(vendor, "global"))
    return catalog.prepare(GenerationRequest(**{"prompt": "A cat", **fields}))


def problems(vendor: str, region: str | None = None, **fields: Any) -> dict[str, str]:
    """Field -> reason, of the refusal."""
    with pytest.raises(RequestInvalid) as refusal:
        prepare(vendor, region, **fields)
    return {problem.field: problem.reason for problem in refusal.value.problems}


def test_all_problems_at_once() -> None:
    """A refusal lists everything, with vendor, model, values and limits."""
    with pytest.raises(RequestInvalid) as refusal:
        prepare("evolink", duration=16, resolution="4k", seed=7, vendor_options={"n": 2})
    text = str(refusal.value)
    assert {"duration", "resolution", "seed", "vendor_options.n"} == {
        each.field for each in refusal.value.problems
    }
    for part in ("evolink", "seedance-2.0", "duration=16", "4 to 15", "'4k'", "480p, 720p, 1080p", "seed=7"):
        assert part in text


def test_an_absent_option_names_who_has_it() -> None:
    """Where an option is not offered, the vendors and the models with it are named."""
    assert "vendors that have it: anyfast, modelark, toapis" in problems("evolink", seed=7)["seed"]
    assert (
        "models of modelark that have it: seedance-1.0"
        in problems("modelark", camera_fixed=True)["camera_fixed"]
    )
    assert (
        "modes of seedance-2.0 that have it: text"
        in problems("evolink", first_frame=IMAGE, web_search=True)["web_search"]
    )


def test_an_absent_value_names_who_has_it() -> None:
    """Where a value is not offered, the vendors and the models with it are named."""
    assert "vendors that have it: modelark, toapis" in problems("anyfast", resolution="4k")["resolution"]
    assert (
        "models of modelark that have it: seedance-2.0"
        in problems("modelark", model="seedance-2.0-fast", resolution="4k")["resolution"]
    )


def test_a_family_that_another_vendor_has() -> None:
    """A family that the vendor lacks is refused with what it has, what is close, and who has it."""
    reason = problems("evolink", model="seedance-2.5")["model"]
    assert "which has: seedance-2.0, seedance-2.0-fast, seedance-2.0-mini" in reason
    assert "similar: seedance-2.0" in reason
    assert "vendors that have it: anyfast, modelark" in reason


def test_an_unknown_id_passes_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A model that nobody knows may be a new one: it is sent as it is, and the log says so once."""
    warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert prepare("toapis", model="seedance-9-pro", duration=99).model == "seedance-9-pro"
    [message] = caplog.messages
    assert "'seedance-9-pro'" in message
    assert "similar: seedance-2.0" in message


@pytest.mark.parametrize(
    ("vendor", "model", "meant"),
    [
        ("modelark", "seedence-2.0", "seedance-2.0"),
        ("modelark", "Seedance 2.0 Fast", "seedance-2.0-fast"),
        ("modelark", "seedance-2-5", "seedance-2.5"),
        ("anyfast", "seedance-2", "seedance-2.0"),
        ("toapis", "doubao-seedance-2.0", "seedance-2.0"),
        ("modelark", "seedance-pro-1.5", "seedance-1.5-pro"),
        ("evolink", "seedance-2.0-pro", "seedance-2.0"),
    ],
)
def test_a_misspelled_family_is_refused(vendor: str, model: str, meant: str) -> None:
    """What is written like a family's name, with its version, exists nowhere else."""
    assert f"did you mean {meant!r}" in problems(vendor, model=model)["model"]


def test_a_misspelled_family_that_only_others_have() -> None:
    """The refusal says who has what was meant."""
    reason = problems("evolink", model="seedence-2.5-")["model"]
    assert "did you mean 'seedance-2.5' (at anyfast, modelark)?" in reason


@pytest.mark.parametrize(
    ("vendor", "model"),
    [
        ("modelark", "dreamina-seedance-9-9-300101"),
        ("modelark", "dreamina-seedance-2-0-270101"),
        ("anyfast", "ep-20260101-abcde"),
        ("evolink", "seedance-9.0"),
        ("toapis", "wan-5"),
    ],
)
def test_an_id_that_may_be_a_new_models_passes(vendor: str, model: str) -> None:
    """A dated id, an endpoint, another version, another name."""
    assert prepare(vendor, model=model).model == model


def test_a_value_that_another_model_has() -> None:
    """The model that makes longer videos is named."""
    assert "models of modelark that have it: seedance-2.5" in problems("modelark", duration=20)["duration"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("resolution", "720", "did you mean '720p'? allowed: 480p, 720p, 1080p"),
        ("resolution", "1080P", "did you mean '1080p'?"),
        ("aspect_ratio", "16x9", "did you mean '16:9'?"),
        (
            "aspect_ratio",
            "969",
            "did you mean '16:9'? YAML reads it as a number unless it is quoted; allowed: 16:9",
        ),
        ("aspect_ratio", "556", "did you mean '9:16'?"),
    ],
)
def test_a_value_that_is_nearly_right(field: str, value: str, said: str) -> None:
    """What was meant comes first, then all that is allowed."""
    assert problems("modelark", **{field: value})[field].startswith(said)


def test_an_unknown_id_is_checked_for_contradictions() -> None:
    """Mixed media are refused even of a model that the catalog does not know."""
    found = problems("toapis", model="seedance-9", first_frame=IMAGE, reference_videos=[VIDEO])
    assert set(found) == {"first_frame"}
    assert set(problems("toapis", model="seedance-9", prompt=None)) == {"prompt"}


def test_an_endpoint_passes_silently(caplog: pytest.LogCaptureFixture) -> None:
    """ModelArk's endpoint ids stand for a model of the account's own; there is nothing to warn of."""
    warn_once.cache_clear()
    for endpoint in ("ep-20260101-abcde", "ep-m-20260101-abcde"):
        request = GenerationRequest(prompt="A cat", model=endpoint, duration=99)
        assert Catalog.load("modelark", "ap-southeast").prepare(request) == request
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("vendor", "model"),
    [("modelark", "doubao-seedance-2-0-260128"), ("anyfast", "seedance"), ("anyfast", "seedance-fast")],
)
def test_a_known_id_is_left_alone(vendor: str, model: str) -> None:
    """An id or an alias of the vendor's is sent as written, and checked like its family."""
    assert prepare(vendor, model=model).model == model
    assert set(problems(vendor, model=model, duration=16)) == {"duration"}


def test_an_id_of_another_mode() -> None:
    """EvoLink's ids fix the mode: other media are refused, and the family name is recommended."""
    reason = problems("evolink", model="seedance-2.0-text-to-video", first_frame=IMAGE)["first_frame"]
    assert "it has: text" in reason
    assert "the family name seedance-2.0 picks the id by mode" in reason


def test_a_mode_that_the_model_lacks() -> None:
    """The modes named are those of the whole family, over all its ids."""
    reason = problems("evolink", prompt=None, draft_task_id="cgt-1")["draft_task_id"]
    assert "it has: text, first_frame, first_last_frame, reference" in reason


def test_mixed_media() -> None:
    """Frames and references exclude each other, and a last frame needs a first."""
    mixed = problems("modelark", first_frame=IMAGE, last_frame=IMAGE, reference_images=[IMAGE])
    assert set(mixed) == {"first_frame", "last_frame"}
    assert set(problems("modelark", last_frame=IMAGE)) == {"last_frame"}


def test_a_draft_stands_alone() -> None:
    """A draft's final render takes no prompt, no media and none of the settings it reuses."""
    found = problems(
        "modelark", model="seedance-1.5-pro", draft_task_id="cgt-1", first_frame=IMAGE, duration=5, seed=1
    )
    assert set(found) == {"prompt", "first_frame", "duration", "seed"}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"resolution": "720p"}, "resolution"),
        ({"return_last_frame": True}, "return_last_frame"),
        ({"service_tier": "flex"}, "service_tier"),
    ],
)
def test_a_draft_is_small(fields: dict[str, Any], field: str) -> None:
    """A draft is 480p, online, without a last frame."""
    draft: dict[str, Any] = {"model": "seedance-1.5-pro", "vendor_options": {"draft": True}}
    assert set(problems("modelark", **draft, **fields)) == {field}
    assert prepare("modelark", **draft, resolution="480p", return_last_frame=False, service_tier="default")


def test_frames_instead_of_duration() -> None:
    """Seedance 1.0 takes 25 + 4n frames, and then no duration, which it would ignore."""
    for frames in (29, 57, 289):
        assert prepare("modelark", model="seedance-1.0-pro", vendor_options={"frames": frames})
    for unfit in (25, 30, 293, "57", True):
        assert problems("modelark", model="seedance-1.0-pro", vendor_options={"frames": unfit})
    both = problems("modelark", model="seedance-1.0-pro", duration=5, vendor_options={"frames": 57})
    assert set(both) == {"duration"}


def test_adaptive_needs_something_to_adapt_to() -> None:
    """Seedance 1.0 has no adaptive ratio for text alone; Seedance 2.5 has no other for a first frame."""
    old, new = "seedance-1.0-pro", "seedance-2.5"
    assert set(problems("modelark", model=old, aspect_ratio="adaptive")) == {"aspect_ratio"}
    assert prepare("modelark", model=old, aspect_ratio="adaptive", first_frame=IMAGE)
    assert set(problems("modelark", model=new, aspect_ratio="16:9", first_frame=IMAGE)) == {"aspect_ratio"}
    assert prepare("modelark", model=new, aspect_ratio="16:9")


def test_web_search_depends_on_the_region() -> None:
    """ModelArk searches the web in China only; not searching may be asked for anywhere."""
    assert "cn-beijing" in problems("modelark", web_search=True)["web_search"]
    assert prepare("modelark", "cn-beijing", web_search=True).web_search is True
    assert prepare("modelark", web_search=False).web_search is None


def test_ultra_needs_a_resolution() -> None:
    """AnyFast's ultra model does not choose a resolution itself."""
    assert "720p, 1080p, 2k" in problems("anyfast", model="seedance-2.0-ultra")["resolution"]


def test_defaults_that_are_always_sent() -> None:
    """Where a vendor's own default is in doubt, ours goes on the wire, so that a DAG behaves alike."""
    assert prepare("evolink").aspect_ratio == "adaptive"
    toapis = prepare("toapis")
    assert (toapis.duration, toapis.aspect_ratio) == (5, "adaptive")
    assert (prepare("modelark").duration, prepare("modelark").aspect_ratio) == (None, None)


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("/data/cat.png", "upload a local file first"),
        ("s3://bucket/cat.png", "upload a local file first"),
        ("https:///cat.png", "no host"),
        ("data:image/PNG;base64,AAAA", "lower case"),
        ("data:video/mp4;base64,AAAA", "data:image/"),
        ("data:image/png;base64,", "base64,<data>"),
    ],
)
def test_links_of_a_wrong_form(link: str, reason: str) -> None:
    """What is no link that a vendor can read is refused with what to do."""
    assert reason in problems("modelark", first_frame=link)["first_frame"]


def test_a_refusal_hides_signed_links() -> None:
    """The query of a link is a key, and stays out of the text."""
    with pytest.raises(RequestInvalid) as refusal:
        prepare("modelark", last_frame="https://h/1.png?X-Signature=secret")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("vendor", "name", "parameter"),
    [
        ("modelark", "content", "prompt"),
        ("modelark", "ratio", "aspect_ratio"),
        ("modelark", "model", "model"),
        ("evolink", "quality", "resolution"),
        ("evolink", "image_urls", "first_frame"),
        ("toapis", "image_with_roles", "first_frame"),
        ("anyfast", "tools", "web_search"),
    ],
)
def test_fields_that_the_provider_writes(vendor: str, name: str, parameter: str) -> None:
    """A wire field with a parameter of its own is refused among the vendor options."""
    assert (
        f"use the parameter {parameter}"
        in problems(vendor, vendor_options={name: "x"})[f"vendor_options.{name}"]
    )


@pytest.mark.parametrize(
    ("vendor", "name", "value"),
    [
        ("toapis", "n", 1),
        ("toapis", "media_mode", "frame"),
        ("anyfast", "callback_url", "https://h/c"),
        ("anyfast", "draft", True),
        ("modelark", "frames", 57),
        ("modelark", "draft", True),
        ("modelark", "framespersecond", 30),
        ("modelark", "execution_expires_after", 3599),
        ("modelark", "execution_expires_after", 259201),
        ("modelark", "safety_identifier", "x" * 65),
        ("evolink", "callback_url", "http://hooks.example.com"),
        ("evolink", "callback_url", "https://192.168.0.1/hook"),
        ("evolink", "callback_url", "https://h/" + "x" * 2048),
        ("toapis", "private_asset_review", True),
        ("toapis", "client_business_id", ""),
    ],
)
def test_vendor_options_are_checked(vendor: str, name: str, value: Any) -> None:
    """Vendor options are checked like everything else."""
    assert set(problems(vendor, vendor_options={name: value})) == {f"vendor_options.{name}"}


def test_review_of_an_asset() -> None:
    """ToAPIs refuses a review of media that are assets already."""
    review: dict[str, Any] = {"vendor_options": {"private_asset_review": True}}
    assert prepare("toapis", reference_images=[IMAGE], **review)
    assert set(problems("toapis", reference_images=[IMAGE, "asset://pa_1"], **review)) == {
        "private_asset_review"
    }


def test_an_unknown_vendor_option_passes_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A field that the catalog does not know is sent, and the log says so once for a vendor and name."""
    warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        for value in (1, 2):
            assert prepare("toapis", vendor_options={"novelty": value}).vendor_options == {"novelty": value}
        prepare("evolink", vendor_options={"novelty": 1})
    assert [message.split(":")[0] for message in caplog.messages] == ["toapis", "evolink"]


def test_unknown_vendor_and_region() -> None:
    """A vendor or region that does not exist is a mistake of the connection, and the choices are named."""
    with pytest.raises(ConfigurationError, match="known vendors: anyfast, evolink"):
        Catalog.load("acme", "global")
    with pytest.raises(ConfigurationError, match="ap-southeast, cn-beijing"):
        Catalog.load("modelark", "global")


@pytest.mark.parametrize("vendor", ["modelark", "evolink", "anyfast", "toapis"])
@pytest.mark.parametrize(
    ("options", "parameter"),
    [
        ({"Duration": 99}, "duration"),
        ({"DURATION ": 99}, "duration"),
        ({"aspectRatio": "1:1"}, "aspect_ratio"),
        ({"aspect-ratio": "1:1"}, "aspect_ratio"),
        ({"Seed": 1}, "seed"),
        ({"Ratio": "1:1"}, "aspect_ratio"),
        ({"extra_body": {"resolution": "4k"}}, "resolution"),
        ({"ExtraBody": {"a": [{"Resolution": "4k"}]}}, "resolution"),
        ({"parameters": '{"duration": 99}'}, "duration"),
    ],
)
def test_no_spelling_and_no_wrapper_goes_past_the_checks(vendor: str, options: Any, parameter: str) -> None:
    """The parameter to use is named."""
    reasons = problems(vendor, prompt="x", duration=5, vendor_options=options)
    assert any(f"use the parameter {parameter}" in reason for reason in reasons.values())


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"resolution": "4k"}, "use the parameter resolution"),
        ({"client_business_id": "mine"}, "give it as vendor_options.client_business_id by itself"),
        ({"a": {"image_urls": ["x"]}}, "use the parameter first_frame"),
        ({"Private-Assets": 1}, "use private_asset_review"),
    ],
)
def test_what_toapis_reads_in_metadata_too(metadata: Any, words: str) -> None:
    """A second place for the same fields."""
    reasons = problems("toapis", prompt="x", duration=5, vendor_options={"metadata": metadata})
    assert any(words in reason for reason in reasons.values())


def test_a_misspelled_vendor_option_names_the_field() -> None:
    reasons = problems("toapis", prompt="x", duration=5, vendor_options={"TraceId": "t"})
    assert reasons == {"vendor_options.TraceId": "the vendor's field is called trace_id"}
