"""Whether a file may be sent to a user: its own record decides, the ``<file>.json`` that landing and publishing write.

Where a card says that its file is counts for nothing: a user of the web UI can write XComs, but no files.
"""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_seedance.core.gallery.cards import Card
from airflow_provider_seedance.core.landing.manifest import Sidecar
from airflow_provider_seedance.core.landing.ownership import Record


def may_be_sent(record: Record | None, size: int | None, card: Card, may_read: Callable[[str], bool]) -> bool:
    """Whether a file is a video of a DAG that the user may read.

    :param record: the one beside the file; ``None`` if there is none.
    :param size: of the file, bytes; ``None`` if there is none.
    :param card: of a DAG that the user may read. A generation that was adopted by its id has a record without a DAG;
        its file is the card's if the ledger says that the card's generation is the same.
    :param may_read: whether the user may read a DAG.
    """
    if record is None or record.bytes != size:
        return False
    if dag_ids := _dag_ids(record):
        return any(dag_id == card.task.dag_id or may_read(dag_id) for dag_id in dag_ids)
    source = record.source
    return card.in_ledger and (source.vendor, source.generation_id) == (card.vendor, card.generation_id)


def _dag_ids(record: Record) -> list[str]:
    """The DAGs that made a file: that of the generation, and that of the publication."""
    published_by = record.published_by if isinstance(record, Sidecar) else None
    return [task.dag_id for task in (record.provenance.generated_by, published_by) if task]
