"""What a wait tells the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import pytest

from airflow_provider_seedance.core.polling.report import LASTING_TROUBLE_SECONDS, TroubleReport, WaitReport
from airflow_provider_seedance.errors import NoReply, NotSent, RateLimited
from airflow_provider_seedance.models import Generation, Pending, Status, Succeeded

NAMED = {"vendor": "evolink", "generation_id": "task-1"}
QUEUED = Pending(status=Status.QUEUED, **NAMED)
RUNNING = Pending(status=Status.RUNNING, progress=10, **NAMED)
STRANGE = RUNNING.model_copy(update={"warning": "an unknown word beside a link"})
DONE = Succeeded(video_url="https://files.example.com/v.mp4?sign=s3cret", **NAMED)


@dataclass
class Log:
    lines: list[tuple[str, str]] = field(default_factory=list)

    def write(self, level: int, text: str) -> None:
        self.lines.append((logging.getLevelName(level), text))

    def levels(self) -> list[str]:
        return [level for level, _ in self.lines]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def report(log) -> WaitReport:
    return WaitReport("task-1", log.write)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([QUEUED, QUEUED, QUEUED], ["is queued at evolink."]),
        ([QUEUED, RUNNING, RUNNING.model_copy(update={"progress": 90})], ["is queued", "is running"]),
        ([RUNNING, QUEUED], ["is running", "is queued"]),
        ([QUEUED, DONE], ["is queued"]),
        ([DONE], []),
        ([RUNNING, STRANGE, STRANGE], ["is running", "an unknown word beside a link; it is waited for."]),
        ([STRANGE, RUNNING, STRANGE], ["is running", "an unknown word", "an unknown word"]),
    ],
)
def test_each_status_and_warning_is_told_once(
    answers: list[Generation], told: list[str], report, log
) -> None:
    for answer in answers:
        report.on_status(answer, 0.0)
    assert len(log.lines) == len(told)
    assert all(part in text for part, (_, text) in zip(told, log.lines, strict=True))


@pytest.mark.parametrize("error", [NoReply("cut"), NotSent("no connection"), RateLimited("too many")])
def test_trouble_is_told_at_its_begin_and_at_its_end(error, report, log) -> None:
    for second in range(0, 40, 2):
        report.on_error(error, float(second))
    assert log.levels() == ["WARNING"]
    assert f"Generation task-1: a status request failed: {error.message}. It is repeated" in log.lines[0][1]
    report.on_status(QUEUED, 40.0)
    assert log.levels() == ["WARNING", "INFO", "INFO"]
    assert "answered again, after 20 that failed within 40 s" in log.lines[1][1]


def test_trouble_that_comes_and_goes_is_told_once(report, log) -> None:
    """As a busy account's rate limit does all day."""
    report.on_status(RUNNING, 0.0)
    for second in range(10, 1000, 10):
        report.on_error(RateLimited("too many"), float(second))
        report.on_status(RUNNING, second + 5.0)
    assert log.levels() == ["INFO", "WARNING", "INFO"]


def test_later_trouble_that_lasts_is_told_too(report, log) -> None:
    for begin in (0.0, 1000.0):
        for second in (
            0.0,
            LASTING_TROUBLE_SECONDS - 1,
            LASTING_TROUBLE_SECONDS,
            LASTING_TROUBLE_SECONDS + 1,
        ):
            report.on_error(NoReply("cut"), begin + second)
        report.on_status(RUNNING, begin + 70)
    assert log.levels() == ["WARNING", "INFO", "INFO", "WARNING", "INFO"]


def test_waits_that_share_a_report_tell_the_trouble_of_their_connection_once(log) -> None:
    report = TroubleReport("Connection seedance_default", log.write)
    for _ in range(500):
        report.on_error(NoReply("cut"), 5.0)
    for _ in range(500):
        report.on_status(QUEUED, 8.0)
    assert log.levels() == ["WARNING", "INFO"]
    assert log.lines[0][1].startswith("Connection seedance_default: ")


def test_links_and_keys_are_not_told(report, log) -> None:
    report.on_error(NoReply("no answer from https://vendor.example/v?token=s3cret"), 0.0)
    report.on_status(DONE, 1.0)
    assert "s3cret" not in str(log.lines)
