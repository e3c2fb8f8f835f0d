"""The error tree, and the one place that decides what a retry can mend."""

from __future__ import annotations

import pytest

from airflow_provider_seedance import errors
from airflow_provider_seedance.errors import Kind, Problem, RequestInvalid, SeedanceError, redact, refusal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://h/v.mp4?X-Tos-Signature=abc&x=1 now", "see https://h/v.mp4?*** now"),
        ("HTTPS://h/v.mp4?sig=abc", "HTTPS://h/v.mp4?***"),
        ('{"url":"https://h/v.mp4?sig=abc"}', '{"url":"https://h/v.mp4?***"}'),
        ("https://h/v.mp4#token", "https://h/v.mp4?***"),
        ("https://user:pass@h/v.mp4", "https://***@h/v.mp4"),
        ("https://h/v.mp4", "https://h/v.mp4"),
        ("data:image/png;base64," + "A" * 40, "data:image/png;base64,***"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("key sk-abcdef123456 is wrong", "key sk-*** is wrong"),
        ("a task-unified-1 is no key", "a task-unified-1 is no key"),
    ],
)
def test_redact(text: str, shown: str) -> None:
    """Signatures, passwords, base64 media and keys go; what a reader needs to find the file stays."""
    assert shown == redact(text)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_says_what_to_do_next(kind: Kind) -> None:
    """No kind is without advice."""
    assert SeedanceError("m", kind=kind).advice.endswith(".")


@pytest.mark.parametrize("kind", list(Kind))
def test_what_a_retry_may_mend(kind: Kind) -> None:
    """Trouble that passes is retried; what depends on the request, the key or the purse is not."""
    passing = {"rate_limit", "overload", "connection", "expired", "landing", "timeout", "unknown"}
    assert (kind.value in passing) is SeedanceError("m", kind=kind).retryable


def test_a_message_says_who_what_and_what_next() -> None:
    """Vendor, generation, reason, code, status, request id and connection in one line; advice in the next."""
    error = refusal(Kind.BALANCE, "no credits", code="c1", http_status=402, request_id="r1").about(
        vendor="evolink", generation_id="g1", connection="videos"
    )
    assert str(error) == (
        "evolink generation g1: no credits (HTTP 402, code c1, request id r1, connection videos).\n"
        "Top up the vendor account, then clear the task."
    )


def test_about_keeps_what_is_known() -> None:
    """Who raised the error knows best who it is about."""
    error = SeedanceError("m", vendor="a", generation_id="1").about(vendor="b", generation_id="2")
    assert (error.vendor, error.generation_id) == ("a", "1")


@pytest.mark.parametrize(
    ("kind", "kind_of_error"),
    [
        (Kind.VALIDATION, errors.ValidationRefused),
        (Kind.MODERATION, errors.ModerationRefused),
        (Kind.AUTHENTICATION, errors.AuthenticationRefused),
        (Kind.BALANCE, errors.BalanceRefused),
        (Kind.NOT_FOUND, errors.NotFound),
        (Kind.CONFLICT, errors.Conflict),
        (Kind.RATE_LIMIT, errors.RateLimited),
        (Kind.OVERLOAD, errors.VendorUnavailable),
        (Kind.UNKNOWN, errors.VendorRefusal),
    ],
)
def test_a_refusal_is_caught_by_its_name(kind: Kind, kind_of_error: type[SeedanceError]) -> None:
    """Each kind of refusal has a class, and the class knows its kind."""
    assert type(refusal(kind, "m")) is kind_of_error
    assert kind is refusal(kind, "m").kind


@pytest.mark.parametrize(
    ("error", "maybe"),
    [
        (errors.NotSent("m"), False),
        (errors.NoReply("m"), True),
        (errors.MalformedReply("m"), True),
        (refusal(Kind.OVERLOAD, "m", http_status=500), True),
        (refusal(Kind.OVERLOAD, "m", http_status=408), True),
        (refusal(Kind.OVERLOAD, "m", http_status=200), True),
        (refusal(Kind.OVERLOAD, "m"), True),
        (refusal(Kind.OVERLOAD, "m", http_status=400), False),
        (refusal(Kind.UNKNOWN, "m", http_status=200), True),
        (refusal(Kind.UNKNOWN, "m", http_status=302), True),
        (refusal(Kind.UNKNOWN, "m", http_status=418), False),
        (refusal(Kind.RATE_LIMIT, "m", http_status=503), False),
        (refusal(Kind.VALIDATION, "m", http_status=200), False),
        (refusal(Kind.MODERATION, "m", http_status=502), False),
        (RequestInvalid([Problem("prompt", None, "missing")]), False),
    ],
)
def test_whether_a_create_may_have_been_accepted(error: SeedanceError, maybe: bool) -> None:
    """Only a clear refusal, or no connection at all, rules out that something was started and billed."""
    assert maybe is error.maybe_accepted


def test_an_invalid_request_names_every_problem() -> None:
    """The vendor and the model, then a line for each problem: field, value and reason, cut and without secrets."""
    error = RequestInvalid(
        [
            Problem("duration", 99, "4 to 15 s"),
            Problem("first_frame", "https://h/a.png?sig=abc", "unreachable"),
            Problem("prompt", "x" * 200, "too long"),
        ],
        vendor="toapis",
        model="seedance-2",
    )
    text = str(error)
    assert text.startswith(
        "toapis: request refused before sending for model seedance-2:\n- duration=99: 4 to 15 s\n- first_frame="
    )
    assert "abc" not in text
    assert "x" * 100 not in text
    assert len(error.problems) == 3


def test_an_error_text_has_an_end() -> None:
    """Whatever a vendor or a user has written."""
    error = SeedanceError(
        "x" * 3_000_000, generation_id="g" * 9_000, code="c" * 9_000, request_id="r" * 9_000
    )
    assert len(str(error)) < 22_000
    assert len(error.message) <= errors.MAX_MESSAGE


def test_no_detail_of_an_error_has_a_secret() -> None:
    link = "https://h/v?sig=TOPSECRET"
    error = SeedanceError(link, generation_id=link, code=link, request_id=link, advice=f"Look at {link}.")
    assert "TOPSECRET" not in str(error) + error.message + error.advice


@pytest.mark.parametrize(
    "value",
    [
        "https://h/v?sig=TOPSECRET",
        ["https://u:TOPSECRET@h/v"],
        {"video_url": "https://h/TOPSECRET"},
        {"https://h/v?sig=TOPSECRET": 1},
        "data:image/png;base64,TOPSECRETTOPSECRETTOPSECRET",
        "x" * 1_000_000,
        [["x" * 100] * 100] * 100,
        10**5_000,
        [10**5_000],
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_problem_is_short_and_tells_no_secret(value: object) -> None:
    problem = Problem("field", value, "is wrong")
    assert len(str(problem)) < 120
    assert "TOPSECRET" not in f"{problem}{problem!r}{problem.value!r}"
    assert len(repr(problem)) < 2_200
    assert Problem("field", 7, "is wrong").value == 7
