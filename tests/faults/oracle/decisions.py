"""What a new try does about the record of an earlier one: of a single video, and of a row of a batch."""

from __future__ import annotations

from dataclasses import dataclass

#: What a try does.
WORDS = {
    "submits": "makes a new intent and pays for it, through the connection that the task names",
    "goes on": "waits for the generation on record, or delivers it, through the connection on record; pays nothing",
    "adopts": "finds the generation of an intent without an id at the vendor, and goes on with it",
    "fails": "ends without paying anything, and says why",
    "asks": "`on_stale_state`: fails and names the old one, or, with `resubmit`, pays for the new one too",
}


@dataclass(frozen=True)
class Decision:
    """One row of the table.

    :param record: what stands on record; a key of :data:`tests.faults.records.RECORDS`.
    :param vendor: what the vendor says about it; empty if it is not asked.
    :param retry: what a retry, or a killed worker's successor, does: one of :data:`WORDS`.
    :param clear: what the try after a user's clear does, with ``on_clear="reattach"``.
    :param changed: whether the request differs from the recorded one.
    """

    record: str
    vendor: str
    retry: str
    clear: str
    changed: bool = False

    def __str__(self) -> str:
        return "-".join(filter(None, ("changed" if self.changed else "", self.record, self.vendor)))


DECISIONS = (
    Decision("nothing", "", "submits", "submits"),
    Decision("refused: no room, no connection, key or balance", "", "submits", "submits"),
    Decision("refused: content or request", "", "fails", "submits"),
    Decision("an intent without an id", "accepted it", "adopts", "adopts"),
    Decision("a generation", "queued or running", "goes on", "goes on"),
    Decision("a generation", "succeeded", "goes on", "goes on"),
    Decision("a generation", "failed: content", "fails", "submits"),
    Decision("a generation", "failed: vendor trouble", "submits", "submits"),
    Decision("a generation", "does not know it", "fails", "submits"),
    Decision("gave up: its time was up", "queued or running", "goes on", "goes on"),
    Decision("ended: succeeded and delivered", "succeeded", "goes on", "goes on"),
    Decision("ended: failed for its content", "", "fails", "submits"),
    Decision("ended: expired, cancelled or vendor trouble", "", "submits", "submits"),
    Decision("a generation of another connection", "queued or running", "goes on", "goes on"),
    Decision("a generation of another connection", "failed: vendor trouble", "submits", "submits"),
    Decision("a generation of a connection that is gone", "", "fails", "fails"),
    Decision("a generation of another account", "does not know it", "fails", "fails"),
    Decision("an intent without an id", "accepted it", "asks", "asks", changed=True),
    Decision("a generation", "queued or running", "asks", "asks", changed=True),
    Decision("a generation", "succeeded", "asks", "submits", changed=True),
    Decision("a generation", "failed: content", "submits", "submits", changed=True),
    Decision("a generation", "does not know it", "fails", "submits", changed=True),
    Decision("ended: succeeded and delivered", "", "asks", "submits", changed=True),
    Decision("ended: failed for its content", "", "submits", "submits", changed=True),
)
