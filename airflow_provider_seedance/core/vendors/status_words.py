"""The words for a generation's state, one table for all vendors: relays and gateways mix them.

Only words of this table end a generation. An unknown one counts as running, whatever stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping

from airflow_provider_seedance.models import Status

WORDS: Mapping[str, Status] = {
    **dict.fromkeys(
        ("queued", "in_queue", "submitted", "pending", "created", "waiting", "not_start", "not_started"),
        Status.QUEUED,
    ),
    **dict.fromkeys(("running", "in_progress", "processing", "generating", "started"), Status.RUNNING),
    **dict.fromkeys(
        ("succeeded", "succeed", "success", "successful", "completed", "complete", "done", "finished"),
        Status.SUCCEEDED,
    ),
    **dict.fromkeys(("failed", "fail", "failure", "error", "errored"), Status.FAILED),
    **dict.fromkeys(("cancelled", "canceled", "cancel"), Status.CANCELLED),
    **dict.fromkeys(("expired", "expire", "timeout", "timed_out"), Status.EXPIRED),
}
PENDING = (Status.QUEUED, Status.RUNNING)


def status_of(word: str, also: Mapping[str, Status] = WORDS) -> Status | None:
    """The state that ``word`` means, in any case; ``None`` for an unknown one.

    :param also: the vendor's own words, which the table lacks.
    """
    if word in WORDS:
        return WORDS[word]
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    return WORDS.get(plain) or also.get(plain)
