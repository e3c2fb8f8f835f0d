"""How an error ends a task: with one text, with what it tells, and without our frames."""

from __future__ import annotations

import html
import logging
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.execution_time import task_runner
from structlog.tracebacks import extract

from airflow_provider_seedance.errors import (
    ConfigurationError,
    DestinationError,
    GenerationFailed,
    Kind,
    NotSent,
    Problem,
    RequestInvalid,
    SeedanceError,
    refusal,
)
from airflow_provider_seedance.runtime.exceptions import task_errors


def deeply(error: Exception) -> None:
    """Raise ``error`` below some frames, behind a library's own."""
    try:
        raise KeyError("a library's words")
    except KeyError as cause:
        raise error from cause


def execute(error: Exception, retry_pays: bool = False) -> None:
    """As an operator does."""
    with task_errors(), task_errors(retry_pays=retry_pays):
        deeply(error)


def shown(run: Callable[[], None]) -> tuple[Exception, list[tuple[str, int]]]:
    """The error that ends the task, and each text that Airflow logs of it with the number of our frames."""
    try:
        run()
    except SeedanceError as error:
        trace = extract(*sys.exc_info())  # type: ignore[arg-type]
        ours = [
            [frame for frame in stack.frames if frame.name not in ("shown", "<lambda>")]
            for stack in trace.stacks
        ]
        return error, [
            (stack.exc_value, len(frames)) for stack, frames in zip(trace.stacks, ours, strict=True)
        ]
    raise AssertionError("no error")


FINAL = [
    RequestInvalid([Problem("duration", 99, "allowed: 4 to 15")], vendor="modelark"),
    ConfigurationError("no API key is set"),
    refusal(Kind.MODERATION, "no", code="c1", vendor="evolink", generation_id="g1"),
    DestinationError("no such bucket", kind=Kind.CONFIGURATION),
]


@pytest.mark.parametrize("error", FINAL, ids=lambda error: type(error).__name__)
def test_an_error_that_a_retry_cannot_mend(error: SeedanceError) -> None:
    """It is final for Airflow, its own class to everybody else, told once, with the operator's own frame alone."""
    kind, text = type(error), str(error)
    ended, stacks = shown(lambda: execute(error))
    assert isinstance(ended, AirflowFailException)
    assert isinstance(ended, kind)
    assert type(ended).__name__ == kind.__name__
    assert (ended.kind, ended.code, ended.generation_id) == (error.kind, error.code, error.generation_id)
    assert stacks == [(text, 1)]


@pytest.mark.parametrize("error", [NotSent("no connection"), refusal(Kind.OVERLOAD, "later")])
def test_an_error_that_a_retry_may_mend(error: SeedanceError) -> None:
    """Airflow tries again, and logs the error in the same way."""
    ended, stacks = shown(lambda: execute(error))
    assert not isinstance(ended, AirflowFailException)
    assert stacks == [(str(error), 1)]


@pytest.mark.parametrize(
    ("error", "final"), [(NotSent("no"), True), (GenerationFailed("no", kind=Kind.EXPIRED), False)]
)
def test_a_retry_that_would_pay_again(error: SeedanceError, final: bool) -> None:
    """Only what the vendor itself ended without a video is tried again."""
    ended, _ = shown(lambda: execute(error, retry_pays=True))
    assert isinstance(ended, AirflowFailException) is final


def test_the_frames_are_logged_for_who_asks(caplog: pytest.LogCaptureFixture) -> None:
    """At level DEBUG, once for each part of the task that it ends; a library's words are nowhere."""
    with caplog.at_level(logging.DEBUG), pytest.raises(NotSent):
        execute(NotSent("no connection"))
    assert "in deeply" in caplog.text
    assert "a library's words" not in caplog.text


def test_the_errors_of_others_are_left_alone() -> None:
    with pytest.raises(KeyError, match="theirs"):
        execute(KeyError("theirs"))


def test_airflows_mail_has_the_message_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line by line, as a log shows it: what happened, and what to do."""
    mails: list[str] = []

    class Mailbox:
        """Takes what Airflow renders into its mail."""

        def __init__(self, **_: Any) -> None: ...

        def __call__(self, context: dict[str, Any]) -> None:
            mails.append(context["exception_html"])

    monkeypatch.setenv("AIRFLOW__EMAIL__EMAIL_BACKEND", "team.mail.send")
    monkeypatch.setattr(task_runner, "_LegacyEmailBackendNotifier", Mailbox)
    ended, _ = shown(lambda: execute(FINAL[0]))
    task: Any = SimpleNamespace(email="team@example.com")
    instance: Any = SimpleNamespace(try_number=1, max_tries=0)
    task_runner._send_error_email_notification(task, instance, {}, ended, structlog.get_logger())
    (mail,) = mails
    assert html.unescape(mail).split("<br>") == [
        "modelark: request refused before sending:",
        "- duration=99: allowed: 4 to 15.",
        "Correct the request; repeating it unchanged cannot succeed.",
    ]


def _ring(*errors: SeedanceError) -> SeedanceError:
    """The first of ``errors``, each caused by the next one, and the last one by the first."""
    for error, cause in zip(errors, (*errors[1:], errors[0]), strict=True):
        error.__cause__ = cause
    return errors[0]


@pytest.mark.parametrize(
    "error",
    [
        _ring(DestinationError("a full disk")),
        _ring(DestinationError("a full disk"), NotSent("no network")),
        _ring(NotSent("no network"), ConfigurationError("no key"), DestinationError("a full disk")),
    ],
    ids=["one", "two", "three"],
)
def test_causes_that_form_a_ring(error: SeedanceError) -> None:
    """The task ends."""
    with pytest.raises(SeedanceError) as ended, task_errors():
        raise error
    assert ended.value is error
    assert ended.value.__cause__ is None
