"""Where a video stands, in the four words that the gallery filters by."""

from __future__ import annotations

from collections.abc import Collection, Mapping

#: State -> what the ledger calls it.
LEDGER_STATUSES = {
    "in_progress": ("intended", "submitted", "queued", "running"),
    "succeeded": ("succeeded",),
    "failed": ("failed", "expired", "refused"),
    "cancelled": ("cancelled",),
}
#: State -> what Airflow calls a task instance that is there.
TASK_STATES = {
    "in_progress": (
        "scheduled",
        "queued",
        "running",
        "deferred",
        "restarting",
        "up_for_retry",
        "up_for_reschedule",
    ),
    "succeeded": ("success",),
    "failed": ("failed", "upstream_failed"),
    "cancelled": ("removed", "skipped"),
}
STATES = tuple(LEDGER_STATUSES)


def state_of_status(status: str) -> str:
    """The state of an intent, by its status in the ledger; a later version may have written one not known here."""
    return _state(status, LEDGER_STATUSES)


def state_of_task(task_state: str | None) -> str:
    """The state of a task instance, by Airflow's word for it; one that waits to be scheduled has none."""
    return _state(task_state, TASK_STATES)


def _state(word: str | None, words: Mapping[str, Collection[str]]) -> str:
    return next((state for state, names in words.items() if word in names), "in_progress")
