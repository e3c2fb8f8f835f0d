"""Reporting how far a batch is, at a rate that a person can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: A report is due after so many seconds, or when this part of the rows has ended since, whichever is first.
REPORT_INTERVAL_SECONDS, REPORT_FRACTION = 30.0, 0.05
#: But reports are never closer to each other than this.
MIN_REPORT_INTERVAL_SECONDS = 5.0

Counts = Mapping[str, int]


class ProgressReporter:
    """Passes the counts of rows by status on now and then.

    :param report: is given the counts.
    :param started: when the work began, epoch seconds.
    """

    def __init__(self, report: Callable[[Counts], None], *, started: float) -> None:
        self._report = report
        self._reported_at = self._counted_at = started
        self._ended = 0
        self._last: Counts = {}

    def report_if_due(self, count: Callable[[], Counts], now: float) -> None:
        """Report if it is time and something has changed.

        :param count: counts the rows; called only if a report may be due.
        :param now: epoch seconds.
        """
        if now - self._counted_at < MIN_REPORT_INTERVAL_SECONDS:
            return
        self._counted_at = now
        counts = dict(count())
        rows = sum(counts.values())
        ended = rows - counts.get("not_submitted", 0) - counts.get("in_flight", 0)
        step = max(1, int(rows * REPORT_FRACTION))
        if now - self._reported_at < REPORT_INTERVAL_SECONDS and ended - self._ended < step:
            return
        self._reported_at, self._ended = now, ended
        self.report(counts)

    def report(self, counts: Counts) -> None:
        """Report if something has changed."""
        if counts != self._last:
            self._last = counts
            self._report(counts)
