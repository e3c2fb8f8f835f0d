"""Where the videos of a batch come from and go to, for lineage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from airflow_provider_seedance.core.batch.rows import Row
from airflow_provider_seedance.core.catalog.attributes import media_links
from airflow_provider_seedance.core.lifecycle.lineage import Lineage
from airflow_provider_seedance.core.redaction import redact
from airflow_provider_seedance.core.storage.paths import uri_of

#: Names on either side: what draws lineage holds no more, so that of more files their folders are told.
MAX_NAMES = 100


def lineage_of_batch(
    rows: Mapping[int, Row], results: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]
) -> Lineage:
    """From the media of the rows that have a file to the landed and the published files.

    :param results: of all rows.
    :param summary: what the task returns.
    """
    with_file = [result for result in results if result["manifest"]]
    return Lineage(
        _bounded(medium for result in with_file for medium in _media(rows[result["row"]])),
        _bounded(file["uri"] for one in with_file for file in (one["manifest"], one["publication"]) if file),
        {name: summary[name] for name in ("rows", "counts", "cost")},
    )


def _media(row: Row) -> Iterator[str]:
    """The paths and links of a row's media, without what opens them; content of the row itself has no name."""
    files = row.media.files if row.media else {}
    for _, _, link in media_links(row.request):
        if link in files:
            path = files[link].path
            if path is not None:
                yield uri_of(path)
        elif not link.startswith(("data:", "sha256:")):
            yield redact(link)


def _bounded(names: Iterable[str]) -> tuple[str, ...]:
    each = tuple(dict.fromkeys(names))
    if len(each) <= MAX_NAMES:
        return each
    folders = dict.fromkeys(name.rpartition("/")[0] or name for name in each)
    return tuple(folders)[:MAX_NAMES]
