"""What notifiers are given to say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk.bases.notifier import BaseNotifier

from airflow_provider_seedance import notifications
from airflow_provider_seedance.errors import (
    BalanceRefused,
    BudgetExceeded,
    GenerationFailed,
    Kind,
    ModerationRefused,
    NoReply,
    SeedanceError,
)
from airflow_provider_seedance.notifications import DONE, FAILED, OVER_BUDGET, when_over_budget


class Notifier(BaseNotifier):
    """Keeps what it would send."""

    template_fields = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.sent: list[str] = []

    def notify(self, context: Any) -> None:
        self.sent.append(self.text)


def context(returned: Any = None, exception: Any = None, map_index: int = -1) -> Any:
    ti = SimpleNamespace(
        dag_id="film",
        task_id="shot",
        run_id="manual",
        map_index=map_index,
        try_number=2,
        log_url="http://airflow/log",
        xcom_pull=lambda **_: returned,
    )
    return {"ti": ti} if exception is None else {"ti": ti, "exception": exception}


def told(text: str, **given: Any) -> str:
    notifier = Notifier(text)
    notifier(context(**given))
    return notifier.sent[0]


RESULT = {
    "model": "seedance-2.0",
    "duration": 5,
    "cost": {"amount": "0.45", "currency": "USD", "basis": "billed"},
    "video_url": "https://h/v.mp4?sig=secret",
}


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (RESULT, "film.shot has made a video with seedance-2.0, 5 s, cost 0.45 USD (billed)."),
        ({**RESULT, "manifest": {"uri": "s3://b/v.mp4"}}, "File: s3://b/v.mp4"),
        ({"uri": "s3://b/v.mp4", "provenance": {"cost": RESULT["cost"]}}, "cost 0.45 USD (billed)"),
        (None, "film.shot has made a video."),
    ],
)
def test_done(returned, words) -> None:
    """From what generate, download and publish return; never a link that opens the file."""
    text = told(DONE, returned=returned)
    assert words in text
    assert "secret" not in text
    assert "None" not in text


def test_a_mapped_instance_is_named() -> None:
    assert "film.shot[3]" in told(DONE, returned=RESULT, map_index=3)


@pytest.mark.parametrize("text", [FAILED, OVER_BUDGET])
def test_failed(text) -> None:
    """With the error's own words and advice; also where Airflow knows no exception, as after a killed worker."""
    error = BudgetExceeded("it may cost 2 USD", advice="Raise max_cost.")
    assert "it may cost 2 USD" in told(text, exception=error)
    assert "film.shot" in told(text)


@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        (BudgetExceeded("limit"), True),
        (BalanceRefused("empty"), True),
        (SeedanceError("low", kind=Kind.BALANCE), True),
        (ModerationRefused("no"), False),
        (GenerationFailed("no"), False),
        (NoReply("slow"), False),
        (ValueError("another library's"), False),
        (None, False),
    ],
)
def test_money_has_a_channel_of_its_own(error, is_told) -> None:
    """Other failures go elsewhere, or nowhere."""
    money, other = Notifier(OVER_BUDGET), Notifier(FAILED)
    when_over_budget(money, other)(context(exception=error))
    assert (len(money.sent), len(other.sent)) == (int(is_told), int(not is_told))
    when_over_budget(money)(context(exception=error))
    assert len(other.sent) == int(not is_told)


@pytest.mark.parametrize("name", ["DONE_SUBJECT", "FAILED_SUBJECT", "OVER_BUDGET_SUBJECT"])
def test_they_fit_airflows_own_notifiers(name) -> None:
    """As a headline is one line."""
    mail = SmtpNotifier(to="a@example.com", subject=getattr(notifications, name), html_content=DONE)
    mail.render_template_fields(context(returned=RESULT))
    assert mail.subject.startswith("Seedance: film.shot ")
    assert "\n" not in mail.subject
