"""What was made in an asset library that has no list: noted before it is made, so that it is not made twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from airflow_provider_seedance.errors import AssetOutcomeUnknown, SeedanceError

#: What stands in the place of an id while it is not known whether there is one.
UNKNOWN = "unknown"


class AssetRecords(Protocol):
    """Small notes by key, which last as long as the records of generations."""

    def read(self, key: str) -> str | None: ...

    def write(self, key: str, value: str | None) -> None: ...


def made_once(records: AssetRecords, key: str, prepare: Callable[[], Callable[[], str]]) -> tuple[str, bool]:
    """The id that is on record, or that of what is made; and whether it was made now.

    :param prepare: brings what is needed, which may be done again, and returns what makes it, which may not.
    :raises AssetOutcomeUnknown: if an earlier try may have made it: its answer never came.
    """
    known = records.read(key)
    if known == UNKNOWN:
        raise AssetOutcomeUnknown(
            f"an earlier try may have made {key.split('/', 2)[-1]!r}, and the vendor has no list to look it up in",
            advice="Look for it in the vendor's console and use its id; or give another name.",
        )
    if known:
        return known, False
    create = prepare()
    records.write(key, UNKNOWN)
    try:
        made = create()
    except SeedanceError as error:
        if not error.maybe_accepted:
            records.write(key, None)
        raise
    records.write(key, made)
    return made, True
