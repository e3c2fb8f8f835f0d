"""Which videos a page of the gallery shows, as its address says it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from airflow_provider_seedance.core.gallery.cards import TaskKey
from airflow_provider_seedance.core.gallery.states import STATES

#: Cards on a page.
CARDS_SHOWN = 48
#: Characters of a filter, and pages: no honest address has more.
_MAX_TEXT, _MAX_PAGE_NUMBER = 500, 100_000
#: Years that every database knows, to the day after.
_YEARS = range(1970, 9999)
# Airflow 3.1 puts run ids into addresses as they are, where the plus of a time zone means a blank.
_LOST_PLUS = re.compile(r"(?<=[0-9]) (?=[0-9]{2}:[0-9]{2})")


@dataclass(frozen=True)
class Filters:
    """What is looked for; ``None`` for whatever there is.

    :param map_index: -1 for a task that is not mapped.
    :param state: one of :data:`~airflow_provider_seedance.core.gallery.states.STATES`.
    :param since: the first day, in UTC.
    :param until: the last day, in UTC.
    :param text: a part of the prompt, whatever its case, or a whole generation id.
    :param page: from 1.
    """

    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    vendor: str | None = None
    model: str | None = None
    state: str | None = None
    since: date | None = None
    until: date | None = None
    text: str | None = None
    page: int = 1

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Filters:
        """The filters of an address. What cannot be a filter filters nothing."""
        found: dict[str, Any] = {name: _text(query.get(name)) for name in _NAMES}
        found["run_id"] = found["run_id"] and _LOST_PLUS.sub("+", found["run_id"])
        found["state"] = found["state"] if found["state"] in STATES else None
        found["map_index"] = _whole(found["map_index"])
        found["since"], found["until"] = _day(found["since"]), _day(found["until"])
        found["page"] = min(max(1, _whole(found["page"]) or 1), _MAX_PAGE_NUMBER)
        return cls(**found)

    @property
    def task(self) -> TaskKey | None:
        """The task instance that is chosen; ``None`` if a part of its key is left open."""
        if self.dag_id is None or self.run_id is None or self.task_id is None or self.map_index is None:
            return None
        return TaskKey(self.dag_id, self.run_id, self.task_id, self.map_index)

    @property
    def has_time(self) -> bool:
        """Whether a day or a run is chosen, so that not everything there ever was has to be looked at."""
        return not (self.since is None and self.until is None and self.run_id is None)

    @property
    def started_at(self) -> datetime | None:
        """The moment at which ``since`` begins."""
        return None if self.since is None else _midnight(self.since)

    @property
    def ended_at(self) -> datetime | None:
        """The moment at which ``until`` is over."""
        return None if self.until is None else _midnight(self.until) + timedelta(days=1)

    @property
    def offset(self) -> int:
        """How many videos come before this page."""
        return (self.page - 1) * CARDS_SHOWN

    @property
    def are_set(self) -> bool:
        """Whether anything is filtered."""
        return self.on_page(1) != Filters()

    def on_page(self, page: int) -> Filters:
        """The same filters on another page."""
        return replace(self, page=page)

    def query(self, **changes: Any) -> str:
        """The address's query, with other values for some filters; empty without any."""
        values = {name: getattr(self, name) for name in _NAMES} | changes
        given = {name: str(value) for name, value in values.items() if value not in (None, "")}
        if given.get("page") == "1":
            del given["page"]
        return f"?{urlencode(given)}" if given else ""


_NAMES = tuple(field.name for field in fields(Filters))


def _text(value: str | None) -> str | None:
    """A filter's text. Airflow leaves ``{MAP_INDEX}`` as it is where a page has no map index."""
    stripped = (value or "").strip().replace("\0", "")
    if not stripped or (stripped.startswith("{") and stripped.endswith("}") and stripped.isupper()):
        return None
    return stripped[:_MAX_TEXT]


def _whole(value: str | None) -> int | None:
    try:
        number = int(value or "")
    except ValueError:
        return None
    return number if -1 <= number <= 2**31 - 1 else None


def _day(value: str | None) -> date | None:
    try:
        day = date.fromisoformat(value or "")
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.utc)
