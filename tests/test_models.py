"""The vendor-neutral words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from airflow_provider_seedance.errors import RequestInvalid
from airflow_provider_seedance.models import (
    Failure,
    GenerationPage,
    GenerationRequest,
    ListQuery,
    Mode,
    Pending,
    Status,
    Succeeded,
    parse_generation_id,
)


@pytest.mark.parametrize(
    ("field", "rendered", "value"),
    [
        ("duration", "7", 7),
        ("duration", -1, -1),
        ("duration", "", None),
        ("seed", "4294967295", 4294967295),
        ("generate_audio", "false", False),
        ("generate_audio", "True", True),
        ("watermark", "None", None),
        ("prompt", "  a cat ", "a cat"),
        ("prompt", "None", None),
        ("reference_images", "https://h/a.png", ("https://h/a.png",)),
        ("reference_images", '["https://h/a", "https://h/b"]', ("https://h/a", "https://h/b")),
        ("reference_images", "['https://h/a']", ("https://h/a",)),
        ("reference_images", "('https://h/a',)", ("https://h/a",)),
        ("reference_images", ["https://h/a"], ("https://h/a",)),
        ("reference_images", "", ()),
        ("reference_images", None, ()),
        ("vendor_options", '{"draft": true}', {"draft": True}),
        ("vendor_options", "{'draft': True}", {"draft": True}),
        ("vendor_options", "None", {}),
    ],
)
def test_rendered_templates_need_no_care(field: str, rendered: Any, value: Any) -> None:
    """Texts become what the field is; nothing, or None as text, means not given."""
    assert value == getattr(GenerationRequest.parse({field: rendered}), field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("duration", "long"),
        ("duration", True),
        ("duration", 5.5),
        ("generate_audio", "perhaps"),
        ("reference_images", "[broken"),
        ("reference_images", "[" * 5000),
        ("reference_images", "[1, 2]"),
        ("vendor_options", "broken"),
        ("vendor_options", "[1]"),
        ("model", ""),
        ("durration", 5),
    ],
)
def test_a_value_that_does_not_fit_is_named(field: str, value: Any) -> None:
    """Each refusal names the field, also one that does not exist."""
    with pytest.raises(RequestInvalid) as caught:
        GenerationRequest.parse({"prompt": "p", field: value})
    assert {field} == {problem.field.partition(".")[0] for problem in caught.value.problems}


def test_all_problems_are_told_at_once() -> None:
    """Two wrong fields make one error with two problems."""
    with pytest.raises(RequestInvalid) as caught:
        GenerationRequest.parse({"duration": "long", "seed": "x"})
    assert [problem.field for problem in caught.value.problems] == ["duration", "seed"]


@pytest.mark.parametrize(
    ("fields", "mode"),
    [
        ({"prompt": "p"}, Mode.TEXT),
        ({"first_frame": "https://a"}, Mode.FIRST_FRAME),
        ({"first_frame": "https://a", "last_frame": "https://b"}, Mode.FIRST_LAST_FRAME),
        ({"reference_images": "https://a"}, Mode.REFERENCE),
        ({"reference_videos": "https://a"}, Mode.REFERENCE),
        ({"reference_audios": "https://a"}, Mode.REFERENCE),
        ({"draft_task_id": "cgt-1"}, Mode.DRAFT_FINAL),
    ],
)
def test_the_media_make_the_mode(fields: dict[str, Any], mode: Mode) -> None:
    """Nobody names a mode: it follows from what was given."""
    assert mode is GenerationRequest.parse(fields).mode


def test_a_request_cannot_be_changed() -> None:
    """What was checked is what is sent."""
    with pytest.raises(ValidationError):
        GenerationRequest().prompt = "other"  # type: ignore[misc]


@pytest.mark.parametrize("link", ["", "file:///tmp/v.mp4", "soon"])
def test_a_success_without_a_link_cannot_exist(link: str) -> None:
    """The type itself forbids it."""
    with pytest.raises(ValidationError):
        Succeeded(vendor="v", generation_id="1", video_url=link)


def test_links_stay_out_of_the_repr() -> None:
    """A logged success does not give its video away."""
    seen = Succeeded(
        vendor="v", generation_id="1", video_url="https://h/v?sig=abc", last_frame_url="https://h/l?sig=abc"
    )
    assert "abc" not in repr(seen)


def test_a_failure_s_message_is_redacted() -> None:
    """The vendor's words may hold a signed link; wherever they show up, it is unusable."""
    assert Failure(message="cannot read https://h/v?sig=abc").message == "cannot read https://h/v?***"


def test_a_page_keeps_its_rows_as_they_are() -> None:
    """Rows of every state stay the class they were read as."""
    row = Pending(vendor="v", generation_id="1", status=Status.QUEUED)
    assert GenerationPage(total=7, items=(row,)).items[0] is row


def test_a_list_query_stays_within_the_vendor_s_bounds() -> None:
    """Page numbers and sizes beyond the contract are refused before anything is sent."""
    assert (ListQuery().page, ListQuery().page_size) == (1, None)
    for wrong in ({"page": 0}, {"page_size": 0}):
        with pytest.raises(ValidationError):
            ListQuery(**wrong)


class TestLinksOfAVideo:
    """A vendor may give several links to one video."""

    def _succeeded(self, **links: object) -> Succeeded:
        return Succeeded(vendor="anyfast", generation_id="task-1", **links)  # type: ignore[arg-type]

    def test_one_link_is_the_only_candidate(self) -> None:
        assert self._succeeded(video_url="https://f/1").video_urls == ("https://f/1",)

    def test_the_first_candidate_is_the_link(self) -> None:
        assert self._succeeded(video_urls=["https://f/1", "https://f/2"]).video_url == "https://f/1"

    def test_each_candidate_counts_once_and_what_is_no_link_does_not(self) -> None:
        links = ["https://f/2", "https://f/1", None, "ftp://f/3", "", 4, "http://f/5"]
        assert self._succeeded(video_url="https://f/1", video_urls=links).video_urls == (
            "https://f/1",
            "https://f/2",
            "http://f/5",
        )

    @pytest.mark.parametrize("links", [{}, {"video_urls": ()}, {"video_url": "x"}, {"video_urls": ["x"]}])
    def test_a_success_without_a_link_cannot_be_made(self, links: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            self._succeeded(**links)

    def test_no_candidate_is_shown(self) -> None:
        assert "https" not in repr(self._succeeded(video_urls=["https://f/1", "https://f/2"]))


RESULT = {"generation_id": "cgt-1", "video_url": "https://h/secret-name.mp4?sig=TOPSECRET", "duration": None}


@pytest.mark.parametrize(
    "given",
    ["cgt-1", " cgt-1\n", RESULT, str(RESULT), f" {RESULT} ", json.dumps(RESULT), {"generation_id": "cgt-1"}],
)
def test_a_generation_is_named_by_its_id_or_its_result(given: Any) -> None:
    """Also by the text that a template made of a result."""
    assert parse_generation_id(given) == "cgt-1"


def test_an_id_may_be_a_number() -> None:
    """Native rendering makes one of digits."""
    assert parse_generation_id(12345) == "12345"


LONG_NUMBER = "9" * 5_000


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("https://h/secret-name.mp4?sig=TOPSECRET", "this is a link"),
        (" HTTPS://user:TOPSECRET@h/v", "this is a link"),
        ({"video_url": "https://h/secret-name.mp4"}, "there is no generation_id in this"),
        (str({"video_url": "https://h/secret-name.mp4"}), "there is no generation_id in this"),
        (str({"generation_id": "https://h/v?sig=TOPSECRET"}), "this is a link"),
        ("{'video_url': 'https://h/v?sig=TOPSECRET'", "an id has letters"),
        ("..", "an id has letters"),
        (".", "an id has letters"),
        ("", "a generation id"),
        ("a/b", "an id has letters"),
        ("a\x00b", "an id has letters"),
        ("x" * 201, "an id has letters"),
        ("x" * 5_000_000, "an id has letters"),
        ("{" * 100_000, "an id has letters"),
        ("{'a': " + LONG_NUMBER + "}", "an id has letters"),
        (10**5_000, "a generation id"),
        (True, "a generation id"),
        (None, "a generation id"),
        ([RESULT], "a generation id"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_id_is_refused_without_its_secrets(given: Any, words: str) -> None:
    with pytest.raises(RequestInvalid, match=words) as caught:
        parse_generation_id(given, "video")
    told = str(caught.value) + repr(caught.value.problems)
    assert "TOPSECRET" not in told
    assert "secret-name" not in told or given == "{'video_url': 'https://h/v?sig=TOPSECRET'"
    assert len(told) < 6_000


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_frame", str(RESULT)),
        ("last_frame", json.dumps(RESULT)),
        ("reference_images", [str(RESULT)]),
        ("reference_videos", str(RESULT)),
        ("reference_videos", str([RESULT])),
        ("draft_task_id", "https://h/v?sig=TOPSECRET"),
        ("draft_task_id", ".."),
        ("vendor_options", "[" * 100_000),
        ("vendor_options", '{"a":' * 200 + "1" + "}" * 200),
        ("vendor_options", "{'a': " + LONG_NUMBER + "}"),
        ("vendor_options", {"a": 10**5_000}),
        ("duration", LONG_NUMBER),
        ("seed", 10**5_000),
        ("seed", 1e300),
        ("priority", float("nan")),
        ("reference_audios", "(" * 10_000),
        ("https://h/v?sig=TOPSECRET", 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_value_of_a_field_is_a_bare_error(field: str, value: Any) -> None:
    """It is a refusal that names the field, and tells no link."""
    with pytest.raises(RequestInvalid) as caught:
        GenerationRequest.parse({field: value})
    told = str(caught.value) + repr(caught.value.problems)
    assert field.partition("?")[0] in told
    assert "TOPSECRET" not in told
    assert "secret-name" not in told
    assert len(told) < 25_000


def test_a_draft_may_be_given_as_its_result() -> None:
    assert GenerationRequest(draft_task_id=str(RESULT)).draft_task_id == "cgt-1"


def test_no_repr_has_a_link_or_a_medium() -> None:
    """Of what is asked for, and of what is wrong with it."""
    request = GenerationRequest(
        prompt="like https://h/a?sig=TOPSECRET",
        first_frame="data:image/png;base64,TOPSECRETTOPSECRET",
        reference_images=["https://u:TOPSECRET@h/a"],
        vendor_options={"a": [{"video_url": "https://h/TOPSECRET"}]},
    )
    assert "TOPSECRET" not in repr(request) + str(request)
    with pytest.raises(ValidationError) as caught:
        GenerationRequest(first_frame=["https://h/a?sig=TOPSECRET"])
    assert "TOPSECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [("prompt", 1984, "1984"), ("prompt", -3, "-3"), ("resolution", 480, "480"), ("service_tier", 7, "7")],
)
def test_a_whole_number_is_a_text(field: str, value: int, text: str) -> None:
    """Native rendering and YAML make numbers of what was written as text."""
    assert getattr(GenerationRequest.parse({field: value}), field) == text


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("prompt", True, "text is needed, not a bool; quote it"),
        ("prompt", 3.1, "text is needed, not a float; quote it"),
        ("prompt", ["A", "B"], "text is needed"),
        (
            "resolution",
            720.0,
            "quote it; did you mean '720p'? known: 480p, 720p, 1080p",
        ),
        ("aspect_ratio", ["16:9"], "text is needed; did you mean '16:9'? known: 16:9"),
        ("model", 2.0, "quote it; did you mean 'seedance-2.0'? known"),
        ("model", "", "is needed"),
        ("duration", "long", "a whole number is needed"),
        ("duration", 7.5, "a whole number is needed"),
        ("generate_audio", "loud", "true or false is needed"),
        ("generate_audio", 7, "true or false is needed"),
        ("reference_images", 7, "a link, or a list of links, is needed"),
        ("vendor_options", 7, "a dict is needed"),
        ("ratio", "16:9", "is no field of a request; did you mean 'aspect_ratio'?"),
        ("colour", "red", "is no field of a request"),
    ],
)
def test_a_value_of_the_wrong_type_says_what_is_needed(field: str, value: Any, said: str) -> None:
    """With what is allowed, where that is a list, and without pydantic's words."""
    with pytest.raises(RequestInvalid) as refused:
        GenerationRequest.parse({field: value})
    [problem] = refused.value.problems
    assert said in problem.reason
    assert "input" not in problem.reason.lower()
