"""When progress is reported."""

from __future__ import annotations

from airflow_provider_seedance.core.batch.progress import ProgressReporter


def test_progress_is_reported_every_half_minute_or_twentieth() -> None:
    """A twentieth of the rows, and only if something has changed."""
    reported: list[tuple[float, int]] = []
    progress = ProgressReporter(lambda counts: reported.append((now, counts["succeeded"])), started=0.0)
    for now, done in ((1, 0), (6, 4), (12, 5), (14, 50), (20, 50), (60, 51), (99, 51), (130, 52)):
        progress.report_if_due(lambda done=done: {"succeeded": done, "not_submitted": 100 - done}, now)
    assert reported == [(12, 5), (20, 50), (60, 51), (130, 52)]


def test_the_last_report_comes_whenever_the_one_before_was() -> None:
    """But nothing is reported twice."""
    reported: list[int] = []
    progress = ProgressReporter(lambda counts: reported.append(counts["succeeded"]), started=0.0)
    for done in (1, 1, 2):
        progress.report({"succeeded": done})
    assert reported == [1, 2]
