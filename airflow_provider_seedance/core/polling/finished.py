"""Which of an account's finished videos were not yet reported: a cursor that survives restarts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from airflow_provider_seedance.models import Generation, Succeeded

#: A video may become visible so much later than others that finished after it, and clocks may differ so much, seconds.
OVERLAP_SECONDS = 600.0
#: Ids in a cursor: Airflow's store of asset states takes 64 KB.
MAX_TOLD = 500


@dataclass(frozen=True)
class FinishedVideo:
    """A generation that has ended with a video.

    :param finished_at: epoch seconds.
    """

    vendor: str
    generation_id: str
    model: str | None
    finished_at: float

    def to_payload(self, seedance_conn_id: str) -> dict[str, Any]:
        """What an event tells of it: no link, since Airflow logs and stores events."""
        moment = datetime.fromtimestamp(self.finished_at, timezone.utc)
        return {
            "vendor": self.vendor,
            "seedance_conn_id": seedance_conn_id,
            "generation_id": self.generation_id,
            "model": self.model,
            "finished_at": moment.isoformat(timespec="seconds"),
        }


def finished_video(generation: Generation) -> FinishedVideo | None:
    """The video of a listed generation; ``None`` if it has none."""
    if not isinstance(generation, Succeeded):
        return None
    moment = generation.finished_at or generation.created_at
    seconds = moment.timestamp() if moment else 0.0
    return FinishedVideo(generation.vendor, generation.generation_id, generation.model, seconds)


@dataclass(frozen=True)
class FinishCursor:
    """What was told already.

    :param since: epoch seconds; what finished earlier is not looked at.
    :param told: by generation id, when those that finished later did.
    """

    since: float
    told: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def parse(cls, stored: Any) -> FinishCursor | None:
        """The cursor that was stored; ``None`` if that is none."""
        if not isinstance(stored, Mapping) or not isinstance(stored.get("told"), Mapping):
            return None
        moments = [stored.get("since"), *stored["told"].values()]
        if not all(isinstance(moment, int | float) and math.isfinite(moment) for moment in moments):
            return None
        return cls(float(stored["since"]), {str(name): float(at) for name, at in stored["told"].items()})

    @classmethod
    def beginning(cls, now: float) -> FinishCursor:
        """The cursor to advance over what a watcher finds at its first look, none of which is news."""
        return cls(now - OVERLAP_SECONDS)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, for :meth:`parse`."""
        return {"since": self.since, "told": dict(self.told)}

    def advance(
        self, finished: Iterable[FinishedVideo], now: float
    ) -> tuple[list[FinishedVideo], FinishCursor]:
        """Those that were not told yet, the earliest first, and the cursor once they are.

        :param now: epoch seconds; a moment beyond it, which a vendor may tell, moves the cursor no further.
        """
        fresh = {
            video.generation_id: video
            for video in finished
            if video.finished_at >= self.since and video.generation_id not in self.told
        }
        videos = sorted(fresh.values(), key=lambda video: (video.finished_at, video.generation_id))
        told = {**self.told, **{video.generation_id: video.finished_at for video in videos}}
        latest = sorted(told.items(), key=lambda item: item[1])[-MAX_TOLD:]
        moments = [self.since]
        if latest:
            moments.append(min(latest[-1][1], now) - OVERLAP_SECONDS)
        if len(latest) < len(told):
            moments.append(min(latest[0][1], now))
        since = max(moments)
        return videos, FinishCursor(since, {name: at for name, at in latest if at >= since})
