"""A card's request as the Python code that makes the same video again."""

from __future__ import annotations

from airflow_provider_seedance.core.gallery.cards import Card
from airflow_provider_seedance.core.request_fields import MEDIA_FIELDS, REQUEST_FIELDS


def snippet(card: Card) -> str:
    """An operator with the card's request. Of links the gallery knows no more than their hosts."""
    arguments = [
        f"    {name}={card.request[name]!r},{_comment(name)}"
        for name in REQUEST_FIELDS
        if card.request.get(name) not in (None, "", [], (), {})
    ]
    if card.seedance_conn_id:
        arguments.append(f"    seedance_conn_id={card.seedance_conn_id!r},")
    lines = [
        "from airflow_provider_seedance.operators.generate import SeedanceGenerateVideoOperator",
        "",
        "SeedanceGenerateVideoOperator(",
        f"    task_id={card.task.task_id + '_again'!r},",
        *arguments,
        ")",
    ]
    return "\n".join(lines)


def _comment(name: str) -> str:
    return "  # give the link or the file itself" if name in MEDIA_FIELDS else ""
