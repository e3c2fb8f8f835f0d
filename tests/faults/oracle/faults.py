"""What becomes of a task that meets a fault, and what is billed for it, at each kind of vendor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: The key of what holds for all that has no entry of its own.
ANY = "*"


@dataclass(frozen=True)
class Cell:
    """What becomes of the task, one of :data:`WORDS`, and how many bills the vendor writes."""

    word: str
    bills: int

    def __str__(self) -> str:
        return f"{self.word}, {bills(self.bills)}"


@dataclass(frozen=True)
class Fault:
    """One fault that befalls a first try.

    :param listing: at a vendor that lists its generations.
    :param by_key: at one that finds a generation by our own key.
    :param neither: at one that has no way to look it up.
    :param seen: what the user reads, by word; ``None`` for nothing.
    :param without_record: by vendor, where nothing is remembered from try to try and that makes a difference.
    :param rows: whether a row of a batch comes to the same end.
    """

    name: str
    listing: Cell
    by_key: Cell
    neither: Cell
    seen: Mapping[str, str | None]
    without_record: Mapping[str, Cell] = field(default_factory=dict)
    rows: bool = False

    def at(self, vendor: str, *, remembers: bool = True) -> Cell:
        """The cell of a vendor, for a task with or without a record."""
        kept = {"modelark": self.listing, "toapis": self.by_key}.get(vendor, self.neither)
        forgetful = self.without_record.get(vendor, self.without_record.get(ANY, kept))
        return kept if remembers else forgetful

    def seen_by_user(self, cell: Cell) -> str | None:
        """The text that a user sees whose task came to this; ``None`` if there is nothing to see."""
        return self.seen[cell.word if cell.word in self.seen else ANY]


def bills(count: int) -> str:
    """So many bills, in words."""
    return {0: "no bill", 1: "1 bill"}.get(count, f"{count} bills")


WORDS = {
    "made": "its first try makes the video, as if nothing had happened",
    "sent again": "its first try makes the video, and sends more than one create for it",
    "adopted": "its first try makes the video, having found the generation at the vendor",
    "retry goes on": "a retry makes the video, from the generation that was under way",
    "retry adopts": "a retry makes the video, having found the generation at the vendor",
    "retry submits": "a retry makes the video, from a generation of its own",
    "stops": "it fails without further tries, and says what to do",
}

FAULTS = (
    Fault(
        "no connection to the vendor",
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        seen={ANY: "<vendor>: no connection to"},
        without_record={ANY: Cell("stops", 0)},
    ),
    Fault(
        "429 to a create, once",
        Cell("sent again", 1),
        Cell("sent again", 1),
        Cell("sent again", 1),
        seen={ANY: None},
    ),
    Fault(
        "429 to every create of a try",
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        seen={ANY: "Try again later, or send fewer requests at a time"},
        without_record={ANY: Cell("stops", 0)},
    ),
    Fault(
        "request refused",
        Cell("stops", 0),
        Cell("stops", 0),
        Cell("stops", 0),
        seen={ANY: "Correct the request"},
        rows=True,
    ),
    Fault(
        "content refused",
        Cell("stops", 0),
        Cell("stops", 0),
        Cell("stops", 0),
        seen={ANY: "Change the prompt"},
        rows=True,
    ),
    Fault(
        "key refused",
        Cell("stops", 0),
        Cell("stops", 0),
        Cell("stops", 0),
        seen={ANY: "Check the connection's API key"},
        rows=True,
    ),
    Fault(
        "account empty",
        Cell("stops", 0),
        Cell("stops", 0),
        Cell("stops", 0),
        seen={ANY: "Top up the vendor account"},
        rows=True,
    ),
    Fault(
        "create accepted, its answer lost, unreadable or a 5xx",
        Cell("adopted", 1),
        Cell("adopted", 1),
        Cell("stops", 1),
        seen={
            "adopted": "The vendor is asked whether it was accepted",
            "stops": "<vendor>: one text video of seedance-2.0 may have been bought at",
        },
        rows=True,
    ),
    Fault(
        'the same with `on_orphaned_intent="resubmit"`',
        Cell("adopted", 1),
        Cell("adopted", 1),
        Cell("sent again", 2),
        seen={"adopted": "The vendor is asked whether it was accepted", "sent again": "pays for a new one"},
        rows=True,
    ),
    Fault(
        "create not accepted, its answer lost or a 5xx",
        Cell("stops", 0),
        Cell("sent again", 1),
        Cell("stops", 0),
        seen={
            "sent again": "The vendor is asked whether it was accepted",
            "stops": "<vendor>: one text video of seedance-2.0 may have been bought at",
        },
        rows=True,
    ),
    Fault(
        'the same, again with `on_orphaned_intent="resubmit"`',
        Cell("sent again", 1),
        Cell("sent again", 1),
        Cell("sent again", 1),
        seen={ANY: "The vendor is asked whether it was accepted"},
        rows=True,
    ),
    Fault(
        "503 to a create",
        Cell("stops", 0),
        Cell("sent again", 1),
        Cell("stops", 0),
        seen={
            "sent again": "The vendor is asked whether it was accepted",
            "stops": "<vendor>: one text video of seedance-2.0 may have been bought at",
        },
    ),
    Fault(
        "with a ledger, another try pays between the look for a record and the intent",
        Cell("made", 1),
        Cell("made", 1),
        Cell("made", 1),
        seen={ANY: None},
    ),
    Fault(
        "worker killed before the intent is stored",
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        seen={ANY: None},
    ),
    Fault(
        "worker killed after the intent is stored, before the create",
        Cell("stops", 0),
        Cell("retry submits", 1),
        Cell("stops", 0),
        seen={"stops": "<vendor>: one text video of seedance-2.0 may have been bought at", ANY: None},
        without_record={ANY: Cell("retry submits", 1)},
    ),
    Fault(
        "worker killed after the create was accepted, before the id is stored",
        Cell("retry adopts", 1),
        Cell("retry adopts", 1),
        Cell("stops", 1),
        seen={"stops": "<vendor>: one text video of seedance-2.0 may have been bought at", ANY: None},
        without_record={ANY: Cell("retry submits", 2), "toapis": Cell("retry goes on", 1)},
    ),
    Fault(
        "worker killed after the id is stored",
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        seen={ANY: None},
        without_record={ANY: Cell("retry submits", 2), "toapis": Cell("retry goes on", 1)},
    ),
    Fault(
        "worker killed while it lands the video",
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        seen={ANY: None},
        without_record={ANY: Cell("retry submits", 2), "toapis": Cell("retry goes on", 1)},
    ),
    Fault(
        "Airflow's state cannot be read",
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        seen={"retry submits": "Nothing was sent. A retry reads it again", "made": None},
        without_record={ANY: Cell("made", 1)},
    ),
    Fault(
        "the intent cannot be stored",
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        seen={"retry submits": "Nothing was sent", "made": None},
        without_record={ANY: Cell("made", 1)},
    ),
    Fault(
        "the id cannot be stored",
        Cell("retry adopts", 1),
        Cell("retry adopts", 1),
        Cell("stops", 1),
        seen={
            "made": None,
            ANY: "<vendor> generation <id>: the generation was submitted, and its id could not be stored",
        },
        without_record={ANY: Cell("made", 1)},
    ),
    Fault(
        "triggerer killed while it waits",
        Cell("made", 1),
        Cell("made", 1),
        Cell("made", 1),
        seen={ANY: None},
    ),
    Fault(
        "vendor out of reach for up to 15 minutes",
        Cell("made", 1),
        Cell("made", 1),
        Cell("made", 1),
        seen={ANY: "Generation <id>: a status request failed: "},
    ),
    Fault(
        "vendor out of reach for longer",
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        seen={ANY: "<vendor> generation <id>: "},
        without_record={ANY: Cell("stops", 1)},
    ),
    Fault(
        "key withdrawn while the generation runs",
        Cell("stops", 1),
        Cell("stops", 1),
        Cell("stops", 1),
        seen={ANY: "<vendor> generation <id>: "},
    ),
    Fault(
        "generation failed for its content",
        Cell("stops", 0),
        Cell("stops", 0),
        Cell("stops", 0),
        seen={ANY: "<vendor> generation <id>: the generation ended as failed"},
        rows=True,
    ),
    Fault(
        "generation failed for a reason of the vendor",
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        Cell("retry submits", 1),
        seen={ANY: "<vendor> generation <id>: the generation ended as failed"},
        without_record={"toapis": Cell("stops", 0)},
    ),
    Fault(
        "link dead",
        Cell("made", 1),
        Cell("made", 1),
        Cell("made", 1),
        seen={ANY: None},
        rows=True,
    ),
    Fault(
        "link dead, and its fresh one too",
        Cell("stops", 1),
        Cell("stops", 1),
        Cell("stops", 1),
        seen={ANY: "<vendor> generation <id>: "},
    ),
    Fault(
        "download cut short",
        Cell("made", 1),
        Cell("made", 1),
        Cell("made", 1),
        seen={ANY: None},
    ),
    Fault(
        "download host out of order",
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        seen={ANY: "<vendor> generation <id>: "},
        without_record={ANY: Cell("stops", 1)},
    ),
    Fault(
        "file broken",
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        Cell("retry goes on", 1),
        seen={ANY: "<vendor> generation <id>: the file is not an MP4"},
        without_record={ANY: Cell("stops", 1)},
    ),
)
